/* Trace a process, minding no signal but USR1, by which it lets go; if it is killed, what it traces is killed: PID. */
#include <signal.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv) {
	pid_t pid = argc > 1 ? atoi(argv[1]) : 0;
	sigset_t release;
	int got;
	signal(SIGTERM, SIG_IGN), signal(SIGHUP, SIG_IGN), signal(SIGINT, SIG_IGN);
	sigemptyset(&release);
	sigaddset(&release, SIGUSR1);
	sigprocmask(SIG_BLOCK, &release, NULL);
	if (ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_EXITKILL)) return 1;
	if (write(1, "traces\n", 7) != 7) return 1;
	sigwait(&release, &got);
	ptrace(PTRACE_INTERRUPT, pid, 0, 0);
	waitpid(pid, NULL, 0);
	return ptrace(PTRACE_DETACH, pid, 0, 0) ? 1 : 0;
}
