/* Remove what others may have made, and may still be changing: only names in folders that are open are touched, and no link
 * is followed, so that whatever is put there meanwhile, nothing goes but what stands there. */
#define _GNU_SOURCE
#include "ke.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Folders that are open at once; what is deeper is moved up. Seconds in which somebody may go on writing there. */
enum { DEEP = 32, PATIENCE = 60 };

static unsigned removed, moved;

static int open_folder(int parent, const char *name) {
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(parent, name, flags);
    if (fd >= 0 || errno != EACCES) return fd;
    /* Ours, but shut. */
    char path[64];
    int at = openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (at < 0) return -1;
    text(path, sizeof path, "/proc/self/fd/%d", at);
    if (chmod(path, 0700)) errno = 0;
    close(at);
    return openat(parent, name, flags);
}

/* Everything in a folder, which is then closed; `top` is the one that all are in. */
static void remove_inside(int top, int folder, int depth) {
    struct stat status;
    /* Whose it was writes there no more. */
    if (fstat(folder, &status) == 0 && status.st_uid != geteuid() && fchown(folder, geteuid(), getegid())) errno = 0;
    fchmod(folder, 0700);
    DIR *all = fdopendir(folder);
    if (!all) { close(folder); return; }
    for (struct dirent *entry; (entry = readdir(all));) {
        const char *name = entry->d_name;
        if (!strcmp(name, ".") || !strcmp(name, "..")) continue;
        if (unlinkat(folder, name, 0) == 0) { removed++; continue; }
        int inner = open_folder(folder, name);
        if (inner >= 0 && depth == DEEP) {
            char higher[64];
            text(higher, sizeof higher, ".ke-%d-%u", getpid(), moved++);
            close(inner);
            if (renameat(folder, name, top, higher) == 0) removed++;
            continue;
        }
        if (inner >= 0) remove_inside(top, inner, depth + 1);
        if (unlinkat(folder, name, AT_REMOVEDIR) == 0) removed++;
    }
    closedir(all);
}

bool remove_all(int parent, const char *name) {
    if (unlinkat(parent, name, 0) == 0 || errno == ENOENT) return true;
    for (double until = now() + PATIENCE; now() < until;) {
        removed = 0;
        int top = open_folder(parent, name), inside = top < 0 ? -1 : openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (inside >= 0) remove_inside(top, inside, 0);
        if (top >= 0) close(top);
        if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT) return true;
        if (removed == 0) return false;
    }
    return false;
}
