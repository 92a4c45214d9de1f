/* Folders of ours that last as long as an exec. */
#define _GNU_SOURCE
#include "ke.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Twelve letters that nobody can know before. */
static void draw(char *out) {
    unsigned char random[12];
    if (syscall(SYS_getrandom, random, sizeof random, 0) != sizeof random) {
        int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
        if (fd < 0 || read(fd, random, sizeof random) != sizeof random) die(FAILED, "/dev/urandom");
        close(fd);
    }
    for (size_t i = 0; i < sizeof random; i++) out[i] = "abcdefghijklmnopqrstuvwxyz234567"[random[i] % 32];
    out[sizeof random] = 0;
}

int place_make(const char *own, const char *begins, unsigned try, char *path, int *parent) {
    static const char *const places[] = { "/tmp", "/var/tmp", "/dev/shm" };
    char place[PATH_MAX], letters[13];
    if (try > 3) return -1;
    text(place, sizeof place, "%s", try ? places[try - 1] : own);
    char *slash = strrchr(place, '/');
    if (!try && slash) slash[slash == place] = 0;
    draw(letters);
    text(path, PATH_MAX, "%s/%s%s", place, begins, letters);
    *parent = open(place, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (*parent < 0) return -1;
    const char *name = strrchr(path, '/') + 1;
    struct stat status;
    /* Whoever may rename in there could have put another in its place. */
    int fd = mkdirat(*parent, name, 0700) ? -1 : openat(*parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &status) == 0 && status.st_uid == geteuid()) return fd;
    if (fd >= 0) close(fd);
    close(*parent);
    return -1;
}
