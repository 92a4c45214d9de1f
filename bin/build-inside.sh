#!/bin/sh
# Compile the launcher (src/inside/*.c), static, for each machine a node may be: dist/inside/ke-x86_64 and ke-aarch64.
# Needs of Debian: gcc, musl-tools, and gcc-aarch64-linux-gnu (gcc-x86-64-linux-gnu on arm64); the musl of the other
# machine is fetched by apt-get into node_modules/.cache, once.
set -eu
cd "$(dirname "$0")/.."
here=$(uname -m)
flags='-std=gnu11 -Os -static -s -Wall -Wextra -Werror -fno-ident -ffunction-sections -Wl,--gc-sections,--build-id=none'
mkdir -p dist/inside

fail() { echo "build: the launcher cannot be compiled: $1; apt-get install $2 (or build --without-inside: the target's root is then reached by sh, one program at a time)" >&2; exit 1; }
command -v musl-gcc >/dev/null 2>&1 || fail 'no musl-gcc' 'gcc musl-tools'

# musl_of MACHINE ARCHITECTURE: the C library of another machine, in $musl.
musl_of() {
	musl=node_modules/.cache/musl-$1
	[ ! -e "$musl/usr/lib/$1-linux-musl/libc.a" ] || return 0
	command -v apt-get >/dev/null 2>&1 || fail "no musl for $1" "musl-dev:$2"
	mkdir -p "$musl/lists/partial" "$musl/archives/partial"
	set -- -qq -o APT::Architecture="$2" -o APT::Architectures="$2" -o APT::Sandbox::User="$(id -un)" \
		-o Dir::State::lists="$PWD/$musl/lists" -o Dir::Cache="$PWD/$musl" -o Debug::NoLocking=1
	apt-get "$@" update >&2
	(cd "$musl" && apt-get "$@" download musl-dev >&2 && dpkg -x musl-dev_*.deb .)
	rm -rf "$musl/lists" "$musl/archives" "$musl"/*.deb "$musl"/*.bin
}

# compile MACHINE ARCHITECTURE
compile() {
	out=dist/inside/ke-$1
	# shellcheck disable=SC2012 # the names are ours
	newest=$(ls -t src/inside/*.[ch] bin/build-inside.sh "$out" 2>/dev/null | head -n 1)
	[ "$newest" != "$out" ] || return 0
	if [ "$1" = "$here" ]; then
		# shellcheck disable=SC2086 # a list of flags
		musl-gcc $flags -o "$out.new" src/inside/*.c
	else
		cc=$1-linux-gnu-gcc
		command -v "$cc" >/dev/null 2>&1 || fail "no $cc" "gcc-$(echo "$1" | tr _ -)-linux-gnu"
		musl_of "$1" "$2"
		lib=$musl/usr/lib/$1-linux-musl
		# shellcheck disable=SC2086 # a list of flags
		"$cc" $flags -nostdinc -isystem "$musl/usr/include/$1-linux-musl" -isystem "$("$cc" -print-file-name=include)" -nostdlib \
			-o "$out.new" "$lib/crt1.o" "$lib/crti.o" src/inside/*.c -Wl,--start-group "$lib/libc.a" -lgcc -Wl,--end-group "$lib/crtn.o"
	fi
	mv "$out.new" "$out"
}
compile x86_64 amd64
compile aarch64 arm64
