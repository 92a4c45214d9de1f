/* Tools that cannot run in another root, run outside it for those inside: a JVM finds its home by the real path of its
 * library, which leads to the target's root. The worker inherits one end of a socket pair; a tool of that kind sends its
 * arguments, environment and descriptors to the supervisor, which stayed outside and starts it there, as the same user and
 * in the same process group, and answers with its exit code.
 *
 * A request is one message: the process id of who asks, how many words and how many variables follow, the tool's path, the
 * words, the variables, each ended by a NUL; with it stdin, stdout, stderr, and the pipe for the answer, an int. */
#define _GNU_SOURCE
#include "ke.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FDS = 4, REQUEST = 128 << 10, RUNNING = 64 };

static struct { pid_t pid; int answer; } running[RUNNING];

int outside_open(void) {
    int ends[2];
    char name[16];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends)) return -1;
    /* High, where shells and their users do not look for one; it stays open in all that the worker starts. */
    int theirs = fcntl(ends[1], F_DUPFD, 200);
    close(ends[1]);
    if (theirs < 0) { close(ends[0]); return -1; }
    text(name, sizeof name, "%d", theirs);
    setenv("KE_OUTSIDE", name, 1);
    return ends[0];
}

int outside_ask(const char *path, char **words) {
    const char *name = getenv("KE_OUTSIDE");
    char *message = malloc(REQUEST);
    int answer[2], code;
    if (!name || !message || pipe2(answer, O_CLOEXEC)) return -1;
    char *const *const lists[] = { words, environ };
    int counts[2] = { 0, 0 };
    for (size_t i = 0; i < 2; i++) while (lists[i][counts[i]]) counts[i]++;
    size_t used = sprintf(message, "%d %d %d", getpid(), counts[0], counts[1]) + 1;
    used += sprintf(message + used, "%.*s", PATH_MAX, path) + 1;
    for (size_t i = 0; i < 2; i++)
        for (char *const *word = lists[i]; *word; word++) {
            size_t length = strlen(*word) + 1;
            if (used + length > REQUEST) { errno = E2BIG; die(NOT_EXECUTABLE, "%s", words[0]); }
            memcpy(message + used, *word, length);
            used += length;
        }
    int fds[FDS] = { 0, 1, 2, answer[1] };
    union { struct cmsghdr head; char space[CMSG_SPACE(sizeof fds)]; } control = { 0 };
    struct iovec part = { message, used };
    struct msghdr head = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
    *CMSG_FIRSTHDR(&head) = (struct cmsghdr){ .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof fds) };
    memcpy(CMSG_DATA(CMSG_FIRSTHDR(&head)), fds, sizeof fds);
    if (sendmsg(atoi(name), &head, MSG_NOSIGNAL) < 0) return -1;
    close(answer[1]);
    ssize_t got;
    while ((got = read(answer[0], &code, sizeof code)) < 0 && errno == EINTR) {}
    return got == sizeof code ? code : FAILED;
}

/* So many strings of a request, from `at` on; NULL where there are fewer. */
static char **list(char *message, size_t size, size_t *at, int count) {
    char **words = count >= 0 && count < REQUEST ? calloc(count + 1, sizeof *words) : NULL;
    for (int i = 0; words && i < count; i++, *at += strlen(message + *at) + 1) {
        if (*at >= size) { free(words); return NULL; }
        words[i] = message + *at;
    }
    return words;
}

void outside_serve(int end, const struct identity *as, bool keep) {
    char *message = malloc(REQUEST + 1);
    int fds[FDS];
    union { struct cmsghdr head; char space[CMSG_SPACE(sizeof fds)]; } control = { 0 };
    struct iovec part = { message, REQUEST };
    struct msghdr head = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
    ssize_t size = message ? recvmsg(end, &head, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) : -1;
    struct cmsghdr *rights = size < 0 ? NULL : CMSG_FIRSTHDR(&head);
    size_t given = rights && rights->cmsg_type == SCM_RIGHTS ? (rights->cmsg_len - CMSG_LEN(0)) / sizeof *fds : 0;
    if (given > 0) memcpy(fds, CMSG_DATA(rights), given * sizeof *fds);
    if (given < FDS) {
        while (given > 0) close(fds[--given]);
        free(message);
        return;
    }
    message[size] = 0;
    int asker = 0, count = -1, variables_count = -1;
    sscanf(message, "%d %d %d", &asker, &count, &variables_count);
    size_t at = strlen(message) + 1, free_one = 0;
    const char *path = at < (size_t)size ? message + at : "";
    at += strlen(path) + 1;
    char **words = list(message, size, &at, count), **environment = list(message, size, &at, variables_count);
    while (free_one < RUNNING && running[free_one].pid) free_one++;
    pid_t pid = words && environment && words[0] && free_one < RUNNING ? fork() : -1;
    if (pid == 0) {
        for (int i = 0; i < 3; i++) dup2(fds[i], i);
        char cwd[64];
        setpgid(0, getpgid(asker));
        give_up_bounding(entries.drop);
        become(as);
        give_up(entries.drop);
        if (!keep) drop_capabilities(), no_new_rights();
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        signal(SIGINT, SIG_DFL), signal(SIGQUIT, SIG_DFL), signal(SIGPIPE, SIG_DFL);
        text(cwd, sizeof cwd, "/proc/%d/cwd", asker);
        if (chdir(cwd) && chdir("/")) errno = 0;
        execve(path, words, environment);
        die(NOT_EXECUTABLE, "%s", path);
    }
    if (pid > 0) running[free_one].pid = pid, running[free_one].answer = fds[3];
    else close(fds[3]);
    for (int i = 0; i < 3; i++) close(fds[i]);
    free(words), free(environment), free(message);
}

void outside_ended(pid_t pid, int status) {
    for (size_t i = 0; i < RUNNING; i++) {
        if (running[i].pid != pid) continue;
        int code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
        if (write(running[i].answer, &code, sizeof code) < 0) errno = 0; /* who asked is gone */
        close(running[i].answer);
        running[i].pid = 0;
    }
}
