/*
 * Paths as a process would see them whose root is a given directory, without being chrooted there: absolute links start at
 * that root, `..` ends at it, and nothing that a hostile tree or a race does to the path leads out of it.
 *
 * Done by openat2(RESOLVE_IN_ROOT); where the kernel (before 5.6) or a seccomp profile does not give it, by a walk by hand
 * with the same meaning. Both refuse the links of /proc that are more than their text (exe, cwd, root, fd/N, ns/N): EXDEV.
 */
#ifndef KE_IN_ROOT_H
#define KE_IN_ROOT_H

#include <sys/types.h>

/*
 * Opens `path`, absolute or not, beneath the directory `root`; the last component is followed if it is a link (unless
 * `flags` has O_NOFOLLOW). `flags` and `mode` are open's; add O_CLOEXEC where it is wanted.
 * A descriptor, or -1 with open's errno; also EXDEV for a link as above, ELOOP after 40 links.
 */
int in_root(int root, const char *path, int flags, mode_t mode);

/* The same, and the last component is not followed: with O_PATH the link itself is opened, without it ELOOP. */
int in_root_nofollow(int root, const char *path, int flags, mode_t mode);

/* Not 0: never use openat2. For tests; set before the first call. */
extern int in_root_walks;

#endif
