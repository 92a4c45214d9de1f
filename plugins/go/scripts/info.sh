#!/bin/sh
# What the target's Go program was built from: Go's version, module, revision and settings, as the linker left them in it.
# Read by the image's go; where there is none for this user, or it is older than the program, by sh (from Go 1.18 on).
set -u
export LC_ALL=C
fail() { printf 'error: %s\n' "$1" >&2; exit 1; }
pid=${TARGET_PID:-}
[ -n "$pid" ] || fail 'no process of the target is to be seen here; this needs the target container named'
[ -e "/proc/$pid/stat" ] || fail "process $pid of the target is gone; try again"
plain() { tr -c '\011\012\040-\176' '?'; }

file=/proc/$pid/exe
if ! (: <"$file") 2>/dev/null; then
	# In the target's root its program is where it was called, whoever may follow the link.
	called=$(tr '\000' '\012' <"/proc/$pid/cmdline" | head -n 1)
	case ${TARGET_ROOT:-},$called in
	/,/*) [ -f "$called" ] && [ -r "$called" ] && file=$called ;;
	esac
	[ "$file" = "$called" ] ||
		fail "the program of process $pid is closed to $(id -u):$(id -g); it takes the target's user${TARGET_UID:+, $TARGET_UID:${TARGET_GID:-},} with its capabilities, or SYS_PTRACE"
fi

# by_go, by_sh: the version in a line, then the lines that go keeps: path, mod, dep, =>, build, with tabs.
by_go() {
	command -v go >/dev/null 2>&1 || return
	# No folder of go's own is needed for this, nor a home, and none is to be written.
	HOME=/nowhere GOROOT=/nowhere GOENV=off GOFLAGS='' GOTOOLCHAIN=local go version -m "$file" 2>/dev/null |
		sed '1s/^.*: //; s/^	//'
}
by_sh() {
	tr -cs '\011\040-\176' '\012' <"$file" | awk '
		function version(line) {
			if (!match(line, /(go[0-9]+\.[0-9]|devel )/) || RSTART > 2) return ""
			return substr(line, RSTART)
		}
		found && /^(path|mod|dep|=>|build)\t/ { print; inside = 1; next }
		found && (inside || ++passed > 12) { exit }
		magic { magic = 0; if (version($0) != "") { print version($0); found = 1 } }
		/ Go buildinf:$/ && !found { magic = 1; any = 1 }
		END { if (any && !found) print "before 1.18" }'
}

told=$(by_go)
case $told in go* | devel*) ;; *) told=$(by_sh) ;; esac
program=$(readlink "/proc/$pid/exe" 2>/dev/null || echo "$file")
case $told in
'') fail "$(printf %s "$program" | plain), process $pid, is no Go program; ps shows the target's other processes, --pid N takes one of them" ;;
before*) fail "$(printf %s "$program" | plain) was built by a Go before 1.18, and the image has no go to read that" ;;
esac
printf '%s\n' "$told" | plain | awk -F '\t' '
	function line(word, value) { printf "%-8s  %s\n", word, value }
	NR == 1 { line("go", $1); next }
	$1 == "path" { line("path", $2) }
	$1 == "mod" { line("module", $2 ($3 == "" ? "" : " " $3)) }
	$1 == "dep" { modules++ }
	$1 == "build" && /\tvcs/ { split($2, part, "="); vcs[part[1]] = part[2]; next }
	$1 == "build" { settings[++count] = $2 }
	END {
		if (NR == 1) exit
		time = vcs["vcs.time"]
		sub(/T/, " ", time)
		sub(/:[0-9.]+Z$/, " UTC", time)
		if ("vcs.revision" in vcs)
			line("revision", vcs["vcs.revision"] (time == "" ? "" : ", " time) (vcs["vcs.modified"] == "true" ? ", with changes" : ""))
		else line("revision", "not recorded")
		line("modules", modules + 0)
		for (i = 1; i <= count; i++) line(i == 1 ? "settings" : "", settings[i])
	}'
[ "$(printf '%s\n' "$told" | grep -c .)" -gt 1 ] || echo 'it was built without module information: only the version of Go is in it' >&2
