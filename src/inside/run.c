/* The supervisor of one exec: reads the header, makes the worker what was asked for, keeps the lease, and is the parent
 * of all that the worker leaves behind (a subreaper), which it ends before it goes.
 *
 *   ke run LETTERS [KEY=VALUE…] -- WORDS…
 *
 * Letters: t: there is a terminal; s: the words are shells, the first that is there runs; n: no header (a helper called
 * in a session); k: keep our capabilities in the target's root; q: say nothing but errors; f: the words are the files
 * agent's, which works in the target's root from outside.
 * Keys: target=CONTAINER ID, pid=PID instead of it, root=target|try, as=target|UID:GID, env=target, first=target (its
 * PATH before the tools), term=TERM, prompt=TEXT, path=FOLDERS, filter=PROGRAM (compresses what the files agent writes),
 * files=debug (the agent works in the debug image's root).
 *
 * The header on stdin is blocks of 32 bytes of text: `COUNT KIND`, then for each variable `LENGTH LENGTH`, its name and
 * its value. Kind says what stdin is after it: n: the command's; f: the command's, in frames of 16 bytes of length and
 * the bytes, of which an empty one is the end (servers before 1.30 cannot end a stream); c: control, a byte now and then
 * as a sign of life. Silence of LEASE seconds, or the end of it, ends the command. */
#define _GNU_SOURCE
#include "ke.h"
#include "in_root.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { LEASE = 8, GRACE = 2, CAP_SYS_CHROOT = 18, HEADER = 16 << 20 };

struct options {
    bool tty, shell, bare, keep, quiet, files, chroots, tries, of_target, of_debug_image, theirs_first;
    const char *container, *as, *term, *prompt, *path, *filter;
    pid_t pid;
    char **words;
};

static char **variables; /* of the header, NAME=VALUE, ended by NULL */
static volatile sig_atomic_t told; /* the last signal that asks us to end */

static void on_signal(int number) { if (number != SIGCHLD) told = number; }

static const char *value_of(const char *word, const char *key) {
    size_t length = strlen(key);
    return strncmp(word, key, length) ? NULL : word + length;
}

static void read_options(struct options *options, int argc, char **argv) {
    *options = (struct options){ .container = "", .as = "", .term = "", .prompt = "", .path = "" };
    for (const char *letter = argc > 0 ? argv[0] : ""; *letter; letter++) {
        options->tty |= *letter == 't', options->shell |= *letter == 's', options->bare |= *letter == 'n';
        options->keep |= *letter == 'k', options->quiet |= *letter == 'q';
        options->files |= *letter == 'f';
    }
    for (int i = 1; i < argc; i++) {
        const char *value;
        if (!strcmp(argv[i], "--")) { options->words = argv + i + 1; break; }
        if ((value = value_of(argv[i], "target="))) options->container = value;
        else if ((value = value_of(argv[i], "pid="))) options->pid = atoi(value);
        else if ((value = value_of(argv[i], "root="))) options->chroots = true, options->tries = !strcmp(value, "try");
        else if ((value = value_of(argv[i], "as="))) options->as = value;
        else if ((value = value_of(argv[i], "env="))) options->of_target = true;
        else if ((value = value_of(argv[i], "first="))) options->theirs_first = true;
        else if ((value = value_of(argv[i], "term="))) options->term = value;
        else if ((value = value_of(argv[i], "prompt="))) options->prompt = value;
        else if ((value = value_of(argv[i], "path="))) options->path = value;
        else if ((value = value_of(argv[i], "filter="))) options->filter = value;
        else if ((value = value_of(argv[i], "files="))) options->of_debug_image = true;
    }
    if (!options->words || !options->words[0]) { errno = 0; die(FAILED, "run: no command"); }
}

/* ---- the header ---- */

static void take(char *out, size_t size) {
    for (size_t used = 0; used < size;) {
        ssize_t got = read(0, out + used, size - used);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) _exit(FAILED); /* the client is gone */
        used += got;
    }
}

static char read_header(const char *first) {
    char block[33] = "", kind = 'n';
    unsigned count = 0;
    memcpy(block, first, 32);
    if (sscanf(block, "%u %c", &count, &kind) != 2 || count > 4096) { errno = EPROTO; die(FAILED, "the header"); }
    variables = calloc(count + 1, sizeof *variables);
    size_t total = 0;
    for (unsigned i = 0; i < count; i++) {
        unsigned name = 0, value = 0;
        take(block, 32);
        if (sscanf(block, "%u %u", &name, &value) != 2 || (total += (size_t)name + value) > HEADER) {
            errno = EPROTO;
            die(FAILED, "the header");
        }
        char *entry = calloc(1, (size_t)name + value + 2);
        if (!entry || !variables) die(FAILED, "the header");
        take(entry, name);
        entry[name] = '=';
        take(entry + name + 1, value);
        variables[i] = entry;
    }
    return kind;
}

/* At a terminal the mark is said until the header comes, which is not to be echoed nor cooked; elsewhere once, after it. */
static char greet(const struct options *options) {
    static const char mark[] = "\033]ke;ok\007";
    char first[32];
    if (options->bare) { variables = calloc(1, sizeof *variables); return 'n'; }
    if (!options->tty) {
        take(first, sizeof first);
        char kind = read_header(first);
        if (write(2, mark, sizeof mark - 1) < 0) _exit(FAILED);
        return kind;
    }
    struct termios saved, raw;
    if (tcgetattr(0, &saved)) die(FAILED, "the terminal");
    raw = saved;
    cfmakeraw(&raw);
    raw.c_cc[VMIN] = 0, raw.c_cc[VTIME] = 5;
    tcsetattr(0, TCSANOW, &raw);
    ssize_t got = 0;
    while (got == 0) {
        if (write(1, mark, sizeof mark - 1) < 0) _exit(FAILED);
        got = read(0, first, sizeof first);
        if (got < 0) _exit(FAILED);
    }
    raw.c_cc[VMIN] = 1, raw.c_cc[VTIME] = 0;
    tcsetattr(0, TCSANOW, &raw);
    take(first + got, sizeof first - got);
    char kind = read_header(first);
    tcsetattr(0, TCSANOW, &saved);
    return kind;
}

/* ---- the worker ---- */

static bool wants_identity(const struct options *options, struct target *target, struct identity *as) {
    unsigned uid, gid;
    *as = (struct identity){ .uid = geteuid(), .gid = getegid() };
    if (!strcmp(options->as, "target")) *as = target->as;
    else if (sscanf(options->as, "%u:%u", &uid, &gid) == 2) {
        *as = (struct identity){ .uid = uid, .gid = gid };
        if (target->pid && target->as.uid == uid && target->as.gid == gid) *as = target->as;
    } else return false;
    return true;
}

/* A process that stays outside the chroot, with the worker's identity and no capability: the way to the tools. */
static pid_t start_anchor(const struct identity *as) {
    int ready[2];
    char byte;
    if (pipe2(ready, O_CLOEXEC)) die(FAILED, "pipe");
    pid_t parent = getpid(), pid = fork();
    if (pid < 0) die(FAILED, "fork");
    if (pid > 0) {
        close(ready[1]);
        while (read(ready[0], &byte, 1) < 0 && errno == EINTR) {}
        close(ready[0]);
        return pid;
    }
    setsid();
    become(as);
    drop_capabilities();
    /* It ends with us and not by a TERM for all: what ends on TERM may still start tools. */
    signal(SIGTERM, SIG_IGN), signal(SIGHUP, SIG_IGN), signal(SIGINT, SIG_IGN);
    prctl(PR_SET_NAME, "ke-anchor");
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(0);
    for (int fd = 0; fd < 1024; fd++) close(fd);
    for (;;) pause();
}

static void write_file(const char *path, const char *content) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd >= 0 && write(fd, content, strlen(content)) < 0) errno = 0;
    if (fd >= 0) close(fd);
}

/* Without SYS_CHROOT a user namespace of our own has it, where these are permitted; what we opened before stays open. */
static bool unshare_user(void) {
    char map[48];
    unsigned uid = geteuid(), gid = getegid();
    if (unshare(CLONE_NEWUSER)) return false;
    write_file("/proc/self/setgroups", "deny");
    text(map, sizeof map, "%u %u 1", uid, uid);
    write_file("/proc/self/uid_map", map);
    text(map, sizeof map, "%u %u 1", gid, gid);
    write_file("/proc/self/gid_map", map);
    return true;
}

static bool has_preload(int root) {
    struct stat status;
    int fd = in_root(root, "/etc/ld.so.preload", O_PATH | O_CLOEXEC, 0);
    if (fd < 0) return false;
    bool found = fstat(fd, &status) == 0 && status.st_size > 0;
    close(fd);
    return found;
}

static void say_outside(const struct options *options, const char *why) {
    if (!options->tries) {
        errno = 0;
        die(FAILED, "%s; the target's files are at $TARGET_ROOT\nWithout --root target the command starts there.", why);
    }
    if (!options->quiet) dprintf(2, "%s; the target's files are at $TARGET_ROOT\n", why);
}

/* The first of the words that is a program in one of the folders, or by itself; NULL: none is. */
static char *first_of(char **words, const char *folders, bool no_zsh) {
    char *path = strdup(folders), *found = NULL;
    for (; path && *words && !found; words++) {
        if (no_zsh && !strcmp(*words, "zsh")) continue;
        char *rest = strcpy(path, folders);
        for (char *folder; !found && (folder = strsep(&rest, ":"));) {
            char candidate[PATH_MAX];
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

/* The files agent, its stdout through a compressor where one is named: that is a child, whose end is waited for. */
_Noreturn static void work_on_files(const struct options *options, int root, int cwd) {
    int count = 0, ends[2], status = 0;
    pid_t filter = 0;
    while (options->words[count]) count++;
    if (options->filter) {
        if (pipe2(ends, O_CLOEXEC) || (filter = fork()) < 0) die(FAILED, "%s", options->filter);
        if (filter == 0) {
            dup2(ends[0], 0);
            execlp(options->filter, options->filter, !strcmp(options->filter, "zstd") ? "-1cq" : "-1c", (char *)NULL);
            _exit(NOT_FOUND); /* no output at all tells the client that it is not there */
        }
        dup2(ends[1], 1);
        close(ends[0]), close(ends[1]);
    }
    static char place[PATH_MAX];
    char link[64];
    text(link, sizeof link, "/proc/self/fd/%d", cwd);
    ssize_t length = cwd < 0 ? -1 : readlink(link, place, sizeof place - 1);
    if (length > 0 && *place == '/') files_cwd = place;
    int code = files_main(root, count, options->words);
    close(1);
    if (filter) waitpid(filter, &status, 0);
    _exit(code ? code : status ? FAILED : 0);
}

_Noreturn static void work(struct options *options, const char *own, struct target *target, int root, const struct identity *as,
    bool changes, pid_t anchor) {
    bool inside = root >= 0 && !options->files;
    const char *theirs = NULL;
    char value[64], *shell[4];
    if (target->pid) {
        text(value, sizeof value, "%d", target->pid), setenv("TARGET_PID", value, 1);
        text(value, sizeof value, "/proc/%d/root", target->pid), setenv("TARGET_ROOT", value, 1);
        text(value, sizeof value, "%u", target->as.uid), setenv("TARGET_UID", value, 1);
        text(value, sizeof value, "%u", target->as.gid), setenv("TARGET_GID", value, 1);
    }
    if (options->of_target) theirs = take_environment(target), take_limits(target);
    if (inside) {
        int cwd = options->of_target ? open_target(target, "cwd") : -1;
        if (fchdir(root) || chroot(".")) die(FAILED, "chroot into the target's root");
        if (cwd < 0 || fchdir(cwd)) if (chdir("/")) die(FAILED, "/");
    }
    int cwd = options->files ? open_target(target, "cwd") : -1;
    if (changes) become(as);
    if (options->files) {
        if (!options->keep) drop_capabilities(), no_new_rights();
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        work_on_files(options, root, cwd);
    }
    if (inside) {
        if (!options->keep) drop_capabilities(), no_new_rights();
        text(outside, sizeof outside, "/proc/%d/root", anchor);
        if (access(outside, X_OK)) die(FAILED, "the tools cannot be reached from the target's root (%s)", outside);
        unsetenv("LD_LIBRARY_PATH"), unsetenv("LD_PRELOAD");
    } else if (options->chroots) {
        text(value, sizeof value, "/proc/%d/root", target->pid);
        if (chdir(value)) errno = 0;
    } else if (access(".", R_OK | X_OK)) {
        /* The image's folder may be shut to us (/root). */
        if (chdir("/")) errno = 0;
    }
    set_path(options, own, inside, theirs);
    if (*options->term) setenv("TERM", options->term, 1);
    if (options->shell) choose_shell(options, own, inside, shell), options->words = shell;
    for (char **variable = variables; *variable; variable++) putenv(*variable);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    const char *name = options->words[0];
    execvp(name, options->words);
    int code = errno == ENOENT && !(strchr(name, '/') && access(name, F_OK) == 0) ? NOT_FOUND : NOT_EXECUTABLE;
    errno = 0;
    if (code == NOT_FOUND) die(code, "%s: not found in the debug image%s", name, inside ? ", nor in the target" : "");
    die(code, "%s is not executable", name);
}

/* ---- the supervisor ---- */

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

/* Takes the frames apart, in a process of its own: the command may be slow to read. */
static void feed_frames(int out) {
    char block[17] = "", buffer[65536];
    for (;;) {
        take(block, 16);
        size_t left = strtoul(block, NULL, 10);
        if (left == 0) _exit(0);
        while (left > 0) {
            size_t part = left < sizeof buffer ? left : sizeof buffer;
            take(buffer, part);
            for (size_t sent = 0; sent < part;) {
                ssize_t count = write(out, buffer + sent, part - sent);
                if (count < 0) _exit(0);
                sent += count;
            }
            left -= part;
        }
    }
}

/* Put what the command reads at descriptor 0 of it; called in the parent, gives the descriptor. */
static int input_of(char kind) {
    if (kind == 'n') return 0;
    if (kind == 'c') return open("/dev/null", O_RDONLY | O_CLOEXEC);
    int ends[2];
    if (pipe2(ends, O_CLOEXEC)) die(FAILED, "pipe");
    pid_t feeder = fork();
    if (feeder < 0) die(FAILED, "fork");
    if (feeder == 0) { signal(SIGPIPE, SIG_IGN), close(ends[0]); feed_frames(ends[1]); }
    close(ends[1]);
    return ends[0];
}

/* End what is left of us: TERM, then KILL. */
static void end_rest(pid_t anchor) {
    if (anchor > 0) kill(anchor, SIGKILL), waitpid(anchor, NULL, 0);
    double until = now() + GRACE;
    for (int round = 0;; round++) {
        pid_t pid;
        while ((pid = waitpid(-1, NULL, WNOHANG)) > 0) {}
        if (pid < 0 && errno == ECHILD) return;
        if (round == 0) signal_descendants(SIGTERM, 0), signal_descendants(SIGCONT, 0);
        else if (now() > until && (signal_descendants(SIGKILL, 0) == 0 || now() > until + GRACE)) return;
        struct timespec pause = { 0, 20000000 };
        nanosleep(&pause, NULL);
    }
}

static int supervise(const struct options *options, pid_t worker, pid_t anchor, char kind, int requests, const struct identity *as) {
    double heard = now(), kills = 0;
    int status = 0;
    char buffer[512];
    sigset_t none;
    sigemptyset(&none);
    for (;;) {
        pid_t pid;
        while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
            if (pid != worker) { if (!WIFSTOPPED(status)) outside_ended(pid, status); continue; }
            /* Nobody is there who could continue it. */
            if (WIFSTOPPED(status)) { if (!options->bare) kill(-worker, SIGCONT); continue; }
            end_rest(anchor);
            return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
        }
        if (told && !kills) {
            if (told == SIGHUP) kill(options->tty ? -worker : worker, SIGHUP);
            signal_descendants(told == SIGHUP ? SIGHUP : SIGTERM, anchor);
            signal_descendants(SIGCONT, anchor);
            /* Whoever asks by TERM decides himself how long he waits. */
            if (told != SIGTERM) kills = now() + GRACE;
            told = 0;
        }
        bool lease = kind == 'c' && !kills;
        if (lease && now() - heard > LEASE) told = SIGALRM;
        if (kills && now() > kills) signal_descendants(SIGKILL, anchor), kills = now() + GRACE;
        struct pollfd inputs[] = { { .fd = lease ? 0 : -1, .events = POLLIN }, { .fd = requests, .events = POLLIN } };
        struct timespec wait = { 1, 0 };
        if (ppoll(inputs, 2, kind == 'c' || kills ? &wait : NULL, &none) <= 0) continue;
        if (inputs[1].revents & POLLIN) outside_serve(requests, as, options->keep);
        else if (inputs[1].revents) requests = -1;
        if (!inputs[0].revents) continue;
        ssize_t got = read(0, buffer, sizeof buffer);
        if (got > 0) heard = now();
        else if (got == 0 || (errno != EINTR && errno != EAGAIN)) told = SIGALRM;
    }
}

int run(const char *own, int argc, char **argv) {
    struct options options;
    struct target target = { 0 };
    struct identity as;
    read_options(&options, argc, argv);
    char kind = greet(&options);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    pid_t pid = options.pid ? options.pid : find_target(options.container);
    if (pid && !read_target(pid, &target)) target.pid = 0;
    errno = 0;
    if (!target.pid && (options.chroots || (options.files && !options.of_debug_image) || options.of_target || !strcmp(options.as, "target")))
        die(FAILED, "no process here belongs to the target container, so nothing can be done as it\nIts process can be named: --pid.");
    bool changes = wants_identity(&options, &target, &as);
    int root = -1;
    if (options.files) root = options.of_debug_image ? open("/", O_PATH | O_DIRECTORY | O_CLOEXEC) : open_target(&target, "root");
    if (options.files && root < 0)
        die(FAILED, "the target's root cannot be entered (its user is %u:%u)", target.as.uid, target.as.gid);
    if (options.chroots) {
        root = open_target(&target, "root");
        if (root < 0 && !options.tries) die(FAILED, "the target's root cannot be entered (its user is %u:%u)", target.as.uid, target.as.gid);
        const char *why = NULL;
        if (root < 0) why = "the target's root cannot be entered (another user, and no SYS_PTRACE)";
        else if (!has_capability(CAP_SYS_CHROOT) && !(as.uid == geteuid() && as.gid == getegid() && unshare_user()))
            why = "nothing may chroot here (no SYS_CHROOT, and no user namespace)";
        else if (options.tries && has_preload(root)) why = "the target has an /etc/ld.so.preload, which every tool in its root would load";
        if (why) say_outside(&options, why), root = -1;
    }
    if (root >= 0 && !options.files) shadow_services(own, root);
    pid_t anchor = root < 0 || options.files ? 0 : start_anchor(&as);
    int requests = anchor ? outside_open() : -1;
    int input = input_of(kind);
    static const int watched[] = { SIGCHLD, SIGTERM, SIGHUP, SIGINT, SIGQUIT };
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    pid_t worker = fork();
    if (worker < 0) die(FAILED, "fork");
    if (worker == 0) {
        if (!options.bare) setpgid(0, 0);
        if (options.tty) tcsetpgrp(0, getpid());
        if (input != 0) dup2(input, 0);
        work(&options, own, &target, root, &as, changes, anchor);
    }
    if (!options.bare) setpgid(worker, worker);
    if (input != 0) close(input);
    if (options.bare) signal(SIGINT, SIG_IGN), signal(SIGQUIT, SIG_IGN);
    for (size_t i = 0; i < sizeof watched / sizeof *watched; i++) {
        if (options.bare && (watched[i] == SIGINT || watched[i] == SIGQUIT)) continue;
        sigaction(watched[i], &(struct sigaction){ .sa_handler = on_signal }, NULL);
    }
    if (kind == 'f') close(0);
    return supervise(&options, worker, anchor, kind, requests, &as);
}
