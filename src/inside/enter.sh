#!/bin/sh
# What every exec into a session container runs first: the one argument of sh -c, so it is short and always the same.
# Arguments: mode, folders before PATH, id of the target container, TERM, name in the prompt; then the command, or the
# shells to try. Letters of the mode: h: a header on stdin names the environment; s: the words are shells, the first
# that is there runs; t: there is a terminal; m: this is a main process, which waits for its header. After the header
# comes stdin, as it is or in frames (a server older than 1.30 cannot end a stream, so its end is a frame of length 0).
# Variables here begin with ke_, since those of the image and of the header are the command's; the header's are set last.
ke_mode=$1 ke_folders=$2 ke_target=$3 ke_prompt=$5 ke_first='' ke_vars=0 ke_frames=n
[ -z "$4" ] || export TERM="$4"
shift 5
[ -z "$ke_folders" ] || export PATH="$ke_folders:$PATH"
ke_path=$PATH
ke_take() { PATH=$ke_path dd bs="$1" count=1 iflag=fullblock 2>/dev/null; }
# ke_names PID: whether its cgroup names the target container. PID 1 need not be the target: it may be the node's.
ke_names() {
	while IFS= read -r ke_line; do
		case $ke_line in *"$ke_target"*) return 0 ;; esac
	done <"/proc/$1/cgroup"
	return 1
} 2>/dev/null
if [ -n "$ke_target" ]; then
	ke_found=
	for ke_pid in 1 /proc/[0-9]*; do
		ke_pid=${ke_pid#/proc/}
		# The first of the container's processes, by number and not by spelling: others come and go.
		[ "$ke_pid" -lt "${ke_found:-$((ke_pid + 1))}" ] && ke_names "$ke_pid" || continue
		ke_found=$ke_pid
		[ "$ke_pid" = 1 ] && break
	done
	[ -z "$ke_found" ] || export TARGET_PID="$ke_found" TARGET_ROOT="/proc/$ke_found/root"
fi
case $ke_mode in *s*)
	for ke_shell; do command -v "$ke_shell" >/dev/null 2>&1 && break; done
	case $ke_shell in
	*bash) export KE_PS1="$ke_prompt \\w \\\$ " PROMPT_COMMAND='PS1=$KE_PS1; unset PROMPT_COMMAND KE_PS1' ;;
	*zsh) export PS1="$ke_prompt %~ %# " ;;
	*ash) export PS1="$ke_prompt \\w \\\$ " ;;
	*) export PS1="$ke_prompt \$ " ;;
	esac
	set -- "$ke_shell"
	;;
esac
case $ke_mode in *h*)
	case $ke_mode in *t*)
		if ! { ke_saved=$(stty -g) && stty raw -echo min 0 time 5; }; then
			echo 'error: --env with -t needs stty in the debug image' >&2
			exit 125
		fi
		until [ -n "$ke_first" ]; do
			printf '\033]ke;ready\007'
			ke_first=$(ke_take 32)
		done
		stty min 1 time 0
		;;
	*) ke_first=$(ke_take 32) ;;
	esac
	# shellcheck disable=SC2086 # the fields of the header
	set -- $ke_first "$@"
	ke_count=$1 ke_frames=$2
	shift 2
	while [ "$ke_vars" -lt "$ke_count" ]; do
		ke_lengths=$(ke_take 32)
		ke_name=$(ke_take "$((${ke_lengths%% *}))")
		ke_value=
		[ "$((${ke_lengths#* }))" = 0 ] || ke_value=$(ke_take "$((${ke_lengths#* }))" && echo x)
		set -- "$ke_name=${ke_value%x}" "$@"
		ke_vars=$((ke_vars + 1))
	done
	case $ke_mode in *t*) stty "$ke_saved" ;; esac
	;;
esac
while [ "$ke_vars" -gt 0 ]; do
	command export "$1"
	shift
	ke_vars=$((ke_vars - 1))
done
if ! command -v "$1" >/dev/null 2>&1; then
	if [ -e "$1" ]; then echo "error: $1 is not executable" >&2; exit 126; fi
	echo "error: $1: not found in the debug image" >&2
	exit 127
fi
if [ "$ke_frames" = f ]; then
	while ke_length=$(ke_take 16) && [ "$((${ke_length%% *}))" -gt 0 ]; do ke_take "$((${ke_length%% *}))"; done | exec "$@"
else
	exec "$@"
fi
