#!/bin/sh
# Which Java the target runs, by the release file of its runtime, and how it was called: command line, and the variables
# that a JVM takes options from.
set -u
export LC_ALL=C
fail() { printf 'error: %s\n' "$1" >&2; exit 1; }
pid=${TARGET_PID:-}
root=${TARGET_ROOT:-/proc/$pid/root}
root=${root%/}
[ -n "$pid" ] || fail 'no process of the target is to be seen here; this needs the target container named'
proc=/proc/$pid
[ -e "$proc/stat" ] || fail "process $pid of the target is gone; try again"

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

# words: the command line, a word a line.
words() { visible <"$proc/cmdline"; }

# The program's own place; where that is closed, as in the target's root to one with less capabilities, the word that it was
# called by.
closed() {
	fail "$1 of process $pid is closed to $(id -u):$(id -g); it takes the target's user${TARGET_UID:+, $TARGET_UID:${TARGET_GID:-},} with its capabilities, or SYS_PTRACE"
}
if ! exe=$(readlink "$proc/exe" 2>/dev/null); then
	exe=$(words | head -n 1)
	case $exe in /*) ;; *) closed 'the program' ;; esac
fi
exe=${exe%' (deleted)'}
case $exe in
/*/bin/java) home=${exe%/bin/java} ;;
*)
	# A program that has the JVM in it: the library's place tells.
	home=$(sed -n 's,^[^/]*\(/.*\)/lib/\([a-z0-9_]*/\)*libjvm\.so$,\1,p' "$proc/maps" 2>/dev/null | head -n 1)
	exe=$(printf '%s\000' "$exe" | visible)
	[ -n "$home" ] || fail "$exe, process $pid, is no Java runtime; ps shows the target's other processes, --pid N takes one of them"
	;;
esac

# A link of the target's would lead into our root. Java 8 has the file beside the jre.
file=''
for one in "$root$home/release" "$root${home%/jre}/release"; do
	[ -f "$one" ] && [ -r "$one" ] && { [ -z "$root" ] || [ ! -L "$one" ]; } && file=$one && break
done
[ -n "$file" ] || ls "$root/" >/dev/null 2>&1 || closed 'the root'
{
	printf 'HOME=%s\000' "$home" | visible
	[ -z "$file" ] || head -c 65536 "$file" | tr '\012' '\000' | visible | grep '^[A-Za-z_]*=.' | sort
	visible 2>/dev/null <"$proc/environ" | grep -E '^(JAVA_TOOL_OPTIONS|JDK_JAVA_OPTIONS|_JAVA_OPTIONS)='
	words | sed 's/^/command line=/'
} 2>/dev/null | awk '
	{
		at = index($0, "=")
		word = substr($0, 1, at - 1)
		text = substr($0, at + 1)
		if (word != "command line" && text ~ /^".*"$/) text = substr(text, 2, length(text) - 2)
		if (word != "command line" && text == "") next
		key[++n] = word
		value[n] = text
		if (length(word) > wide) wide = length(word)
	}
	END { for (i = 1; i <= n; i++) printf "%-" wide "s  %s\n", (key[i] == key[i - 1] ? "" : key[i]), value[i] }'
[ -n "$file" ] || fail "$(printf '%s\000' "$home" | visible) has no release file, as a runtime made by hand may have none"
