/* The files agent alone: ROOT VERB …; KE_WALKS=1: without openat2. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "in_root.h"

int files_main(int root, int argc, char **argv);

int main(int argc, char **argv) {
	int root = argc > 2 ? open(argv[1], O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	if (root < 0) return 2;
	in_root_walks = getenv("KE_WALKS") != NULL;
	return files_main(root, argc - 2, argv + 2);
}
