#!/bin/bash
# share.sh - two farmmakes on the same two nodes: while both have work each has half of the nodes' time,
# however long its compiles are; what one leaves the other has within a second.
#
#     many short compiles  |------------------------------------------|
#     few long ones                  |----------------|
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/relays.sh"
farm_begin
[ -x /usr/bin/gcc ] || skip "no /usr/bin/gcc"
chmod 711 "$work" # jails look into it
slow_compiler "$work/cc/bin"
PATH=$work/cc/bin:$PATH

slots=4 preload=8 # of both nodes together
start_node anvil --slots $((slots / 2)) --preload $((preload / 2))
start_node bellows --slots $((slots / 2)) --preload $((preload / 2))
wait_node anvil
wait_node bellows
measure_cc

# project NAME FILES MS: each file takes so long to compile
project() {
	mkdir "$work/$1"
	for i in $(seq "$2"); do
		echo "int f$i(int x) { return x + $i; }" >"$work/$1/f$i.c"
	done
	printf 'CFLAGS = -DSLOWCC_MS=%s\nall: $(patsubst %%.c,%%.o,$(wildcard *.c))\n' "$3" \
		>"$work/$1/Makefile"
}
project short 205 400
project long 24 1400

# build NAME: farmmake in the background; its report is $work/NAME.json.
declare -A begun_s build_pid
build() {
	begun_s[$1]=$(date +%s.%N)
	farm --farm-report "$work/$1.json" -s -C "$work/$1" >"$work/$1.out" 2>"$work/$1.err" &
	build_pid[$1]=$!
}

finish() {
	wait "${build_pid[$1]}" || fail "$1: exit status $?"
	[ "$(jq .summary.failed "$work/$1.json")" = 0 ] || fail "$1: a compile failed"
}

objects() {
	[ "$(find "$work/$1" -name '*.o' | wc -l)" -ge "$2" ]
}

# What happened on nodes, on one clock: who, sent, started, finished.
events() {
	jq -r --arg name "$1" --arg origin "${begun_s[$1]}" --arg zero "${begun_s[short]}" '
		(($origin | tonumber) - ($zero | tonumber)) as $offset | .jobs[].t |
		select(.sent and .started and .finished) |
		[$name, .sent + $offset, .started + $offset, .finished + $offset] | @tsv' \
		"$work/$1.json"
}

build short
wait_for 60 objects short 8 || fail "nothing is built"
build long
finish long
finish short
{ events short && events long; } >"$work/events"

# Seconds, with two digits: when the second was there, when it had no more to send, and its end; what
# each used in between, after a second's grace; how long it took until the newcomer had half of the
# slots, until the one that was left had all of them, and until it had more than its half of the credits.
awk -v slots=$slots -v room=$((slots + preload)) '
	function min(a, b) { return a < b ? a : b }
	function max(a, b) { return a > b ? a : b }
	# the first moment from t on at which at least n intervals of this build are open
	function reached(name, from, n, t,    i, k, at, c, best) {
		best = 1e9
		for (i = 1; i <= NR; i++) {
			at = max(from[i], t)
			if (who[i] != name || at >= best || till[i] <= at)
				continue
			c = 0
			for (k = 1; k <= NR; k++)
				c += who[k] == name && from[k] <= at && till[k] > at
			if (c >= n)
				best = at
		}
		return best - t
	}
	{ who[NR] = $1; sent[NR] = $2; start[NR] = $3; till[NR] = $4 }
	$1 == "long" {
		came = NR == 1 || !came ? $2 : min(came, $2)
		hungry = max(hungry, $2)
		went = max(went, $4)
	}
	$1 == "short" { last = max(last, $2); job = max(job, $4 - $3) }
	END {
		for (i = 1; i <= NR; i++)
			used[who[i]] += max(0, min(till[i], hungry) - max(start[i], came + 1))
		printf "came %.2f\nhungry %.2f\nwent %.2f\nlast %.2f\n", came, hungry, went, last
		printf "short %.2f\nlong %.2f\njob %.2f\n", used["short"], used["long"], job
		printf "half %.2f\nall %.2f\ncredits %.2f\n", reached("long", start, slots / 2, came),
			reached("short", start, slots, went), reached("short", sent, room / 2 + 1, went)
	}' "$work/events" >"$work/figures"
note "$(xargs <"$work/figures")"

# holds CONDITION TEXT: an expression in the names of the figures
holds() {
	awk '{ v[$1] = $2 } END { exit !('"$(sed -E 's/\<[a-z]+\>/v["&"]/g' <<<"$1")"') }' \
		"$work/figures" || fail "$2"
}
holds 'hungry > came + 3 && last > went + 2' "the builds are too short to tell"
holds 'short > 0.45 * (short + long) && long > 0.45 * (short + long)' "the shares are not equal"
# a running compile is not taken away
holds 'half <= 1 + job' "the newcomer waits for its slots"
holds 'all <= 1' "slots stay empty when one has gone"
holds 'credits <= 1' "the credits of the one that has gone are lost"
nothing_left
