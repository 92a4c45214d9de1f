/* Our descendants: all that must be gone before an exec is over, so that none becomes a child of the application. */
#define _GNU_SOURCE
#include "ke.h"
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct process { pid_t pid, parent, tracer; bool ours; };

/* Parent and tracer of a process; false: it is gone, or over. */
static bool look_at(pid_t pid, struct process *process) {
    char path[64], line[256], state = 0;
    text(path, sizeof path, "/proc/%d/status", pid);
    FILE *status = fopen(path, "re");
    if (!status) return false;
    *process = (struct process){ .pid = pid };
    while (fgets(line, sizeof line, status)) {
        sscanf(line, "State: %c", &state);
        sscanf(line, "PPid: %d", &process->parent);
        sscanf(line, "TracerPid: %d", &process->tracer);
    }
    fclose(status);
    return state && state != 'Z' && state != 'X';
}

int signal_descendants(int signal, pid_t spared) {
    static struct process *all;
    static int room;
    int count = 0, sent = 0;
    DIR *proc = opendir("/proc");
    for (struct dirent *entry; proc && (entry = readdir(proc));) {
        pid_t pid = atoi(entry->d_name);
        if (count == room) {
            struct process *more = realloc(all, (room + 4096) * sizeof *all);
            if (!more) break;
            all = more, room += 4096;
        }
        if (pid > 0 && look_at(pid, &all[count])) count++;
    }
    if (proc) closedir(proc);
    for (bool more = true; more;) {
        more = false;
        for (int i = 0; i < count; i++) {
            if (all[i].ours || all[i].pid == spared) continue;
            bool child = all[i].parent == getpid();
            for (int k = 0; k < count && !child; k++) child = all[k].ours && all[k].pid == all[i].parent;
            if (child) all[i].ours = more = true;
        }
    }
    for (int i = 0; i < count; i++) {
        if (!all[i].ours) continue;
        /* A debugger that is killed takes along what it holds. */
        bool traces = false;
        for (int k = 0; k < count; k++) traces |= all[k].tracer == all[i].pid && !all[k].ours;
        if (signal != SIGKILL || !traces) kill(all[i].pid, signal);
        sent++;
    }
    return sent;
}
