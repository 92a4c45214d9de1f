/* Temporary files of a transfer into the target's root, and where they go. files_receive.c says how they live. */
#define _GNU_SOURCE
#include "files_receive.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "in_root.h"

/* Seconds that a temporary file waits after a cut, and that its lock is waited for. */
#ifndef KEEP
#define KEEP 120
#endif
#define LOCK_WAIT 30

volatile sig_atomic_t files_ended;

void files_forget(struct receiver *to) {
	if (to->temporary >= 0) close(to->temporary);
	if (to->folder >= 0) close(to->folder);
	to->temporary = to->folder = -1;
}

void files_drop(struct receiver *to) {
	if (to->temporary >= 0) unlinkat(to->folder, to->part, 0);
	files_forget(to);
}

/*
 * Opens the folder of an entry and finds its name there; a link under that name is followed. -1: refused, errno says why.
 * to->replaces and to->replaced say what stands there.
 */
int files_open_place(struct receiver *to, bool follow) {
	char full[2 * PATH], text[PATH];
	if (snprintf(full, sizeof full, "%s%s%s", to->base, *to->path ? "/" : "", to->path) >= (int)PATH) return errno = ENAMETOOLONG, -1;
	for (int links = 0; links < 40; links++) {
		char *slash = strrchr(full, '/');
		const char *name = slash ? slash + 1 : full;
		if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) return errno = EISDIR, -1;
		if (strlen(name) > NAME_MAX) return errno = ENAMETOOLONG, -1;
		strcpy(to->name, name);
		if (slash) slash[slash == full] = '\0';
		to->folder = in_root(to->root, slash ? full : ".", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
		if (to->folder < 0) return -1;
		to->replaces = fstatat(to->folder, to->name, &to->replaced, AT_SYMLINK_NOFOLLOW) == 0;
		if (!to->replaces || !S_ISLNK(to->replaced.st_mode) || !follow) return 0;
		ssize_t length = readlinkat(to->folder, to->name, text, sizeof text - 1);
		close(to->folder);
		to->folder = -1;
		if (length < 0) return -1;
		text[length] = '\0';
		while (length > 1 && text[length - 1] == '/') text[--length] = '\0';
		if (text[0] == '/') strcpy(full, text);
		else if (snprintf(full + strlen(full), sizeof full - strlen(full), "/%s", text) >= (int)PATH) return errno = ENAMETOOLONG, -1;
	}
	return errno = ELOOP, -1;
}

/* Adds what is in the temporary file to the digest: the data of an agent before us. */
static bool take_over(struct receiver *to) {
	unsigned char *bytes = files_data_room();
	for (ssize_t got = 1; got > 0; to->at += (uint64_t)got) {
		got = pread(to->temporary, bytes, FRAME, (off_t)to->at);
		if (got < 0) return false;
		sha256_add(&to->sha, bytes, (size_t)got);
	}
	return true;
}

/* Opens a temporary file that an agent before us has left, and takes its lock and its name. False: it is gone, or busy. */
static bool take_left(struct receiver *to, const char *part) {
	to->temporary = openat(to->folder, part, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	struct stat ours, named;
	for (int tries = 0; to->temporary >= 0; tries++) {
		bool locked = flock(to->temporary, LOCK_EX | LOCK_NB) == 0;
		bool there = fstat(to->temporary, &ours) == 0 && S_ISREG(ours.st_mode) && ours.st_nlink == 1 &&
			fstatat(to->folder, part, &named, AT_SYMLINK_NOFOLLOW) == 0 && named.st_ino == ours.st_ino && named.st_dev == ours.st_dev;
		if (locked && there && renameat(to->folder, part, to->folder, to->part) == 0 && take_over(to)) return true;
		if (locked || !there || tries >= 10 * LOCK_WAIT || files_ended) break;
		/* The other one has not noticed its cut yet. */
		if (tries % 20 == 0) files_put_record('B', NULL, 0), files_flush();
		poll(NULL, 0, 100);
	}
	if (to->temporary >= 0) close(to->temporary);
	to->temporary = -1;
	return false;
}

/* Takes what the latest agent before us has left of the file. */
bool files_find_left(struct receiver *to) {
	char part[NAME_MAX + 1];
	int length = (int)strcspn(to->id, ".");
	for (unsigned long number = to->number; number-- > 0;) {
		snprintf(part, sizeof part, ".ke-%.*s.%lu.part", length, to->id, number);
		if (take_left(to, part)) return true;
	}
	return false;
}

/* Removes what earlier agents have left in this folder of files that come again as a whole. */
void files_sweep(struct receiver *to) {
	char part[NAME_MAX + 1];
	int length = (int)strcspn(to->id, ".");
	for (unsigned long number = to->number; number-- > 0;) {
		snprintf(part, sizeof part, ".ke-%.*s.%lu.part", length, to->id, number);
		int fd = openat(to->folder, part, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0) unlinkat(to->folder, part, 0);
		if (fd >= 0) close(fd);
	}
}

/* The number of the mount that something open is on; -1: /proc does not tell. */
static long mount_of(int fd) {
	char path[64], line[128];
	long number = -1;
	snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
	FILE *info = fopen(path, "re");
	while (info != NULL && number < 0 && fgets(line, sizeof line, info) != NULL) sscanf(line, "mnt_id: %ld", &number);
	if (info != NULL) fclose(info);
	return number;
}

/*
 * Whether what stands under the name is a mount of its own. The kernel says EBUSY to a rename over one only in its own mount
 * namespace; that of the target is another, where it would take the mount away without a word.
 */
bool files_is_mount(const struct receiver *to) {
	if (!to->replaces) return false;
	int fd = openat(to->folder, to->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	bool mount = fd >= 0 && mount_of(fd) != mount_of(to->folder);
	if (fd >= 0) close(fd);
	return mount;
}

/* A file that is a mount of its own (/etc/hosts in a pod) is not renamed over: its content is replaced. */
bool files_write_in_place(struct receiver *to) {
	int fd = openat(to->folder, to->name, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_CLOEXEC);
	unsigned char *bytes = files_data_room();
	ssize_t got = fd < 0 ? -1 : 1;
	for (off_t at = 0; got > 0; at += got) {
		got = pread(to->temporary, bytes, FRAME, at);
		if (got > 0 && pwrite(fd, bytes, (size_t)got, at) != got) got = -1;
	}
	if (fd >= 0 && close(fd) < 0) got = -1;
	if (got < 0) return false;
	unlinkat(to->folder, to->part, 0);
	to->notes++;
	files_put_note(0, to->path, 'c', 0, "it is a mount of its own, so it was overwritten in place");
	return true;
}

/* After a cut: until another agent has taken the file, or for KEEP seconds. */
int files_wait_for_another(struct receiver *to) {
	struct stat ours, named;
	if (to->temporary < 0 || files_ended) {
		files_drop(to);
		return 1;
	}
	flock(to->temporary, LOCK_UN);
	for (int looks = 0; looks < KEEP * 2 && !files_ended; looks++) {
		poll(NULL, 0, 500);
		if (fstat(to->temporary, &ours) < 0 || fstatat(to->folder, to->part, &named, AT_SYMLINK_NOFOLLOW) < 0 ||
			named.st_ino != ours.st_ino || named.st_dev != ours.st_dev)
			return 1;
		if (flock(to->temporary, LOCK_EX | LOCK_NB) < 0) return 1;
		if (looks < KEEP * 2 - 1 && !files_ended) flock(to->temporary, LOCK_UN);
	}
	files_drop(to);
	return 1;
}
