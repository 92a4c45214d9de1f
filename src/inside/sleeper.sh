#!/bin/sh
# The main process of a session container: it waits, and ends after KE_TTL seconds in which nothing ran beside it.
# Its environment is the session's record (KE_BY, KE_REASON, KE_TTL, KE_TOOLKIT), which it writes to the log as one line.
# Needs sh and sleep. Work is whatever else is in this container's cgroup, since the PID namespace is often the target's.
ttl=${KE_TTL:-0}
until="ends after $ttl s idle"
[ "$ttl" -gt 0 ] || until='stays until it is stopped'
printf '%s\n' "kubectl ephemeral ${KE_TOOLKIT:-}, for ${KE_BY:-unknown}${KE_REASON:+: $KE_REASON}; $until"
# What it sleeps by is ended and waited for too: left behind, it would be the application's child.
trap 'kill $! 2>/dev/null; wait; exit 0' TERM INT HUP

# cgroup_of PID: its cgroups in $cgroup; readable of any user's process.
cgroup_of() {
	cgroup=
	while IFS= read -r line; do cgroup="$cgroup $line"; done <"/proc/$1/cgroup"
} 2>/dev/null

# process PID: from /proc/PID/stat its $state, $parent, $session and terminal in $tty (0: none).
process() {
	read -r stat <"/proc/$1/stat" || return
	# shellcheck disable=SC2086 # numbers and a letter: the name before the last ")" is cut off
	set -- ${stat##*) }
	state=$1 parent=$2 session=$4 tty=$5
} 2>/dev/null

# begun: whether an exec began that process: its parent is none of this container (0: out of sight).
begun() {
	[ "$parent" = 0 ] && return
	cgroup_of "$parent"
	[ "$cgroup" != "$own" ]
}

# idle_for PID: seconds since the terminal of PID last read or wrote; 0 where that cannot be told.
idle_for() {
	idle=0
	# shellcheck disable=SC2012 # the name is a number
	for device in /dev/pts/[0-9]*; do
		[ "$((34816 + ${device#/dev/pts/}))" = "$tty" ] || continue
		read=$(stat -c %X "$device") written=$(stat -c %Y "$device") now=$(date +%s)
		[ "${read:-0}" -gt "${written:-0}" ] || read=$written
		[ -n "$read" ] && [ -n "$now" ] && idle=$((now - read))
	done
} 2>/dev/null

# busy: whether anything works here. A terminal that neither read nor wrote for the TTL gets HUP and does not count.
busy() {
	works=1
	for process in /proc/[0-9]*; do
		pid=${process#/proc/}
		[ "$pid" = $$ ] && continue
		cgroup_of "$pid"
		[ "$cgroup" = "$own" ] || continue
		process "$pid" || continue
		[ "$state" = Z ] && continue
		if [ "$tty" != 0 ] && [ "$session" = "$pid" ] && begun; then
			idle_for "$pid"
			# Linux keeps a terminal's times to 8 s only.
			if [ "$idle" -ge "$((ttl + 8))" ]; then
				kill -HUP "$pid" 2>/dev/null
				continue
			fi
		fi
		works=0
	done
	return $works
}

cgroup_of $$
own=$cgroup
step=30 quiet=0
[ "$ttl" -eq 0 ] || [ "$ttl" -ge 120 ] || step=$(((ttl + 3) / 4))
while :; do
	sleep "$step" &
	wait $! || exit 1
	[ "$ttl" -eq 0 ] && continue
	quiet=$((quiet + step))
	busy && quiet=0
	[ "$quiet" -lt "$ttl" ] || exit 0
done
