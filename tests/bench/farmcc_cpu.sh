#!/bin/bash
# farmcc_cpu.sh - farmcc's own CPU time for a compile that goes to a node, user and system, without
# that of the preprocessor that it runs: over Redis' sources, one at a time on one local slot.
FARM_BUILD=${FARM_BUILD:-$(cd "$(dirname "$0")/../.." && pwd)/build-release}
export FARM_BUILD
. "$(dirname "$0")/../integration/lib.sh"

deps_install "${DEPS_BUILD[@]}" "${DEPS_SOURCE[@]}" jq || exit 1
deps_build "$FARM_BUILD" --buildtype release -Dtests=disabled || exit 1
farm_begin
gcc -O2 -o "$work/self_cpu" "$top/tests/bench/self_cpu.c" || fail "self_cpu.c"
deps_source redis "$work/tree" || fail "Debian's sources of redis are out of reach"
start_node anvil --slots 1 --preload 1
wait_node anvil

# What a process costs that runs nothing: self_cpu's fork is no cost of farmcc.
for _ in $(seq 50); do "$work/self_cpu" "$work/empty" /bin/true; done
fork_us=$(awk '{ print $1 }' "$work/empty" | sort -n | sed -n 25p)

farm -j1 -C "$work/tree" MALLOC=libc >"$work/build.log" 2>&1 || fail "the first build failed"
find "$work/tree/src" -name '*.o' -delete
farm -j1 -C "$work/tree" MALLOC=libc CC="$work/self_cpu $work/all gcc" -o .make-prerequisites \
	>"$work/build.log" 2>&1 || fail "the second build failed"

# the wrapper's total less its preprocessor's, by source
jq -r '.jobs[] | select(.where == "node") |
	"\(.source) \(.cpu.local_s * 1000000 | floor) \(.bytes.text)"' "$report" >"$work/jobs"
awk -v fork="$fork_us" 'NR == FNR { cpp[$1] = $2; text[$1] = $3; next }
	$2 in cpp { print $1 - cpp[$2] - fork, text[$2] }' "$work/jobs" "$work/all" |
	sort -n >"$work/own"
awk '{ v[NR] = $1; t += $2 } END {
	printf "%d compiles on nodes, %d kB of text each: median %.2f ms, nine of ten below %.2f ms\n",
		NR, t / NR / 1000, v[int((NR + 1) / 2)] / 1000, v[int(NR * .9)] / 1000 }' "$work/own"
