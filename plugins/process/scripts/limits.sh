#!/bin/sh
# What the target container may use of memory, processor and processes, and what it uses, by its cgroup (version 1 or 2).
# Takes a second, for the processor's use now.
set -u
export LC_ALL=C
fail() { printf 'error: %s\n' "$1" >&2; exit 1; }
pid=${TARGET_PID:-}
root=${TARGET_ROOT:-/proc/$pid/root}
[ -n "$pid" ] || fail 'no process of the target is to be seen here; this needs the target container named'
[ -e "/proc/$pid/stat" ] || fail "process $pid of the target is gone; try again"

# holds FOLDER: whether the target is in that cgroup or up to two below it. What a container sees at /sys/fs/cgroup is
# mostly its own.
holds() {
	[ -f "$1/cgroup.procs" ] && cat "$1/cgroup.procs" "$1"/*/cgroup.procs "$1"/*/*/cgroup.procs 2>/dev/null | grep -qx "$pid"
}

# find_group CONTROLLER: in $at the target's cgroup for it, in $version 1 or 2: by the path that the kernel tells, where the
# whole tree is to be seen, else as the target sees it.
find_group() {
	path1='' path2=''
	while IFS=: read -r _ names path; do
		case ,$names, in ,,) path2=${path%/} ;; *,"$1",*) path1=${path%/} ;; esac
	done <"/proc/$pid/cgroup"
	for view in "${root%/}/sys/fs/cgroup" /sys/fs/cgroup; do
		version=1
		for at in "$view/$1$path1" "$view/$1"; do holds "$at" && return; done
		version=2
		for at in "$view$path2" "$view" "$view/unified$path2" "$view/unified"; do
			grep -qw "$1" "$at/cgroup.controllers" 2>/dev/null && holds "$at" && return
		done
	done
	return 1
}

# fact NAME FILE [KEY]: the first word of a file of the cgroup, or the word behind KEY, as a line for awk below.
fact() {
	while read -r first second _; do
		[ $# = 2 ] && echo "$1 $first $second" && return
		[ "$first" = "$3" ] && echo "$1 $second" && return
	done <"$at/$2"
} 2>/dev/null

# sample N: how long the processor has worked for the target, and the clock.
sample() {
	if [ "$version" = 2 ]; then fact "work$1" cpu.stat usage_usec; else fact "work$1" cpuacct.usage; fi
	read -r clock _ </proc/uptime && echo "clock$1 $clock"
}

facts() {
	if find_group memory; then
		if [ "$version" = 2 ]; then
			fact memory memory.current
			fact limit memory.max
			fact high memory.high
			fact cache memory.stat inactive_file
			fact full memory.events max
			fact killed memory.events oom_kill
		else
			fact memory memory.usage_in_bytes
			fact limit memory.limit_in_bytes
			fact above memory.stat hierarchical_memory_limit
			fact cache memory.stat total_inactive_file
			fact full memory.failcnt
			fact killed memory.oom_control oom_kill
		fi
	fi
	if find_group pids; then
		fact pids pids.current
		fact pids_limit pids.max
		fact refused pids.events max
	fi
	if find_group cpu; then
		fact periods cpu.stat nr_periods
		fact throttled cpu.stat nr_throttled
		if [ "$version" = 2 ]; then
			fact quota cpu.max
			fact waited cpu.stat throttled_usec
			unit=1000000
		else
			fact quota cpu.cfs_quota_us
			fact period cpu.cfs_period_us
			fact waited cpu.stat throttled_time
			unit=1000000000
		fi
		echo "unit $unit"
	fi
	if { [ "$version" = 2 ] || find_group cpuacct; } && [ -r "$at" ]; then
		sample 1
		sleep 1
		sample 2
	fi
	at=/proc/$pid
	fact cores status Cpus_allowed_list:
}

found=$(facts)
case $found in
*memory* | *pids* | *unit*) ;;
*) fail "the cgroup of process $pid is not to be seen by $(id -u):$(id -g); it takes the target's user${TARGET_UID:+, $TARGET_UID:${TARGET_GID:-},} with its capabilities, or SYS_PTRACE" ;;
esac
printf '%s\n' "$found" | awk '
	function known(name) { return value[name] ~ /^[0-9]+$/ }
	# Version 1 says "no limit" by the greatest number of pages, or by -1.
	function limited(name) { return known(name) && value[name] < 1e18 }
	function size(n) {
		if (n < 1024) return n " B"
		if (n < 1048064) return sprintf("%d KiB", n / 1024 + 0.5)
		if (n < 10433331) return sprintf("%.1f MiB", n / 1048576)
		return n < 1073217536 ? sprintf("%d MiB", n / 1048576 + 0.5) : sprintf("%.1f GiB", n / 1073741824)
	}
	function commas(n) {
		n = sprintf("%.0f", n)
		for (tail = ""; length(n) > 3; n = substr(n, 1, length(n) - 3)) tail = "," substr(n, length(n) - 2) tail
		return n tail
	}
	function times(n) { return n == 1 ? "once" : commas(n) " times" }
	function percent(part, all) {
		if (all == 0) return "0 %"
		part = 100 * part / all
		return part > 0 && part < 9.95 ? sprintf("%.1f %%", part) : sprintf("%.0f %%", part)
	}
	function few(n) {
		n = sprintf(n < 9.995 ? "%.2f" : "%.1f", n)
		sub(/\.?0+$/, "", n)
		return n
	}
	# How many a list like 0-3,8 names.
	function count(list, i, n, part, ends, sum) {
		n = split(list, part, ",")
		for (i = 1; i <= n; i++) sum += split(part[i], ends, "-") == 2 ? ends[2] - ends[1] + 1 : 1
		return sum
	}
	{ value[$1] = $2 }
	$1 == "quota" && NF > 2 { value["period"] = $3 }
	END {
		if (known("memory")) {
			used = value["memory"] - value["cache"]
			if (used < 0) used = 0
			limit = limited("limit") ? value["limit"] : 0
			if (limit && limited("above") && value["above"] + 0 < limit) limit = value["above"]
			line = size(used) (limit ? " of " size(limit) " (" percent(used, limit) ")" : ", no limit of its own")
			if (!limit && limited("above")) line = line " (" size(value["above"]) " with others)"
			if (value["cache"] >= 1048576) line = line "; cache that gives way " size(value["cache"])
			if (limited("high")) line = line "; slowed down from " size(value["high"])
			if (limit && value["full"] > 0) line = line "; reached " times(value["full"])
			print "memory  " line
		} else print "memory  not known"
		if (known("unit")) {
			now = "use not known"
			elapsed = value["clock2"] - value["clock1"]
			unit = known("unit") ? value["unit"] : 1
			if (known("work2") && elapsed > 0) now = few((value["work2"] - value["work1"]) / unit / elapsed)
			quota = known("quota") && value["period"] > 0 ? value["quota"] / value["period"] : 0
			cores = count(value["cores"])
			if (quota) line = now " of " few(quota) (quota == 1 ? " core" : " cores")
			else line = now (now + 0 == 1 ? " core" : " cores") ", no limit" (cores ? " but the " cores " that it may use" : "")
			if (quota && known("throttled")) {
				line = line "; throttled in " commas(value["throttled"]) " of " commas(value["periods"]) " periods"
				line = line " (" percent(value["throttled"], value["periods"]) ")"
				if (value["waited"] > 0) line = line ", " few(value["waited"] / unit) " s in all"
			}
			print "cpu     " line
		} else print "cpu     not known"
		if (known("pids")) {
			line = commas(value["pids"]) (limited("pids_limit") ? " of " commas(value["pids_limit"]) : ", no limit of its own")
			if (value["refused"] > 0) line = line "; refused more " times(value["refused"])
			print "pids    " line
		} else print "pids    not known"
		if (known("killed")) {
			killed = value["killed"] + 0
			line = killed ? commas(killed) (killed == 1 ? " process" : " processes") " killed" : "nothing killed"
			print "oom     " line " since the container started"
		}
	}'
