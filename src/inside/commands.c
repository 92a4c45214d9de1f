/* The commands of a session: what session.c has put into its folder, called by the paths of the links there.
 *
 *   NAME WORDS…            its script, with these words; a recipe's, with what they say (inputs.c)
 *   recipe NAME WORDS…     the same, where a program of that name comes first
 *   recipe, help           what there is */
#define _GNU_SOURCE
#include "ke.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file of the folder, whole, with a NUL behind it; NULL: it is not there. */
static char *read_file(const char *path) {
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return NULL;
    size_t size = fstat(fd, &status) == 0 ? status.st_size : 0, used = 0;
    char *content = calloc(1, size + 1);
    for (ssize_t got = 1; content && used < size && got > 0;) {
        got = read(fd, content + used, size - used);
        if (got > 0) used += got;
        else if (got < 0 && errno == EINTR) got = 1;
    }
    close(fd);
    return content;
}

/* Whether a program of this name comes before the folder's own on PATH. */
static bool is_hidden(const char *bin, const char *name) {
    const char *path = getenv("PATH");
    char *all = strdup(path ? path : ""), *rest = all;
    bool found = false;
    for (char *folder; all && !found && (folder = strsep(&rest, ":")) && strcmp(folder, bin);) {
        char program[PATH_MAX];
        struct stat status;
        if (strlen(folder) + strlen(name) + 2 > sizeof program) continue;
        text(program, sizeof program, "%s/%s", folder, name);
        found = stat(program, &status) == 0 && S_ISREG(status.st_mode) && access(program, X_OK) == 0;
    }
    free(all);
    return found;
}

static int by_name(const void *one, const void *other) { return strcmp(*(char *const *)one, *(char *const *)other); }

static _Noreturn void say_help(const char *seen) {
    char path[PATH_MAX], bin[PATH_MAX];
    text(bin, sizeof bin, "%s/bin", seen);
    text(path, sizeof path, "%s/help", seen);
    const char *help = read_file(path);
    size_t length = help ? strlen(help) : 0;
    if (length > 0) say_plain(help), printf("%s", help[length - 1] == '\n' ? "" : "\n");
    text(path, sizeof path, "%s/scripts", seen);
    DIR *all = opendir(path);
    char **names = NULL;
    size_t count = 0;
    for (struct dirent *entry; all && (entry = readdir(all));) {
        if (entry->d_name[0] == '.' || (length > 0 && !is_hidden(bin, entry->d_name))) continue;
        char **more = realloc(names, (count + 1) * sizeof *more);
        if (!more) break;
        names = more, names[count++] = strdup(entry->d_name);
    }
    if (count > 0) {
        qsort(names, count, sizeof *names, by_name);
        const char *who = *outside ? "the image or the target" : "the image";
        if (length > 0) printf("Called as \"recipe NAME\", since %s has programs of these names:", who);
        else printf("Commands:");
        for (size_t i = 0; i < count; i++) printf(" "), say_plain(names[i]);
        printf("\n");
    }
    fflush(stdout);
    _exit(0);
}

void session_command(const char *session, const char *name, int argc, char **argv) {
    char seen[PATH_MAX], own[PATH_MAX], inputs[PATH_MAX], *script = malloc(PATH_MAX), *content;
    text(seen, sizeof seen, "%s%s", outside, session);
    text(own, sizeof own, "%s/ke", session);
    if (!strcmp(name, "recipe") && argc > 1) name = *++argv, argc--;
    else if (!strcmp(name, "recipe") || !strcmp(name, "help")) say_help(seen);
    if (!script) die(FAILED, "%s", name);
    text(script, PATH_MAX, "%s/scripts/%.*s", seen, NAME_MAX, name);
    if (!*name || strchr(name, '/') || *name == '.' || access(script, F_OK)) {
        errno = 0;
        die(NOT_FOUND, "there is no recipe %s here\n\"recipe\" lists them.", name);
    }
    text(inputs, sizeof inputs, "%s/inputs/%s", seen, name);
    char **words;
    if ((content = read_file(inputs))) words = read_inputs(name, content, argc - 1, argv + 1, 2);
    else {
        words = calloc(argc + 2, sizeof *words);
        for (int i = 1; words && i < argc; i++) words[i + 1] = argv[i];
    }
    if (!words) die(FAILED, "%s", name);
    words[0] = "sh", words[1] = script;
    start_sh(own, words);
}
