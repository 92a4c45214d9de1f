/* The worker of an exec: what the supervisor's child becomes, until it is the command. */
#define _GNU_SOURCE
#include "ke.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The first of the words that is a program in one of the folders, or by itself; NULL: none is. */
static char *first_of(char **words, const char *folders, bool no_zsh) {
    char *path = strdup(folders), *found = NULL;
    for (; path && *words && !found; words++) {
        if (no_zsh && !strcmp(*words, "zsh")) continue;
        char *rest = strcpy(path, folders);
        for (char *folder; !found && (folder = strsep(&rest, ":"));) {
            char candidate[PATH_MAX];
            if (strlen(folder) + strlen(*words) + 2 > sizeof candidate) continue;
            text(candidate, sizeof candidate, "%s/%s", folder, *words);
            if (access(candidate, X_OK) == 0) found = *words;
        }
        if (**words == '/' && access(*words, X_OK) == 0) found = *words;
    }
    free(path);
    return found;
}

/* The first shell of the words that is there, as the session's: with our prompt, and in the target's root without any rc
 * file, history or key binding of the target's. */
static void choose_shell(struct options *options, const char *own, bool inside, char **words) {
    static char prompt[512];
    const char *name = "sh";
    for (char **word = options->words; *word; word++) name = *word;
    bool zshenv = inside && (access("/etc/zshenv", F_OK) == 0 || access("/etc/zsh/zshenv", F_OK) == 0);
    char tools[PATH_MAX], *found = NULL;
    const char *path = getenv("PATH");
    text(tools, sizeof tools, "%s%s/bin", outside, own);
    /* Any of the image's before one of the target's, which is not ours to trust. */
    if (inside && !options->theirs_first) found = first_of(options->words, tools, zshenv);
    if (!found) found = first_of(options->words, path ? path : "", zshenv);
    if (found) name = found;
    const char *base = strrchr(name, '/') ? strrchr(name, '/') + 1 : name;
    words[0] = (char *)name, words[1] = NULL;
    bool bash = !strcmp(base, "bash"), zsh = !strcmp(base, "zsh");
    text(prompt, sizeof prompt, zsh ? "%s %%~ %%# " : bash || !strcmp(base, "ash") ? "%s \\w \\$ " : "%s $ ", options->prompt);
    if (inside) {
        setenv("PS1", prompt, 1);
        setenv("HISTFILE", "", 1), setenv("LESSHISTFILE", "-", 1), setenv("INPUTRC", "/dev/null", 1);
        if (bash) words[1] = "--noprofile", words[2] = "--norc", words[3] = NULL;
        else if (zsh) words[1] = "-f", words[2] = NULL;
    } else if (bash) {
        /* The image's rc files set a prompt of their own: ours comes after them. */
        setenv("KE_PS1", prompt, 1);
        setenv("PROMPT_COMMAND", "PS1=$KE_PS1; unset PROMPT_COMMAND KE_PS1", 1);
    } else setenv("PS1", prompt, 1);
}

static void set_path(const struct options *options, const char *own, bool inside, const char *theirs) {
    const char *before = getenv("PATH"), *usual = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    size_t size = strlen(options->path) + strlen(before ? before : usual) + (theirs ? strlen(theirs) : 0) + 2 * PATH_MAX;
    char *value = malloc(size);
    if (!value) die(FAILED, "PATH");
    if (!theirs || !*theirs) theirs = usual;
    if (!inside) text(value, size, "%s%s%s", options->path, *options->path ? ":" : "", before ? before : usual);
    else if (options->theirs_first) text(value, size, "%s:%s%s/bin", theirs, outside, own);
    else text(value, size, "%s%s/bin:%s", outside, own, theirs);
    /* The helpers follow the image's tools, so that none is hidden by a name of ours. */
    if (!inside && options->shell) { size_t used = strlen(value); text(value + used, size - used, ":%s/helpers", own); }
    setenv("PATH", value, 1);
}

static pid_t filter;

/* Puts our stdout through a compressor, where one is named: a child, whose end is waited for, as nobody if it were root. */
static void start_filter(const struct options *options) {
    int ends[2];
    if (!options->filter) return;
    if (pipe2(ends, O_CLOEXEC) || (filter = fork()) < 0) die(FAILED, "%s", options->filter);
    if (filter == 0) {
        become(&(struct identity){ .uid = 65534, .gid = 65534 });
        dup2(ends[0], 0);
        execlp(options->filter, options->filter, !strcmp(options->filter, "zstd") ? "-1cq" : "-1c", (char *)NULL);
        _exit(NOT_FOUND); /* no output at all tells the client that it is not there */
    }
    dup2(ends[1], 1);
    close(ends[0]), close(ends[1]);
}

/* Relative paths start where the target does. */
static void name_cwd(int cwd) {
    static char place[PATH_MAX];
    char link[64];
    text(link, sizeof link, "/proc/self/fd/%d", cwd);
    ssize_t length = cwd < 0 ? -1 : readlink(link, place, sizeof place - 1);
    if (length > 0 && *place == '/') files_cwd = place;
}

_Noreturn static void work_on_files(const struct options *options, int root) {
    int count = 0, status = 0;
    while (options->words[count]) count++;
    int code = files_main(root, count, options->words);
    close(1);
    if (filter) waitpid(filter, &status, 0);
    _exit(code ? code : status ? FAILED : 0);
}

static void name_target(const struct target *target) {
    char value[64];
    if (!target->pid) return;
    text(value, sizeof value, "%d", target->pid), setenv("TARGET_PID", value, 1);
    text(value, sizeof value, "/proc/%d/root", target->pid), setenv("TARGET_ROOT", value, 1);
    text(value, sizeof value, "%u", target->as.uid), setenv("TARGET_UID", value, 1);
    text(value, sizeof value, "%u", target->as.gid), setenv("TARGET_GID", value, 1);
}

/* Beside the target: where its files are, if its root was wanted; where we may be, if the image's folder is shut to us. */
static void choose_folder(const struct visit *visit) {
    char path[64];
    text(path, sizeof path, "/proc/%d/root", visit->target.pid);
    if (visit->options->chroots && chdir(path) == 0) setenv("PWD", path, 1);
    else if (access(".", R_OK | X_OK) && chdir("/")) errno = 0;
}

void work(struct visit *visit) {
    struct options *options = visit->options;
    const struct target *target = &visit->target;
    bool inside = visit->anchor > 0, capless = !options->keep && (inside || options->files || options->of_target);
    const char *theirs = NULL;
    char *shell[4];
    if (visit->environment) theirs = take_environment(visit->environment, visit->length), take_limits(target);
    name_target(target);
    if (inside) {
        if (fchdir(visit->root) || chroot(".")) die(FAILED, "chroot into the target's root");
        if (visit->cwd < 0 || fchdir(visit->cwd)) if (chdir("/")) die(FAILED, "/");
    }
    if (options->files) {
        name_cwd(visit->cwd);
        start_filter(options);
        /* Who is root in the target could reach our root through a process of its user; there it finds its own. */
        if (has_capability(CAP_SYS_CHROOT) && (fchdir(visit->root) || chroot("."))) die(FAILED, "the target's root");
    }
    if (visit->changes) become(&visit->as);
    if (capless) drop_capabilities(), no_new_rights();
    sigset_t none;
    sigemptyset(&none);
    if (options->files) sigprocmask(SIG_SETMASK, &none, NULL), work_on_files(options, visit->root);
    if (inside) {
        text(outside, sizeof outside, "/proc/%d/root", visit->anchor);
        if (access(outside, X_OK)) die(FAILED, "the tools cannot be reached from the target's root (%s)", outside);
        unsetenv("LD_LIBRARY_PATH"), unsetenv("LD_PRELOAD");
        setenv("TARGET_ROOT", "/", 1);
    } else choose_folder(visit);
    set_path(options, visit->own, inside, theirs);
    if (*options->term) setenv("TERM", options->term, 1);
    if (options->shell) choose_shell(options, visit->own, inside, shell), options->words = shell;
    for (char **variable = variables; *variable; variable++) putenv(*variable);
    sigprocmask(SIG_SETMASK, &none, NULL);
    const char *name = options->words[0];
    execvp(name, options->words);
    int code = errno == ENOENT && !(strchr(name, '/') && access(name, F_OK) == 0) ? NOT_FOUND : NOT_EXECUTABLE;
    errno = 0;
    if (code == NOT_FOUND) die(code, "%s: not found in the debug image%s", name, inside ? ", nor in the target" : "");
    die(code, "%s is not executable", name);
}

