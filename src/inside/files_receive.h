/* A transfer into the target's root: what files_receive.c and files_part.c share. */
#ifndef KE_FILES_RECEIVE_H
#define KE_FILES_RECEIVE_H

#include <limits.h>
#include <signal.h>

#include "files.h"
#include "sha256.h"

struct receiver {
	int root;
	/* ID.N, and the N of it. */
	const char *id;
	unsigned long number;
	/* The path that the input's paths are below. */
	char base[PATH];
	bool again, preserve;
	/* The file being written: its folder, its names, what it replaces. -1: none. */
	int folder, temporary;
	char name[NAME_MAX + 1], part[NAME_MAX + 1];
	char path[PATH];
	struct stat wanted, replaced;
	bool replaces, refused;
	uint64_t at;
	struct sha256 sha;
	uint64_t entries, bytes, notes;
};

/* A signal has come: whatever waits ends. */
extern volatile sig_atomic_t files_ended;

/*
 * Opens the folder of an entry and finds its name there; a link under that name is followed if `follow`. -1: errno.
 * to->replaces and to->replaced say what stands there.
 */
int files_open_place(struct receiver *to, bool follow);
/* Takes what the latest agent of this transfer before us has left of the file, if there is any. */
bool files_find_left(struct receiver *to);
/* Removes what earlier agents have left in this folder of files that come again as a whole. */
void files_sweep(struct receiver *to);
/* Whether what the file replaces is a mount of its own. */
bool files_is_mount(const struct receiver *to);
/* Replaces the content of a file that is a mount of its own, by that of the temporary one. */
bool files_write_in_place(struct receiver *to);
/* Closes the temporary file; drop: removes it too. */
void files_forget(struct receiver *to);
void files_drop(struct receiver *to);
/* After a cut: until another agent has taken the file, or for 120 s. The exit code. */
int files_wait_for_another(struct receiver *to);

#endif
