#!/bin/sh
# End a session container well. Argument: how many seconds our processes may take to end.
# Everything of this container gets TERM; when nothing of it is left and nothing traces the target, its main process is
# ended. Else nothing more is done, and what is in the way is named, one line each: `busy PID NAME`, `traces PID NAME`.
patience=$1

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

# look: our processes but the main one and this one in $ours, `PID/NAME` each in $named, and who traces in $tracers.
look() {
	ours='' named='' main='' tracers=' '
	for process in /proc/[0-9]*; do
		pid=${process#/proc/}
		status_of "$pid" || continue
		[ "$tracer" = 0 ] || tracers="$tracers$tracer "
		cgroup_of "$pid"
		[ "$cgroup" = "$own" ] && [ "$pid" != $$ ] && [ "$parent" != $$ ] && [ "$state" != Z ] || continue
		if [ "$parent" = 0 ] && sleeps "$pid"; then main=$pid; continue; fi
		[ "$parent" = "${main:-none}" ] && continue
		ours="$ours $pid" named="$named $pid/$name"
	done
}

# sleeps PID: whether it is the main process; the words of its argv are told apart by tr.
sleeps() { tr '\0' '\n' <"/proc/$1/cmdline" 2>/dev/null | grep -qx ke-sleeper; }

cgroup_of $$
own=$cgroup
look
# shellcheck disable=SC2086 # a list of ids
[ -z "$ours" ] || kill -TERM $ours 2>/dev/null
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
