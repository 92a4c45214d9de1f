/* Start a script that came with the header: the image's sh reads it from memory, so that nothing has to be written. */
#define _GNU_SOURCE
#include "ke.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* linux/memfd.h, which musl-gcc does not see; since 6.3, and where vm.memfd_noexec is 2 without it there is none. */
#define NOEXEC_SEAL 8u

/* The script as a file in memory, at a descriptor that no script takes for itself; -1: there are none here (before 3.17). */
static int in_memory(void) {
    int made = syscall(SYS_memfd_create, "script", NOEXEC_SEAL);
    if (made < 0) made = syscall(SYS_memfd_create, "script", 0);
    for (size_t used = 0; made >= 0 && used < entries.script_length;) {
        ssize_t count = write(made, entries.script + used, entries.script_length - used);
        if (count > 0) used += count;
        else if (errno != EINTR) close(made), made = -1;
    }
    int fd = made < 0 ? -1 : fcntl(made, F_DUPFD, 10);
    if (made >= 0) close(made);
    return fd;
}

_Noreturn void start_sh(const char *own, char **words) {
    char link[PATH_MAX];
    /* Descriptor 3 is stderr too, so that what a script says on it does not depend on where its stderr goes. */
    dup2(2, 3);
    if (*outside) start_tool(own, "sh", words);
    text(link, sizeof link, "%s/to/sh", own);
    execv(link, words);
    if (errno == ENOENT) execvp("sh", words);
    if (errno == ENOENT) { errno = 0; die(NOT_FOUND, "sh: not found in the debug image"); }
    die(NOT_EXECUTABLE, "sh");
}

void run_script(const char *own, const char *name) {
    char path[64];
    unsigned n = 0;
    char **words = calloc(entries.argument_count + 5, sizeof *words);
    if (!words) die(FAILED, "%s", name);
    int fd = in_memory();
    text(path, sizeof path, "/proc/self/fd/%d", fd);
    words[n++] = "sh";
    if (fd >= 0 && access(path, R_OK) == 0) words[n++] = path;
    else words[n++] = "-c", words[n++] = (char *)entries.script, words[n++] = (char *)name;
    for (unsigned i = 0; i < entries.argument_count; i++) words[n++] = entries.arguments[i];
    start_sh(own, words);
}
