/* The verb of the files agent that lists, and what it shares with send: opening what was named, reading a folder. */
#define _GNU_SOURCE
#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "in_root.h"

#define PROC_MAGIC 0x9fa0

/* A path as it was named: links are followed, also the two kinds of /proc that give a process's file itself. */
int files_open_named(int root, const char *path, int flags) {
	int fd = in_root(root, path, flags | O_CLOEXEC, 0);
	const char *last = strrchr(path, '/');
	if (fd >= 0 || errno != EXDEV || last == NULL) return fd;
	char folder[PATH];
	snprintf(folder, sizeof folder, "%.*s", (int)(last - path), path);
	size_t length = strlen(folder);
	/* PID/exe and PID/fd/N: what the process itself has open, read as its own user. */
	if (strcmp(last, "/exe") != 0 && (length < 3 || strcmp(folder + length - 3, "/fd") != 0)) return fd;
	int in = in_root(root, folder, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	struct statfs fs;
	if (in >= 0 && fstatfs(in, &fs) == 0 && fs.f_type == PROC_MAGIC) fd = openat(in, last + 1, flags | O_CLOEXEC);
	if (in >= 0) close(in);
	return fd;
}

static int by_bytes(const void *a, const void *b) {
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void files_free_names(struct files_names *names) {
	for (size_t i = 0; i < names->count; i++) free(names->names[i]);
	free(names->names);
}

/* Reads and sorts the names of an open folder (files.h). */
int files_read_names(int fd, struct files_names *names) {
	*names = (struct files_names){0};
	DIR *folder = fdopendir(dup(fd));
	if (folder == NULL) return -1;
	struct dirent *entry;
	errno = 0;
	while ((entry = readdir(folder)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
		if (names->count == names->room) {
			size_t room = names->room ? 2 * names->room : 64;
			char **more = realloc(names->names, room * sizeof *more);
			if (more == NULL) break;
			names->names = more;
			names->room = room;
		}
		size_t length = strlen(entry->d_name);
		char *name = malloc(length + 2);
		if (name == NULL) break;
		/* The type behind the end of the name: sorting does not see it. */
		memcpy(name, entry->d_name, length + 1);
		name[length + 1] = (char)entry->d_type;
		names->names[names->count++] = name;
	}
	int error = errno;
	closedir(folder);
	qsort(names->names, names->count, sizeof *names->names, by_bytes);
	errno = error;
	return error == 0 ? 0 : -1;
}

static uint64_t entries, notes;

static void note(uint32_t index, const char *path) {
	notes++;
	files_put_note(index, path, 'e', errno, files_words(errno));
}

static void list_one(uint32_t index, const char *path, int folder, const char *name) {
	char text[PATH] = "";
	struct entry entry = {.index = index, .path = path};
	if (fstatat(folder, name, &entry.stat, AT_SYMLINK_NOFOLLOW | (*name == '\0' ? AT_EMPTY_PATH : 0)) < 0) {
		note(index, path);
		return;
	}
	mode_t mode = entry.stat.st_mode;
	entry.kind = S_ISDIR(mode) ? 'd' : S_ISLNK(mode) ? 'l' : S_ISCHR(mode) ? 'c' : S_ISBLK(mode) ? 'b' : S_ISFIFO(mode) ? 'p' : S_ISSOCK(mode) ? 's' : 'f';
	if (S_ISLNK(mode) && readlinkat(folder, name, text, sizeof text - 1) >= 0) entry.link = text;
	files_put_entry(&entry);
	entries++;
}

int files_list(int root, int argc, char **argv) {
	if (argc > 0 && strcmp(*argv, "--") == 0) argc--, argv++;
	files_put_record('H', "KEF1", 4);
	for (int i = 0; i < argc; i++) {
		struct files_names names = {0};
		struct stat stat;
		if (!files_unescape(argv[i])) return 1;
		const char *path = files_absolute(argv[i]);
		int fd = files_open_named(root, path, O_PATH);
		if (fd < 0 && errno != ENOENT && errno != EXDEV && errno != ELOOP) {
			note((uint32_t)i, "");
			continue;
		}
		/* A link that leads nowhere is still something to list. */
		if (fd < 0) fd = in_root_nofollow(root, path, O_PATH | O_CLOEXEC, 0);
		if (fd < 0 || fstat(fd, &stat) < 0) {
			note((uint32_t)i, "");
			continue;
		}
		list_one((uint32_t)i, "", fd, "");
		if (S_ISDIR(stat.st_mode)) {
			int folder = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
			if (folder < 0 || files_read_names(folder, &names) < 0) note((uint32_t)i, "");
			for (size_t k = 0; k < names.count; k++) {
				list_one((uint32_t)i, names.names[k], folder, names.names[k]);
			}
			files_free_names(&names);
			if (folder >= 0) close(folder);
		}
		close(fd);
	}
	files_put_end(entries, 0, notes);
	return 0;
}
