/* What /proc tells of the target. */
#define _GNU_SOURCE
#include "ke.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* The content of an open file of /proc, which is then closed; ended by two NULs, to be freed; NULL where it cannot be read. At most 4 MiB. */
static char *read_all(int fd, size_t *length) {
    if (fd < 0) return NULL;
    size_t size = 4096, used = 0;
    char *content = malloc(size);
    for (ssize_t got; content && (got = read(fd, content + used, size - used - 2)) > 0;) {
        used += got;
        if (size - used > 2) continue;
        if (size >= 4 << 20) break;
        char *more = realloc(content, size *= 2);
        if (!more) free(content);
        content = more;
    }
    close(fd);
    if (content) content[used] = content[used + 1] = 0;
    if (length) *length = used;
    return content;
}

static bool names(pid_t pid, const char *container) {
    char path[64];
    text(path, sizeof path, "/proc/%d/cgroup", pid);
    char *content = read_all(open(path, O_RDONLY | O_CLOEXEC), NULL);
    bool found = content && strstr(content, container);
    free(content);
    return found;
}

/* The parent of a process; 0: out of sight, or gone. */
static pid_t parent_of(pid_t pid) {
    char path[64];
    int parent = 0;
    text(path, sizeof path, "/proc/%d/status", pid);
    char *content = read_all(open(path, O_RDONLY | O_CLOEXEC), NULL), *line = content ? strstr(content, "\nPPid:") : NULL;
    if (line) sscanf(line, "\nPPid: %d", &parent);
    free(content);
    return parent;
}

pid_t find_target(const char *container) {
    /* PID 1 need not be the target: it may be the pod's pause process, or the node's. */
    if (strlen(container) < 12) return 0;
    if (names(1, container)) return 1;
    pid_t first = 0;
    bool first_is_main = false;
    DIR *all = opendir("/proc");
    for (struct dirent *entry; all && (entry = readdir(all));) {
        pid_t pid = atoi(entry->d_name);
        if (pid <= 0 || !names(pid, container)) continue;
        /* The main process was begun by none of the container's; numbers start anew when they have run out. */
        pid_t parent = parent_of(pid);
        bool is_main = parent == 0 || !names(parent, container);
        if (!first || is_main > first_is_main || (is_main == first_is_main && pid < first)) first = pid, first_is_main = is_main;
    }
    if (all) closedir(all);
    return first;
}

bool read_target(pid_t pid, struct target *target) {
    char path[64];
    text(path, sizeof path, "/proc/%d/status", pid);
    char *content = read_all(open(path, O_RDONLY | O_CLOEXEC), NULL), *rest = content;
    *target = (struct target){ .pid = pid, .umask = 022 };
    bool known = false;
    for (char *line; rest && (line = strsep(&rest, "\n"));) {
        struct identity *as = &target->as;
        if (sscanf(line, "Uid: %u", &as->uid) == 1) known = true;
        if (sscanf(line, "Gid: %u", &as->gid) == 1) continue;
        if (sscanf(line, "Umask: %o", &target->umask) == 1) continue;
        if (sscanf(line, "CapBnd: %lx", &target->bounding) == 1) continue;
        if (strncmp(line, "Groups:", 7)) continue;
        char *group = line + 7, *end;
        for (; as->count < 64; group = end) {
            unsigned long id = strtoul(group, &end, 10);
            if (end == group) break;
            as->groups[as->count++] = id;
        }
    }
    free(content);
    return known;
}

/* Variables that would make our tools load or run what the target chose. */
static bool acts_on_tools(const char *variable) {
    static const char *const exact[] = { "BASH_ENV", "ENV", "PROMPT_COMMAND", "PS4", "IFS", "GCONV_PATH", "NODE_OPTIONS",
        "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS", "SHELLOPTS", "BASHOPTS", "PS0", "PS1", "PS2", "INPUTRC",
        "ZDOTDIR", "HISTFILE", "LOCPATH", "GLIBC_TUNABLES", "LESSOPEN", "LESSCLOSE", "TERMINFO", "TERMINFO_DIRS", "PAGER",
        "EDITOR", "VISUAL", "OPENSSL_CONF", "OPENSSL_MODULES", "OPENSSL_ENGINES", "RUBYOPT", "RUBYLIB", "SHELL", "CURL_HOME",
        "WGETRC", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "TAR_OPTIONS", "LESSKEY", "LESSKEYIN", "LESS", "MANPAGER", "CDPATH",
        "NODE_PATH", "LUA_INIT", "AWKPATH", "AWKLIBPATH", "RSYNC_RSH", "SSH_ASKPASS", "SSLKEYLOGFILE", "GDBHISTFILE", "NLSPATH",
        "JDK_JAVAC_OPTIONS", "JAVA_OPTIONS", "IBM_JAVA_OPTIONS", "OPENJ9_JAVA_OPTIONS", "DOTNET_STARTUP_HOOKS", "GOFLAGS",
        "GOENV", "CLASSPATH", "PERLLIB", "XTABLES_LIBDIR", "TC_LIB_DIR", "NMAPDIR", "VIMINIT", "EXINIT", "FPATH", "PHPRC",
        "PHP_INI_SCAN_DIR", "TCLLIBPATH", "JAVA_HOME", "SASL_PATH", "BASH_LOADABLES_PATH", "RIPGREP_CONFIG_PATH",
        "CURL_CA_BUNDLE", "HOSTALIASES", "RES_OPTIONS", "DEBUGINFOD_URLS", "DOCKER_HOST", "KUBECONFIG" };
    static const char *const begins[] = { "LD_", "PYTHON", "PERL5", "BASH_FUNC_", "GIT_", "FZF_", "MALLOC_", "PERL_", "LUA_", "GEM_",
        "BUNDLE_", "CORECLR_", "COMPlus_", "DOTNET_", "KRB5", "GIO_", "npm_config_", "WIRESHARK_", "SSL_CERT_", "KE_", "TARGET_" };
    size_t length = strcspn(variable, "=");
    for (size_t i = 0; i < sizeof exact / sizeof *exact; i++)
        if (strlen(exact[i]) == length && !strncmp(variable, exact[i], length)) return true;
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
        if (!strncmp(variable, begins[i], strlen(begins[i]))) return true;
    return false;
}

/* What the kernel asks for /proc/PID/root and the like is our file system ids, which root may lend itself (ptrace(2),
 * PTRACE_MODE_READ_FSCREDS): `open` runs with the target's. */
static int as_target(const struct target *target, const char *path, int flags) {
    gid_t gid = setfsgid(target->as.gid);
    uid_t uid = setfsuid(target->as.uid);
    int fd = open(path, flags | O_CLOEXEC), error = errno;
    setfsuid(uid);
    setfsgid(gid);
    if (fd < 0) fd = open(path, flags | O_CLOEXEC);
    else errno = error;
    return fd;
}

int open_target(const struct target *target, const char *what) {
    char path[64];
    text(path, sizeof path, "/proc/%d/%s", target->pid, what);
    return as_target(target, path, O_PATH | O_DIRECTORY);
}

char *read_environment(const struct target *target, size_t *length) {
    char path[64];
    text(path, sizeof path, "/proc/%d/environ", target->pid);
    char *content = read_all(as_target(target, path, O_RDONLY), length);
    return content;
}

const char *take_environment(char *content, size_t length) {
    const char *theirs = NULL;
    for (char *entry = content; entry < content + length; entry += strlen(entry) + 1) {
        char *equals = strchr(entry, '=');
        if (!equals || equals == entry || acts_on_tools(entry)) continue;
        if (!strncmp(entry, "PATH=", 5)) { theirs = equals + 1; continue; }
        *equals = 0;
        setenv(entry, equals + 1, 1);
        *equals = '=';
    }
    return theirs;
}

void take_limits(const struct target *target) {
    umask(target->umask);
    for (int kind = 0; kind < RLIM_NLIMITS; kind++) {
        struct rlimit theirs, ours;
        if (prlimit(target->pid, kind, NULL, &theirs) || getrlimit(kind, &ours)) continue;
        if (theirs.rlim_max > ours.rlim_max) theirs.rlim_max = ours.rlim_max;
        if (theirs.rlim_cur > theirs.rlim_max) theirs.rlim_cur = theirs.rlim_max;
        setrlimit(kind, &theirs);
    }
}
