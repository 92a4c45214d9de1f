/*
 * The verb of the files agent that writes: receive.
 *
 * A file is written under the temporary name `.ke-ID.N.part` beside its own and renamed when it is whole and its digest is
 * right. If the input is cut in the middle of one (it ends without Q, or is silent for 15 s; the other side sends B every
 * few seconds), the temporary file stays for 120 s: this process gives up its lock on it and waits; another agent with the
 * same ID and a higher N takes the lock, gives the file its own temporary name, and goes on. Whoever holds the lock owns the
 * file. N counts the agents of a transfer: one that has not noticed its cut yet does not get in the way of the next.
 */
#define _GNU_SOURCE
#include "files_receive.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "in_root.h"
#include "sha256.h"

#define HEAD 5u
/* Milliseconds of silence that mean a cut. */
#ifndef SILENCE
#define SILENCE 15000
#endif

static void end(int signal) {
	files_ended = signal;
}

/* The input, read through one buffer. */
static unsigned char in[2 * FRAME];
static size_t in_at, in_end;

/* Until there are `want` bytes in the buffer, or at least one where `want` is 0. False: the end, a cut. */
static bool fill(size_t want) {
	if (in_end - in_at >= (want ? want : 1)) return true;
	memmove(in, in + in_at, in_end - in_at);
	in_end -= in_at;
	in_at = 0;
	while (in_end < (want ? want : 1)) {
		/* Whoever waits for an answer waits for one that is still here. */
		struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
		if (poll(&input, 1, 0) == 0) files_flush();
		if (files_ended || files_reader_gone || poll(&input, 1, SILENCE) <= 0) return false;
		ssize_t got = read(STDIN_FILENO, in + in_end, sizeof in - in_end);
		if (got <= 0) return false;
		in_end += (size_t)got;
	}
	return true;
}

static void refuse(struct receiver *to, int error, const char *sentence) {
	to->notes++;
	to->refused = true;
	files_put_note(0, to->path, 'e', error, sentence ? sentence : files_words(error));
}

static void done(struct receiver *to) {
	to->entries++;
	files_put_record('A', NULL, 0);
}

/* Whether a path from the input may be used below the base: no component is empty, `.` or `..`. */
static bool is_plain(const char *path) {
	if (*path == '\0') return true;
	for (const char *at = path;; at++) {
		size_t length = strcspn(at, "/");
		if (length == 0 || length > NAME_MAX || (at[0] == '.' && (length == 1 || (length == 2 && at[1] == '.')))) return false;
		at += length;
		if (*at == '\0') return true;
	}
}

/* Bytes that a file takes; one with holes takes less than its size. */
static uint64_t needed(const struct stat *stat) {
	uint64_t size = (uint64_t)stat->st_size, taken = (uint64_t)stat->st_blocks * 512;
	return taken < size ? taken : size;
}

static void start_file(struct receiver *to) {
	struct statvfs space;
	snprintf(to->part, sizeof to->part, ".ke-%s.part", to->id);
	sha256_start(&to->sha);
	to->at = 0;
	bool left = false;
	if (files_open_place(to, true) < 0) {
		refuse(to, errno, NULL);
	} else if (to->replaces && S_ISDIR(to->replaced.st_mode)) {
		refuse(to, EISDIR, NULL);
	} else if (to->replaces && !S_ISREG(to->replaced.st_mode)) {
		refuse(to, EEXIST, "something that is no file stands there");
	} else {
		left = to->again && files_find_left(to);
		files_sweep(to);
		/* take_left may have got the name and then failed to read. */
		if (!left) unlinkat(to->folder, to->part, 0);
		if (!left) to->temporary = openat(to->folder, to->part, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (to->temporary < 0) refuse(to, errno, errno == EACCES ? "its folder is not writable for this user" : NULL);
		else if (!left && flock(to->temporary, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK) refuse(to, EEXIST, NULL);
		else if (fstatvfs(to->temporary, &space) == 0 && needed(&to->wanted) > to->at &&
			(needed(&to->wanted) - to->at) / (space.f_frsize ? space.f_frsize : 1) > space.f_bavail)
			refuse(to, ENOSPC, NULL);
	}
	if (to->again) {
		unsigned char body[8];
		files_number(body, to->refused ? 0 : to->at, 8);
		files_put_record('O', body, sizeof body);
		files_flush();
	}
	to->again = false;
	if (to->refused) files_drop(to);
}

static void write_data(struct receiver *to, const unsigned char *bytes, size_t length) {
	if (to->temporary < 0) return;
	sha256_add(&to->sha, bytes, length);
	for (size_t wrote = 0; wrote < length;) {
		ssize_t part = pwrite(to->temporary, bytes + wrote, length - wrote, (off_t)to->at);
		if (part < 0 && errno == EINTR) continue;
		if (part <= 0) {
			refuse(to, part < 0 ? errno : EIO, NULL);
			files_drop(to);
			return;
		}
		wrote += (size_t)part;
		to->at += (uint64_t)part;
		to->bytes += (uint64_t)part;
	}
}

static void write_hole(struct receiver *to, uint64_t length) {
	static unsigned char zeros[64 * 1024];
	if (to->temporary < 0) return;
	if (length > (uint64_t)INT64_MAX - to->at || ftruncate(to->temporary, (off_t)(to->at + length)) < 0) {
		refuse(to, length > (uint64_t)INT64_MAX - to->at ? EFBIG : errno, NULL);
		files_drop(to);
		return;
	}
	for (uint64_t left = length; left > 0 && !files_ended;) {
		size_t part = left < sizeof zeros ? left : sizeof zeros;
		sha256_add(&to->sha, zeros, part);
		left -= part;
	}
	to->at += length;
}

static void end_file(struct receiver *to, const unsigned char *body) {
	unsigned char digest[32];
	if (to->temporary < 0) return;
	sha256_end(&to->sha, digest);
	if (files_read_number(body + 1, 8) != to->at || memcmp(digest, body + 9, 32) != 0) {
		refuse(to, EBADMSG, "what arrived is not what was sent: the SHA-256 differs");
		files_drop(to);
		return;
	}
	if (to->replaces) {
		/* Only where it is permitted; the group alone is worth having too. Ownership first: it clears mode bits. */
		if (fchown(to->temporary, to->replaced.st_uid, to->replaced.st_gid) < 0 && fchown(to->temporary, (uid_t)-1, to->replaced.st_gid) < 0) errno = 0;
	}
	mode_t mask = umask(0);
	umask(mask);
	mode_t mode = to->preserve ? to->wanted.st_mode & 0777 : to->replaces ? to->replaced.st_mode & 0777 : 0666 & ~mask;
	fchmod(to->temporary, mode);
	const struct timespec times[2] = {to->wanted.st_mtim, to->wanted.st_mtim};
	if (to->preserve) futimens(to->temporary, times);
	struct stat ours, named;
	if (fstat(to->temporary, &ours) < 0 || fstatat(to->folder, to->part, &named, AT_SYMLINK_NOFOLLOW) < 0 || ours.st_ino != named.st_ino) {
		refuse(to, EBADMSG, "another agent of this transfer has taken it over");
		files_forget(to);
		return;
	}
	bool mount = files_is_mount(to);
	if (mount ? files_write_in_place(to) : renameat(to->folder, to->part, to->folder, to->name) == 0) {
		done(to);
		files_forget(to);
		return;
	}
	refuse(to, errno, NULL);
	files_drop(to);
}

/* The body of an E or M. False: it is none. */
static bool read_entry(struct receiver *to, const unsigned char *body, size_t length, char *kind, char link[PATH]) {
	if (length < ENTRY) return false;
	size_t path = files_read_number(body + ENTRY - 2, 2), rest = length - ENTRY;
	if (path > rest || path >= PATH || rest - path >= PATH) return false;
	*kind = (char)body[0];
	to->wanted = (struct stat){0};
	to->wanted.st_mode = (mode_t)files_read_number(body + 1, 4);
	to->wanted.st_mtim.tv_sec = (time_t)files_read_number(body + 13, 8);
	to->wanted.st_mtim.tv_nsec = (long)(files_read_number(body + 21, 4) % 1000000000);
	to->wanted.st_size = (off_t)files_read_number(body + 25, 8);
	to->wanted.st_blocks = (blkcnt_t)(files_read_number(body + 41, 8) / 512);
	memcpy(to->path, body + ENTRY, path);
	to->path[path] = '\0';
	memcpy(link, body + ENTRY + path, rest - path);
	link[rest - path] = '\0';
	return strlen(to->path) == path && strlen(link) == rest - path;
}

static void make_folder(struct receiver *to) {
	if (files_open_place(to, false) < 0) {
		/* The base can end in a way that names no entry: `/`, `.`. */
		int fd = errno == EISDIR ? in_root(to->root, to->base, O_PATH | O_DIRECTORY | O_CLOEXEC, 0) : -1;
		if (fd < 0) refuse(to, errno, NULL);
		else close(fd), done(to);
		return;
	}
	/* Its own mode comes by M, when all is in it. */
	if (mkdirat(to->folder, to->name, 0700) == 0) {
		done(to);
	} else if (errno == EEXIST) {
		struct stat stat;
		char full[2 * PATH];
		snprintf(full, sizeof full, "%s%s%s", to->base, *to->path ? "/" : "", to->path);
		int fd = in_root(to->root, full, O_PATH | O_CLOEXEC, 0);
		if (fd >= 0 && fstat(fd, &stat) == 0 && S_ISDIR(stat.st_mode)) done(to);
		else refuse(to, EEXIST, NULL);
		if (fd >= 0) close(fd);
	} else {
		refuse(to, errno, NULL);
	}
	files_forget(to);
}

static void end_folder(struct receiver *to) {
	char full[2 * PATH];
	snprintf(full, sizeof full, "%s%s%s", to->base, *to->path ? "/" : "", to->path);
	int fd = to->preserve ? in_root(to->root, full, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0) : -1;
	if (fd < 0) return;
	const struct timespec times[2] = {to->wanted.st_mtim, to->wanted.st_mtim};
	/* Of a folder that is another's neither can be set; that is no loss of data. */
	if (fchmod(fd, to->wanted.st_mode & 01777) == 0) futimens(fd, times);
	close(fd);
}

static void make_link(struct receiver *to, const char *text) {
	if (files_open_place(to, false) < 0) {
		refuse(to, errno, NULL);
		return;
	}
	if (to->replaces && S_ISDIR(to->replaced.st_mode)) {
		refuse(to, EISDIR, NULL);
	} else if (files_is_mount(to)) {
		refuse(to, EBUSY, "a mount stands there");
	} else {
		snprintf(to->part, sizeof to->part, ".ke-%s.link", to->id);
		const struct timespec times[2] = {to->wanted.st_mtim, to->wanted.st_mtim};
		unlinkat(to->folder, to->part, 0);
		if (symlinkat(text, to->folder, to->part) < 0) {
			refuse(to, errno, NULL);
		} else {
			utimensat(to->folder, to->part, times, AT_SYMLINK_NOFOLLOW);
			if (renameat(to->folder, to->part, to->folder, to->name) == 0) {
				done(to);
			} else {
				refuse(to, errno, NULL);
				unlinkat(to->folder, to->part, 0);
			}
		}
	}
	files_forget(to);
}

static int bad(struct receiver *to, const char *what) {
	files_drop(to);
	files_flush();
	dprintf(STDERR_FILENO, "error: the input is not of this protocol: %s\n", what);
	return 1;
}

static int receive(struct receiver *to) {
	bool in_file = false;
	char link[PATH], kind;
	while (fill(HEAD)) {
		char type = (char)in[in_at];
		size_t length = files_read_number(in + in_at + 1, 4);
		in_at += HEAD;
		if (type == 'D') {
			if (!in_file || length > FRAME) return bad(to, "data without a file");
			while (length > 0) {
				if (!fill(0)) return files_wait_for_another(to);
				size_t part = in_end - in_at < length ? in_end - in_at : length;
				write_data(to, in + in_at, part);
				in_at += part;
				length -= part;
			}
			continue;
		}
		if (length > RECORD) return bad(to, "a record is too long");
		if (!fill(length ? length : 0) && length > 0) break;
		const unsigned char *body = in + in_at;
		in_at += length;
		if (type == 'B') continue;
		if (type == 'H' && length == 4 && memcmp(body, "KEF1", 4) == 0) continue;
		if (type == 'Z' && length == 8 && in_file) {
			write_hole(to, files_read_number(body, 8));
		} else if (type == 'F' && length == 41 && in_file) {
			end_file(to, body);
			in_file = false;
		} else if ((type == 'E' || type == 'M') && !in_file) {
			if (!read_entry(to, body, length, &kind, link) || !is_plain(to->path)) return bad(to, "an entry that cannot be meant");
			to->refused = false;
			if (type == 'M') end_folder(to), files_put_record('A', NULL, 0);
			else if (kind == 'f') start_file(to), in_file = true;
			else if (kind == 'd') make_folder(to);
			else if (kind == 'l' && *link != '\0') make_link(to, link);
			else return bad(to, "an entry of an unknown kind");
		} else if (type == 'Q' && !in_file) {
			files_put_end(to->entries, to->bytes, to->notes);
			return 0;
		} else {
			return bad(to, "a record where it has no place");
		}
	}
	return files_wait_for_another(to);
}

/* A folder that is there is written into, under the name; anything else is the path itself. NULL, or why not. */
static const char *find_base(struct receiver *to, const char *name, const char *dest) {
	struct stat stat;
	int fd = in_root(to->root, dest, O_PATH | O_CLOEXEC, 0);
	bool folder = fd >= 0 && fstat(fd, &stat) == 0 && S_ISDIR(stat.st_mode);
	if (fd >= 0) close(fd);
	size_t length = strlen(dest);
	snprintf(to->base, sizeof to->base, "%s", dest);
	if (!folder && length > 0 && dest[length - 1] == '/') return "there is no such folder";
	if (!folder || *name == '\0') return NULL;
	while (length > 0 && dest[length - 1] == '/') length--;
	return snprintf(to->base + length, sizeof to->base - length, "/%s", name) < (int)(PATH - length) ? NULL : files_words(ENAMETOOLONG);
}

int files_receive(int root, int argc, char **argv) {
	struct receiver to = {.root = root, .folder = -1, .temporary = -1, .preserve = true};
	const char *base = NULL;
	for (int i = 3; i < argc; i++) {
		if (strcmp(argv[i], "--no-preserve") == 0) to.preserve = false;
		else if (strcmp(argv[i], "--again") == 0 && i + 1 < argc && files_unescape(argv[i + 1])) base = argv[++i];
		else argc = 0;
	}
	size_t id = argc > 0 ? strspn(argv[0], "0123456789abcdef") : 0;
	if (argc < 3 || id == 0 || id > 64 || argv[0][id] != '.' || strspn(argv[0] + id + 1, "0123456789") != strlen(argv[0] + id + 1) ||
		strlen(argv[0] + id + 1) > 4 ||
		!files_unescape(argv[1]) || !files_unescape(argv[2]) || !is_plain(argv[1])) {
		dprintf(STDERR_FILENO, "error: receive takes ID.N NAME DEST [--again BASE] [--no-preserve]\n");
		return 1;
	}
	struct sigaction on_end = {.sa_handler = end}, on_pipe = {.sa_handler = SIG_IGN};
	sigaction(SIGTERM, &on_end, NULL);
	sigaction(SIGINT, &on_end, NULL);
	sigaction(SIGHUP, &on_end, NULL);
	sigaction(SIGPIPE, &on_pipe, NULL);
	files_reader_may_go = true;
	to.id = argv[0];
	to.number = strtoul(argv[0] + id + 1, NULL, 10);
	to.again = base != NULL;
	const char *why = NULL;
	if (base != NULL) snprintf(to.base, sizeof to.base, "%s", base);
	else why = find_base(&to, argv[1], files_absolute(argv[2]));
	unsigned char hello[4 + PATH];
	size_t length = why ? 0 : strlen(to.base);
	memcpy(hello, "KEF1", 4);
	memcpy(hello + 4, to.base, length);
	files_put_record('H', hello, 4 + length);
	if (why) files_put_note(0, "", 'e', 0, why);
	files_flush();
	return why ? 1 : receive(&to);
}
