/* What the verbs of the files agent share. The protocol is described in files.c. */
#ifndef KE_FILES_H
#define KE_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/* Bytes of data in one record, at most. */
#define FRAME (256u * 1024)
/* Bytes of a path, with its end: what the kernel takes in one call. */
#define PATH 4096u
/* Bytes of any record but data, at most. */
#define RECORD (3 * PATH)

/* Bytes of an E record's body before the path. */
#define ENTRY 55u

/* One entry, as an E record carries it. */
struct entry {
	char kind;
	struct stat stat;
	/* Where its data starts. */
	uint64_t offset;
	/* Which of the paths that were asked for it belongs to. */
	uint32_t index;
	/* Below that path; empty: the path itself. */
	const char *path;
	/* The text of a link. */
	const char *link;
};

/* files.c: records out. All end the program when the reader is gone, but in receive, which looks at `files_reader_gone`. */
extern bool files_reader_gone, files_reader_may_go;
void files_put_entry(const struct entry *entry);
/* `error` 0: only the sentence. kind: see the N record. */
void files_put_note(uint32_t index, const char *path, char kind, int error, const char *sentence);
void files_put_record(char type, const void *body, size_t length);
/* Room for a data record of up to FRAME bytes; files_put_data says how many it became. */
unsigned char *files_data_room(void);
void files_put_data(size_t length);
void files_put_hole(uint64_t length);
void files_flush(void);

/* Little-endian numbers at any address. */
unsigned char *files_number(unsigned char *at, uint64_t value, int bytes);
uint64_t files_read_number(const unsigned char *at, int bytes);

/* The words for an errno. */
const char *files_words(int error);
/* What a file that is no file, folder or link is called. */
const char *files_kind_words(mode_t mode);

/* Undoes the escape of an argument in place. False: it is not one. */
bool files_unescape(char *text);

/* Where paths that do not begin with a slash start: a path in the root; NULL: at the root. */
extern const char *files_cwd;
/* A path as it was named, from the root. */
const char *files_absolute(const char *path);

/* The end record. */
void files_put_end(uint64_t entries, uint64_t bytes, uint64_t notes);

/* The names in a folder, sorted by bytes; behind the end of each stands its d_type. */
struct files_names {
	char **names;
	size_t count, room;
};
/* files_list.c. The folder stays open. -1: errno; what was read stands in `names` all the same. */
int files_read_names(int fd, struct files_names *names);
void files_free_names(struct files_names *names);
/* Opens a path as it was named on the command line. */
int files_open_named(int root, const char *path, int flags);

/* The verbs. */
int files_send(int root, int argc, char **argv);
int files_list(int root, int argc, char **argv);
int files_receive(int root, int argc, char **argv);

#endif
