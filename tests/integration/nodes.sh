#!/bin/bash
# nodes.sh - nodes come and go in the middle of a build, and the build is the same.
#
# 1. one is started 2 s into a build: it gets work within a second of being ready
# 2. one of two is stopped by SIGTERM: nothing is lost, nobody notices, and it ends in good order
# 3. one of two is killed: likewise for the build
# 4. nodes that the last build had are waited for, but only for a moment, and not where there were none
# 5. Ctrl-C, or a SIGTERM for farmmake alone: make's end, and nothing stays behind
. "$(dirname "$0")/lib.sh"
farm_begin
tree=$work/tree

now_s() {
	date +%s.%N
}

slow_project "$tree" 60 2
make -s -j"$(nproc)" -C "$tree" || fail "make failed"
collect "$tree" "$work/plain"
mapfile -t fewer < <(seq -f 'slow%g.o' 30)
mkdir "$work/fewer" && (cd "$work/plain" && cp "${fewer[@]}" "$work/fewer")

# start_build [GOAL...]: farmmake in the background, in a session of its own, on a clean tree. The shell would
# have it ignore SIGINT.
start_build() {
	rm -f "$tree"/*.o "$report"
	started_s=$(now_s)
	setsid env --default-signal=INT "$farmmake" "${farm_options[@]}" -s -C "$tree" "$@" \
		>"$work/build.out" 2>"$work/build.err" </dev/null &
	build_pid=$!
}

objects() {
	[ "$(find "$tree" -name '*.o' | wc -l)" -ge "$1" ]
}

# end_build WHAT [PLAIN]: the build ends well, and its objects are those of make.
end_build() {
	wait "$build_pid" || fail "$1: exit status $?"
	rm -rf "$work/farm"
	collect "$tree" "$work/farm"
	note "$1: $(same_trees "$work/${2:-plain}" "$work/farm") objects are the same," \
		"$(in_report .summary.remote) from nodes"
	[ "$(in_report .summary.failed)" = 0 ] || fail "$1: a compile failed"
	[ "$(in_report .summary.tokens.lost)" = 0 ] || fail "$1: tokens were lost"
	nothing_left
}

# A first start measures the compilers; later ones find that in the state directory.
start_node late && wait_node late && stop_node late
measure_cc

start_build
wait_for 20 objects 1 || fail "nothing is built without nodes"
sleep "$(echo "$started_s $(now_s)" | awk '{ d = 2 - ($2 - $1); print (d > 0 ? d : 0) }')"
start_node late
wait_node late
ready_s=$(stat -c %.9Y "$work/late.port")
end_build "a node joins"
sent_s=$(in_report '[.jobs[] | select(.node == "late") | .t.sent] | min // 1e6')
delay_s=$(echo "$started_s $sent_s $ready_s" | awk '{ print $1 + $2 - $3 }')
note "first work $delay_s s after it was ready"
echo "$delay_s" | awk '{ exit !($1 <= 1) }' || fail "first work after $delay_s s"
stop_node late || fail "a node that is stopped exits with $?"

for signal in TERM KILL; do
	start_node anvil --slots 2 --preload 8
	start_node bellows --slots 2 --preload 8
	wait_node anvil
	wait_node bellows
	start_build "${fewer[@]}"
	wait_for 60 objects 4 || fail "nothing is built"
	stopped_s=$(now_s)
	stop_node anvil $signal
	status=$?
	[ $signal = KILL ] || [ $status = 0 ] || fail "a node that is stopped exits with $status"
	note "SIG$signal: the node was gone after $(echo "$stopped_s $(now_s)" |
		awk '{ printf "%.2f", $2 - $1 }') s"
	end_build "SIG$signal" fewer
	stop_node bellows || fail "the other node exits with $?"
done

start_farm
short_build() {
	rm -f "$tree"/*.o "$report"
	# shellcheck disable=SC2046  # words
	farm -s -C "$tree" $(seq -f 'slow%g.o' 24) 2>"$work/build.err" || fail "$1: exit status $?"
}
all_on_nodes() {
	short_build "the last build had nodes"
	[ "$(in_report '[.jobs[] | select(.reason == "no node" or (.reason | test("examined")))] | length')" = 0 ]
}
# a busy machine may have needed longer than the moment that is waited
all_on_nodes || all_on_nodes || all_on_nodes ||
	fail "nobody waits for nodes: $(in_report '[.jobs[] | select(.where != "node").reason] | unique | join(", ")')"
stop_node anvil && stop_node bellows || fail "a node exits with $?"
had_nodes=$XDG_STATE_HOME/farmmake/had-nodes
[ -e "$had_nodes" ] || fail "nobody remembers that there were nodes"
short_build "the nodes are gone"
note "without the nodes of the last build, the first compile was done after $(in_report '[.jobs[].t.done] | min') s"
[ ! -e "$had_nodes" ] || fail "nodes are expected that the last build did not have"
start_farm

# end_by SIGNAL PID STATUS
end_by() {
	start_build
	wait_for 60 objects 2 || fail "nothing is built"
	kill "-$1" -- "${2/build/$build_pid}"
	wait "$build_pid"
	status=$?
	[ $status = "$3" ] || fail "after SIG$1: exit status $status"
	[ "$(in_report .build.exit_status)" != 0 ] || fail "the report of an interrupted build says 0"
	wait_for 10 all_gone || fail "after SIG$1: $(ps -o pid,args -s "$build_pid" | tail -n 1)"
	[ -z "$(find "$tree" -name '*.o' -size 0)" ] || fail "after SIG$1: half an object"
	# make ends gcc, which removes its file, and a cc1 that had not yet opened it makes it anew: so it is
	# without a farm, too
	find "$TMPDIR" -name 'cc??????.s' -delete
	nothing_left
}

all_gone() {
	[ -z "$(ps -o pid= -s "$build_pid")" ]
}

end_by INT -build 130
end_by TERM build 143
