/* The launcher: one static program that runs in the debug container. See main.c for its verbs. */
#ifndef KE_H
#define KE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Exit codes as docker's: ours, not executable, not found. */
enum { FAILED = 125, NOT_EXECUTABLE = 126, NOT_FOUND = 127 };

/* say.c: print `error: WHAT[: errno in words]` and end with a code; errno 0 says nothing. */
_Noreturn void die(int code, const char *format, ...);
/* snprintf that ends the program instead of cutting a text short. */
void text(char *out, size_t size, const char *format, ...);

/* A user, as the kernel knows it: at most 64 supplementary groups are kept. */
struct identity { uid_t uid; gid_t gid; int count; gid_t groups[64]; };

/* A process of the target container; `bounding`: the capabilities that it could have at most. */
struct target { pid_t pid; struct identity as; mode_t umask; uint64_t bounding; };

/* What `ke run` is asked to do (request.c). */
struct options {
    bool tty, shell, bare, keep, quiet, files, chroots, tries, of_target, of_debug_image, theirs_first;
    const char *container, *as, *term, *prompt, *path, *filter;
    pid_t pid;
    char **words;
};

/* One exec, with all that was opened for it before rights were given up; -1 and NULL: not wanted, or not to be had. */
struct visit {
    struct options *options;
    const char *own;
    struct target target;
    struct identity as;
    bool changes;
    int root, cwd;
    char *environment;
    size_t length;
    pid_t anchor;
};

/* Seconds of a client's silence that are its end; linux/capability.h, which musl-gcc does not see. */
enum { LEASE = 8, CAP_SETGID = 6, CAP_SYS_CHROOT = 18 };

/* request.c; `variables` are the header's, NAME=VALUE, ended by NULL. */
extern char **variables;
void read_options(struct options *options, int argc, char **argv);
/* Read the header; gives its kind. */
char greet(const struct options *options);
/* Read just so many bytes of stdin, or end; with `lease` also when nothing comes for as long. */
void take(char *out, size_t size, bool lease);

/* work.c */
_Noreturn void work(struct visit *visit);

/* target.c: the first process whose cgroup names the container; 0: there is none, or the id is empty. */
pid_t find_target(const char *container);
/* The identity and umask of a process, from /proc/PID/status. False: it is gone. */
bool read_target(pid_t pid, struct target *target);
/* The target's environment, NAME=VALUE, each ended by a NUL. */
char *read_environment(const struct target *target, size_t *length);
/* Set it in ours, but for what would act on our tools; PATH stays, theirs is returned. */
const char *take_environment(char *content, size_t length);
/* Its root or cwd (`what`), opened as its user, so that no SYS_PTRACE is needed; -1: not permitted. */
int open_target(const struct target *target, const char *what);
/* Take over the target's limits and umask, as far as they may be. */
void take_limits(const struct target *target);

/* rights.c */
bool has_capability(int capability);
/* Become a user for good; one who is not root has no capability then. */
void become(const struct identity *as);
void drop_capabilities(void);
/* From here on no program gains anything by its file. */
void no_new_rights(void);

/* tool.c: start a tool of the debug image, found by its name among the links, while `/` is any root; never returns. */
_Noreturn void start_tool(const char *own, const char *name, char **words);
/* Where an image has its libraries; ended by NULL. */
extern const char *const library_folders[];
/* The root of the debug image as seen from another root: /proc/ANCHOR/root, or "" from inside. */
extern char outside[64];

/* nss.c: let no library of the target's be loaded for the name services its /etc/nsswitch.conf names; `own` is our folder. */
void shadow_services(const char *own, int root);

/* children.c: send a signal to everything that descends from us but `spared`, and what it traces with KILL. */
int signal_descendants(int signal, pid_t spared);

/* outside.c */
/* Our end of the socket for tools that cannot run inside; the worker's is named in its environment. -1: there is none. */
int outside_open(void);
/* Inside: have a tool run outside, by its path there. Its exit code, or -1 where nobody can be asked. */
int outside_ask(const char *path, char **words);
/* Outside: take a request and start what it names, as that user. */
void outside_serve(int end, const struct identity *as, bool keep);
/* Outside: a child has ended; who asked for it is told. */
void outside_ended(pid_t pid, int status);

/* run.c: the supervisor of one exec. */
int run(const char *own, int argc, char **argv);
/* install.c: put ourselves and the links of the tools on PATH into a folder. */
int install(const char *folder, const char *self);
/* files.c; files_cwd: where relative paths start. */
extern const char *files_cwd;
int files_main(int root, int argc, char **argv);

#endif
