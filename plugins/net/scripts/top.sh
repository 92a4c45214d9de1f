#!/bin/sh
# Who talks to whom, and how much. On a terminal iftop, until q; with INPUT_DURATION (seconds), or where there is no terminal
# (10 s), what it has to say after that time. Where there is no iftop, or it may not listen (NET_RAW): the sums of the
# interface, line by line.
# INPUT_INTERFACE: the one of the default route if none is given.
set -u
export LC_ALL=C
fail() { printf 'error: %s\n' "$1" >&2; exit 1; }
interface=${INPUT_INTERFACE:-} duration=${INPUT_DURATION:-}
plain() { printf %s "$1" | tr -c '\040-\176' '?'; }
case $duration in *[!0-9.]* | *.*.* | .) fail 'the duration is no number of seconds' ;; esac
known=$(sed -n 's/^ *\([^:]*\):.*/\1/p' /proc/net/dev)
if [ -z "$interface" ]; then
	interface=$(awk '$2 == "00000000" && $8 == "00000000" { print $1; exit }' /proc/net/route)
	[ -n "$interface" ] || interface=$(printf '%s\n' "$known" | grep -vx lo | head -n 1)
	[ -n "$interface" ] || interface=lo
elif ! printf '%s\n' "$known" | grep -Fqx -e "$interface" || [ "$(printf '%s\n' "$interface" | grep -c '')" != 1 ]; then
	fail "there is no interface $(plain "$interface"); there are $(plain "$known" | tr '?' ' ')"
fi

may_listen() {
	while read -r key value _; do
		[ "$key" = CapEff: ] && return "$((((0x$value >> 13) & 1) ^ 1))"
	done </proc/self/status
}

# rate: for awk, bytes in a second as people say them.
rate='function rate(n) {
	if (n < 999.5) return sprintf("%d B/s", n + 0.5)
	if (n < 9950) return sprintf("%.1f kB/s", n / 1000)
	if (n < 999500) return sprintf("%d kB/s", n / 1000 + 0.5)
	return n < 999500000 ? sprintf("%.1f MB/s", n / 1000000) : sprintf("%.1f GB/s", n / 1000000000)
}'

# flows SECONDS: what iftop counted, by its pairs of lines: `1 LOCAL => … 1.5KB`, `REMOTE <= … 0B`. Ports that a client is
# given for one connection are put together.
flows() {
	awk -v seconds="$1" "$rate"'
		function bytes(text) {
			return text * (text ~ /KB/ ? 1024 : text ~ /MB/ ? 1048576 : text ~ /GB/ ? 1073741824 : 1)
		}
		function end(text) {
			if (match(text, /:[0-9]+$/) && substr(text, RSTART + 1) + 0 > 32767) return substr(text, 1, RSTART) "*"
			return text
		}
		$3 == "=>" { here = end($2); out = bytes($NF) }
		$2 == "<=" {
			key = here "  <->  " end($1)
			sent[key] += out; received[key] += bytes($NF); all_out += out; all_in += bytes($NF)
		}
		END {
			for (key in sent) printf "%.0f\t%-10s  %-10s  %s\n", sent[key] + received[key], rate(sent[key] / seconds), rate(received[key] / seconds), key
			printf "%.0f\t%-10s  %-10s  all\n", all_out + all_in + 1, rate(all_out / seconds), rate(all_in / seconds)
		}' | { echo 'SENT        RECEIVED    HERE  <->  THERE'; sort -k 1,1nr | cut -f 2 | head -n 21; }
}

if ! command -v iftop >/dev/null; then
	echo 'the image has no iftop, so these are sums, without who talks to whom' >&2
elif ! may_listen; then
	echo 'without NET_RAW these are sums, without who talks to whom' >&2
elif [ -z "$duration" ] && [ -t 0 ] && [ -t 1 ]; then
	exec iftop -n -N -P -B -i "$interface"
else
	duration=${duration:-10}
	whole=${duration%%.*}
	case $duration in *.*[1-9]*) whole=$((${whole:-0} + 1)) ;; esac
	[ "$whole" -gt 0 ] || whole=1
	# It waits for a first packet for ever; busybox has a word of its own for what timeout ended.
	{ said=$(timeout "$((whole + 2))" iftop -t -s "$whole" -n -N -P -B -L 1000 -i "$interface" </dev/null 2>&1); } 2>/dev/null
	case $said in
	*'=>'*) printf '%s\n' "$said" | tr -c '\012\040-\176' '?' | flows "$whole" ;;
	*pcap_open* | *rror*) fail "iftop: $(plain "${said##*
}")" ;;
	*) echo "nothing was sent or received on $interface in $whole s" ;;
	esac
	exit 0
fi

# now: the clock in hundredths of a second, and the interface's counters of bytes and packets.
now() {
	read -r clock _ </proc/uptime
	clock=${clock%.*}${clock#*.}
	# A number that begins with 0 would be octal.
	clock=${clock#0} clock=${clock#0}
	while read -r line; do
		[ "${line%%:*}" = "$interface" ] || continue
		# shellcheck disable=SC2086 # numbers
		set -- ${line#*:}
		in=$1 in_packets=$2 out=$9
		shift 9
		out_packets=$1
		return
	done </proc/net/dev
	fail "$interface is gone"
}
# say WHEN: what went through since $from…, as rates.
say() {
	awk -v when="$1" -v wide="$wide" -v t="$((clock - from))" -v a="$((in - from_in))" -v b="$((in_packets - from_in_packets))" \
		-v c="$((out - from_out))" -v d="$((out_packets - from_out_packets))" "$rate"'
		BEGIN { t = t > 0 ? t / 100 : 1; printf "%-" wide "s  %-10s  %-9d  %-10s  %d\n", when, rate(a / t), b / t + 0.5, rate(c / t), d / t + 0.5 }'
}
mark() { from=$clock from_in=$in from_in_packets=$in_packets from_out=$out from_out_packets=$out_packets; }

[ -n "$duration" ] || [ -t 1 ] || duration=10
now
mark
first="$clock $in $in_packets $out $out_packets"
end=''
[ -z "$duration" ] || end=$(awk -v now="$clock" -v s="$duration" 'BEGIN { printf "%d", now + s * 100 }')
wide=${#interface}
[ "$wide" -gt 8 ] || wide=8
printf "%-${wide}s  RECEIVED    PACKETS/s  SENT        PACKETS/s\n" "$(plain "$interface")"
while [ -z "$end" ] || [ "$clock" -lt "$end" ]; do
	step=200
	[ -z "$end" ] || [ "$((end - clock))" -ge 200 ] || step=$((end - clock))
	sleep "$((step / 100)).$(printf %02d "$((step % 100))")"
	now
	say "$(date +%T)"
	mark
done
# shellcheck disable=SC2086 # numbers
set -- $first
from=$1 from_in=$2 from_in_packets=$3 from_out=$4 from_out_packets=$5
say mean
