/* Put ourselves, and a link under the name of every tool on PATH, into a folder that then is read-only.
 *
 * FOLDER/ke, FOLDER/bin/NAME -> ../ke, FOLDER/to/NAME -> where the image has the tool, FOLDER/nss for nss.c. The folder
 * appears whole, by one rename. Where one is there already, another client was first, and that is as good, if it is the same to the letter and
 * nobody else's; what is not is put aside. */
#define _GNU_SOURCE
#include "ke.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Let everybody through the folders above a tool, as an image's root keeps its own shut (KoolKits: /root is 0700). */
static void open_way(const char *folder) {
    char path[PATH_MAX];
    text(path, sizeof path, "%s", folder);
    for (char *end = path + strlen(path); end > path; end = strrchr(path, '/')) {
        struct stat status;
        *end = 0;
        if (*path && stat(path, &status) == 0 && status.st_uid == geteuid() && (status.st_mode & 011) != 011)
            chmod(path, (status.st_mode & 07777) | 011);
    }
}

static void link_tools(const char *folder, const char *tools) {
    DIR *all = opendir(tools);
    if (!all) return;
    char real[PATH_MAX];
    open_way(tools);
    if (realpath(tools, real)) open_way(real);
    for (struct dirent *entry; (entry = readdir(all));) {
        char tool[PATH_MAX], name[PATH_MAX];
        struct stat status;
        text(tool, sizeof tool, "%s/%s", tools, entry->d_name);
        if (entry->d_name[0] == '.' || stat(tool, &status) || !S_ISREG(status.st_mode) || access(tool, X_OK)) continue;
        text(name, sizeof name, "%s/to/%s", folder, entry->d_name);
        if (symlink(tool, name)) continue;
        text(name, sizeof name, "%s/bin/%s", folder, entry->d_name);
        if (symlink("../ke", name)) die(FAILED, "%s", name);
    }
    closedir(all);
}

/* One of ours beside the image's, under a folder of its own. */
static void link_helper(const char *folder, const char *name) {
    char path[PATH_MAX];
    text(path, sizeof path, "%s/helpers/%s", folder, name);
    if (symlink("../ke", path)) die(FAILED, "%s", path);
    text(path, sizeof path, "%s/bin/%s", folder, name);
    unlink(path);
    if (symlink("../ke", path)) die(FAILED, "%s", path);
}

/* Whether two files hold the same, and the first is no link. */
static bool is_same(const char *one, const char *other) {
    int a = open(one, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), b = open(other, O_RDONLY | O_CLOEXEC);
    bool same = a >= 0 && b >= 0;
    for (ssize_t got = 1; same && got > 0;) {
        static char left[65536], right[65536];
        got = read(a, left, sizeof left);
        same = got >= 0 && read(b, right, sizeof right) == got && !memcmp(left, right, got);
    }
    if (a >= 0) close(a);
    if (b >= 0) close(b);
    return same;
}

/* Whether what stands there is as we would put it. */
static bool is_ours(const char *folder, const char *made) {
    char theirs[PATH_MAX], ours[PATH_MAX];
    struct stat status;
    if (lstat(folder, &status) || !S_ISDIR(status.st_mode) || status.st_uid != geteuid() || status.st_mode & 022) return false;
    text(theirs, sizeof theirs, "%s/ke", folder), text(ours, sizeof ours, "%s/ke", made);
    return is_same(theirs, ours);
}

int install(const char *folder, const char *self) {
    char made[PATH_MAX], path[PATH_MAX];
    text(made, sizeof made, "%s.%d", folder, getpid());
    static const char *const parts[] = { "", "/bin", "/to", "/helpers", "/nss" };
    enum { PARTS = sizeof parts / sizeof *parts };
    umask(022);
    for (size_t i = 0; i < PARTS; i++) {
        text(path, sizeof path, "%s%s", made, parts[i]);
        if (mkdir(path, 0755)) die(FAILED, "%s", path);
    }
    char *all = strdup(getenv("PATH") ? getenv("PATH") : "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    for (char *tools; all && (tools = strsep(&all, ":"));) if (*tools == '/') link_tools(made, tools);
    link_helper(made, "in-target");
    link_helper(made, "bring");
    text(path, sizeof path, "%s/ke", made);
    if (rename(self, path) || chmod(path, 0555)) die(FAILED, "%s", path);
    for (size_t i = 1; i < PARTS; i++) {
        text(path, sizeof path, "%s%s", made, parts[i]);
        /* The last is added to, by its owner (nss.c). */
        if (i < PARTS - 1) chmod(path, 0555);
    }
    /* A folder that is renamed must be writable for its owner. */
    if (rename(made, folder) == 0) return chmod(folder, 0555) ? FAILED : 0;
    if (errno != ENOTEMPTY && errno != EEXIST && errno != ENOTDIR) die(FAILED, "%s", folder);
    if (!is_ours(folder, made)) {
        text(path, sizeof path, "%s.old", made);
        if (rename(folder, path) && errno != ENOENT) die(FAILED, "%s", folder);
        if (rename(made, folder) == 0) {
            remove_all(AT_FDCWD, path);
            return chmod(folder, 0555) ? FAILED : 0;
        }
        /* Another client put one there just now. */
        remove_all(AT_FDCWD, path);
        if (!is_ours(folder, made)) die(FAILED, "%s", folder);
    }
    remove_all(AT_FDCWD, made);
    return 0;
}
