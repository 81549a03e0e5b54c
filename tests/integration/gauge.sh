#!/bin/bash
# gauge.sh - with a farm many times its size behind it, this machine runs as many processes as it has
# local slots; and it does use them.
. "$(dirname "$0")/lib.sh"
farm_begin
tree=$work/tree
slow_project "$tree" 16 8
start_farm
measure_cc
for slots in 1 2; do
	rm -f "$tree"/*.o
	"$gauge" -o "$work/gauge" timeout 300 "$farmmake" "${farm_options[@]}" \
		--farm-local-slots $slots -s -C "$tree" >"$work/build.out" 2>"$work/build.err" \
		</dev/null || fail "farmmake failed"
	slots_kept "$work/gauge" $slots
	most=$(in_report .summary.max_local_running)
	[ "$most" -le $((slots + 1)) ] || fail "farmmake itself saw $most at work on $slots slots"
	[ "$(in_report .summary.remote)" -gt 0 ] || fail "nothing went to a node"
	nothing_left
done
