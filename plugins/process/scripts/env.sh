#!/bin/sh
# The environment that the target was started with, NAME=VALUE a line, sorted by name. What a program sets for itself later
# is not to be seen from outside.
set -u
export LC_ALL=C
fail() { printf 'error: %s\n' "$1" >&2; exit 1; }
[ -n "${TARGET_PID:-}" ] || fail 'no process of the target is to be seen here; this needs the target container named'
proc=/proc/$TARGET_PID
[ -e "$proc/stat" ] || fail "process $TARGET_PID of the target is gone; try again"
(: <"$proc/environ") 2>/dev/null ||
	fail "the environment of process $TARGET_PID is closed to $(id -u):$(id -g); it takes the target's user${TARGET_UID:+, $TARGET_UID:${TARGET_GID:-},} with its capabilities, or SYS_PTRACE"

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

# Programs that write their title over their environment leave empty entries.
visible <"$proc/environ" 2>/dev/null | grep . | sort -t = -k 1,1
exit 0
