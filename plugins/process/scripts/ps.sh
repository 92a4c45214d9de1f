#!/bin/sh
# The processes of the target container, from /proc: a ps of the debug image would know neither which of those here are the
# target's nor its users, and prints what processes call themselves to the letter. TIME is the processor's.
set -u
export LC_ALL=C
fail() { printf 'error: %s\n' "$1" >&2; exit 1; }
[ -n "${TARGET_PID:-}" ] || fail 'no process of the target is to be seen here; this needs the target container named'
[ -e "/proc/$TARGET_PID/stat" ] || fail "process $TARGET_PID of the target is gone; try again"

# visible: texts that end in NUL → one line each that is safe on a terminal: newline, return and tab are \n, \r and \t, other
# control characters become signs, and what reorders text or is no UTF-8 becomes a mark.
visible() {
	od -An -v -tu1 | awk '
		function put(c) {
			if (more && c > 127 && c < 192) {
				code = code * 64 + c - 128
				text = text sprintf("%c", c)
				if (--more == 0) printf "%s", (unsafe() ? "�" : text)
				return
			}
			if (more) printf "�"
			more = 0
			if (c == 0) printf "\n"
			else if (c in word) printf "%s", word[c]
			else if (c < 32) printf "%c%c%c", 226, 144, 128 + c
			else if (c < 127) printf "%c", c
			else if (c > 193 && c < 245) {
				more = 1 + (c > 223) + (c > 239)
				least = more == 1 ? 128 : more == 2 ? 2048 : 65536
				code = c - (more == 1 ? 192 : more == 2 ? 224 : 240)
				text = sprintf("%c", c)
			} else printf "%s", (c == 127 ? "␡" : "�")
		}
		function unsafe() {
			return code < least || code > 1114111 || code > 55295 && code < 57344 || code < 160 || code == 1564 ||
				code == 8206 || code == 8207 || code > 8231 && code < 8239 || code > 8293 && code < 8298
		}
		BEGIN { word[9] = "\\t"; word[10] = "\\n"; word[13] = "\\r" }
		{ for (i = 1; i <= NF; i++) put($i + 0); last = $NF }
		END { if (more) printf "�"; if (NR && last + 0) printf "\n" }'
}

# The target's are those in its cgroup or below. Where nothing tells ours from the target's, mark is empty and all count.
mark=''
while IFS= read -r line; do
	case $line in *:/) ;; *) mark=$line && break ;; esac
done <"/proc/$TARGET_PID/cgroup"
belongs() {
	[ -n "$mark" ] || return 0
	while IFS= read -r line; do
		case $line in "$mark" | "$mark"/*) return 0 ;; esac
	done <"/proc/$1/cgroup"
	return 1
} 2>/dev/null

# status_of PID: $name, $uid (effective) and $memory in KiB; no memory for a zombie or a thread of the kernel.
status_of() {
	name='' uid='' memory=-
	while read -r key first second _; do
		case $key in
		Name:) name=$first${second:+ $second} ;;
		Uid:) uid=$second ;;
		VmRSS:) memory=$first && break ;;
		esac
	done <"/proc/$1/status"
	[ -n "$uid" ]
} 2>/dev/null

# times_of PID: $state, $parent, $ticks of processor time and $began, ticks after the node's start, from behind the name,
# which may be of several lines and hold brackets.
times_of() {
	stat=''
	while IFS= read -r line; do stat="$stat $line"; done <"/proc/$1/stat"
	# shellcheck disable=SC2086 # a letter and numbers
	set -- ${stat##*) }
	[ $# -gt 20 ] || return 1
	state=$1 parent=$2 ticks=$((${12} + ${13})) began=${20}
} 2>/dev/null

rows() {
	for folder in /proc/[0-9]*; do
		pid=${folder#/proc/}
		times_of "$pid" || continue
		# A zombie has left its cgroup, in version 1.
		belongs "$pid" || { [ "$state" = Z ] && belongs "$parent"; } || continue
		status_of "$pid" || continue
		words=$(tr '\000' ' ' <"$folder/cmdline" 2>/dev/null)
		words=${words% }
		printf '%s %s %s %s %s %s %s\000' "$pid" "$uid" "$state" "$began" "$ticks" "$memory" "${words:-[$name]}"
	done
}

# Names of users are the target's, where they can be read.
users=${TARGET_ROOT:-/proc/$TARGET_PID/root}/etc/passwd
{ [ -f "$users" ] && [ ! -L "$users" ] && [ -r "$users" ]; } || users=/dev/null
read -r now _ </proc/uptime
rows | visible | sort -n | awk -v now="$now" -v users="$users" '
	function time(seconds) {
		if (seconds < 9.95) return sprintf("%.1f s", seconds)
		if (seconds < 119.5) return sprintf("%d s", seconds + 0.5)
		if (seconds < 7200) return sprintf("%d min", seconds / 60 + 0.5)
		return seconds < 172800 ? sprintf("%d h", seconds / 3600 + 0.5) : sprintf("%d d", seconds / 86400 + 0.5)
	}
	function size(k) {
		if (k == "-") return "-"
		if (k < 10239.5) return k < 1024 ? k " KiB" : sprintf("%.1f MiB", k / 1024)
		return k < 1048064 ? sprintf("%d MiB", k / 1024 + 0.5) : sprintf("%.1f GiB", k / 1048576)
	}
	function row(a, b, c, d, e, f, g) {
		n++
		cell[n, 1] = a; cell[n, 2] = b; cell[n, 3] = c; cell[n, 4] = d; cell[n, 5] = e; cell[n, 6] = f; last[n] = g
		for (i = 1; i < 7; i++) if (length(cell[n, i]) > wide[i]) wide[i] = length(cell[n, i])
	}
	BEGIN {
		while ((getline line < users) > 0)
			if (split(line, part, ":") > 2 && part[1] ~ /^[A-Za-z0-9_.-]+$/ && !(part[3] in user)) user[part[3]] = part[1]
		split("D disk-sleep I idle R running S sleeping T stopped X dead Z zombie t traced", words, " ")
		for (i = 1; i < 17; i += 2) states[words[i]] = words[i + 1]
		row("PID", "USER", "STATE", "AGE", "TIME", "MEMORY", "COMMAND")
	}
	{
		text = $0
		for (i = 1; i < 7; i++) sub(/^[^ ]* /, "", text)
		age = now - $4 / 100
		row($1, $2 in user ? user[$2] : $2, $3 in states ? states[$3] : $3, time(age > 0 ? age : 0), time($5 / 100), size($6), text)
	}
	END {
		for (r = 1; r <= n; r++) {
			line = ""
			for (i = 1; i < 7; i++) line = line sprintf("%-" wide[i] + 2 "s", cell[r, i])
			print line last[r]
		}
	}'
