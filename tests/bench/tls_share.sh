#!/bin/bash
# tls_share.sh [ROUNDS] - TLS's share of a build: Redis with two nodes on lo, in which farmmake and farmnode
# count what they spend inside OpenSSL (tls_cpu.c). Prints for each round, and as medians, the CPU of TLS in
# milliseconds, that of all the build (here and on the nodes) in seconds, and the share; the same of the
# client alone, to which the nodes' compiles are no cost.
FARM_BUILD=${FARM_BUILD:-$(cd "$(dirname "$0")/../.." && pwd)/build-release}
export FARM_BUILD
. "$(dirname "$0")/../integration/lib.sh"

rounds=${1:-5}
deps_install "${DEPS_BUILD[@]}" "${DEPS_SOURCE[@]}" jq || exit 1
deps_build "$FARM_BUILD" --buildtype release -Dtests=disabled || exit 1
farm_begin
tree=$work/tree
deps_source redis "$work/fresh" || fail "Debian's sources of redis are out of reach"
export SOURCE_DATE_EPOCH=1
cc -O2 -shared -fPIC -D_GNU_SOURCE -o "$work/tls_cpu.so" "$top/tests/bench/tls_cpu.c" || fail "tls_cpu.c"
export TLS_CPU_FILE=$work/counts
cat >"$work/node.sh" <<-END
	#!/bin/sh
	LD_PRELOAD=$work/tls_cpu.so exec "$farmnode" "\$@"
END
chmod +x "$work/node.sh"
farmnode=$work/node.sh
measure_cc

# of PROGRAM FIELD: what it counted, all processes of that name together
of() {
	awk -v name="$1" -v field="$2" '$1 == name { n += $field } END { print n + 0 }' "$work/counts"
}

for round in $(seq "$rounds"); do
	rm -rf "$tree" "$work/counts" && cp -r "$work/fresh" "$tree" && sync
	start_farm
	timeout 900 env LD_PRELOAD="$work/tls_cpu.so" "$farmmake" "${farm_options[@]}" -C "$tree" MALLOC=libc \
		>"$work/build.log" 2>&1 </dev/null || fail "the build fails"
	stop_node anvil && stop_node bellows || fail "a node fails"
	[ "$(in_report .summary.remote)" -gt 100 ] || fail "hardly anything was sent"
	awk -v here="$(of farmmake 2)" -v there="$(of farmnode 2)" -v client="$(of farmmake 3)" \
		-v nodes="$(of farmnode 3)" -v bytes="$(of farmmake 6)" -v n="$(of farmmake 5)" 'BEGIN {
		printf "%.1f MB, %d connections, TLS here %.1f ms, on nodes %.1f ms, build %.2f s, share %.3f %%, client %.2f s, share %.3f %%\n",
			bytes / 1e6, n, here / 1e3, there / 1e3, (client + nodes) / 1e6,
			100 * (here + there) / (client + nodes), client / 1e6, 100 * here / client }'
done | tee "$work/rounds"
# middle WORD: the median of the number that stands in front of this word's N-th from the end
middle() {
	awk -v back="$1" '{ print $(NF - back) + 0 }' "$work/rounds" | sort -n |
		awk '{ v[NR] = $1 } END { printf "%.3f", (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'
}
echo "median share $(middle 7) % of the build's CPU, $(middle 1) % of the client's"
