/* What the supervisor does while its worker runs, and until nothing is left of it. */
#define _GNU_SOURCE
#include "ke.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Seconds from TERM to KILL. */
enum { GRACE = 2 };

volatile sig_atomic_t told;

static void on_signal(int number) { if (number != SIGCHLD) told = number; }

double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

void heed_signals(const struct options *options) {
    static const int watched[] = { SIGCHLD, SIGTERM, SIGHUP, SIGINT, SIGQUIT };
    signal(SIGPIPE, SIG_IGN);
    if (options->bare) signal(SIGINT, SIG_IGN), signal(SIGQUIT, SIG_IGN);
    for (size_t i = 0; i < sizeof watched / sizeof *watched; i++) {
        if (options->bare && (watched[i] == SIGINT || watched[i] == SIGQUIT)) continue;
        sigaction(watched[i], &(struct sigaction){ .sa_handler = on_signal }, NULL);
    }
}

/* End what is left of us: TERM, then KILL. */
static void end_rest(pid_t anchor) {
    if (anchor > 0) kill(anchor, SIGKILL), waitpid(anchor, NULL, 0);
    double until = now() + GRACE;
    for (int round = 0;; round++) {
        pid_t pid;
        while ((pid = waitpid(-1, NULL, WNOHANG)) > 0) {}
        if (pid < 0 && errno == ECHILD) return;
        if (round == 0) signal_descendants(SIGTERM, 0), signal_descendants(SIGCONT, 0);
        else if (now() > until && (signal_descendants(SIGKILL, 0) == 0 || now() > until + GRACE)) return;
        struct timespec pause = { 0, 20000000 };
        nanosleep(&pause, NULL);
    }
}

/* The worker is stopped, and nobody is there who could continue it. */
static void continue_worker(const struct options *options, pid_t worker, int status) {
    bool at_terminal = WSTOPSIG(status) == SIGTTIN || WSTOPSIG(status) == SIGTTOU;
    /* What was in the foreground is gone. */
    if (at_terminal && options->tty) tcsetpgrp(0, worker);
    if (!options->bare) kill(-worker, SIGCONT);
}

int supervise(const struct visit *visit, pid_t worker, char kind, int requests, int feed) {
    const struct options *options = visit->options;
    pid_t anchor = visit->anchor;
    double heard = now(), kills = 0, until = entries.timeout ? heard + entries.timeout : 0;
    bool out_of_time = false, lost = false;
    int status = 0;
    char buffer[512], last = 0;
    sigset_t none;
    sigemptyset(&none);
    for (;;) {
        pid_t pid;
        while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
            if (pid != worker) { if (!WIFSTOPPED(status)) outside_ended(pid, status); continue; }
            if (WIFSTOPPED(status)) { continue_worker(options, worker, status); continue; }
            end_rest(anchor);
            /* Nobody is there to take it, or somebody waits for our end. */
            if (visit->out && !lost && !told) out_offer(&visit->as, options->tty, kind, last);
            out_remove(&visit->as);
            session_remove();
            return out_of_time ? TIMED_OUT : WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
        }
        if (told && !kills) {
            if (told == SIGHUP) kill(options->tty ? -worker : worker, SIGHUP);
            signal_descendants(told == SIGHUP ? SIGHUP : SIGTERM, anchor);
            signal_descendants(SIGCONT, anchor);
            /* Whoever asks by TERM decides himself how long he waits. */
            if (told != SIGTERM) kills = now() + GRACE;
            lost = true;
            told = 0;
        }
        if (until && now() > until && !kills) {
            signal_descendants(SIGTERM, anchor), signal_descendants(SIGCONT, anchor);
            kills = now() + GRACE;
            out_of_time = true;
        }
        bool lease = (kind == 'c' || kind == 'a') && !kills;
        if (lease && now() - heard > LEASE) told = SIGALRM;
        if (kills && now() > kills) signal_descendants(SIGKILL, anchor), kills = now() + GRACE;
        struct pollfd inputs[] = { { .fd = lease ? 0 : -1, .events = POLLIN }, { .fd = requests, .events = POLLIN },
            { .fd = feed_left() ? feed : -1, .events = POLLOUT } };
        double rest = until ? until - now() : 1;
        struct timespec wait = { rest < 1 && !kills ? 0 : 1, rest < 1 && !kills && rest > 0 ? rest * 1e9 : 0 };
        if (ppoll(inputs, 3, lease || kills || until ? &wait : NULL, &none) <= 0) continue;
        if (inputs[1].revents & POLLIN) outside_serve(requests, &visit->as, options->keep);
        else if (inputs[1].revents) requests = -1;
        if (inputs[2].revents) feed_on(&feed, NULL, 0);
        if (!inputs[0].revents) continue;
        ssize_t got = read(0, buffer, sizeof buffer);
        if (got > 0) heard = now(), last = buffer[got - 1], feed_on(&feed, buffer, got);
        else if (got == 0 || (errno != EINTR && errno != EAGAIN)) told = SIGALRM;
    }
}
