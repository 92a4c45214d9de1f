/* The launcher: one static program that is carried into the debug container and does there what its shell cannot.
 *
 *   ke run …              the supervisor of an exec (run.c)
 *   ke install FOLDER     put itself there, with a link for each tool on PATH (install.c)
 *   ke files ROOT …       read and write files below a root (files.c)
 *   in-target COMMAND…    in a session: COMMAND with "/" = the target's root, as the target's user
 *   bring FILE            in a session: ask the client to fetch a file
 *   FOLDER/bin/NAME…      in a session, FOLDER being the session's: one of its commands (commands.c)
 *   NAME…                 by any other name: the debug image's tool NAME, whatever "/" is (tool.c)
 *
 * It needs Linux 3.10, and openat2 (5.6) where it is there. */
#define _GNU_SOURCE
#include "ke.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <termios.h>
#include <unistd.h>

/* COMMAND in the target's root: from there it is started as it is, from outside under a supervisor of its own. */
static int in_target(const char *own, int argc, char **argv) {
    const char *pid = getenv("TARGET_PID");
    errno = 0;
    if (argc < 2) die(FAILED, "in-target needs a command, for example: in-target ls /");
    if (*outside) { execvp(argv[1], argv + 1); die(NOT_FOUND, "%s", argv[1]); }
    if (!pid) die(FAILED, "there is no target whose processes were joined");
    char word[64], **words = calloc(argc + 8, sizeof *words);
    if (!words) die(FAILED, "in-target");
    text(word, sizeof word, "pid=%s", pid);
    int n = 0;
    words[n++] = "n", words[n++] = word, words[n++] = "root=target", words[n++] = "as=target";
    words[n++] = "env=target", words[n++] = "--";
    for (int i = 1; i < argc; i++) words[n++] = argv[i];
    return run(own, n, words);
}

/* Ask the client to fetch a file, by a mark in the terminal's output, and wait for its y or n. */
static int bring(int argc, char **argv) {
    char path[PATH_MAX], begin[32], answer = 'n';
    const char *pid = getenv("TARGET_PID");
    struct termios saved, raw;
    errno = 0;
    if (argc != 2) die(FAILED, "bring takes one file, for example: bring app.log");
    int tty = open("/dev/tty", O_RDWR | O_CLOEXEC);
    if (tty < 0 || tcgetattr(tty, &saved)) die(FAILED, "bring needs a session at a terminal");
    if (*argv[1] == '/') text(path, sizeof path, "%s", argv[1]);
    else if (!getcwd(path, sizeof path)) die(FAILED, "the current folder");
    else text(path + strlen(path), sizeof path - strlen(path), "%s%s", path[1] ? "/" : "", argv[1]);
    if (access(path, R_OK)) die(FAILED, "%s", path);
    text(begin, sizeof begin, "/proc/%s/root/", pid ? pid : "-");
    const char *from = *outside ? path : !strncmp(path, begin, strlen(begin)) ? path + strlen(begin) - 1 : path;
    raw = saved;
    cfmakeraw(&raw);
    tcsetattr(tty, TCSAFLUSH, &raw);
    dprintf(tty, "\033]ke;bring %s ", *outside || from != path ? "target" : "debug");
    for (const char *at = from; *at; at++) dprintf(tty, "%%%02X", (unsigned char)*at);
    dprintf(tty, "\007");
    while (read(tty, &answer, 1) < 0 && errno == EINTR) {}
    tcsetattr(tty, TCSAFLUSH, &saved);
    return answer != 'y';
}

int main(int argc, char **argv) {
    const char *called = (const char *)getauxval(AT_EXECFN);
    char own[PATH_MAX];
    int pid, length = 0;
    if (sscanf(called, "/proc/%d/root/%n", &pid, &length) == 1 && length > 0 && length < (int)sizeof outside)
        text(outside, sizeof outside, "%.*s", length - 1, called);
    const char *name = strrchr(called, '/') ? strrchr(called, '/') + 1 : called;
    /* Our folder, as the debug container names it: FOLDER/bin/NAME or FOLDER/ke. */
    text(own, sizeof own, "%s", called + strlen(outside));
    for (int level = strcmp(name, "ke") ? 2 : 1; level > 0; level--) {
        char *slash = strrchr(own, '/');
        if (slash) *slash = 0;
    }
    const char *folder = strrchr(own, '/');
    if (folder && !strncmp(folder + 1, SESSION_NAME, strlen(SESSION_NAME))) session_command(own, name, argc, argv);
    if (!strcmp(name, "in-target")) return in_target(own, argc, argv);
    if (!strcmp(name, "bring")) return bring(argc, argv);
    if (argc > 2 && !strncmp(name, ".ke-new-", 8) && !strcmp(argv[1], "install")) return install(argv[2], called);
    if (!strcmp(name, "ke") || *called != '/') {
        if (argc > 2 && !strcmp(argv[1], "run")) return run(own, argc - 2, argv + 2);
        if (argc > 3 && !strcmp(argv[1], "files")) {
            int root = open(argv[2], O_PATH | O_DIRECTORY | O_CLOEXEC);
            if (root < 0) die(FAILED, "the target's root (%s)", argv[2]);
            return files_main(root, argc - 3, argv + 3);
        }
        errno = 0;
        die(FAILED, "this is the launcher of kubectl ephemeral; it has no verb %s", argc > 1 ? argv[1] : "");
    }
    start_tool(own, name, argv);
}
