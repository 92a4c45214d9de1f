#!/bin/sh
# Make a clone ready for `test`, `demo` or `build`: the npm packages as locked, the Debian packages that are missing, and
# for tests and demo the executable.
set -eu
purpose=$1
cd "$(dirname "$0")/.."

say() { echo "setup: $*" >&2; }

# The copy of the lock file that node_modules was made from tells whether it is stale.
if ! cmp -s package-lock.json node_modules/.made-from-lock; then
	say 'npm ci'
	npm ci --no-audit --no-fund --loglevel=error >&2
	cp package-lock.json node_modules/.made-from-lock
fi

# need COMMAND PACKAGE: the package is wanted when the command is not there.
missing=
need() { PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }
# A build without the launcher needs no compiler; one with it says itself what is missing.
if [ "$(uname)" = Linux ] && { [ "$purpose" != build ] || [ "$(id -u)" = 0 ]; }; then
	need gcc gcc
	need musl-gcc musl-tools
	case $(uname -m) in
	x86_64) need aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu ;;
	aarch64) need x86_64-linux-gnu-gcc gcc-x86-64-linux-gnu ;;
	esac
fi
if [ "$purpose" != build ] && [ "$(uname)" = Linux ]; then
	need ip iproute2
	need unshare util-linux
	need ps procps
	need runc runc
	need busybox busybox-static
	need openssl openssl
	need curl curl
	need script bsdutils
	if [ "$purpose" != demo ]; then
		[ -e /usr/include/stdio.h ] || missing="$missing libc6-dev"
		need shellcheck shellcheck
		need qemu-aarch64-static qemu-user-static
	fi
fi
if [ -n "$missing" ]; then
	if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
		say "apt-get install$missing"
		apt-get update -qq >&2
		# shellcheck disable=SC2086 # a list of packages
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
	else
		say "these packages are missing, and only root can install them: apt-get install$missing"
		exit 1
	fi
fi

[ "$purpose" = build ] || bun bin/build.ts >&2
