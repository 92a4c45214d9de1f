/* Name services of the target: glibc loads a library for each that /etc/nsswitch.conf names (libnss_NAME.so.2), and one
 * that the debug image has not would be found in the target's folders, since a loader looks there last whatever it is told.
 * For each such name an empty file stands in a folder of ours, which comes first: the loader takes it for a broken library,
 * and glibc goes on to the next service. */
#define _GNU_SOURCE
#include "ke.h"
#include "in_root.h"
#include <ctype.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool image_has(const char *service) {
    char path[PATH_MAX];
    for (const char *const *folder = library_folders; *folder; folder++) {
        text(path, sizeof path, "%s/libnss_%s.so.2", *folder, service);
        if (access(path, F_OK) == 0) return true;
    }
    return false;
}

static void shadow(const char *own, const char *service) {
    char path[PATH_MAX];
    for (const char *at = service; *at; at++) if (!isalnum((unsigned char)*at) && *at != '_' && *at != '-') return;
    if (strlen(service) > 64 || image_has(service)) return;
    text(path, sizeof path, "%s/nss/libnss_%s.so.2", own, service);
    int fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0444);
    if (fd >= 0) close(fd);
}

void shadow_services(const char *own, int root) {
    char content[16384], *rest = content;
    struct stat status;
    int fd = in_root(root, "/etc/nsswitch.conf", O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0);
    if (fd < 0) return;
    ssize_t got = fstat(fd, &status) == 0 && S_ISREG(status.st_mode) ? read(fd, content, sizeof content - 1) : 0;
    close(fd);
    content[got > 0 ? got : 0] = 0;
    for (char *line; (line = strsep(&rest, "\n"));) {
        line[strcspn(line, "#")] = 0;
        char *services = strchr(line, ':');
        if (!services) continue;
        services++;
        /* `[NOTFOUND=return]` is no name, and does not pass for one. */
        for (char *word; (word = strsep(&services, " \t\r\v\f[]"));) if (*word) shadow(own, word);
    }
}
