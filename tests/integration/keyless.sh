#!/bin/bash
# keyless.sh - hosts without a key: none gets in, none harms, and honest jobs hardly notice.
#
# Strangers run at nice 19, since a real one would use a processor of its own; their rates are more than
# an honest network ever has and what one host on it can easily do.
. "$(dirname "$0")/lib.sh"
farm_begin
# memory that was given back would be kept aside, 256 MiB of it
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=1
stranger=$build/tests/integration/stranger
client=$build/tests/integration/node_client
measure_cc
start_node anvil --slots 1 --preload 4 --beacon "127.0.0.1:$port"
wait_node anvil
tcp=$(cat "$work/anvil.port")
target="$(gcc -dumpmachine) $(gcc -dumpfullversion)"

job() { # KEYFILE [OPTION...]: an honest client's job
	local keyfile=$1
	shift
	timeout 60 "$client" --key "$keyfile" --node "127.0.0.1:$tcp" --target "$target" "$@" "$work/job.c"
}
serves() {
	job "$key" | grep -q '^result 1 0$'
}
rss_kib() {
	awk '/^VmHWM/ { print $2 }' "/proc/${node_pid[anvil]}/status"
}
{ # a compile of some 0.1 s that needs no memory
	echo '#define M0'
	for i in $(seq 16); do echo "#define M$i M$((i - 1)) M$((i - 1))"; done
	echo "int job; M16"
} >"$work/job.c"
serves || fail "the node does not serve"
start_kib=$(rss_kib)

# --- one at a time
new_key "$work/other.key"
job "$work/other.key" >"$work/out" && fail "a job with another key was done"
grep -q '^closed holds another farm key' "$work/out" || fail "another key: $(cat "$work/out")"
"$farmctl" key node bellows "$key" >"$work/bellows.key"
chmod 600 "$work/bellows.key"
job "$work/bellows.key" >"$work/out" && fail "a job with another node's key was done"
# the farm key's id, which everybody hears, with a secret that is made up
"$farmctl" key node anvil "$key" | awk '{ gsub(/[0-9a-f]/, "7", $5); print }' >"$work/made-up.key"
chmod 600 "$work/made-up.key"
job "$work/made-up.key" >"$work/out" && fail "a job with a made-up key was done"
grep -q '^closed TLS failure' "$work/out" || fail "a made-up key: $(cat "$work/out")"
serves || fail "the node does not serve after wrong keys"
# a host that has the node's address only: the beginning of a session is all that it gets
for say in '' 'GET / HTTP/1.0\r\n\r\n' '\x16\x03\x01\xff\xff\x01\xff\xff\xff' '\xff\xff\xff\xff\x00\x21\x00\x00\x00\x00\x00\x01'; do
	# shellcheck disable=SC2059  # it is a format
	got=$({ printf "$say"; sleep 0.2; } | timeout 10 perl -MIO::Socket::INET -e '
		my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$ARGV[0]") or die;
		local $/; print $s (<STDIN> // ""); $s->shutdown(1); my $got = <$s> // ""; print length $got' "$tcp")
	[ "$got" -le 100 ] || fail "a stranger was told $got bytes"
done
serves || fail "the node does not serve after plaintext"

# --- members that take more than their share (the one that stalls does so while the rest is tested)
member=$build/tests/integration/member
"$member" stall "$key" "127.0.0.1:$tcp" >"$work/stall.out" 2>&1 &
node_pid[stall]=$!
timeout 60 "$member" crowd "$key" "127.0.0.1:$tcp" 260 >"$work/out" || fail "a crowd comes to no end"
# an observer is a client like any other; the one that stalls is there as well
grep -qx '255 welcome, 5 not' "$work/out" || fail "of 260 clients are $(cat "$work/out")"
serves || fail "the node does not serve after a crowd"
crowd_kib=$(rss_kib)
timeout 60 "$member" deaf "$key" "127.0.0.1:$tcp" 60000 >"$work/out" || fail "a deaf client comes to no end"
grep -qx '60000 answers' "$work/out" || fail "a deaf client got $(cat "$work/out")"
serves || fail "the node does not serve after a deaf client"
deaf_kib=$(rss_kib)
note "memory: $start_kib KiB, with 256 clients $crowd_kib KiB, with one that does not listen $deaf_kib KiB"
[ $((deaf_kib - crowd_kib)) -lt 8192 ] || fail "answers that nobody reads pile up"

# --- many at once, and honest jobs among them: medians of pairs, one job before and one during
ms_of() {
	local start
	start=$(date +%s%N)
	serves || fail "an honest job was not done"
	echo $((($(date +%s%N) - start) / 10000))
}
median() {
	sort -n | awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'
}
pairs=9 # each with a flood of its own
compare() {
	local i
	: >"$work/quiet" && : >"$work/flooded"
	for i in $(seq $pairs); do
		ms_of >>"$work/quiet"
		nice -n 19 "$stranger" 3 "$tcp" 200 "$port" 1000 >>"$work/floods.out" 2>&1 &
		node_pid[flood]=$!
		sleep 0.4
		ms_of >>"$work/flooded"
		ms_of >/dev/null
		kill "${node_pid[flood]}" 2>/dev/null
		wait "${node_pid[flood]}" 2>/dev/null
		unset 'node_pid[flood]'
	done
	quiet=$(median <"$work/quiet") flooded=$(median <"$work/flooded")
	percent=$(awk -v a="$quiet" -v b="$flooded" 'BEGIN { printf "%.1f", 100 * (b / a - 1) }')
	note "an honest job: median $(awk -v a="$quiet" 'BEGIN { print a / 100 }') ms, during a flood of 200 connections and 1000 beacons a second $percent % more"
	awk -v p="$percent" 'BEGIN { exit !(p < 10) }'
}
# others may use this machine: a round that they disturbed is measured again
compare || compare || compare || compare || fail "an honest job takes $percent % longer"

# 1000 connections at a time, and more beacons than anybody looks at; a build goes on
slow_project "$work/slow" 6 1
(cd "$work/slow" && make -s -j2 && mkdir "$work/plain" && mv ./*.o "$work/plain") || fail "plain make"
nice -n 19 "$stranger" 12 "$tcp" 1000 "$port" 4000 >"$work/flood.out" 2>&1 &
node_pid[flood]=$!
sleep 1
farm -s -C "$work/slow" --farm-node "127.0.0.1:$tcp" >"$work/build.out" 2>"$work/build.err" ||
	fail "the build failed"
for object in "$work/plain"/*.o; do
	cmp "$object" "$work/slow/${object##*/}" || fail "another object"
done
warnings=$(wc -l <"$work/build.err")
[ "$warnings" -le 80 ] || fail "strangers make $warnings lines of warnings"
serves || fail "the node does not serve in a flood"
wait "${node_pid[flood]}" || fail "the flood ended early"
unset 'node_pid[flood]'
note "$(cat "$work/flood.out")"
opened=$(awk '{ print $1 }' "$work/flood.out")
[ "$opened" -ge 1000 ] || fail "only $opened connections were opened"
serves || fail "the node does not serve after the flood"
wait "${node_pid[stall]}"
unset 'node_pid[stall]'
stalled_ms=$(sed -n 's/^closed after \([0-9]*\) ms: .*/\1/p' "$work/stall.out")
[ "${stalled_ms:-0}" -ge 9000 ] && [ "$stalled_ms" -le 25000 ] ||
	fail "a client that stalls: $(cat "$work/stall.out")"
after_kib=$(rss_kib)
note "the node's memory at its peak: $start_kib KiB at the start, $after_kib KiB at the end"
[ $((after_kib - start_kib)) -lt 32768 ] || fail "the node's memory grew by $((after_kib - start_kib)) KiB"
lines=$(grep -c 'no client at' "$work/anvil.log")
[ "$lines" -le 120 ] || fail "strangers wrote $lines lines into the log"
descriptors() {
	[ "$(find "/proc/${node_pid[anvil]}/fd" -mindepth 1 | wc -l)" -le 40 ]
}
wait_for 6 descriptors || fail "connections of strangers are still open"
stop_node anvil || fail "the node ends badly"
nothing_left
