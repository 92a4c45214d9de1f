/* The supervisor of one exec (`ke run`, request.c): finds the target, starts the worker (work.c) as what was asked for,
 * keeps the lease, and is the parent of all that the worker leaves behind (a subreaper), which it ends before it goes
 * (supervise.c). */
#define _GNU_SOURCE
#include "ke.h"
#include "in_root.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

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
    /* To look at the target as its user is a change of ours, by which a process becomes shut to others. */
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
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

/* What of `=drop` is given up: nothing where that would bring the worker within reach of a target that is its user and has
 * all that is left to it; the target would have our root then, and by it what the next one may. */
static uint64_t may_drop(const struct visit *visit) {
    struct target ours;
    if (visit->target.pid == 0 || visit->target.as.uid != visit->as.uid || !read_target(getpid(), &ours)) return entries.drop;
    uint64_t beyond = ours.bounding & ~visit->target.bounding;
    return beyond && !(beyond & ~entries.drop) ? 0 : entries.drop;
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
    int feed, input = input_of(kind, &feed);
    entries.drop = may_drop(&visit);
    sigset_t all;
    sigfillset(&all);
    /* From here on we end by our own will, so that nothing stays that we make. */
    sigprocmask(SIG_SETMASK, &all, NULL);
    visit.out = entries.nonce ? out_make(own, &visit.as) : NULL;
    visit.session = options.shell ? session_make(own, options.quiet) : NULL;
    pid_t worker = fork();
    if (worker == 0) {
        if (!options.bare) setpgid(0, 0);
        if (options.tty) tcsetpgrp(0, getpid());
        if (input != 0) dup2(input, 0);
        work(&visit);
    }
    int error = errno;
    if (worker < 0) { out_remove(&visit.as), session_remove(); errno = error; die(FAILED, "fork"); }
    if (!options.bare) setpgid(worker, worker);
    if (input != 0) close(input);
    heed_signals(&options);
    if (kind == 'f' && !visit.out) close(0);
    return supervise(&visit, worker, kind, requests, feed);
}
