#!/bin/sh
# Where packets go: the routes of IPv4 and IPv6 in all tables but the kernel's own, the rules that choose among tables where
# there are others than the usual three, and the path mtu that was learned on the way.
set -u
export LC_ALL=C
fail() { printf 'error: %s\n' "$1" >&2; exit 1; }
command -v ip >/dev/null || fail 'the image has no ip; the net toolkit has one (or any image with iproute2)'
ip -4 route show >/dev/null || fail 'ip could not list the routes'

# of_family NUMBER: lines that begin with what they are.
of_family() {
	ip -o "-$1" route show table main 2>/dev/null | sed "s/^/$1 route /"
	ip -o "-$1" route show table all 2>/dev/null | sed -n "s/^\(.* table .*\)/$1 route \1/p"
	ip "-$1" rule show 2>/dev/null | sed "s/^/$1 rule /"
	ip -o "-$1" route show cache 2>/dev/null | sed -n "s/^\(.*cache .*\)/$1 learned \1/p"
}
{ of_family 4; of_family 6; } | tr '\011\134' '  ' | tr -c '\012\040-\176' '?' | awk '
	function add(title, to, how) {
		if (!(title in rows)) order[++titles] = title
		rows[title]++
		left[title, rows[title]] = to
		right[title, rows[title]] = how
		if (length(to) > wide) wide = length(to)
	}
	# The words from the nth on, without those that every route has, and with commas between several next hops.
	function rest(from, text, i) {
		text = ""
		for (i = from; i <= NF; i++) {
			if ($i == "table") table = $(++i)
			else if ($i == "scope" || $i == "proto" && $(i + 1) ~ /^(kernel|boot|static|ra)$/ || $i == "pref" && $(i + 1) == "medium") i++
			else if ($i == "nexthop") text = text (text == "" ? "" : ",")
			else if ($i != "cache") text = text " " $i
		}
		return substr(text, 2)
	}
	{ family = "IPv" $1 }
	$2 == "rule" && $3 !~ /^(0|32766|32767):$/ { sub(/:/, "", $3); add(family " rules", $3, rest(4)) }
	$2 == "learned" && /mtu/ { add(family ", learned", $3, rest(4)) }
	$2 == "route" {
		table = "main"
		type = $3 ~ /^(local|broadcast|multicast|anycast|unreachable|blackhole|prohibit|throw|nat|unicast)$/ ? $3 : ""
		how = rest(type == "" ? 4 : 5)
		if (type != "" && type != "unicast") how = type (how == "" ? "" : " ") how
		if (table != "local") {
			seen[$1] = 1
			add(family (table == "main" ? "" : ", table " table), type == "" ? $3 : $4, how)
		}
	}
	END {
		for (t = 1; t <= titles; t++) {
			print order[t]
			for (r = 1; r <= rows[order[t]]; r++) printf "  %-" wide "s  %s\n", left[order[t], r], right[order[t], r]
		}
		if (!(4 in seen)) print "IPv4: no routes"
		if (!(6 in seen)) print "IPv6: no routes"
	}'
