/* The removal alone, raced at the worst moment: PATH. When a folder called `swapped` is about to be opened it has just been
 * changed for the link called `link` beside it, and is changed back behind that. Linked with --wrap=openat. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>

bool remove_all(int parent, const char *name);
int __real_openat(int parent, const char *name, int flags, mode_t mode);

double now(void) { return time(NULL); }

int __wrap_openat(int parent, const char *name, int flags, mode_t mode) {
	bool raced = !strcmp(name, "swapped");
	if (raced) renameat2(parent, "swapped", parent, "link", RENAME_EXCHANGE);
	int fd = __real_openat(parent, name, flags, mode);
	if (raced) renameat2(parent, "swapped", parent, "link", RENAME_EXCHANGE);
	return fd;
}

int main(int argc, char **argv) {
	return argc > 1 && remove_all(AT_FDCWD, argv[1]) ? 0 : 1;
}
