#!/bin/sh
# The network interfaces: state, mtu, what went through them since they were made, and their addresses. ERRORS and DROPS
# are received/sent.
set -u
export LC_ALL=C
fail() { printf 'error: %s\n' "$1" >&2; exit 1; }
command -v ip >/dev/null || fail 'the image has no ip; the net toolkit has one (or any image with iproute2)'
links=$(ip -o link show) || fail 'ip could not list the interfaces'
{
	printf '%s\n' "$links" | sed 's/^/link /'
	ip -o addr show | sed 's/^/address /'
	sed 's/:/ /; s/^/count /' /proc/net/dev
} | tr -c '\012\040-\176' '?' | awk '
	function size(n) {
		if (n < 1000) return n " B"
		if (n < 999500) return sprintf("%d kB", n / 1000 + 0.5)
		if (n < 9950000) return sprintf("%.1f MB", n / 1000000)
		return n < 999500000 ? sprintf("%d MB", n / 1000000 + 0.5) : sprintf("%.1f GB", n / 1000000000)
	}
	function commas(n, tail) {
		n = sprintf("%.0f", n)
		for (tail = ""; length(n) > 3; n = substr(n, 1, length(n) - 3)) tail = "," substr(n, length(n) - 2) tail
		return n tail
	}
	function pair(a, b) { return a + b > 0 ? commas(a) "/" commas(b) : 0 }
	function row(a, b, c, d, e, f, g, h, i, j) {
		n++
		cell[n, 1] = a; cell[n, 2] = b; cell[n, 3] = c; cell[n, 4] = d; cell[n, 5] = e; cell[n, 6] = f; cell[n, 7] = g
		cell[n, 8] = h; cell[n, 9] = i; cell[n, 10] = j == "" ? "-" : j
		for (i = 1; i < 10; i++) if (length(cell[n, i]) > wide[i]) wide[i] = length(cell[n, i])
	}
	$1 == "link" {
		sub(/[@:].*/, "", $3)
		name[++links] = $3
		state[$3] = $4 !~ /[<,]UP[,>]/ ? "down" : $4 ~ /LOWER_UP/ ? "up" : "no-carrier"
		for (i = 4; i < NF; i++) if ($i == "mtu") mtu[$3] = $(i + 1)
	}
	$1 == "address" && $4 ~ /^inet/ {
		sub(/@.*/, "", $3)
		remark = /tentative/ ? " (tentative)" : /dadfailed/ ? " (duplicate)" : /deprecated/ ? " (deprecated)" : ""
		addresses[$3] = addresses[$3] (addresses[$3] == "" ? "" : ", ") $5 remark
	}
	$1 == "count" && NF > 16 { for (i = 3; i < 19; i++) count[$2, i - 2] = $i }
	END {
		row("NAME", "STATE", "MTU", "RECEIVED", "PACKETS", "SENT", "PACKETS", "ERRORS", "DROPS", "ADDRESSES")
		for (l = 1; l <= links; l++) {
			at = name[l]
			row(at, state[at], mtu[at], size(count[at, 1]), commas(count[at, 2]), size(count[at, 9]), commas(count[at, 10]),
				pair(count[at, 3], count[at, 11]), pair(count[at, 4], count[at, 12]), addresses[at])
		}
		for (r = 1; r <= n; r++) {
			line = ""
			for (i = 1; i < 10; i++) line = line sprintf("%-" wide[i] + 2 "s", cell[r, i])
			print line cell[r, 10]
		}
	}'
