#!/bin/sh
# End a session container well. Argument: how many seconds our processes may take to end.
# Everything of this container gets TERM, what began at a terminal HUP (interactive shells ignore TERM); when nothing of
# it is left and nothing traces the target, its main process is ended. Else nothing more is done, and what is in the way
# is named, one line each: `busy PID NAME`, `traces PID NAME`.
patience=$1 main=''

# cgroup_of PID: its cgroups in $cgroup.
cgroup_of() {
	cgroup=
	while IFS= read -r line; do cgroup="$cgroup $line"; done <"/proc/$1/cgroup"
} 2>/dev/null

# status_of PID: $name, $state, $parent and $tracer from /proc/PID/status.
status_of() {
	name='' state='' parent='' tracer=0
	while read -r key value rest; do
		case $key in
		Name:) name=$value ;;
		State:) state=$value ;;
		PPid:) parent=$value ;;
		TracerPid:) tracer=$value ;;
		esac
	done <"/proc/$1/status"
	[ -n "$parent" ]
} 2>/dev/null

# begun PID: whether an exec began it, or the runtime: $parent, its own, is none of this container (0: out of sight).
begun() {
	[ "$parent" = 0 ] && return
	cgroup_of "$parent"
	[ "$cgroup" != "$own" ]
}

# at_terminal PID: whether it leads a terminal: the fourth and fifth field behind the name in /proc/PID/stat.
at_terminal() {
	read -r stat <"/proc/$1/stat" || return
	pid=$1
	# shellcheck disable=SC2086 # numbers and a letter: the name before the last ")" is cut off
	set -- ${stat##*) }
	[ "$4" = "$pid" ] && [ "$5" != 0 ]
} 2>/dev/null

# find_main: the main process in $main. The words of an argv are told apart by tr.
find_main() {
	for process in /proc/[0-9]*; do
		pid=${process#/proc/}
		cgroup_of "$pid"
		[ "$cgroup" = "$own" ] && [ "$pid" != $$ ] && status_of "$pid" && begun || continue
		tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null | grep -qx ke-sleeper && main=$pid && return
	done
}

# look: our processes but the main one, what it sleeps by, and this one in $ours, `PID/NAME` each in $named, those that
# an exec began at a terminal in $shells, and who traces in $tracers.
look() {
	ours='' named='' shells='' tracers=' '
	for process in /proc/[0-9]*; do
		pid=${process#/proc/}
		status_of "$pid" || continue
		[ "$tracer" = 0 ] || tracers="$tracers$tracer "
		cgroup_of "$pid"
		[ "$cgroup" = "$own" ] && [ "$pid" != $$ ] && [ "$parent" != $$ ] && [ "$state" != Z ] || continue
		[ "$pid" = "$main" ] && continue
		# Where the main process is PID 1 its children are orphans of ours too.
		[ "$parent" = "$main" ] && tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -q '^sleep [0-9]* $' && continue
		ours="$ours $pid" named="$named $pid/$name"
		begun && at_terminal "$pid" && shells="$shells $pid"
	done
}

cgroup_of $$
own=$cgroup
find_main
look
# shellcheck disable=SC2086 # a list of ids
[ -z "$ours" ] || kill -TERM $ours 2>/dev/null
# shellcheck disable=SC2086 # a list of ids
[ -z "$shells" ] || kill -HUP $shells 2>/dev/null
while [ -n "$ours" ] && [ "$patience" -gt 0 ]; do
	sleep 1
	patience=$((patience - 1))
	look
done
if [ -n "$ours" ]; then
	for word in $named; do
		case $tracers in *" ${word%%/*} "*) doing=traces ;; *) doing=busy ;; esac
		echo "$doing ${word%%/*} ${word#*/}"
	done
	exit 1
fi
[ -n "$main" ] || { echo gone; exit 0; }
kill -TERM "$main"
