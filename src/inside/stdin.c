/* What the command reads. */
#define _GNU_SOURCE
#include "ke.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

int input_of(char kind, int *feed) {
    *feed = -1;
    if (kind == 'n') return 0;
    if (kind == 'c') return open("/dev/null", O_RDONLY | O_CLOEXEC);
    int ends[2];
    if (pipe2(ends, O_CLOEXEC)) die(FAILED, "pipe");
    if (kind == 'a') {
        fcntl(ends[1], F_SETFL, O_NONBLOCK);
        *feed = ends[1];
        return ends[0];
    }
    pid_t feeder = fork();
    if (feeder < 0) die(FAILED, "fork");
    if (feeder == 0) { signal(SIGPIPE, SIG_IGN), close(ends[0]); feed_frames(ends[1]); }
    close(ends[1]);
    return ends[0];
}

static char waiting[65536];
static size_t used;

size_t feed_left(void) { return used; }

void feed_on(int *feed, const char *bytes, size_t length) {
    if (*feed < 0) return;
    /* A command that has read nothing for half a day misses the last of it. */
    if (length > sizeof waiting - used) length = sizeof waiting - used;
    if (length > 0) memcpy(waiting + used, bytes, length);
    used += length;
    ssize_t count = used > 0 ? write(*feed, waiting, used) : 0;
    if (count < 0 && errno != EAGAIN && errno != EINTR) { close(*feed), *feed = -1, used = 0; return; }
    if (count <= 0) return;
    used -= count;
    memmove(waiting, waiting + count, used);
}
