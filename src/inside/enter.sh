#!/bin/sh
# What every exec into a session container runs first: the one argument of sh -c, so it is short and always the same.
# Arguments: mode, folders before PATH, id of the target container, TERM, name in the prompt; then the command, or the
# shells to try. Letters of the mode: h: a header on stdin names the environment; s: the words are shells, the first
# that is there runs; t: there is a terminal; m: this is a main process, which waits for its header. After the header comes stdin, as it is or in frames (a server older than
# 1.30 cannot end a stream, so its end is a frame of length 0).
mode=$1 folders=$2 target=$3 prompt=$5 first=
[ -z "$4" ] || export TERM="$4"
shift 5
[ -z "$folders" ] || PATH=$folders:$PATH
take() { dd bs="$1" count=1 iflag=fullblock 2>/dev/null; }
# named PID: whether its cgroup names the target container. PID 1 need not be the target: it may be the node's.
named() {
	while IFS= read -r line; do
		case $line in *"$target"*) return 0 ;; esac
	done <"/proc/$1/cgroup"
	return 1
} 2>/dev/null
if [ -n "$target" ]; then
	for pid in 1 /proc/[0-9]*; do
		pid=${pid#/proc/}
		named "$pid" || continue
		export TARGET_PID="$pid" TARGET_ROOT="/proc/$pid/root"
		break
	done
fi
frames=n
case $mode in *h*)
	case $mode in *t*)
		if ! { saved=$(stty -g) && stty raw -echo min 0 time 5; }; then
			echo 'error: --env with -t needs stty in the debug image' >&2
			exit 125
		fi
		until [ -n "$first" ]; do
			printf '\033]ke;ready\007'
			first=$(take 32)
		done
		stty min 1 time 0
		;;
	*) first=$(take 32) ;;
	esac
	# shellcheck disable=SC2086 # the fields of the header
	set -- $first "$@"
	count=$1 frames=$2
	shift 2
	while [ "$count" -gt 0 ]; do
		lengths=$(take 32)
		name=$(take "$((${lengths%% *}))")
		value=
		[ "$((${lengths#* }))" = 0 ] || value=$(take "$((${lengths#* }))" && echo x)
		export "$name=${value%x}"
		count=$((count - 1))
	done
	case $mode in *t*) stty "$saved" ;; esac
	;;
esac
case $mode in *s*)
	for shell; do command -v "$shell" >/dev/null 2>&1 && break; done
	case $shell in
	*bash) export KE_PS1="$prompt \\w \\\$ " PROMPT_COMMAND='PS1=$KE_PS1; unset PROMPT_COMMAND KE_PS1' ;;
	*zsh) export PS1="$prompt %~ %# " ;;
	*ash) export PS1="$prompt \\w \\\$ " ;;
	*) export PS1="$prompt \$ " ;;
	esac
	set -- "$shell"
	;;
esac
if ! command -v "$1" >/dev/null 2>&1; then
	if [ -e "$1" ]; then echo "error: $1 is not executable" >&2; exit 126; fi
	echo "error: $1: not found in the debug image" >&2
	exit 127
fi
if [ "$frames" = f ]; then
	while length=$(take 16) && [ "$((length))" -gt 0 ]; do take "$((length))"; done | "$@"
else
	exec "$@"
fi
