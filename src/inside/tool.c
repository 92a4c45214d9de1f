/* Start a tool of the debug image while "/" is the target's root.
 *
 * The tool's own loader is called, by a path below /proc/ANCHOR/root that leads out of the chroot, with --library-path
 * below it too; so neither loader nor libraries of the target are used, and nothing has to be written there. */
#define _GNU_SOURCE
#include "ke.h"
#include "in_root.h"
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

char outside[64];
static int image = -1; /* the debug image's root */

/* A path of the image, its links resolved in the image, as it is seen from here. Returns a descriptor. */
static int resolve(const char *path, int flags, char *seen) {
    char link[64], real[PATH_MAX];
    int fd = in_root(image, path, flags | O_CLOEXEC, 0);
    if (fd < 0) return -1;
    text(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, real, sizeof real - 1);
    if (length <= 0) { close(fd); return -1; }
    real[length] = 0;
    text(seen, PATH_MAX, "%s%s", outside, real);
    return fd;
}

/* Where the image has a tool: a path as it is, a name by its link among `to/`, which install() made. */
static void locate(const char *own, const char *name, char *path) {
    if (*name == '/') { text(path, PATH_MAX, "%s", name); return; }
    char link[PATH_MAX];
    text(link, sizeof link, "%s%s/to/%s", outside, own, name);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length <= 0) { errno = 0; die(NOT_FOUND, "%s: not found in the debug image", name); }
    path[length] = 0;
}

const char *const library_folders[] = { "/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu", "/lib64", "/usr/lib64", "/lib", "/usr/lib", "/usr/local/lib", NULL };

/* The folders of the image's libraries, as they are seen from here, behind that of nss.c. */
static void library_path(const char *own, char *out, size_t size) {
    text(out, size, "%s%s/nss", outside, own);
    size_t used = strlen(out);
    for (const char *const *folder = library_folders; *folder; folder++) {
        char seen[PATH_MAX];
        int fd = resolve(*folder, O_PATH | O_DIRECTORY, seen);
        if (fd < 0) continue;
        close(fd);
        size_t length = strlen(seen);
        if (used + length + 2 > size) die(NOT_EXECUTABLE, "the image's library folders have too long names");
        used += sprintf(out + used, ":%s", seen);
    }
}

/* Programs that look for their data by an absolute path, and the variable that tells them another one. */
static void point_to_data(const char *name) {
    static const struct { const char *tool, *variable, *folder; bool unless_there; } data[] = {
        { "", "TERMINFO_DIRS", "/lib/terminfo:/usr/share/terminfo:/etc/terminfo", false },
        { "", "GCONV_PATH", "/usr/lib/x86_64-linux-gnu/gconv:/usr/lib/aarch64-linux-gnu/gconv:/usr/lib64/gconv:/usr/lib/gconv", false },
        { "", "OPENSSL_CONF", "/etc/ssl/openssl.cnf", false },
        { "", "SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt", true },
        { "python", "PYTHONHOME", "/usr", false },
        { "git", "GIT_EXEC_PATH", "/usr/lib/git-core", false },
        { "perl", "PERL5LIB", "/etc/perl:/usr/share/perl5:/usr/lib/x86_64-linux-gnu/perl-base:/usr/share/perl-base:"
            "/usr/lib/x86_64-linux-gnu/perl5:/usr/lib/aarch64-linux-gnu/perl-base:/usr/share/perl", false },
    };
    for (size_t i = 0; i < sizeof data / sizeof *data; i++) {
        char value[PATH_MAX] = "", folders[512], *rest = folders;
        if (strncmp(name, data[i].tool, strlen(data[i].tool)) || getenv(data[i].variable)) continue;
        if (data[i].unless_there && access(data[i].folder, R_OK) == 0) continue;
        text(folders, sizeof folders, "%s", data[i].folder);
        for (char *folder; (folder = strsep(&rest, ":"));) {
            char seen[PATH_MAX], old[PATH_MAX];
            text(seen, sizeof seen, "%s%s", outside, folder);
            if (access(seen, R_OK)) continue;
            text(old, sizeof old, "%s", value);
            text(value, sizeof value, "%s%s%s", old, *old ? ":" : "", seen);
        }
        if (*value) setenv(data[i].variable, value, 1);
    }
    /* The target's would name modules of its own. */
    if (*outside) setenv("OPENSSL_CONF", "/dev/null", 0);
}

/* In the target's root a tool would begin with what the target's files tell it, of its user's home or of /etc: the option,
 * to be its first, by which it does not. NULL: none. `seen` is the program itself, which may be another by that name. */
static const char *without_files(const char *base, const char *seen) {
    static const char *const options[][2] = { { "bash", "--norc" }, { "zsh", "-f" }, { "curl", "-q" }, { "gdb", "-nx" } };
    const char *real = strrchr(seen, '/') + 1;
    if (!*outside || strcmp(base, real)) return NULL;
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) if (!strcmp(base, options[i][0])) return options[i][1];
    return NULL;
}

/* Whether a loader knows --argv0 (glibc since 2.33; musl since 1.1.24, which compares without the dashes): the word stands
 * in its text. */
static bool knows_argv0(int loader, bool musl) {
    struct stat status;
    if (fstat(loader, &status)) return false;
    void *content = mmap(0, status.st_size, PROT_READ, MAP_PRIVATE, loader, 0);
    return content != MAP_FAILED && memmem(content, status.st_size, musl ? "argv0" : "--argv0", musl ? 5 : 7);
}

/* The loader that an ELF program names (PT_INTERP), or "" for a static one. */
static void read_interpreter(int fd, char *out, size_t size, const char *name) {
    Elf64_Ehdr header;
    Elf64_Phdr part;
    *out = 0;
    if (pread(fd, &header, sizeof header, 0) != sizeof header || memcmp(header.e_ident, ELFMAG, SELFMAG) ||
        header.e_ident[EI_CLASS] != ELFCLASS64) {
        errno = ENOEXEC;
        die(NOT_EXECUTABLE, "%s", name);
    }
    for (int i = 0; i < header.e_phnum && i < 128; i++) {
        if (pread(fd, &part, sizeof part, header.e_phoff + (off_t)i * sizeof part) != sizeof part) break;
        if (part.p_type != PT_INTERP || part.p_filesz == 0 || part.p_filesz >= size) continue;
        ssize_t got = pread(fd, out, part.p_filesz, part.p_offset);
        out[got > 0 ? got : 0] = 0;
        return;
    }
}

/* `#!INTERPRETER [ARGUMENT]`: the interpreter is the image's too, and gets the script by its path outside. */
_Noreturn static void start_script(const char *own, char *line, const char *seen, char **words, int depth);

/* Whether a program is a JVM's launcher, by the library beside it: it does not find its home from another root. */
static bool is_of_jdk(const char *seen) {
    static const char *const libraries[] = { "../lib/libjli.so", "../lib/jli/libjli.so", "../lib/amd64/jli/libjli.so" };
    for (size_t i = 0; i < 3; i++) {
        char library[PATH_MAX];
        text(library, sizeof library, "%.*s%s", (int)(strrchr(seen, '/') + 1 - seen), seen, libraries[i]);
        if (access(library, F_OK) == 0) return true;
    }
    return false;
}

/* A loader that cannot be told the name shows the program the path it is given: one that ends in the name by which it was
 * called, where that leads to the same file (an absolute link would lead to one of the target's). */
static void call_by_name(int program, const char *path, char *seen) {
    char folder[PATH_MAX], there[PATH_MAX], called[PATH_MAX];
    struct stat wanted, found;
    text(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (!slash) return;
    *slash = 0;
    int fd = resolve(*folder ? folder : "/", O_PATH | O_DIRECTORY, there);
    if (fd < 0) return;
    close(fd);
    text(called, sizeof called, "%s/%s", there, slash + 1);
    if (fstat(program, &wanted) || stat(called, &found)) return;
    if (wanted.st_dev == found.st_dev && wanted.st_ino == found.st_ino) text(seen, PATH_MAX, "%s", called);
}

_Noreturn static void start(const char *own, const char *name, char **words, int depth) {
    char path[PATH_MAX], seen[PATH_MAX], head[256], wanted[PATH_MAX], loader[PATH_MAX], libraries[8192];
    locate(own, name, path);
    int fd = resolve(path, O_RDONLY, seen);
    if (fd < 0) die(errno == ENOENT ? NOT_FOUND : NOT_EXECUTABLE, "%s", path);
    ssize_t got = pread(fd, head, sizeof head - 1, 0);
    head[got > 0 ? got : 0] = 0;
    if (head[0] == '#' && head[1] == '!') start_script(own, head + 2, seen, words, depth);
    if (*outside && is_of_jdk(seen)) {
        int code = outside_ask(seen + strlen(outside), words);
        if (code >= 0) _exit(code);
    }
    const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    point_to_data(base);
    read_interpreter(fd, wanted, sizeof wanted, name);
    const char *option = without_files(base, seen);
    if (option) {
        size_t count = 0;
        while (words[count]) count++;
        char **more = calloc(count + 2, sizeof *more);
        if (!more) die(NOT_EXECUTABLE, "%s", name);
        more[0] = words[0], more[1] = (char *)option;
        for (size_t i = 1; i < count; i++) more[i + 1] = words[i];
        words = more;
    }
    if (!*wanted) { execve(seen, words, environ); die(NOT_EXECUTABLE, "%s", path); }
    int ld = resolve(wanted, O_RDONLY, loader);
    if (ld < 0) die(NOT_EXECUTABLE, "%s, the loader of %s", wanted, path);
    bool musl = strstr(wanted, "ld-musl") != NULL;
    struct stat preload;
    if (!musl && *outside && stat("/etc/ld.so.preload", &preload) == 0 && preload.st_size > 0) {
        errno = 0;
        die(FAILED, "the target has an /etc/ld.so.preload, which would be loaded into every tool started in its root\n"
            "Its files are at $TARGET_ROOT for tools outside: --root debug.");
    }
    library_path(own, libraries, sizeof libraries);
    size_t count = 0, n = 0;
    while (words[count]) count++;
    char **v = calloc(count + 8, sizeof *v);
    if (!v) die(NOT_EXECUTABLE, "%s", name);
    v[n++] = loader;
    if (!musl) v[n++] = "--inhibit-cache";
    v[n++] = "--library-path", v[n++] = libraries;
    if (knows_argv0(ld, musl)) v[n++] = "--argv0", v[n++] = words[0];
    else call_by_name(fd, path, seen);
    v[n++] = seen;
    for (size_t i = 1; i < count; i++) v[n++] = words[i];
    execve(loader, v, environ);
    die(NOT_EXECUTABLE, "%s", loader);
}

static void start_script(const char *own, char *line, const char *seen, char **words, int depth) {
    if (depth > 4) { errno = ELOOP; die(NOT_EXECUTABLE, "%s", seen); }
    line[strcspn(line, "\n")] = 0;
    line += strspn(line, " \t");
    char *interpreter = line, *argument = line + strcspn(line, " \t");
    if (*argument) *argument++ = 0;
    argument += strspn(argument, " \t");
    if (!strcmp(interpreter, "/usr/bin/env") && *argument && *argument != '-') interpreter = argument, argument = "";
    size_t count = 0, n = 0;
    while (words[count]) count++;
    char **v = calloc(count + 4, sizeof *v);
    if (!v) die(NOT_EXECUTABLE, "%s", seen);
    v[n++] = strdup(interpreter);
    if (*argument) v[n++] = strdup(argument);
    v[n++] = strdup(seen);
    for (size_t i = 1; i < count; i++) v[n++] = words[i];
    start(own, v[0], v, depth + 1);
}

_Noreturn void start_tool(const char *own, const char *name, char **words) {
    image = open(*outside ? outside : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (image < 0) die(NOT_EXECUTABLE, "the debug container's root (%s)", outside);
    unsetenv("LD_PRELOAD");
    unsetenv("LD_LIBRARY_PATH");
    start(own, name, words, 0);
}
