/*
 * The files agent: reads and writes files beneath a root, and speaks records on stdin and stdout.
 *
 *   send [--from INDEX OFFSET PATH] [--follow] [--] PATH…   files, folders and links out
 *   list [--] PATH…                                         what is there, one level deep
 *   receive ID.N NAME DEST [--again BASE] [--no-preserve]     files and folders in; ID is hexadecimal, N counts
 *                                                           the agents of one transfer
 *
 * A path that does not begin with a slash starts where the target's process is. Arguments are paths of which every byte but letters, digits and `/._-+=,@:` is written %XX; `%` alone is the empty path.
 *
 * A record is a type (one letter), the length of its body (4 bytes) and the body; numbers are little-endian. Paths are bytes,
 * without a slash at either end. Types:
 *
 *   H  the first of each stream: "KEF1"; from receive also the path that it writes to (BASE; none: it does not, and a note says why)
 *   E  an entry: kind 1 (f file, d folder, l link; in lists also c b p s), mode 4, uid 4, gid 4, mtime seconds 8 (signed),
 *      nanoseconds 4, size 8, offset 8 (bytes of the file that are not sent again), bytes that it takes on the disk 8 (less
 *      than its size: it has holes), index 4 (of the PATH it belongs to), length of the path 2, the path below that PATH
 *      (empty: itself), and for a link its text
 *   D  data of the last E, at most 256 KiB; from `offset` on, without a gap
 *   Z  a hole: its length 8
 *   F  the end of a file: 1 (0 whole; 1 it changed while it was read; 2 reading failed, what came is not the file),
 *      size 8 (that was read, before the offset too), SHA-256 of all of it 32 (holes are zeros)
 *   M  the end of a folder, to receive: the body of its E; its mode and times are set now
 *   N  a note: kind 1 (s skipped, e failed, c went in but something is to be known), index 4, errno 4 (0: none),
 *      length of the path 2, the path, a sentence for people
 *   B  a sign of life, empty
 *   T  --follow: the file began anew (1 byte: t truncated, r replaced by another); its data follows from 0
 *   O  from receive --again: how many bytes (8) of the first file are here already; data is awaited from there on
 *   A  from receive: an E or M is done
 *   Q  the end: entries 8, bytes of data 8, notes 8. A stream without it was cut.
 *
 * Order: the PATHs as they were given; a folder before what is in it; names by their bytes. So (index, path, offset) is a
 * point to go on from: everything before it is left out, the file there begins at the offset. Offset `-` means: after it.
 * `receive` answers every E and M by an A or an N of kind e, in order; data of one that it refused is read and dropped. Errno
 * 74 (EBADMSG) there: the digest was not that of the F.
 *
 * Exit codes: 0 the stream is whole (notes tell what is missing), 1 not.
 */
#define _GNU_SOURCE
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEAD 5u

bool files_reader_gone, files_reader_may_go;
const char *files_cwd;
static unsigned char out[2 * FRAME + RECORD];
static size_t used;

void files_flush(void) {
	for (size_t done = 0; done < used && !files_reader_gone;) {
		ssize_t wrote = write(STDOUT_FILENO, out + done, used - done);
		if (wrote < 0 && errno == EINTR) continue;
		if (wrote < 0 && !files_reader_may_go) _exit(1);
		if (wrote < 0) files_reader_gone = true;
		else done += (size_t)wrote;
	}
	used = 0;
}

unsigned char *files_number(unsigned char *at, uint64_t value, int bytes) {
	for (int i = 0; i < bytes; i++) at[i] = (unsigned char)(value >> (8 * i));
	return at + bytes;
}

uint64_t files_read_number(const unsigned char *at, int bytes) {
	uint64_t value = 0;
	for (int i = 0; i < bytes; i++) value |= (uint64_t)at[i] << (8 * i);
	return value;
}

/* Room for a record of up to `length` bytes of body. */
static unsigned char *room(size_t length) {
	if (used + HEAD + length > sizeof out) files_flush();
	return out + used + HEAD;
}

/* Makes a record of what was written to the room. Data waits for more unless there is a frame of it. */
static void put(char type, size_t length) {
	out[used] = (unsigned char)type;
	files_number(out + used + 1, length, 4);
	used += HEAD + length;
	if (used >= FRAME) files_flush();
}

void files_put_record(char type, const void *body, size_t length) {
	unsigned char *at = room(length);
	if (length > 0) memcpy(at, body, length);
	put(type, length);
}

unsigned char *files_data_room(void) {
	return room(FRAME);
}

void files_put_data(size_t length) {
	put('D', length);
}

void files_put_hole(uint64_t length) {
	unsigned char body[8];
	files_number(body, length, 8);
	files_put_record('Z', body, sizeof body);
}

void files_put_entry(const struct entry *entry) {
	const struct stat *stat = &entry->stat;
	size_t path = strlen(entry->path), link = entry->link ? strlen(entry->link) : 0;
	unsigned char *start = room(ENTRY + path + link), *at = start;
	*at++ = (unsigned char)entry->kind;
	at = files_number(at, stat->st_mode & 07777, 4);
	at = files_number(at, stat->st_uid, 4);
	at = files_number(at, stat->st_gid, 4);
	at = files_number(at, (uint64_t)stat->st_mtim.tv_sec, 8);
	at = files_number(at, (uint64_t)stat->st_mtim.tv_nsec, 4);
	at = files_number(at, (uint64_t)stat->st_size, 8);
	at = files_number(at, entry->offset, 8);
	at = files_number(at, (uint64_t)stat->st_blocks * 512, 8);
	at = files_number(at, entry->index, 4);
	at = files_number(at, path, 2);
	memcpy(at, entry->path, path);
	if (link > 0) memcpy(at + path, entry->link, link);
	put('E', ENTRY + path + link);
}

void files_put_note(uint32_t index, const char *path, char kind, int error, const char *sentence) {
	size_t length = strlen(path), words = strlen(sentence);
	unsigned char *start = room(11 + length + words), *at = start;
	*at++ = (unsigned char)kind;
	at = files_number(at, index, 4);
	at = files_number(at, (uint64_t)error, 4);
	at = files_number(at, length, 2);
	memcpy(at, path, length);
	memcpy(at + length, sentence, words);
	put('N', 11 + length + words);
}

void files_put_end(uint64_t entries, uint64_t bytes, uint64_t notes) {
	unsigned char body[24], *at = files_number(body, entries, 8);
	at = files_number(at, bytes, 8);
	files_number(at, notes, 8);
	files_put_record('Q', body, sizeof body);
	files_flush();
}

const char *files_words(int error) {
	switch (error) {
	case ENOENT: return "it does not exist";
	case EACCES: return "permission denied";
	case EPERM: return "not permitted";
	case EROFS: return "it is on a read-only file system";
	case ENOSPC: return "no space is left there";
	case EDQUOT: return "the quota there is used up";
	case EISDIR: return "a folder stands there";
	case ENOTDIR: return "part of the path is no folder";
	case EEXIST: return "something else stands there";
	case ELOOP: return "its links go round in a circle";
	case EXDEV: return "it is a link of /proc that leads out of the container's files";
	case ENAMETOOLONG: return "its path is too long";
	case ETXTBSY: return "it is a program that runs";
	default: return strerror(error);
	}
}

const char *files_kind_words(mode_t mode) {
	if (S_ISCHR(mode) || S_ISBLK(mode)) return "a device is not copied";
	if (S_ISFIFO(mode)) return "a named pipe is not copied";
	if (S_ISSOCK(mode)) return "a socket is not copied";
	return "it is no file, folder or link";
}

static int hex(char digit) {
	if (digit >= '0' && digit <= '9') return digit - '0';
	if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
	return -1;
}

bool files_unescape(char *text) {
	char *to = text;
	if (strcmp(text, "%") == 0) *text = '\0';
	for (const char *from = text; *from != '\0'; to++) {
		if (*from != '%') {
			*to = *from++;
			continue;
		}
		int high = hex(from[1]), low = high < 0 ? -1 : hex(from[2]);
		if (low < 0 || (high == 0 && low == 0)) return false;
		*to = (char)(high * 16 + low);
		from += 3;
	}
	*to = '\0';
	return (size_t)(to - text) < PATH;
}

const char *files_absolute(const char *path) {
	if (files_cwd == NULL || *path == '/' || *path == '\0') return path;
	size_t size = strlen(files_cwd) + strlen(path) + 2;
	char *joined = malloc(size);
	if (joined == NULL) return path;
	snprintf(joined, size, "%s/%s", files_cwd, path);
	return joined;
}

int files_main(int root, int argc, char **argv) {
	const char *verb = argc > 0 ? argv[0] : "";
	/* Bigger pipes mean fewer turns; they may be no pipes. */
	fcntl(STDIN_FILENO, F_SETPIPE_SZ, 1 << 20);
	fcntl(STDOUT_FILENO, F_SETPIPE_SZ, 1 << 20);
	if (strcmp(verb, "send") == 0) return files_send(root, argc - 1, argv + 1);
	if (strcmp(verb, "list") == 0) return files_list(root, argc - 1, argv + 1);
	if (strcmp(verb, "receive") == 0) return files_receive(root, argc - 1, argv + 1);
	dprintf(STDERR_FILENO, "error: files does not know \"%s\"\n", verb);
	return 1;
}
