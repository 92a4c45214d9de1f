/* in_root.h says what this is. */
#define _GNU_SOURCE
#include "in_root.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

/* linux/openat2.h, which musl-gcc does not see. */
struct open_how {
	unsigned long long flags, mode, resolve;
};
#define RESOLVE_IN_ROOT 0x10
#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#define PROC_MAGIC 0x9fa0

/* As in the kernel: links followed in one path. */
#define MAX_LINKS 40
/* A name that becomes a link between two looks at it is looked at again this often. */
#define MAX_RACES 16

int in_root_walks;

static int open_by_kernel(int root, const char *path, int flags, mode_t mode) {
	struct open_how how = {.flags = (unsigned)flags, .mode = flags & O_CREAT ? mode : 0, .resolve = RESOLVE_IN_ROOT};
	for (int tries = 0;; tries++) {
		int fd = (int)syscall(SYS_openat2, root, path, &how, sizeof how);
		/* EAGAIN: something was renamed meanwhile, so that it could not tell whether `..` leads out. */
		if (fd >= 0 || errno != EAGAIN || tries == MAX_RACES) return fd;
	}
}

/* Whether there is openat2. EPERM is also an honest answer to some opens, hence a question of its own, asked once. */
static int has_kernel_way(int root) {
	static int known;
	if (known == 0) {
		int fd = open_by_kernel(root, ".", O_PATH | O_CLOEXEC, 0);
		known = fd >= 0 ? 1 : -1;
		if (fd >= 0) close(fd);
	}
	return known > 0;
}

/* A walk on its way. */
struct walk {
	int root;
	/* The directory reached; `root` itself or a descriptor of our own. */
	int at;
	/* Its path below root, free of links, each component with a slash before it. */
	char done[PATH_MAX];
	/* What is still to be walked. */
	char rest[PATH_MAX];
	int links;
};

static int fail(int error) {
	errno = error;
	return -1;
}

static void move_to(struct walk *walk, int fd) {
	if (walk->at != walk->root) close(walk->at);
	walk->at = fd;
}

/* To the parent: again from the root, component by component, since `..` itself can be made to lead out by a rename. */
static int go_up(struct walk *walk) {
	char *last = strrchr(walk->done, '/');
	if (last == NULL) return 0;
	*last = '\0';
	move_to(walk, walk->root);
	char path[PATH_MAX];
	strcpy(path, walk->done);
	char *save = NULL;
	for (char *name = strtok_r(path, "/", &save); name != NULL; name = strtok_r(NULL, "/", &save)) {
		int fd = openat(walk->at, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0) return -1;
		move_to(walk, fd);
	}
	return 0;
}

/* Puts the text of the link that `fd` is before what is still to be walked. */
static int follow(struct walk *walk, int fd) {
	if (++walk->links > MAX_LINKS) return fail(ELOOP);
	char text[PATH_MAX];
	ssize_t length = readlinkat(fd, "", text, sizeof text - 1);
	if (length < 0) return -1;
	if (length == 0) return fail(ENOENT);
	text[length] = '\0';
	struct statfs fs;
	if (fstatfs(fd, &fs) == 0 && fs.f_type == PROC_MAGIC && (text[0] == '/' || strchr(text, ':') != NULL)) return fail(EXDEV);
	size_t rest = strlen(walk->rest);
	if ((size_t)length + 1 + rest >= sizeof walk->rest) return fail(ENAMETOOLONG);
	/* What was behind the link begins with its slash, so a trailing one keeps its meaning. */
	memmove(walk->rest + length, walk->rest, rest + 1);
	memcpy(walk->rest, text, (size_t)length);
	if (text[0] == '/') {
		move_to(walk, walk->root);
		walk->done[0] = '\0';
	}
	return 0;
}

/* Takes the next component off `rest`; the slash behind it stays. 1, or 0 when none is left, or -1. */
static int take(struct walk *walk, char name[NAME_MAX + 1]) {
	size_t from = strspn(walk->rest, "/");
	size_t length = strcspn(walk->rest + from, "/");
	if (length > NAME_MAX) return fail(ENAMETOOLONG);
	memcpy(name, walk->rest + from, length);
	name[length] = '\0';
	memmove(walk->rest, walk->rest + from + length, strlen(walk->rest + from + length) + 1);
	return length > 0;
}

/* Into the directory `fd`, which it takes. */
static int go_down(struct walk *walk, int fd, const char *name) {
	size_t done = strlen(walk->done), length = strlen(name);
	move_to(walk, fd);
	if (done + 1 + length >= sizeof walk->done) return fail(ENAMETOOLONG);
	walk->done[done] = '/';
	memcpy(walk->done + done + 1, name, length + 1);
	return 0;
}

static int walk_on(struct walk *walk, int flags, mode_t mode) {
	for (int races = 0;;) {
		char name[NAME_MAX + 1];
		int more = take(walk, name);
		if (more < 0) return -1;
		/* The path ended in `/`, `.` or `..`: a directory that is open already. */
		if (more == 0) {
			if ((flags & O_CREAT) && (flags & O_EXCL)) return fail(EEXIST);
			if (flags & O_CREAT) return fail(EISDIR);
			return openat(walk->at, ".", flags);
		}
		if (strcmp(name, ".") == 0) continue;
		if (strcmp(name, "..") == 0) {
			if (go_up(walk) < 0) return -1;
			continue;
		}
		int last = walk->rest[strspn(walk->rest, "/")] == '\0';
		int folder = walk->rest[0] == '/';
		if (last && folder && (flags & O_CREAT)) return fail(EISDIR);
		int fd = openat(walk->at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0 && !(errno == ENOENT && last && (flags & O_CREAT))) return -1;
		struct stat stat;
		if (fd >= 0 && fstat(fd, &stat) < 0) {
			close(fd);
			return -1;
		}
		int keep = last && !folder && ((flags & O_NOFOLLOW) || ((flags & O_CREAT) && (flags & O_EXCL)));
		if (fd >= 0 && S_ISLNK(stat.st_mode) && !keep) {
			int followed = follow(walk, fd);
			int error = errno;
			close(fd);
			if (followed < 0) return fail(error);
			continue;
		}
		if (fd >= 0 && (!last || folder)) {
			if (!S_ISDIR(stat.st_mode)) {
				close(fd);
				return fail(ENOTDIR);
			}
			if (go_down(walk, fd, name) < 0) return -1;
			continue;
		}
		if (fd >= 0) close(fd);
		int opened = openat(walk->at, name, flags | O_NOFOLLOW, mode);
		/* It has become a link since: look again, the name is the last one. */
		if (opened < 0 && errno == ELOOP && !keep && ++races <= MAX_RACES) {
			strcpy(walk->rest, name);
			continue;
		}
		return opened;
	}
}

static int open_by_hand(int root, const char *path, int flags, mode_t mode) {
	struct walk walk = {.root = root, .at = root};
	if (path[0] == '\0') return fail(ENOENT);
	if (strlen(path) >= sizeof walk.rest) return fail(ENAMETOOLONG);
	strcpy(walk.rest, path);
	int fd = walk_on(&walk, flags, mode);
	int error = errno;
	move_to(&walk, root);
	errno = error;
	return fd;
}

int in_root(int root, const char *path, int flags, mode_t mode) {
	if (!in_root_walks && has_kernel_way(root)) return open_by_kernel(root, path, flags, mode);
	return open_by_hand(root, path, flags, mode);
}

int in_root_nofollow(int root, const char *path, int flags, mode_t mode) {
	return in_root(root, path, flags | O_NOFOLLOW, mode);
}
