/* Who we are and what we may: ids and capabilities (capabilities(7), prctl(2)), without any library. */
#define _GNU_SOURCE
#include "ke.h"
#include <grp.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* linux/capability.h, which musl-gcc does not see. */
#define CAPABILITY_VERSION_3 0x20080522
struct capability_header { uint32_t version; int pid; };
struct capability_data { uint32_t effective, permitted, inheritable; };

bool has_capability(int capability) {
    struct capability_header header = { CAPABILITY_VERSION_3, 0 };
    struct capability_data data[2];
    if (syscall(SYS_capget, &header, data)) return false;
    return data[capability / 32].effective & 1u << capability % 32;
}

void drop_capabilities(void) {
    struct capability_header header = { CAPABILITY_VERSION_3, 0 };
    struct capability_data none[2] = { { 0, 0, 0 }, { 0, 0, 0 } };
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    if (syscall(SYS_capset, &header, none)) die(FAILED, "capabilities cannot be given up");
}

/* From here on no program gains by being run what we have not. Without SETPCAP the bounding set cannot be made smaller;
 * no_new_privs has that effect, and that of taking setuid's. */
void give_up_bounding(uint64_t mask) {
    for (int capability = 0; capability < 64; capability++) {
        if (!(mask & 1ull << capability) || prctl(PR_CAPBSET_READ, capability, 0, 0, 0) != 1) continue;
        if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)) no_new_rights();
    }
}

void give_up(uint64_t mask) {
    struct capability_header header = { CAPABILITY_VERSION_3, 0 };
    struct capability_data data[2];
    if (mask == 0) return;
    if (syscall(SYS_capget, &header, data)) die(FAILED, "capabilities cannot be read");
    for (int i = 0; i < 2; i++) {
        uint32_t kept = ~(uint32_t)(mask >> 32 * i);
        data[i].effective &= kept, data[i].permitted &= kept, data[i].inheritable &= kept;
    }
    /* What is not permitted is not ambient either. */
    if (syscall(SYS_capset, &header, data)) die(FAILED, "capabilities cannot be given up");
}

void become(const struct identity *as) {
    if (geteuid() == as->uid && getegid() == as->gid) {
        /* The groups are others all the same. */
        if (has_capability(CAP_SETGID) && setgroups(as->count, as->groups)) die(FAILED, "the groups of %u", as->uid);
        return;
    }
    if (setgroups(as->count, as->groups) || setresgid(as->gid, as->gid, as->gid) || setresuid(as->uid, as->uid, as->uid))
        die(FAILED, "cannot become %u:%u", as->uid, as->gid);
    /* So that others of this user may follow /proc/PID/root, and we our own /proc/self. */
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

void no_new_rights(void) {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) die(FAILED, "no_new_privs");
}
