#!/bin/bash
# farmcc_cpu.sh - the CPU time, user and system, that farmcc itself takes for a compile that goes to a
# node, without that of a preprocessor that it runs, and that farmmake takes besides: over Redis' sources,
# one at a time on one local slot, as views and as texts. The same for distcc and distccd, with and without LZO.
FARM_BUILD=${FARM_BUILD:-$(cd "$(dirname "$0")/../.." && pwd)/build-release}
export FARM_BUILD
. "$(dirname "$0")/../integration/lib.sh"

deps_install "${DEPS_BUILD[@]}" "${DEPS_SOURCE[@]}" jq distcc || exit 1
deps_build "$FARM_BUILD" --buildtype release -Dtests=disabled || exit 1
farm_begin
gcc -O2 -o "$work/self_cpu" "$top/tests/bench/self_cpu.c" || fail "self_cpu.c"
deps_source redis "$work/tree" || fail "Debian's sources of redis are out of reach"

# middle_us FILE: the median of its first column
middle_us() {
	sort -n "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# own_cpu PREPROCESSORS ALL FORK_US NAME: both files by source; all less preprocessor less fork.
own_cpu() {
	awk -v fork="$3" 'NR == FNR { cpp[$2] = $1; next } $2 in cpp { print $1 - cpp[$2] - fork }' \
		"$1" "$2" | sort -n | awk -v name="$4" '{ v[NR] = $1 } END {
		printf "%-12s %d compiles: median %.2f ms, nine of ten below %.2f ms\n",
			name, NR, v[int((NR + 1) / 2)] / 1000, v[int(NR * .9)] / 1000 }'
}

forget_objects() {
	find "$work/tree/src" -name '*.o' -delete
}

# self_cpu's fork is no cost of whom it measures, nor is the recorder below that distcc finds as gcc.
for _ in $(seq 50); do
	"$work/self_cpu" "$work/fork" /nonexistent
	"$work/self_cpu" "$work/recorder" "$work/self_cpu" "$work/recorded" /nonexistent
done
fork_us=$(middle_us "$work/fork")
recorder_us=$(($(middle_us "$work/recorder") - $(middle_us "$work/recorded")))

start_node anvil --slots 2 --preload 500
wait_node anvil
farm -j1 -C "$work/tree" MALLOC=libc >"$work/build.log" 2>&1 || fail "the first build failed"
for direct in yes no; do
	forget_objects
	: >"$work/all"
	farm -j1 -C "$work/tree" --farm-direct=$direct MALLOC=libc CC="$work/self_cpu $work/all gcc" \
		-o .make-prerequisites >"$work/build.log" 2>&1 || fail "the build with --farm-direct=$direct failed"
	jq -r '.jobs[] | select(.where == "node") | "\(.cpu.local_s * 1000000 | floor) \(.source)"' \
		"$report" >"$work/cpp"
	own_cpu "$work/cpp" "$work/all" "$fork_us" "$([ $direct = yes ] && echo views || echo texts)"
	in_report '"             farmmake itself: \(.build.cpu_s / .summary.jobs * 100000 | floor / 100) ms for each, preprocessors: \(
		[.jobs[].cpu.local_s] | add / length * 100000 | floor / 100) ms, \(
		[.jobs[] | select(.where == "node") | .bytes.text] | add / length / 1000 | floor) kB read"'
done
stop_node anvil

mkdir "$work/bin" "$work/distcc"
gcc -O2 -DRECORD="\"$work/cpp\"" -DCOMMAND="\"$(command -v gcc)\"" -o "$work/bin/gcc" \
	"$top/tests/bench/self_cpu.c" || fail "self_cpu.c as gcc"
tcp=$(free_port tcp)
TMPDIR=/tmp setsid distccd --no-detach --daemon --user nobody --allow 127.0.0.1 --listen 127.0.0.1 --port "$tcp" \
	--jobs 2 --log-file /dev/null </dev/null >"$work/distccd.log" 2>&1 &
node_pid[distccd]=-$! # its group: it has children that outlive it
listens() { grep -q "$(printf ':%04X 00000000:0000 0A' "$tcp")" /proc/net/tcp; }
wait_for 10 listens || fail "distccd does not listen"
for options in "" ,lzo; do
	: >"$work/cpp"
	: >"$work/all"
	forget_objects
	DISTCC_HOSTS="127.0.0.1:$tcp/4$options" DISTCC_FALLBACK=0 DISTCC_DIR="$work/distcc" \
		DISTCC_NO_REWRITE_CROSS=1 PATH=$work/bin:$PATH make -j1 -C "$work/tree" MALLOC=libc -o .make-prerequisites \
		CC="$work/self_cpu $work/all distcc gcc" >"$work/build.log" 2>&1 ||
		fail "the build by distcc failed"
	own_cpu "$work/cpp" "$work/all" $((fork_us + recorder_us)) "distcc$options"
done
