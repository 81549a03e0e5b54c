#!/bin/bash
# metrics.sh - what a node tells Prometheus is what it did, and the port is good for nothing else.
. "$(dirname "$0")/lib.sh"
farm_begin
deps_install curl jq >/dev/null || skip "curl is missing"
tcp=$(free_port tcp)
start_node anvil --slots 3 --preload 2 --metrics "$tcp"
wait_node anvil
measure_cc
get() { # PATH [OPTION...]: the body; the status in $status
	local path=$1
	shift
	status=$(curl -s -m 5 -o "$work/body" -w '%{http_code}' "$@" "http://127.0.0.1:$tcp$path")
}
value() { # NAME
	get /metrics
	[ "$status" = 200 ] || fail "status $status"
	sed -n "s/^farmnode_$1 //p" "$work/body"
}
[ "$(value slots)" = 3 ] || fail "slots: $(cat "$work/body")"
[ "$(value jail_level)" -ge 2 ] || fail "jail level: $(cat "$work/body")"
[ "$(value clients)" = 0 ] || fail "clients: $(cat "$work/body")"
grep -q '^farmnode_info{node="anvil",version="' "$work/body" || fail "no name: $(cat "$work/body")"
# the form: every value has a HELP and a TYPE line before it, and is a number
awk '/^# HELP / { help = $3; next }
	/^# TYPE / { if ($3 != help || ($4 != "gauge" && $4 != "counter")) exit 1; type = $3; next }
	/^[a-z_]+({[a-z]+="[^"]*"(,[a-z]+="[^"]*")*})? [0-9.e+]+$/ { n = $1; sub(/{.*/, "", n); if (n != type) exit 1; next }
	{ exit 1 }' "$work/body" || fail "no metrics: $(cat "$work/body")"

slow_project "$work/tree" 6 1
hear_nodes >>"$work/tree/Makefile"
echo 'int x = ;' >"$work/tree/wrong.c"
farm -s -k -C "$work/tree" >"$work/build.out" 2>"$work/build.err"
# wrong.c is compiled there, and then here: the words are those of the compiler here
remote=$(in_report .summary.remote)
[ "$(value 'jobs_total{outcome="ok"}')" = "$remote" ] || fail "ok: $(cat "$work/body"), in the report $remote"
[ "$(value 'jobs_total{outcome="failed"}')" -le 1 ] || fail "failed: $(cat "$work/body")"
awk -v s="$(value compile_seconds_total)" -v r="$(in_report '[.jobs[].cpu.remote_s] | add')" 'BEGIN { exit !(s >= r * 0.8) }' ||
	fail "compile seconds: $(cat "$work/body")"
[ "$(value moved_bytes_total)" -gt 10000 ] || fail "bytes: $(cat "$work/body")"
[ "$(value slots_busy)" = 0 ] || fail "busy: $(cat "$work/body")"
note "$(grep -c '^farmnode' "$work/body") values; $(value moved_bytes_total) bytes moved, $(value compile_seconds_total) s compiled"

# --- nothing else is there
get / && [ "$status" = 404 ] || fail "/: $status"
get /metrics/ && [ "$status" = 404 ] || fail "/metrics/: $status"
get /../../etc/passwd --path-as-is && [ "$status" = 404 ] || fail "a path: $status"
get /metrics -X DELETE && [ "$status" = 405 ] || fail "DELETE: $status"
get /metrics -d "$(head -c 100000 /dev/zero | tr '\0' x)" && [ "$status" = 405 ] || fail "POST: $status"
get "/$(head -c 20000 /dev/zero | tr '\0' x)"
[ "$status" != 200 ] || fail "a long path: $status"
perl -MIO::Socket::INET -e '
	my @s = grep { $_ } map { IO::Socket::INET->new(PeerAddr => "127.0.0.1:$ARGV[0]") } 1..100;
	$_->print("GET /metr") for @s; sleep 7' "$tcp" &
loris=$!
sleep 1
farm -s -B -C "$work/tree" slow1.o >"$work/build.out" 2>"$work/build.err" || fail "a build beside them"
wait $loris
[ "$(value slots)" = 3 ] || fail "after those who say nothing: $(cat "$work/body")"
kill -0 "${node_pid[anvil]}" || fail "the node is gone"
stop_node anvil || fail "status $?"
# --- wrong places
start_node bad --metrics nowhere:port
wait "${node_pid[bad]}"
[ $? = 1 ] || fail "a place that is none"
unset 'node_pid[bad]'
start_node bad --metrics 203.0.113.1:9
wait "${node_pid[bad]}"
[ $? = 1 ] || fail "an address that is not ours"
unset 'node_pid[bad]'
[ "$(grep -c -- '--metrics' "$work/bad.log")" = 2 ] || fail "nothing is said of it: $(cat "$work/bad.log")"
