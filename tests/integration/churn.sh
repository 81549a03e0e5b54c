#!/bin/bash
# churn.sh - in one build nodes join and leave twenty-four times, with FARMMAKE_TEST_LONG=1 a hundred times, half of
# them by SIGKILL: no token, no descriptor and no memory is lost, and every object is what make alone makes of
# it.
#
# The nodes are of ten names, and each has measured its compilers before. The build makes its objects again and
# again until the last node has left. It pauses twice, with no node there and nothing to do: after the first
# round, and at the end.
. "$(dirname "$0")/lib.sh"
farm_begin
joins=${FARMMAKE_TEST_LONG:+100} files=16
joins=${joins:-24}
tree=$work/tree
slow_project "$tree" $files 1
make -s -j"$(nproc)" -C "$tree" || fail "make failed"
collect "$tree" "$work/plain"
cat >"$tree/rounds.mk" <<'END'
rounds:
	+@until [ -e $(DIR)/last ]; do \
		rm -f *.o && $(MAKE) -s && for o in *.o; do cmp $$o $(DIR)/plain/$$o || exit 1; done; \
		echo >>$(DIR)/rounds; \
		until [ -e $(DIR)/go ]; do sleep 0.05; done; done
	@touch $(DIR)/quiet; while [ -e $(DIR)/quiet ]; do sleep 0.05; done
END
measure_cc

in_log() {
	grep -q "$2" "$work/$1.log"
}

# join NAME: until farmmake has it
join() {
	: >"$work/$1.log"
	start_node "$1" --slots 2 --preload 8
	wait_for 60 in_log "$1" 'client [0-9]*: ' || fail "farmmake does not find $1"
}

built() {
	[ "$(wc -l <"$work/rounds")" -ge "$1" ]
}

descriptors() {
	find "/proc/$build_pid/fd" -mindepth 1 | wc -l
}

memory_kb() {
	awk '/^VmRSS/ { print $2 }' "/proc/$build_pid/status"
}

# The connections to nodes that are gone are closed.
is_alone() {
	[ "$(descriptors)" -le "$1" ]
}

: >"$work/rounds"
start_node n0 --slots 2 --preload 8
wait_node n0
"$farmmake" "${farm_options[@]}" -s -C "$tree" -f rounds.mk DIR="$work" \
	>"$work/build.out" 2>"$work/build.err" </dev/null &
build_pid=$!
wait_for 100 built 1 || fail "nothing is built"
in_log n0 'client [0-9]*: ' || fail "farmmake did not find the first node"
with_node=$(descriptors)
stop_node n0 KILL
wait_for 10 is_alone $((with_node - 1)) || fail "a dead node's connection is open"
fds=$(descriptors) kb=$(memory_kb)

touch "$work/go"
before=
for i in $(seq 9); do
	cp -r "$work/n0.state" "$work/n$i.state"
done
for i in $(seq $joins); do
	name=n$((i % 10))
	join $name
	if [ -n "$before" ]; then
		signal=TERM
		[ $((i % 2)) = 0 ] || signal=KILL
		stop_node "$before" $signal || [ $signal = KILL ] || fail "$before exits with $?"
	fi
	before=$name
	kill -0 $build_pid 2>/dev/null || fail "the build ended after $i joins"
done
stop_node "$before"
touch "$work/last"
wait_for 100 test -e "$work/quiet" || fail "the build does not go on without nodes"
rounds=$(wc -l <"$work/rounds")
wait_for 10 is_alone "$fds" || fail "$fds descriptors at first, $(descriptors) at last:
$(ls -l "/proc/$build_pid/fd")"
grown_kb=$(($(memory_kb) - kb))
rm "$work/quiet"
wait $build_pid || fail "exit status $?"

note "$joins joins and leaves in $rounds rounds of $files objects, $(in_report .build.wall_s) s"
note "$fds descriptors; $grown_kb kB more for $(in_report '.jobs | length') jobs on record"
collect "$tree" "$work/farm"
same_trees "$work/plain" "$work/farm" >/dev/null
[ "$(in_report .summary.tokens.lost)" = 0 ] || fail "tokens were lost"
[ "$(in_report .summary.failed)" = 0 ] || fail "a compile failed"
[ "$(in_report .summary.remote)" -gt $joins ] || fail "the nodes had next to nothing to do"
nothing_left
