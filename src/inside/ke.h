/* The launcher: one static program that runs in the debug container. See main.c for its verbs. */
#ifndef KE_H
#define KE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Exit codes as docker's: ours, not executable, not found; and as timeout's: out of time. */
enum { TIMED_OUT = 124, FAILED = 125, NOT_EXECUTABLE = 126, NOT_FOUND = 127 };

/* say.c: print `error: WHAT[: errno in words]` and end with a code; errno 0 says nothing. */
_Noreturn void die(int code, const char *format, ...);
/* On stdout, control characters but newline and tab as `?`: a terminal obeys none of a text that others wrote. */
void say_plain(const char *words);
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

/* A command of a session. `inputs`: what a recipe's takes (inputs.c); NULL: its words are its script's. */
struct command { const char *name, *text, *inputs; size_t length; };

/* What the header brings beside variables (request.c says what for); NULL and 0: nothing. */
struct entries {
    const char *script, *nonce, *help;
    size_t script_length;
    char **arguments;
    unsigned argument_count, timeout, command_count;
    uint64_t drop;
    struct command *commands;
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
    /* Folders of ours, by their paths in the debug container; NULL: none. */
    const char *out, *session;
};

/* Seconds of a client's silence that are its end; linux/capability.h, which musl-gcc does not see. */
enum { LEASE = 8, CAP_SETGID = 6, CAP_SYS_CHROOT = 18 };

/* request.c; `variables` are the header's, NAME=VALUE, ended by NULL. */
extern char **variables;
extern struct entries entries;
void read_options(struct options *options, int argc, char **argv);
/* Read the header; gives its kind. */
char greet(const struct options *options);
/* Read just so many bytes of stdin, or end; with `lease` also when nothing comes for as long. */
void take(char *out, size_t size, bool lease);

/* entries.c: take one entry whose name begins with `=` into `entries`. False: it is none that there is. */
bool take_entry(const char *name, char *value, size_t length);

/* work.c */
_Noreturn void work(struct visit *visit);

/* shell.c: the first shell of the options' words that is there, as the session's; `words` has room for four. `session`: its
 * folder as it is seen from here, or NULL. */
void choose_shell(struct options *options, const char *own, bool inside, const char *session, char **words);

/* script.c: start the header's script; never returns. `name` is what it is called in messages. */
_Noreturn void run_script(const char *own, const char *name);
/* Let the image's sh read a script: sh WORDS…, of which the first is `sh`. `own` is the launcher's folder, as the debug
 * container names it. */
_Noreturn void start_sh(const char *own, char **words);

/* supervise.c: wait for the worker, and end what it leaves; its exit code. `feed`: the pipe to its stdin, or -1. */
int supervise(const struct visit *visit, pid_t worker, char kind, int requests, int feed);
/* Signals reach it from here on; `told` is the last that asks us to end. */
void heed_signals(const struct options *options);
extern volatile sig_atomic_t told;
/* Seconds of a clock that only goes on. */
double now(void);

/* stdin.c: what the command reads, for its descriptor 0; called in the parent. `feed`: what of stdin goes on there. */
int input_of(char kind, int *feed);
/* Hand on as much as goes without waiting; what is left over waits in `feed_left` bytes of ours. */
void feed_on(int *feed, const char *bytes, size_t length);
size_t feed_left(void);

/* out.c: a folder of its own for what the worker leaves, as its user; ends the program where there is no place for it. */
const char *out_make(const char *own, const struct identity *as);
/* Tell the client that something is left there, if there is, and wait until it has it; `before`: the last byte it sent. */
void out_offer(const struct identity *as, bool tty, char kind, char before);
void out_remove(const struct identity *as);

/* session.c: the folder of a session's commands; NULL: there are none, or no place. */
const char *session_make(const char *own, bool quiet);
void session_remove(void);
/* How its name begins, behind which it is known by. */
#define SESSION_NAME ".ke-session-"

/* commands.c: a command of a session: FOLDER/bin/NAME called with these words. */
_Noreturn void session_command(const char *session, const char *name, int argc, char **argv);

/* inputs.c: the words of a recipe's command by what it takes, into the environment; those of its script come behind `ours`. */
char **read_inputs(const char *name, char *inputs, int argc, char **argv, unsigned ours);

/* values.c: a value of a type (inputs.c), as the script gets it; NULL: it is none, and `wrong` says why, as the end of a
 * sentence that begins with its name. */
char *read_value(const char *type, char **choices, const char *value, char *wrong, size_t size);

/* place.c: a folder of a name that cannot be guessed, made in the first of the launcher's own place, /tmp, /var/tmp and
 * /dev/shm that takes one (`try` counts them from 0): its descriptor and path, and its parent's descriptor; -1: none. */
int place_make(const char *own, const char *begins, unsigned try, char *path, int *parent);

/* remove.c: remove a folder or file with all in it, links themselves and not what they lead to. False: something stays. */
bool remove_all(int parent, const char *name);

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
/* Give up some, before and after the change of the user: what programs could gain anew, and what we have. */
void give_up_bounding(uint64_t mask);
void give_up(uint64_t mask);
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
