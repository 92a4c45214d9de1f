#!/bin/sh
# What listens in the pod's network, tcp and udp, and which process it is. QUEUE is how many connections wait to be
# accepted, of how many at most.
set -u
export LC_ALL=C
fail() { printf 'error: %s\n' "$1" >&2; exit 1; }
command -v ss >/dev/null || fail 'the image has no ss; the net toolkit has one (or any image with iproute2)'
sockets=$(ss -H -lntup) || fail 'ss could not list the sockets'
unnamed() { printf '%s\n' "$1" | grep -cv 'users:(('; }
# Without SYS_PTRACE root does not see what another user's process has open; that user does. By its full path, since busybox
# has a setpriv of its own that cannot do it.
if [ "$(id -u)" = 0 ] && [ "${TARGET_UID:-0}" != 0 ] && [ "$(unnamed "$sockets")" != 0 ] && [ -x /usr/bin/setpriv ]; then
	theirs=$(/usr/bin/setpriv --reuid "$TARGET_UID" --regid "${TARGET_GID:-0}" --clear-groups --no-new-privs ss -H -lntup 2>/dev/null)
	[ -z "$theirs" ] || [ "$(unnamed "$theirs")" -ge "$(unnamed "$sockets")" ] || sockets=$theirs
fi
[ -n "$sockets" ] || { echo 'nothing listens here' >&2; exit 0; }
printf '%s\n' "$sockets" | awk '
	# users:(("nginx",pid=7,fd=6),("nginx",pid=8,fd=6)) → three processes at most. Names are asked of the kernel: one can hold
	# whatever stands between two of these.
	function processes(text, pid, pids, seen, count, name, said, i, j) {
		for (; match(text, /,pid=[0-9]+,fd=[0-9]+\)/); text = substr(text, RSTART + RLENGTH)) {
			pid = substr(text, RSTART + 5, RLENGTH - 5) + 0
			if (pid in seen) continue
			seen[pid] = 1
			for (j = ++count; j > 1 && pids[j - 1] > pid; j--) pids[j] = pids[j - 1]
			pids[j] = pid
		}
		for (i = 1; i <= count && i < 4; i++) {
			name = "?"
			getline name <("/proc/" pids[i] "/comm")
			close("/proc/" pids[i] "/comm")
			said = said (i > 1 ? ", " : "") name " " pids[i]
		}
		return said (count > 3 ? " and " count - 3 " more" : "")
	}
	{
		port = $5
		sub(/.*:/, "", port)
		users = index($0, "users:((") ? processes(substr($0, index($0, "users:(("))) : "-"
		print port + 0, $1, $5, ($1 == "tcp" ? $3 "/" $4 : "-"), users
	}' | tr -c '\012\040-\176' '?' | sort -k 1,1n -k 2,3 | awk '
	function row(a, b, c, d) {
		n++
		cell[n, 1] = a; cell[n, 2] = b; cell[n, 3] = c; last[n] = d
		for (i = 1; i < 4; i++) if (length(cell[n, i]) > wide[i]) wide[i] = length(cell[n, i])
	}
	BEGIN { row("PROTO", "ADDRESS", "QUEUE", "PROCESS") }
	{
		users = $0
		for (i = 1; i < 5; i++) sub(/^[^ ]* /, "", users)
		row($2, $3, $4, users)
	}
	END {
		for (r = 1; r <= n; r++) {
			line = ""
			for (i = 1; i < 4; i++) line = line sprintf("%-" wide[i] + 2 "s", cell[r, i])
			print line last[r]
		}
	}'

missing=$(unnamed "$sockets")
[ "$missing" = 0 ] || echo "$missing of $(printf '%s\n' "$sockets" | grep -c .) without a name: other containers' processes are never seen; the target's are by its user or with SYS_PTRACE" >&2
exit 0
