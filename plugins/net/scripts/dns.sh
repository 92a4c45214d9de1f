#!/bin/sh
# How a name is looked up from this pod: which names are tried, as the pod's resolv.conf has it, which nameserver answers
# what, in how many ms. Ends with 1 when nothing answers with a record.
# INPUT_HOST (or the first word): a name, or an address to find the name of; INPUT_TYPE: A if not given; INPUT_NAMESERVER:
# ask only this one.
set -u
export LC_ALL=C HOME=/nowhere
fail() { printf 'error: %s\n' "$1" >&2; exit 1; }
seconds=2
host=${INPUT_HOST:-${1:-}} type=${INPUT_TYPE:-A} server=${INPUT_NAMESERVER:-}
plain() { printf %s "$1" | tr -c '\040-\176' '?' | cut -c 1-300; }
case $host in
'') fail 'a name is missing' ;;
-* | .* | *..* | *[!A-Za-z0-9._:-]* | *[!0-9A-Fa-f:.]*:* | *:*[!0-9A-Fa-f:.]*) fail "\"$(plain "$host")\" is no host name; one that is not ASCII is written as xn--…" ;;
esac
case $type in '' | *[!A-Za-z0-9]*) fail "\"$(plain "$type")\" is no type of record" ;; esac
[ "${#host}" -le 254 ] || fail "\"$(plain "$host" | cut -c 1-60)…\" is no host name: it has more than 253 characters"
address=''
if printf '%s\n' "$host" | grep -Eqx '[0-9]+(\.[0-9]+){3}|[0-9A-Fa-f.:]*:[0-9A-Fa-f.:]*'; then address=$host; fi
case $server in -* | *[!A-Za-z0-9._:%-]*) fail "\"$(plain "$server")\" is no nameserver" ;; esac
type=$(printf %s "$type" | tr '[:lower:]' '[:upper:]')
[ -z "$address" ] || type=PTR
if command -v dig >/dev/null; then tool=dig
elif command -v drill >/dev/null; then tool=drill
else fail 'the image has neither dig nor drill; the net toolkit has both'; fi

root=${TARGET_ROOT:-${TARGET_PID:+/proc/$TARGET_PID/root}}
# The target's files, or the pod's as this container has them: the same, unless someone changed them. No links: one of the
# target's would lead into our root.
file_of() {
	for file in "${root%/}/etc/$1" "/etc/$1"; do
		[ "$file" = "/etc/$1" ] || [ ! -L "$file" ] || continue
		[ -f "$file" ] && [ -r "$file" ] && echo "$file" && return
	done
	echo /dev/null
}

servers='' search='' ndots=1
while read -r key words; do
	case $key in
	nameserver) servers="$servers ${words%%[!0-9A-Za-z.:%_-]*}" ;;
	search | domain) search=$words ;;
	options) for word in $(printf '%s\n' "$words" | tr -c '0-9A-Za-z:\012-' ' '); do
		case $word in ndots:[0-9] | ndots:[0-9][0-9]) ndots=${word#*:} ;; esac
	done ;;
	esac
done <"$(file_of resolv.conf)"
search=$(printf '%s\n' "$search" | tr -c '0-9A-Za-z._\012-' ' ' | tr -s ' ')
search=${search% }
search=${search# }
servers=${servers# }
[ -n "$servers$server" ] || fail 'resolv.conf names no nameserver; --nameserver ADDRESS asks one'

# The names in the order in which the C library tries them.
case $address,$host in
?*,*) names=$host how='' ;;
*.) names=$host how='it ends in a dot: tried as it is' ;;
*)
	dots=$(printf %s "$host" | tr -dc . | wc -c)
	dots=$((dots)) names=''
	for word in $search; do names="$names $host.${word%.}."; done
	if [ "$dots" -ge "$ndots" ]; then names="$host.$names"; else names="$names $host."; fi
	if [ "$dots" -ge "$ndots" ]; then how='tried as it is first'; else how='the search list first'; fi
	if [ -z "$search" ]; then how=''
	elif [ "$dots" = 1 ]; then how="$host has 1 dot: $how"
	else how="$host has $dots dots: $how"; fi
	;;
esac
commas() { printf %s "$1" | sed 's/ /, /g'; }
echo "resolv.conf: nameserver $(commas "$servers")${search:+; search $search}; ndots $ndots${how:+ ($how)}"
[ -z "$server" ] || servers=$server
wide=5
# shellcheck disable=SC2086 # names without blanks
for name in $names; do [ "$wide" -ge "${#name}" ] || wide=${#name}; done
wide_server=10
for one in $servers; do [ "$wide_server" -ge "${#one}" ] || wide_server=${#one}; done

# What stands in the hosts file is not asked of any nameserver.
listed=''
case $type in A | AAAA)
	listed=$(awk -v host="${host%.}" 'BEGIN { host = tolower(host) } { sub(/#.*/, "") }
		{ for (i = 2; i <= NF; i++) if (tolower($i) == host && $1 ~ /^[0-9A-Fa-f.:%a-z]+$/) print $1 }' "$(file_of hosts)" | tr '\012' ' ')
	[ -z "$listed" ] || echo "/etc/hosts says $(commas "${listed% }"), and comes before the nameservers"
	;;
esac

# ask NAME SERVER: what the tool says of it in $said. busybox has a word of its own for what timeout ended.
ask() {
	case $tool,$address in
	dig,) said=$(dig "@$2" +noedns +tries=1 "+time=$seconds" -t "$type" -q "$1" 2>&1) ;;
	dig,*) said=$(dig "@$2" +noedns +tries=1 "+time=$seconds" -x "$1" 2>&1) ;;
	drill,) said=$(timeout "$seconds" drill "$1" "@$2" "$type" 2>&1) ;;
	drill,*) said=$(timeout "$seconds" drill -x "$1" "@$2" 2>&1) ;;
	esac
} 2>/dev/null

# records: the data of an answer, with the type where it is another than asked for, and how long they may be kept. Ends with 1
# where there is none of that type.
records() {
	printf '%s\n' "$said" | tr -c '\011\012\040-\176' '?' | awk -v type="$type" '
		/^;; / { inside = /^;; ANSWER SECTION/ }
		inside && /^[^;]/ {
			data = $0
			for (i = 1; i < 5; i++) sub(/^[^ \t]+[ \t]+/, "", data)
			if ($4 == type || type == "ANY") some = 1
			list = list (list == "" ? "" : ", ") ($4 == type ? "" : $4 " ") data
			if (!count++ || $2 < least) least = $2 + 0
		}
		END {
			kept = least < 120 ? least " s" : least < 7200 ? int(least / 60 + 0.5) " min" : int(least / 3600 + 0.5) " h"
			print (some ? "" : "no " type (count ? ", " : "")) list (count ? "  (" kept ")" : "")
			exit !some
		}'
}

printf "%-${wide}s  %-${wide_server}s  %-7s  %s\n" TRIED NAMESERVER TIME ANSWER
found=''
for name in $names; do
	silent=yes
	for one in $servers; do
		ask "$name" "$one"
		code=$(printf '%s\n' "$said" | sed -n '/HEADER/s/.*[se]: \([A-Z]*\), id:.*/\1/p' | head -n 1)
		time=$(printf '%s\n' "$said" | sed -n 's/^;; Query time: \([0-9]*\) msec.*/\1 ms/p')
		case $code,$said in
		NOERROR,*) answer=$(records) && found=yes ;;
		,*refused*) answer=refused ;;
		,*nreachable*) answer=unreachable ;;
		,*) answer="none in $seconds s" ;;
		*) answer=$code ;;
		esac
		printf "%-${wide}s  %-${wide_server}s  %-7s  %s\n" "$name" "$one" "${time:--}" "$answer"
		[ -z "$code" ] || silent=''
		# What the C library asks another nameserver for.
		case $code in '' | SERVFAIL | REFUSED | NOTIMP) ;; *) break ;; esac
	done
	[ -z "$found" ] && [ -z "$silent" ] || break
done
[ -z "$found$listed" ] || exit 0
[ -z "$silent" ] || fail "no nameserver answers: $(commas "$servers")"
fail "no nameserver has $type for $host"
