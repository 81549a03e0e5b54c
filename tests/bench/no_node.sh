#!/bin/bash
# no_node.sh [PAIRS] - what farmmake costs where there is no farm: Redis, built by "make -jN" and by
# farmmake without nodes, in turns, N being the cores. Prints each pair and the median of the ratios, of
# the time and of the CPU: where a machine's own speed changes, both change alike.
FARM_BUILD=${FARM_BUILD:-$(cd "$(dirname "$0")/../.." && pwd)/build-release}
export FARM_BUILD
. "$(dirname "$0")/../integration/lib.sh"

pairs=${1:-5}
deps_install "${DEPS_BUILD[@]}" "${DEPS_SOURCE[@]}" jq || exit 1
deps_build "$FARM_BUILD" --buildtype release -Dtests=disabled || exit 1
farm_begin
tree=$work/tree
deps_source redis "$work/fresh" || fail "Debian's sources of redis are out of reach"
export SOURCE_DATE_EPOCH=1

# seconds COMMAND...: on a fresh tree of the same name; "TIME CPU"
seconds() {
	local TIMEFORMAT='%3R %3U %3S'
	rm -rf "$tree" && cp -r "$work/fresh" "$tree" && sync
	{ time "$@" -C "$tree" MALLOC=libc >"$work/build.log" 2>&1 </dev/null; } 2>"$work/time" ||
		fail "$* failed"
	awk '{ printf "%.2f %.2f\n", $1, $2 + $3 }' "$work/time"
}

seconds make -j"$(nproc)" >/dev/null # files into memory
for pair in $(seq "$pairs"); do
	# the order changes, so that neither always has the warmer machine
	if [ $((pair % 2)) = 1 ]; then
		plain=$(seconds make -j"$(nproc)")
		ours=$(seconds farm)
	else
		ours=$(seconds farm)
		plain=$(seconds make -j"$(nproc)")
	fi
	[ "$(in_report .summary.remote)" = 0 ] || fail "something was not compiled here"
	echo "$plain $ours" | awk '{ printf "make %s s, farmmake %s s, ratio %.3f, of CPU %.3f\n",
		$1, $3, $3 / $1, $4 / $2 }'
done | tee "$work/pairs"
# middle FIELD: the median of this word, counted from the end
middle() {
	awk -v back="$1" '{ print $(NF - back) + 0 }' "$work/pairs" | sort -n |
		awk '{ v[NR] = $1 } END { printf "%.3f", (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'
}
echo "median ratio $(middle 3), of CPU $(middle 0)"
