/* The supervisor of one exec (`ke run`, request.c): finds the target, starts the worker (work.c) as what was asked for,
 * keeps the lease, and is the parent of all that the worker leaves behind (a subreaper), which it ends before it goes. */
#define _GNU_SOURCE
#include "ke.h"
#include "in_root.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { GRACE = 2 };

static volatile sig_atomic_t told; /* the last signal that asks us to end */

static void on_signal(int number) { if (number != SIGCHLD) told = number; }

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

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

/* Takes the frames apart, in a process of its own: the command may be slow to read. */
static void feed_frames(int out) {
    char block[17] = "", buffer[65536];
    for (;;) {
        take(block, 16, false);
        size_t left = strtoul(block, NULL, 10);
        if (left == 0) _exit(0);
        while (left > 0) {
            size_t part = left < sizeof buffer ? left : sizeof buffer;
            take(buffer, part, false);
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

static int supervise(const struct visit *visit, pid_t worker, char kind, int requests) {
    const struct options *options = visit->options;
    pid_t anchor = visit->anchor;
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
            if (WIFSTOPPED(status)) {
                bool at_terminal = WSTOPSIG(status) == SIGTTIN || WSTOPSIG(status) == SIGTTOU;
                /* What was in the foreground is gone. */
                if (at_terminal && options->tty) tcsetpgrp(0, worker);
                if (!options->bare) kill(-worker, SIGCONT);
                continue;
            }
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
        if (inputs[1].revents & POLLIN) outside_serve(requests, &visit->as, options->keep);
        else if (inputs[1].revents) requests = -1;
        if (!inputs[0].revents) continue;
        ssize_t got = read(0, buffer, sizeof buffer);
        if (got > 0) heard = now();
        else if (got == 0 || (errno != EINTR && errno != EAGAIN)) told = SIGALRM;
    }
}

/* What of the target must be opened before anything is given up. */
static void open_all(struct visit *visit) {
    struct options *options = visit->options;
    struct target *target = &visit->target;
    bool wanted = options->chroots || options->of_target || (options->files && !options->of_debug_image);
    visit->root = visit->cwd = -1;
    if (options->files && options->of_debug_image) visit->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (!wanted) return;
    visit->cwd = options->of_target || options->files ? open_target(target, "cwd") : -1;
    if (options->of_target && !(visit->environment = read_environment(target, &visit->length)) && !options->tries)
        die(FAILED, "the target's environment cannot be read");
    if (options->chroots || options->files) visit->root = open_target(target, "root");
    if (visit->root < 0 && !options->tries && (options->chroots || options->files))
        die(FAILED, "the target's root cannot be entered (its user is %u:%u)", target->as.uid, target->as.gid);
}

/* Whether a target that is root could do more in this container than in its own: it gets at every process of its user that
 * has no more capabilities than it, and by that at our root. */
static bool is_more_than(const struct target *target) {
    struct target ours;
    uint64_t chroots = 1ull << CAP_SYS_CHROOT;
    return !read_target(getpid(), &ours) || ours.bounding & ~(target->bounding | chroots);
}

/* What stands in the way of the target's root or environment; NULL: nothing. */
static const char *obstacle(struct visit *visit) {
    struct options *options = visit->options;
    bool same = visit->as.uid == geteuid() && visit->as.gid == getegid();
    if (visit->as.uid == 0 && !options->keep && is_more_than(&visit->target))
        return "the target runs as root and could get at this container, which may do more than its own";
    if (!options->chroots) return NULL;
    if (visit->root < 0) return "the target's root cannot be entered (another user, and no SYS_PTRACE)";
    if (options->tries && has_preload(visit->root))
        return "the target has an /etc/ld.so.preload, which every tool in its root would load";
    if (!has_capability(CAP_SYS_CHROOT) && !(same && unshare_user()))
        return "nothing may chroot here (no SYS_CHROOT, and no user namespace)";
    return NULL;
}

int run(const char *own, int argc, char **argv) {
    struct options options;
    struct visit visit = { .options = &options, .own = own };
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    read_options(&options, argc, argv);
    char kind = greet(&options);
    pid_t pid = options.pid ? options.pid : find_target(options.container);
    if (pid && !read_target(pid, &visit.target)) visit.target.pid = 0;
    errno = 0;
    bool needs = options.chroots || options.of_target || !strcmp(options.as, "target") || (options.files && !options.of_debug_image);
    if (!visit.target.pid && needs)
        die(FAILED, "no process here belongs to the target container, so nothing can be done as it\nIts process can be named: --pid.");
    visit.changes = wants_identity(&options, &visit.target, &visit.as);
    open_all(&visit);
    const char *why = options.chroots || options.of_target ? obstacle(&visit) : NULL;
    if (why) {
        say_outside(&options, why);
        /* Beside the target its environment would act on more than its own user's rights. */
        visit.root = -1, visit.environment = NULL, options.of_target = false;
    }
    bool inside = options.chroots && visit.root >= 0;
    if (inside) shadow_services(own, visit.root);
    visit.anchor = inside ? start_anchor(&visit.as) : 0;
    int requests = visit.anchor ? outside_open() : -1;
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
        work(&visit);
    }
    if (!options.bare) setpgid(worker, worker);
    if (input != 0) close(input);
    if (options.bare) signal(SIGINT, SIG_IGN), signal(SIGQUIT, SIG_IGN);
    for (size_t i = 0; i < sizeof watched / sizeof *watched; i++) {
        if (options.bare && (watched[i] == SIGINT || watched[i] == SIGQUIT)) continue;
        sigaction(watched[i], &(struct sigaction){ .sa_handler = on_signal }, NULL);
    }
    if (kind == 'f') close(0);
    return supervise(&visit, worker, kind, requests);
}
