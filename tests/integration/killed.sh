#!/bin/bash
# killed.sh - farmmake is killed in the middle of a build: make and its compiles carry on here, to the
# end and to the same objects; nothing of farmmake runs on, and its directory is removed
# by the next farmmake.
. "$(dirname "$0")/lib.sh"
farm_begin
start_farm
measure_cc

tree=$work/tree
slow_project "$tree" 24 2
make -s -j2 -C "$tree" 2>"$work/plain.err" || fail "make failed"
collect "$tree" "$work/plain"
rm -f "$tree"/*.o

"$farmmake" "${farm_options[@]}" --farm-local-slots 2 -C "$tree" </dev/null \
	>"$work/farm.out" 2>"$work/farm.err" &
pid=$!
some_are_done() { [ "$(find "$tree" -name '*.o' | wc -l)" -ge 4 ]; }
wait_for 60 some_are_done || fail "the build does not begin"
kill -KILL $pid
wait $pid 2>/dev/null
[ "$(find "$tree" -name '*.o' | wc -l)" -lt 24 ] || fail "the build was over too soon"

# The build's processes have lost their parent; they are known by the tree that they work in.
workers() { pgrep -f -- "-C $tree" >/dev/null || pgrep -f "slow[0-9]*\.c" >/dev/null; }
all_done() { [ "$(find "$tree" -name '*.o' | wc -l)" = 24 ] && ! workers; }
most=0
for _ in $(seq 1200); do
	all_done && break
	n=$(pgrep -c -x cc1)
	[ "$n" -gt "$most" ] && most=$n
	sleep 0.1
done
all_done || fail "the build did not go on"
[ "$most" -ge 2 ] || fail "it went on with $most compilers at once"
collect "$tree" "$work/farm"
note "$(same_trees "$work/plain" "$work/farm") objects are the same; at most $most compilers at once"

farmmake_is_gone() { ! pgrep -f -- "--farm-key $key" >/dev/null; }
wait_for 5 farmmake_is_gone || fail "something of farmmake runs on"
farm -C "$tree" >/dev/null 2>"$work/next.err" || fail "the next build failed"
nothing_left
