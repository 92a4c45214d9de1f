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

static void set_path(const struct options *options, const char *own, bool inside, const char *theirs, const char *session) {
    const char *before = getenv("PATH"), *usual = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    size_t size = strlen(options->path) + strlen(before ? before : usual) + (theirs ? strlen(theirs) : 0) + 3 * PATH_MAX;
    char *value = malloc(size);
    if (!value) die(FAILED, "PATH");
    if (!theirs || !*theirs) theirs = usual;
    if (!inside) text(value, size, "%s%s%s", options->path, *options->path ? ":" : "", before ? before : usual);
    else if (options->theirs_first) text(value, size, "%s:%s%s/bin", theirs, outside, own);
    else text(value, size, "%s%s/bin:%s", outside, own, theirs);
    /* The helpers follow the image's tools, so that none is hidden by a name of ours. */
    size_t used = strlen(value);
    if (!inside && options->shell) text(value + used, size - used, ":%s/helpers", own);
    used = strlen(value);
    if (session) text(value + used, size - used, ":%s/bin", session);
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

/* A path of the debug container, as it is seen from where the worker is. */
static const char *seen_from(const char *root, const char *path) {
    char *seen = malloc(strlen(root) + strlen(path) + 1);
    if (!seen) die(FAILED, "%s", path);
    return strcat(strcpy(seen, root), path);
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
    give_up_bounding(entries.drop);
    if (visit->changes) become(&visit->as);
    give_up(entries.drop);
    if (capless) drop_capabilities(), no_new_rights();
    sigset_t none;
    sigemptyset(&none);
    if (options->files) sigprocmask(SIG_SETMASK, &none, NULL), work_on_files(options, visit->root);
    if (inside) {
        text(outside, sizeof outside, "/proc/%d/root", visit->anchor);
        if (access(outside, X_OK)) die(FAILED, "the tools cannot be reached from the target's root (%s)", outside);
        unsetenv("LD_LIBRARY_PATH"), unsetenv("LD_PRELOAD");
        /* What the image set for its shells names files of the target's now. */
        unsetenv("ENV"), unsetenv("BASH_ENV"), unsetenv("ZDOTDIR");
        setenv("TARGET_ROOT", "/", 1);
    } else choose_folder(visit);
    /* A helper called in a session takes what is the session's along. */
    const char *session = options->bare ? getenv("KE_SESSION") : visit->session;
    const char *out = options->bare && session ? getenv("OUT") : visit->out;
    if (session) session = seen_from(outside, session), setenv("KE_SESSION", session, 1);
    set_path(options, visit->own, inside, theirs, session);
    if (*options->term) setenv("TERM", options->term, 1);
    if (options->shell) choose_shell(options, visit->own, inside, session, shell), options->words = shell;
    for (char **variable = variables; *variable; variable++) putenv(*variable);
    if (out) setenv("OUT", seen_from(outside, out), 1);
    sigprocmask(SIG_SETMASK, &none, NULL);
    const char *name = options->words[0];
    if (entries.script && !options->shell) run_script(visit->own, name);
    execvp(name, options->words);
    if (errno == E2BIG) die(NOT_EXECUTABLE, "%s", name);
    int code = errno == ENOENT && !(strchr(name, '/') && access(name, F_OK) == 0) ? NOT_FOUND : NOT_EXECUTABLE;
    errno = 0;
    if (code == NOT_FOUND) die(code, "%s: not found in the debug image%s", name, inside ? ", nor in the target" : "");
    die(code, "%s is not executable", name);
}

