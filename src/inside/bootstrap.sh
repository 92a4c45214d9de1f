#!/bin/sh
# What every exec into a session container runs first: the one argument of sh -c, so it is short and always the same.
# Arguments: the checksums of our launchers, the name of its folder, then its own: letters and keys, --, the command.
# The launcher (run.c) does the rest. Where it is not there it is asked for: `carry MACHINE` is said, on the terminal (if
# the letters say t) or on stderr, and answered on stdin by a block `SIZE` and as many bytes, the launcher; or, where there
# is none for this machine or it cannot be kept, a script that does what sh can (enter.sh). The header that a client has
# sent before it heard that is passed over: it says it again behind the script, or when `header` asks for it.
# The folder is taken only from ourselves: the target may be able to write in our /tmp. Root has /run to itself.
# Variables here begin with ke_, since those of the image are the command's.
ke_sums=$1 ke_dir=$2
shift 2
# ke_ours FILE: whether it is one of our launchers, to the letter.
ke_ours() {
	ke_sum=$(sha256sum <"$1") && case "$ke_sums " in *"${ke_sum%% *} "*) return ;; esac
	return 1
} 2>/dev/null
ke_take() { dd bs="$1" count=1 iflag=fullblock 2>/dev/null; }
# ke_safe FILE: whether it is there, our own, and no link.
ke_safe() { [ -O "$1" ] && [ ! -L "$1" ]; }
for ke_at in /run /tmp /var/tmp /dev/shm; do
	if ke_safe "$ke_at/$ke_dir" && ke_safe "$ke_at/$ke_dir/ke" && ke_ours "$ke_at/$ke_dir/ke"; then exec "$ke_at/$ke_dir/ke" run "$@"; fi
done
# ke_ask WHAT: say what is missing until a block comes; its number is in $ke_size.
ke_ask() {
	case $ke_letters in
	*t*)
		ke_size=
		until [ -n "$ke_size" ]; do
			printf '\033]ke;%s\007' "$1"
			ke_size=$(ke_take 32)
		done
		stty min 1 time 0
		;;
	*)
		printf '\033]ke;%s\007' "$1" >&2
		ke_size=$(ke_take 32) || exit 125
		;;
	esac
	ke_size=$((${ke_size%% *}))
}
ke_letters=$1
case $ke_letters in
*t*)
	if ! { ke_saved=$(stty -g) && stty raw -echo min 0 time 5; }; then
		echo 'error: a terminal needs stty in the debug image' >&2
		exit 125
	fi
	;;
*)
	# The header that came too early: a count, then blocks of two lengths with as many bytes.
	ke_head=$(ke_take 32)
	ke_n=$((${ke_head%% *}))
	while [ "$ke_n" -gt 0 ]; do
		ke_head=$(ke_take 32)
		ke_take "$((${ke_head%% *}))" >/dev/null
		ke_head=${ke_head#* }
		[ "$((ke_head))" = 0 ] || ke_take "$((ke_head))" >/dev/null
		ke_n=$((ke_n - 1))
	done
	;;
esac
ke_ask "carry $(uname -m 2>/dev/null)"
ke_old='' ke_folders=''
for ke_word; do
	case $ke_word in --) break ;; path=*) ke_folders=${ke_word#*=}: ;; esac
done
for ke_at in /run /tmp /var/tmp /dev/shm; do
	ke_new=$ke_at/.ke-new-$$
	# Made anew: whoever else may write there could have put a file or a link under that name.
	[ "$ke_size" -gt 0 ] && (rm -f "$ke_new" && umask 77 && set -C && : >"$ke_new") 2>/dev/null || continue
	if [ -n "$ke_old" ]; then cat "$ke_old"; else ke_take "$ke_size"; fi >"$ke_new"
	chmod 700 "$ke_new"
	if ke_ours "$ke_new" && PATH=$ke_folders$PATH "$ke_new" install "$ke_at/$ke_dir" 2>/dev/null && ke_ours "$ke_at/$ke_dir/ke"; then
		[ -z "$ke_old" ] || rm -f "$ke_old"
		case $ke_letters in *t*) stty "$ke_saved" ;; *) printf '\033]ke;header\007' >&2 ;; esac
		exec "$ke_at/$ke_dir/ke" run "$@"
	fi
	[ -z "$ke_old" ] || rm -f "$ke_old"
	ke_old=$ke_new
done
if [ -n "$ke_old" ]; then rm -f "$ke_old"; elif [ "$ke_size" -gt 0 ]; then ke_take "$ke_size" >/dev/null; fi
case $ke_letters in *t*) stty min 0 time 5 ;; esac
ke_ask script
eval "$(ke_take "$ke_size")"
