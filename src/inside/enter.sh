#!/bin/sh
# shellcheck disable=SC2086 # what is composed here is words: paths of the image, and flags
# shellcheck disable=SC2016 # names of variables that the user is to read
# What does the launcher's work (run.c) as far as sh can, where it cannot be carried: bootstrap.sh reads this from stdin
# and evaluates it, with the launcher's letters and keys, --, and the command as arguments. Behind it on stdin comes the
# header as request.c describes it.
# Not here: the lease (a command runs on when its client is gone), the subreaper (what it leaves behind becomes the
# application's child), the target's environment, files, and tools started by tools in the target's root: there one program
# runs, by its own loader. Of a header's special entries =script, =arg, =out and, where there is timeout, =timeout are heeded.
ke_letters=$1 ke_saved=${ke_saved:-} ke_anchor='' ke_target='' ke_pid='' ke_root='' ke_as='' ke_env='' ke_term='' ke_prompt='' ke_folders=''
ke_scripted='' ke_script='' ke_nonce='' ke_seconds='' ke_out='' ke_user='' ke_me='' ke_lost=''
shift
while [ "$1" != -- ]; do
	case $1 in
	target=*) ke_target=${1#*=} ;;
	pid=*) ke_pid=${1#*=} ;;
	root=*) ke_root=${1#*=} ;;
	as=*) ke_as=${1#*=} ;;
	env=*) ke_env=${1#*=} ;;
	term=*) ke_term=${1#*=} ;;
	prompt=*) ke_prompt=${1#*=} ;;
	path=*) ke_folders=${1#*=} ;;
	esac
	shift
done
shift
[ -z "$ke_folders" ] || export PATH="$ke_folders:$PATH"
ke_path=$PATH
ke_take() { PATH=$ke_path dd bs="$1" count=1 iflag=fullblock 2>/dev/null; }
ke_fail() { echo "error: $1" >&2; exit 125; }
case $ke_letters in *f*) ke_fail 'files need the launcher, which is not in this build or cannot be kept in this container' ;; esac

# The target: the first process, by number, whose cgroup names the container. PID 1 need not be it: it may be the node's.
ke_names() {
	while IFS= read -r ke_line; do
		case $ke_line in *"$ke_target"*) return 0 ;; esac
	done <"/proc/$1/cgroup"
	return 1
} 2>/dev/null
if [ -z "$ke_pid" ] && [ -n "$ke_target" ]; then
	for ke_one in 1 /proc/[0-9]*; do
		ke_one=${ke_one#/proc/}
		[ "$ke_one" -lt "${ke_pid:-$((ke_one + 1))}" ] && ke_names "$ke_one" || continue
		ke_pid=$ke_one
		[ "$ke_one" = 1 ] && break
	done
fi
# ke_ids WHAT: the first number behind WHAT in the target's status.
ke_ids() {
	while read -r ke_key ke_value _; do
		[ "$ke_key" = "$1" ] && echo "$ke_value" && return
	done <"/proc/$ke_pid/status"
} 2>/dev/null
if [ -n "$ke_pid" ]; then
	export TARGET_PID="$ke_pid" TARGET_ROOT="/proc/$ke_pid/root"
	TARGET_UID=$(ke_ids Uid:) TARGET_GID=$(ke_ids Gid:)
	export TARGET_UID TARGET_GID
	[ "$ke_as" != target ] || ke_as=$TARGET_UID:$TARGET_GID
elif [ -n "$ke_root$ke_env" ] || [ "$ke_as" = target ]; then
	ke_fail 'no process here belongs to the target container, so nothing can be done as it'
fi
[ "$ke_as" != "$(id -u):$(id -g)" ] || [ -n "$ke_root" ] || ke_as=
# What acts on our tools must not be taken from a target before we are its user, and sh cannot set it after that.
[ -z "$ke_env" ] || ke_fail "the target's environment needs the launcher, which is not in this build or cannot be kept in this container"
case $ke_root/$ke_letters in
target/*k* | try/*k*) ke_as='' ;;
?*/*)
	# Whoever is root there could reach through us into this container, which may do more than it.
	case $ke_as in 0:*) ke_fail "without the launcher only --run-as root enters the root of a target that runs as root" ;; esac
	;;
esac

[ -z "$ke_term" ] || export TERM="$ke_term"
case $ke_letters in *s*)
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

ke_head=$(ke_take 32)
ke_count=${ke_head%% *} ke_kind=${ke_head#* }
ke_kind=${ke_kind%% *} ke_vars=0
while [ "$ke_count" -gt 0 ]; do
	ke_lengths=$(ke_take 32)
	ke_name=$(ke_take "$((${ke_lengths%% *}))")
	ke_value=
	[ "$((${ke_lengths#* }))" = 0 ] || ke_value=$(ke_take "$((${ke_lengths#* }))" && echo x)
	ke_value=${ke_value%x} ke_count=$((ke_count - 1))
	case $ke_name in
	=script) ke_scripted=yes ke_script=$ke_value ;;
	=arg) set -- "$@" "$ke_value" ;;
	=out) ke_nonce=$ke_value ;;
	=timeout) ke_seconds=$ke_value ;;
	=*) ;;
	*)
		set -- "$ke_name=$ke_value" "$@"
		ke_vars=$((ke_vars + 1))
		;;
	esac
done
case $ke_letters in *t*) stty "$ke_saved" ;; *) printf '\033]ke;ok\007' >&2 ;; esac

while [ "$ke_vars" -gt 0 ]; do
	command export "$1"
	shift
	ke_vars=$((ke_vars - 1))
done
# What is called by that name, and said on 3, is the script's.
[ -z "$ke_scripted" ] || { set -- sh -c "$ke_script" "$@"; exec 3>&2; }

# ke_find NAME: where a program is; not by command -v, since a busybox shell answers with its own applet.
ke_find() {
	case $1 in */*) [ -f "$1" ] && echo "$1" && return ;; esac
	ke_rest=$ke_path:/usr/sbin:/sbin:
	while [ -n "$ke_rest" ]; do
		[ -x "${ke_rest%%:*}/$1" ] && echo "${ke_rest%%:*}/$1" && return
		ke_rest=${ke_rest#*:}
	done
	return 1
}
# ke_loader FILE: the loader an ELF program names. The path ends at a NUL; what stands before it may be any byte.
ke_loader() { head -c 8192 "$1" | tr '\000' '\n' | grep -a -o '/[A-Za-z0-9_./-]*/ld[-.][A-Za-z0-9_.-]*$' | head -n 1; }
# ke_called FILE NAME: in $ke_call, how FILE is started from another root, through a process that stays outside.
ke_called() {
	ke_ld=$(ke_loader "$1")
	if [ -z "$ke_ld" ]; then
		# A static program with many names takes its name from the first word.
		case $(readlink -f "$1") in */busybox) ke_call="$ke_me$(readlink -f "$1") $2" ;; *) ke_call=$ke_me$(readlink -f "$1") ;; esac
		return
	fi
	ke_ld=$(readlink -f "$ke_ld")
	ke_call="$ke_me$ke_ld --library-path $ke_libraries"
	case $ke_ld in *musl*) ;; *) ke_call="$ke_me$ke_ld --inhibit-cache --library-path $ke_libraries" ;; esac
	"$ke_ld" --help 2>&1 | grep -q -e --argv0 && ke_call="$ke_call --argv0 $2"
	ke_call="$ke_call $ke_me$1"
}

# ke_clear: end and remove what is ours, at our end. What the command's user has left goes with no more rights than his.
# shellcheck disable=SC2317 # reached by trap
ke_clear() {
	[ -z "$ke_out" ] || PATH=$ke_path $ke_user rm -rf "$ke_out" 2>/dev/null
	[ -z "$ke_anchor" ] || { kill "$ke_anchor"; wait "$ke_anchor"; } 2>/dev/null
}

if [ -n "$ke_as" ]; then
	ke_setpriv=$(ke_find setpriv) || ke_fail "nothing in the debug image can become $ke_as (setpriv of util-linux)"
	ke_user="$ke_setpriv --reuid ${ke_as%%:*} --regid ${ke_as#*:} --clear-groups"
fi
if [ -z "$ke_root" ]; then
	if ! command -v "$1" >/dev/null 2>&1; then
		if [ -e "$1" ]; then echo "error: $1 is not executable" >&2; exit 126; fi
		echo "error: $1: not found in the debug image" >&2
		exit 127
	fi
	[ -z "$ke_as" ] || set -- $ke_user "$@"
else
	ke_program=$(ke_find "$1") || { echo "error: $1: not found in the debug image" >&2; exit 127; }
	ke_chroot=$(ke_find chroot) || ke_fail 'the debug image has no chroot; without --root target the files are at $TARGET_ROOT'
	ke_me=/proc/$$/root
	if [ -n "$ke_as" ]; then
		# The outside end must have the program's ids, else it may not be followed.
		$ke_user sleep 2147483 </dev/null >/dev/null 2>&1 &
		ke_anchor=$!
		ke_me=/proc/$ke_anchor/root
		trap ke_clear EXIT
		ke_pid_was=$ke_pid ke_pid=$ke_anchor
		until [ "$(ke_ids Uid:)" = "${ke_as%%:*}" ]; do kill -0 "$ke_anchor" 2>/dev/null || ke_fail "cannot become $ke_as"; done
		ke_pid=$ke_pid_was
	fi
	ke_libraries=
	for ke_folder in /usr/lib/*-linux-gnu /usr/lib64 /lib64 /usr/lib /lib /usr/local/lib; do
		[ -d "$ke_folder" ] && ke_libraries="$ke_libraries:$ke_me$(readlink -f "$ke_folder")"
	done
	ke_libraries=${ke_libraries#:}
	unset LD_PRELOAD LD_LIBRARY_PATH
	if ${ke_as:+$ke_user} test -s "$TARGET_ROOT/etc/ld.so.preload"; then
		ke_fail "the target has an /etc/ld.so.preload, which would be loaded into every tool started in its root"
	fi
	ke_called "$ke_program" "${1##*/}"
	shift
	set -- $ke_call "$@"
	if [ -n "$ke_as" ]; then
		ke_called "$ke_setpriv" setpriv
		set -- $ke_user --inh-caps +sys_chroot --ambient-caps +sys_chroot \
			"$ke_chroot" "$TARGET_ROOT" $ke_call --inh-caps -all --ambient-caps -all --no-new-privs "$@"
	else
		set -- "$ke_chroot" "$TARGET_ROOT" "$@"
	fi
	TARGET_ROOT=/
fi
# The folder OUT, its user's, as it is seen from where the command runs.
if [ -n "$ke_nonce" ]; then
	trap ke_clear EXIT
	for ke_at in /tmp /var/tmp /dev/shm; do
		ke_out=$(PATH=$ke_path $ke_user mktemp -d "$ke_at/.ke-out-XXXXXX" 2>/dev/null) && break
	done
	[ -n "$ke_out" ] || ke_fail 'nowhere in the debug container can files be written (/tmp, /var/tmp, /dev/shm)'
	OUT=${ke_root:+$ke_me}$ke_out
	export OUT
fi
if [ -n "$ke_seconds" ] && ke_timeout=$(ke_find timeout) && ke_began=$(PATH=$ke_path date +%s); then
	ke_kill=''
	"$ke_timeout" -k 2 9 true 2>/dev/null && ke_kill='-k 2'
	set -- "$ke_timeout" $ke_kill "$ke_seconds" "$@"
else
	ke_seconds=''
fi
# ke_ended CODE: the exit code to give for it.
ke_ended() {
	[ -n "$ke_seconds" ] && [ "$1" -ge 124 ] && [ "$(($(PATH=$ke_path date +%s) - ke_began))" -ge "$ke_seconds" ] && return 124
	return "$1"
}
# shellcheck disable=SC2317 # reached by "$@"
ke_frames() {
	while ke_length=$(ke_take 16) && [ "$((${ke_length%% *}))" -gt 0 ]; do ke_take "$((${ke_length%% *}))"; done | "$@"
}
if [ -z "$ke_nonce" ]; then
	case $ke_kind in
	c) exec </dev/null ;;
	f) ke_frames "$@"; ke_ended $?; exit $? ;;
	esac
	# The way to the tools leads through this shell.
	[ -n "$ke_root$ke_seconds" ] || exec "$@"
	"$@"
	ke_ended $?
	exit $?
fi

# ke_offer: say that something is left, if there is, and wait for the nonce and a d, as out.c does; but for as long as
# stdin is open.
ke_offer() {
	[ -n "$(PATH=$ke_path $ke_user ls -A "$ke_out" 2>/dev/null)" ] || return
	ke_path_said='' ke_rest=$ke_out ke_heard=''
	while [ -n "$ke_rest" ]; do
		ke_path_said=$ke_path_said$(printf '%%%02X' "'${ke_rest%"${ke_rest#?}"}")
		ke_rest=${ke_rest#?}
	done
	case $ke_letters in
	*t*)
		PATH=$ke_path stty raw -echo
		printf '\033]ke;out %s %s\007' "$ke_nonce" "$ke_path_said"
		;;
	*) printf '\033]ke;out %s %s\007' "$ke_nonce" "$ke_path_said" >&2 ;;
	esac
	while [ -z "$ke_lost" ] && ke_part=$(PATH=$ke_path dd bs=512 count=1 <&8 2>/dev/null; echo x) && [ "$ke_part" != x ]; do
		ke_heard=$ke_heard${ke_part%x}
		case $ke_kind/$ke_heard in *"$ke_nonce"d* | c/*d* | a/d* | a/*[!0-9A-Za-z]d*) return ;; esac
		[ ${#ke_heard} -lt 2000 ] || ke_heard=${ke_part%x}
	done
}
# What is behind the command's stdin is ours, on 8; a shell gives what it does not wait for another one, hence 9.
exec 8<&0 9<&0
case $ke_kind in c) exec 9</dev/null ;; f) set -- ke_frames "$@" ;; esac
ke_code=0
case $ke_letters in
*t*)
	trap 'ke_lost=yes' TERM HUP
	"$@" <&9 8<&- 9<&- || ke_code=$?
	;;
*)
	trap 'ke_lost=yes; kill "$ke_child" 2>/dev/null' TERM HUP INT
	"$@" <&9 8<&- 9<&- &
	ke_child=$!
	wait "$ke_child" || ke_code=$?
	while kill -0 "$ke_child" 2>/dev/null; do
		ke_code=0
		wait "$ke_child" || ke_code=$?
	done
	;;
esac
[ -n "$ke_lost" ] || ke_offer
ke_ended "$ke_code"
exit $?
