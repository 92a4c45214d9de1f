/* The verb of the files agent that reads: send. */
#define _GNU_SOURCE
#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "in_root.h"
#include "sha256.h"

#define PROC_MAGIC 0x9fa0
#define SYSFS_MAGIC 0x62656572
/* Folders in folders; one descriptor each. */
#define MAX_DEPTH 400
/* Milliseconds between two looks at a file that is followed, and looks between two signs of life. */
#define LOOK 200
#define QUIET_LOOKS 10

/* `after` as an offset: the entry itself is left out too. */
#define AFTER UINT64_MAX

struct sender {
	int root;
	uint32_t index;
	/* The PATH that was asked for. */
	const char *source;
	/* Where to go on; `from_path` NULL: no more to be left out. */
	const char *from_path;
	uint64_t from_offset;
	bool follow;
	/* The path below the source of what is being sent. */
	char path[PATH];
	/* What is known already is not said again: the entry at the point to go on from. */
	bool quiet;
	uint64_t entries, bytes, notes;
};

static void note(struct sender *sender, char kind, int error, const char *sentence) {
	if (sender->quiet) return;
	sender->notes++;
	files_put_note(sender->index, sender->path, kind, error, sentence ? sentence : files_words(error));
}

/* Adds the first `length` bytes of a file, which are not sent again, to its digest. False: they are no longer there. */
static bool add_start(int fd, struct sha256 *sha, uint64_t length) {
	for (uint64_t done = 0; done < length;) {
		unsigned char *bytes = files_data_room();
		ssize_t got = pread(fd, bytes, length - done < FRAME ? length - done : FRAME, (off_t)done);
		if (got < 0 && errno == EINTR) continue;
		if (got <= 0) return false;
		sha256_add(sha, bytes, (size_t)got);
		done += (uint64_t)got;
		if (done % (64u << 20) < FRAME) {
			files_put_record('B', NULL, 0);
			files_flush();
		}
	}
	return true;
}

static void add_zeros(struct sha256 *sha, uint64_t length) {
	static unsigned char zeros[64 * 1024];
	for (uint64_t done = 0; done < length;) {
		size_t part = length - done < sizeof zeros ? length - done : sizeof zeros;
		sha256_add(sha, zeros, part);
		done += part;
		if (done % (256u << 20) == 0) {
			files_put_record('B', NULL, 0);
			files_flush();
		}
	}
}

/* Sends what there is from `at` to `end`, or to the end of the file. Where it stopped; *error is set if reading failed. */
static uint64_t send_data(struct sender *sender, int fd, struct sha256 *sha, uint64_t at, uint64_t end, bool sparse, int *error) {
	uint64_t hole = sparse ? at : end;
	while (at < end) {
		if (sparse && at >= hole) {
			off_t data = lseek(fd, (off_t)at, SEEK_DATA);
			/* ENXIO: nothing but a hole from here on. Other errors: it does not tell, so all of it is data. */
			uint64_t next = data >= 0 ? (uint64_t)data : errno == ENXIO ? end : at;
			if (next > end) next = end;
			if (next > at) {
				files_put_hole(next - at);
				add_zeros(sha, next - at);
				at = next;
			}
			off_t stop = lseek(fd, (off_t)at, SEEK_HOLE);
			hole = stop > (off_t)at ? (uint64_t)stop : end;
			continue;
		}
		uint64_t want = (hole < end ? hole : end) - at;
		unsigned char *bytes = files_data_room();
		ssize_t got = pread(fd, bytes, want < FRAME ? want : FRAME, (off_t)at);
		if (got < 0 && errno == EINTR) continue;
		if (got < 0) *error = errno;
		if (got <= 0) break;
		sha256_add(sha, bytes, (size_t)got);
		files_put_data((size_t)got);
		at += (uint64_t)got;
		sender->bytes += (uint64_t)got;
	}
	return at;
}

static bool same_time(const struct stat *a, const struct stat *b) {
	return a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Waits for more of a file until the reader ends our input. False: the end. */
static bool wait_for_more(struct sender *sender, int *fd, struct sha256 *sha, uint64_t *at) {
	for (int looks = 1;; looks++) {
		files_flush();
		struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
		char dropped[256];
		if (poll(&input, 1, LOOK) > 0 && read(STDIN_FILENO, dropped, sizeof dropped) <= 0) return false;
		struct stat now, named;
		if (fstat(*fd, &now) < 0) return false;
		if ((uint64_t)now.st_size > *at) return true;
		int other = in_root(sender->root, sender->source, O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0);
		bool replaced = other >= 0 && fstat(other, &named) == 0 && S_ISREG(named.st_mode) &&
			(named.st_ino != now.st_ino || named.st_dev != now.st_dev);
		if (replaced || (uint64_t)now.st_size < *at) {
			files_put_record('T', replaced ? "r" : "t", 1);
			sha256_start(sha);
			*at = 0;
		}
		if (replaced) {
			close(*fd);
			*fd = other;
		} else if (other >= 0) {
			close(other);
		}
		if (looks % QUIET_LOOKS == 0) files_put_record('B', NULL, 0);
	}
}

/* Sends an open regular file, and closes it. */
static void send_file(struct sender *sender, int fd, uint64_t offset) {
	struct entry entry = {.kind = 'f', .index = sender->index, .path = sender->path};
	struct sha256 sha;
	if (fstat(fd, &entry.stat) < 0) {
		note(sender, 'e', errno, NULL);
		close(fd);
		return;
	}
	sha256_start(&sha);
	if (offset > 0 && ((uint64_t)entry.stat.st_size < offset || !add_start(fd, &sha, offset))) {
		offset = 0;
		sha256_start(&sha);
	}
	entry.offset = offset;
	files_put_entry(&entry);
	sender->entries++;
	/* Files of /proc have no size and yet content, so they are read to their end. */
	uint64_t end = entry.stat.st_size == 0 ? UINT64_MAX : (uint64_t)entry.stat.st_size;
	bool sparse = entry.stat.st_size > 0 && (uint64_t)entry.stat.st_blocks * 512 < (uint64_t)entry.stat.st_size;
	int error = 0;
	uint64_t at = send_data(sender, fd, &sha, offset, end, sparse, &error);
	while (sender->follow && error == 0 && wait_for_more(sender, &fd, &sha, &at)) {
		at = send_data(sender, fd, &sha, at, UINT64_MAX, false, &error);
	}
	struct stat after;
	/* A size that was never true and still stands is one of /sys; everything else that differs is a change. */
	bool changed = !sender->follow && fstat(fd, &after) == 0 &&
		(after.st_size != entry.stat.st_size || (entry.stat.st_size > 0 && !same_time(&after, &entry.stat)));
	unsigned char body[41] = {error != 0 ? 2 : changed ? 1 : 0};
	files_number(body + 1, at, 8);
	sha256_end(&sha, body + 9);
	files_put_record('F', body, sizeof body);
	if (error != 0) note(sender, 'e', error, NULL);
	close(fd);
}

/*
 * Whether a link's text stays within the folder that is sent, wherever that is put: no `..` behind a name, and no more of
 * them than the link is deep.
 */
static bool stays_inside(const char *text, const char *path) {
	size_t depth = 0;
	if (text[0] == '/' || text[0] == '\0') return false;
	for (const char *at = path; *at != '\0'; at++) depth += *at == '/';
	for (; strncmp(text, "../", 3) == 0 || strcmp(text, "..") == 0; text += text[2] ? 3 : 2) {
		if (depth-- == 0) return false;
	}
	return strcmp(text, "..") != 0 && strncmp(text, "../", 3) != 0 && strstr(text, "/../") == NULL &&
		(strlen(text) < 3 || strcmp(text + strlen(text) - 3, "/..") != 0);
}

/* A link in a folder: itself where it stays inside, else the file that it leads to in the target's root. */
static void send_link(struct sender *sender, int folder, const char *name, const struct stat *stat, uint64_t offset) {
	char text[PATH], full[2 * PATH];
	ssize_t length = readlinkat(folder, name, text, sizeof text - 1);
	if (length < 0) {
		note(sender, 'e', errno, NULL);
		return;
	}
	text[length] = '\0';
	if (stays_inside(text, sender->path)) {
		if (offset == AFTER) return;
		files_put_entry(&(struct entry){.kind = 'l', .stat = *stat, .index = sender->index, .path = sender->path, .link = text});
		sender->entries++;
		return;
	}
	struct stat target;
	snprintf(full, sizeof full, "%s/%s", sender->source, sender->path);
	int look = in_root(sender->root, full, O_PATH | O_CLOEXEC, 0);
	if (look < 0) {
		note(sender, 's', errno, errno == ENOENT ? "it is a link to nothing" : NULL);
		return;
	}
	int looked = fstat(look, &target);
	close(look);
	if (looked < 0 || !S_ISREG(target.st_mode)) {
		note(sender, 's', 0, looked == 0 && S_ISDIR(target.st_mode) ? "it is a link to a folder elsewhere, which is not copied with it" : files_kind_words(target.st_mode));
		return;
	}
	int fd = in_root(sender->root, full, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
	if (fd < 0) note(sender, 'e', errno, NULL);
	else if (offset == AFTER) close(fd);
	else send_file(sender, fd, offset);
}

static void send_folder(struct sender *sender, int fd, const struct stat *stat, int depth, bool known);

static void send_name(struct sender *sender, int folder, const struct stat *in, const char *name, int depth, uint64_t offset, bool known) {
	struct stat stat;
	unsigned char type = (unsigned char)name[strlen(name) + 1];
	/* Opening a device can do something, so nothing is opened before it is known to be a file or a folder. */
	if (type == DT_REG) {
		if (offset == AFTER) return;
		int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		if (fd < 0) note(sender, 'e', errno, NULL);
		else send_file(sender, fd, offset);
		return;
	}
	if (fstatat(folder, name, &stat, AT_SYMLINK_NOFOLLOW) < 0) {
		note(sender, 'e', errno, NULL);
		return;
	}
	if (S_ISLNK(stat.st_mode)) {
		send_link(sender, folder, name, &stat, offset);
		return;
	}
	if (!S_ISDIR(stat.st_mode) && !S_ISREG(stat.st_mode)) {
		note(sender, 's', 0, files_kind_words(stat.st_mode));
		return;
	}
	if (S_ISREG(stat.st_mode) && offset == AFTER) return;
	int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct statfs fs;
	if (fd < 0) {
		note(sender, 'e', errno, NULL);
	} else if (S_ISREG(stat.st_mode)) {
		send_file(sender, fd, offset);
	} else if (stat.st_dev != in->st_dev && fstatfs(fd, &fs) == 0 && (fs.f_type == PROC_MAGIC || fs.f_type == SYSFS_MAGIC)) {
		close(fd);
		note(sender, 's', 0, "it is made by the kernel; name it to copy it");
	} else {
		send_folder(sender, fd, &stat, depth, known);
	}
}

/* Sends an open folder, which it closes. `sent`: its own entry was, before. */
static void send_folder(struct sender *sender, int fd, const struct stat *stat, int depth, bool sent) {
	size_t length = strlen(sender->path);
	struct files_names names;
	if (!sent) {
		files_put_entry(&(struct entry){.kind = 'd', .stat = *stat, .index = sender->index, .path = sender->path});
		sender->entries++;
	}
	sender->quiet = false;
	if (files_read_names(fd, &names) < 0 && !sent) note(sender, 'e', errno, NULL);
	for (size_t i = 0; i < names.count; i++) {
		const char *name = names.names[i];
		uint64_t offset = 0;
		bool passed = false, known = false;
		if (sender->from_path != NULL) {
			/* The component of the point to go on from that belongs to this folder. */
			size_t end = strcspn(sender->from_path, "/"), own = strlen(name);
			int order = memcmp(name, sender->from_path, own < end ? own : end);
			if (order < 0 || (order == 0 && own < end)) continue;
			if (order > 0 || own > end) {
				sender->from_path = NULL;
			} else if (sender->from_path[end] == '/') {
				sender->from_path += end + 1;
				passed = known = true;
			} else {
				sender->from_path = NULL;
				offset = sender->from_offset;
				known = offset == AFTER;
				passed = true;
			}
		}
		if (length + strlen(name) + 2 > PATH || depth >= MAX_DEPTH) {
			note(sender, 's', ENAMETOOLONG, "a folder in it is too deep");
			continue;
		}
		snprintf(sender->path + length, PATH - length, "%s%s", length > 0 ? "/" : "", name);
		sender->quiet = offset == AFTER;
		send_name(sender, fd, stat, name, depth + 1, offset, known);
		sender->quiet = false;
		sender->path[length] = '\0';
		/* Whatever was left of the point lay in what is over now. */
		if (passed) sender->from_path = NULL;
	}
	files_free_names(&names);
	close(fd);
}

static void send_source(struct sender *sender, uint64_t offset, bool known) {
	struct stat stat;
	int look = files_open_named(sender->root, sender->source, O_PATH);
	if (look < 0) {
		note(sender, 'e', errno, NULL);
		return;
	}
	int looked = fstat(look, &stat);
	close(look);
	if (looked < 0 || (!S_ISDIR(stat.st_mode) && !S_ISREG(stat.st_mode))) {
		note(sender, 'e', 0, files_kind_words(stat.st_mode));
		return;
	}
	if (S_ISDIR(stat.st_mode) && sender->follow) {
		note(sender, 'e', EISDIR, "only a file can be followed");
		return;
	}
	if (offset == AFTER && S_ISREG(stat.st_mode)) return;
	int fd = files_open_named(sender->root, sender->source, O_RDONLY | O_NONBLOCK | O_NOCTTY | (S_ISDIR(stat.st_mode) ? O_DIRECTORY : 0));
	if (fd < 0) note(sender, 'e', errno, NULL);
	else if (S_ISDIR(stat.st_mode)) send_folder(sender, fd, &stat, 0, known);
	else send_file(sender, fd, offset);
}

int files_send(int root, int argc, char **argv) {
	struct sender sender = {.root = root};
	uint32_t from_index = 0;
	const char *from_path = NULL;
	for (; argc > 0 && strncmp(*argv, "--", 2) == 0; argc--, argv++) {
		if (strcmp(*argv, "--") == 0) {
			argc--, argv++;
			break;
		}
		if (strcmp(*argv, "--follow") == 0) {
			sender.follow = true;
		} else if (strcmp(*argv, "--from") == 0 && argc > 3 && files_unescape(argv[3])) {
			from_index = (uint32_t)strtoul(argv[1], NULL, 10);
			sender.from_offset = argv[2][0] == '-' ? AFTER : strtoull(argv[2], NULL, 10);
			from_path = argv[3];
			argc -= 3, argv += 3;
		} else {
			dprintf(STDERR_FILENO, "error: send does not know \"%s\"\n", *argv);
			return 1;
		}
	}
	files_put_record('H', "KEF1", 4);
	for (int i = 0; i < argc; i++) {
		if (!files_unescape(argv[i])) {
			dprintf(STDERR_FILENO, "error: \"%s\" is no escaped path\n", argv[i]);
			return 1;
		}
		if (from_path != NULL && (uint32_t)i < from_index) continue;
		bool here = from_path != NULL && (uint32_t)i == from_index;
		sender.index = (uint32_t)i;
		sender.source = files_absolute(argv[i]);
		sender.path[0] = '\0';
		sender.quiet = here && from_path[0] == '\0' && sender.from_offset == AFTER;
		sender.from_path = here && from_path[0] != '\0' ? from_path : NULL;
		/* The point is the source itself: a file goes on at the offset, a folder was named already. */
		send_source(&sender, here && from_path[0] == '\0' ? sender.from_offset : 0, here && (from_path[0] != '\0' || sender.from_offset == AFTER));
	}
	files_put_end(sender.entries, sender.bytes, sender.notes);
	return 0;
}
