#!/bin/sh
# Where this shell stands: who one is, which root this is, which target, and how its files are reached. At most 8 lines.
set -u
export LC_ALL=C

# plain: texts of images and pods, safe for a terminal.
plain() { tr -c '\012\040-\176' '?'; }

# os_of ROOT: what an image calls its system, from a regular file only: a link of the target's would lead into our root.
os_of() {
	for file in "${1%/}/etc/os-release" "${1%/}/usr/lib/os-release"; do
		[ -f "$file" ] && { [ "$1" = / ] || [ ! -L "$file" ]; } && [ -r "$file" ] || continue
		sed -n 's/^PRETTY_NAME=//p' "$file" | tr -d "\"'" | head -n 1 | cut -c 1-80
		return
	done
}

# rights: those capabilities in effect that decide what works here.
rights() {
	effective=0
	while read -r key value _; do [ "$key" = CapEff: ] && effective=$((0x$value)) && break; done </proc/self/status
	list=''
	for one in 5:KILL 7:SETUID 12:NET_ADMIN 13:NET_RAW 18:SYS_CHROOT 19:SYS_PTRACE 21:SYS_ADMIN; do
		[ "$(((effective >> ${one%%:*}) & 1))" = 0 ] || list="$list ${one#*:}"
	done
	echo "${list:- none}"
}

pid=${TARGET_PID:-}
root=${TARGET_ROOT:-${pid:+/proc/$pid/root}}
if user=$(id -un 2>/dev/null); then user="$user, "; else user=''; fi
{
	echo "you        $user$(id -u):$(id -g); capabilities that matter:$(rights)"
	if [ "$root" = / ]; then echo "root       the target's; programs come from the debug image"
	else
		os=$(os_of /)
		echo "root       the debug image's${os:+: $os}"
	fi
	[ -z "${POD:-}" ] || echo "pod        $POD, namespace ${NAMESPACE:-?}${NODE:+, node $NODE}"
	if [ -z "$pid" ]; then
		echo 'target     none of its processes is joined; the network is the pod'\''s'
	else
		program=$(readlink "/proc/$pid/exe" 2>/dev/null || cat "/proc/$pid/comm" 2>/dev/null)
		echo "target     container ${TARGET_CONTAINER:-?}, process $pid (${program:-?})${TARGET_UID:+, user $TARGET_UID:${TARGET_GID:-}}"
		if ls "$root/" >/dev/null 2>&1; then
			os=$(os_of "$root")
			echo "its image  ${os:-has no /etc/os-release}"
			if [ "$root" = / ]; then echo 'its files  where they are: this is its root'
			else
				case $(rights) in *SYS_CHROOT*) enter=', or in-target COMMAND' ;; *) enter='' ;; esac
				echo "its files  cd $root (\$TARGET_ROOT)$enter"
			fi
		else
			echo "its files  $root is closed to $(id -u):$(id -g); it takes the target's user with its capabilities, or SYS_PTRACE"
		fi
	fi
} | plain
