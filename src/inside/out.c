/* The folder OUT: what the worker leaves there is offered to the client before it is removed.
 *
 * It is called `out` and stands in one of ours, PLACE/.ke-out-LETTERS, so that the worker's user, whose it is, cannot put
 * another under that path while the client reads it.
 *
 * When the worker and all of its own are gone, and something is there, the mark `ESC ]ke;out NONCE PATH BEL` is said, on the
 * terminal or on stderr; every byte of the path, which is that in the debug container, is written %XX. Then comes on stdin
 * the nonce and behind it a `d`, when the client has what it wants; all other bytes are signs of life. Where stdin
 * was nothing but these (kind c) a `d` alone will do, and where it was the command's lines (kind a) one that does not end a
 * word. Silence of LEASE seconds, the end of stdin, or a signal end the waiting too. Whether anything was left or not, the
 * folder is removed then. */
#define _GNU_SOURCE
#include "ke.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

static char place[PATH_MAX], path[PATH_MAX];
static int around = -1, folder = -1; /* what PLACE is, and what stands there */

/* To the kernel's eye on files we are the worker's user, until we are ourselves again. */
static void look_as(const struct identity *as) {
    setfsgid(as->gid);
    setfsuid(as->uid);
}

static void look_as_ourselves(void) {
    setfsuid(geteuid());
    setfsgid(getegid());
}

/* `out` in the folder, the worker's user's; we may lack the right to give it away, or the one to act as him. */
static bool make_inner(const struct identity *as) {
    if (mkdirat(folder, "out", 0700)) return false;
    if (as->uid == geteuid() && as->gid == getegid()) return true;
    if (fchownat(folder, "out", as->uid, as->gid, AT_SYMLINK_NOFOLLOW) == 0) return true;
    if (unlinkat(folder, "out", AT_REMOVEDIR) || fchmod(folder, 0777)) return false;
    look_as(as);
    bool made = mkdirat(folder, "out", 0700) == 0;
    look_as_ourselves();
    return made;
}

const char *out_make(const char *own, const struct identity *as) {
    struct stat status;
    for (unsigned try = 0; try < 4; try++) {
        folder = place_make(own, ".ke-out-", try, place, &around);
        if (folder < 0) continue;
        bool made = make_inner(as) && fchmod(folder, 0711) == 0 && fstatat(folder, "out", &status, AT_SYMLINK_NOFOLLOW) == 0;
        if (made && S_ISDIR(status.st_mode) && status.st_uid == as->uid) {
            text(path, sizeof path, "%s/out", place);
            return path;
        }
        out_remove(as);
    }
    errno = 0;
    die(FAILED, "nowhere in the debug container can files be written (%s, /tmp, /var/tmp, /dev/shm)\n"
        "An emptyDir mounted at /tmp would do.", own);
}

/* Whether anything stands in it; it may be shut to us and open to its user. */
static bool is_filled(const struct identity *as) {
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(folder, "out", flags);
    if (fd < 0) look_as(as), fd = openat(folder, "out", flags), look_as_ourselves();
    DIR *all = fd < 0 ? NULL : fdopendir(fd);
    bool found = false;
    for (struct dirent *entry; all && !found && (entry = readdir(all));)
        found = strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
    if (all) closedir(all);
    return found;
}

/* What was read before, as much of it as a nonce may have. */
static char last[64];

/* Whether the client has said that it is done, in what is read from it, piece by piece. */
static bool has_said(char kind, const char *bytes, size_t length) {
    size_t nonce = strlen(entries.nonce);
    for (size_t i = 0; i < length; i++) {
        bool known = bytes[i] == 'd' && !memcmp(last + sizeof last - nonce, entries.nonce, nonce);
        char before = last[sizeof last - 1];
        if (known || (bytes[i] == 'd' && (kind == 'c' || (kind == 'a' && !isalnum((unsigned char)before))))) return true;
        memmove(last, last + 1, sizeof last - 1);
        last[sizeof last - 1] = bytes[i];
    }
    return false;
}

static void wait_for_client(char kind) {
    char buffer[512];
    sigset_t none;
    sigemptyset(&none);
    for (double heard = now(); !told && now() - heard <= LEASE;) {
        struct pollfd input = { .fd = 0, .events = POLLIN };
        struct timespec wait = { 1, 0 };
        if (ppoll(&input, 1, &wait, &none) <= 0) continue;
        ssize_t got = read(0, buffer, sizeof buffer);
        if (got > 0) heard = now();
        else if (got == 0 || (errno != EINTR && errno != EAGAIN)) return;
        if (got > 0 && has_said(kind, buffer, got)) return;
    }
}

void out_offer(const struct identity *as, bool tty, char kind, char before) {
    struct termios saved, raw;
    if (folder < 0 || !is_filled(as)) return;
    last[sizeof last - 1] = before;
    if (tty) {
        tcsetpgrp(0, getpgrp());
        tty = tcgetattr(0, &saved) == 0;
        raw = saved;
        cfmakeraw(&raw);
        if (tty) tcsetattr(0, TCSANOW, &raw);
    }
    static char mark[3 * PATH_MAX + 128];
    int used = sprintf(mark, "\033]ke;out %s ", entries.nonce);
    for (const char *at = path; *at; at++) used += sprintf(mark + used, "%%%02X", (unsigned char)*at);
    mark[used++] = '\007';
    if (write(tty ? 1 : 2, mark, used) == used) wait_for_client(kind);
    if (tty) tcsetattr(0, TCSANOW, &saved);
}

void out_remove(const struct identity *as) {
    if (folder < 0) return;
    const char *name = strrchr(place, '/') + 1;
    if (!remove_all(around, name)) {
        /* What is shut to us is open to its user. */
        fchmod(folder, 0711);
        look_as(as);
        remove_all(folder, "out");
        look_as_ourselves();
        remove_all(around, name);
    }
    close(folder), close(around);
    folder = -1;
}
