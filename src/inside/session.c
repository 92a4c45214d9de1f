/* The folder of a session, which its commands are found in, for as long as its shell runs:
 *
 *   bin/NAME -> ../ke/ke   for each command, for `recipe` and for `help`: the launcher, called by that path (commands.c)
 *   scripts/NAME           what it runs
 *   inputs/NAME            what it takes, if it is a recipe
 *   help                   what `help` prints
 *   ke -> ../.ke-SUMS      the launcher's folder, by a relative path: it is the same from another root
 *   rc .zshenv .zshrc      what shells read
 *
 * It is the supervisor's: the worker's user reads it, whoever that is. */
#define _GNU_SOURCE
#include "ke.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[PATH_MAX];
static int around = -1, folder = -1; /* the place that it is in, and itself */

/* What the image has in these files comes first. Shells that are called in this one read theirs again. */
static const char rc[] =
    "[ ! -r \"${KE_ENV-}\" ] || . \"$KE_ENV\"\n"
    "PS1=$KE_PS1\n"
    "help() { if [ $# = 0 ]; then \"$KE_SESSION/bin/help\"; else command help \"$@\"; fi; }\n";
static const char zshenv[] =
    "ke_zdotdir=$ZDOTDIR\n"
    "if [[ -n ${KE_ZDOTDIR-} ]]; then ZDOTDIR=$KE_ZDOTDIR; else unset ZDOTDIR; fi\n"
    "[[ ! -r ${ZDOTDIR:-$HOME}/.zshenv ]] || source ${ZDOTDIR:-$HOME}/.zshenv\n"
    "export KE_ZDOTDIR=${ZDOTDIR-} ZDOTDIR=$ke_zdotdir\n"
    "unset ke_zdotdir\n";
static const char zshrc[] =
    "if [[ -n $KE_ZDOTDIR ]]; then export ZDOTDIR=$KE_ZDOTDIR; else unset ZDOTDIR; fi\n"
    "unset KE_ZDOTDIR\n"
    "[[ ! -r ${ZDOTDIR:-$HOME}/.zshrc ]] || source ${ZDOTDIR:-$HOME}/.zshrc\n"
    "PS1=$KE_PS1\n";

static bool put(const char *begin, const char *name, const char *content, size_t length) {
    char file[PATH_MAX];
    text(file, sizeof file, "%s%s", begin, name);
    int fd = openat(folder, file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0) return false;
    bool done = fchmod(fd, 0644) == 0;
    for (size_t used = 0; done && used < length;) {
        ssize_t count = write(fd, content + used, length - used);
        if (count > 0) used += count;
        else done = count < 0 && errno == EINTR;
    }
    return close(fd) == 0 && done;
}

static bool put_command(const char *name) {
    char link[PATH_MAX];
    text(link, sizeof link, "bin/%s", name);
    /* A command that is called like one of ours is called by `recipe`. */
    return symlinkat("../ke/ke", folder, link) == 0 || errno == EEXIST;
}

static bool put_folder(const char *name) {
    return mkdirat(folder, name, 0755) == 0 && fchmodat(folder, name, 0755, 0) == 0;
}

/* The way from the folder to the launcher's, without the root. */
static bool put_launcher(const char *own) {
    char real[PATH_MAX], launcher[PATH_MAX], way[PATH_MAX] = "";
    if (!realpath(path, real) || !realpath(own, launcher)) return false;
    for (const char *at = real; *at; at++) if (*at == '/') text(way + strlen(way), sizeof way - strlen(way), "../");
    text(way + strlen(way), sizeof way - strlen(way), "%s", launcher + 1);
    return symlinkat(way, folder, "ke") == 0;
}

static bool fill(const char *own) {
    static const char *const folders[] = { "bin", "scripts", "inputs" };
    if (fchmod(folder, 0755) || !put_launcher(own)) return false;
    for (size_t i = 0; i < 3; i++) if (!put_folder(folders[i])) return false;
    if (!put_command("recipe") || !put_command("help")) return false;
    for (unsigned i = 0; i < entries.command_count; i++) {
        const struct command *command = &entries.commands[i];
        if (!put("scripts/", command->name, command->text, command->length) || !put_command(command->name)) return false;
        if (command->inputs && !put("inputs/", command->name, command->inputs, strlen(command->inputs))) return false;
    }
    const char *help = entries.help ? entries.help : "";
    return put("", "help", help, strlen(help)) && put("", "rc", rc, sizeof rc - 1) &&
        put("", ".zshenv", zshenv, sizeof zshenv - 1) && put("", ".zshrc", zshrc, sizeof zshrc - 1);
}

const char *session_make(const char *own, bool quiet) {
    if (entries.command_count == 0) return NULL;
    for (unsigned try = 0; try < 4; try++) {
        folder = place_make(own, SESSION_NAME, try, path, &around);
        if (folder < 0) continue;
        if (fill(own)) return path;
        session_remove();
    }
    if (!quiet) dprintf(2, "the toolkit's commands are not here: nothing can be written in the debug container\n");
    return NULL;
}

void session_remove(void) {
    if (folder < 0) return;
    close(folder);
    remove_all(around, strrchr(path, '/') + 1);
    close(around);
    folder = -1;
}
