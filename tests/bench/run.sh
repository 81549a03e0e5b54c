#!/bin/bash
# run.sh [OPTION]... - builds real sources on a simulated farm, by farmmake and by others, and says how
# far each is from what the farm and this machine allow. doc/performance.md explains the figures.
#
#   --workload redis|kernel|trivial|many   what is built (redis)
#   --contenders LIST   who builds, of: farmmake farmmake-text farmmake-counted farmmake-distccd farmmake-haproxy distcc
#                       distcc-default distcc-haproxy icecream make handout ideal   ("farmmake distcc handout ideal")
#   --boards SPEC       NxCORES[/SLOW],...: "4x4,2x4/3" has two that are three times slower (6x4)
#   --rate RATE         of each link, as tc names it, or none (1gbit)
#   --runs N            rounds; in each of them everybody builds once (3)
#   --setting J/S       distcc's -j and slots above the cores of a board, instead of trying some
#   --kernel-dirs LIST  what of the kernel is built ("block/ net/core/")
#   --weight N          of the CPU, against what else runs here (1: a fair share)
#   --no-jails          farmnodes answer from the records by themselves: for farms that would need more cores
#                       for their jails than this machine has
#   --record            forget what compiles gave and cost, and measure it again
#   --out DIR           where figures.json, runs.jsonl and plot.svg go (./bench-WORKLOAD)
#
# Nothing leaves this machine: from the first build on, everything runs in network, process and mount
# namespaces of its own, and dies with them.
here=$(cd "$(dirname "$0")" && pwd)
build=${FARM_BUILD:-$here/../../build-release}
# shellcheck source=tests/lib/deps.sh
. "$here/../lib/deps.sh"
# shellcheck source-path=SCRIPTDIR
. "$here/cgroups.sh"
. "$here/boards.sh"
. "$here/workloads.sh"
. "$here/contenders.sh"
. "$here/own_cpu.sh"

fail() {
	echo "run.sh: $*" >&2
	exit 1
}

# wait_for SECONDS COMMAND...: until it succeeds; fails when it never did
wait_for() {
	local tries=$(($1 * 20))
	shift
	while ! "$@"; do
		[ $((tries -= 1)) -gt 0 ] || return 1
		sleep 0.05
	done
}

parse_options() {
	workload=redis contenders="farmmake distcc handout ideal" boards=6x4 rate=1gbit runs=3
	setting='' kernel_dirs="block/ net/core/" record_again='' out='' weight=1 jails=1
	while [ $# -gt 0 ]; do
		case $1 in
		--workload) workload=$2 ;;
		--contenders) contenders=${2//,/ } ;;
		--boards) boards=$2 ;;
		--rate) rate=$2 ;;
		--runs) runs=$2 ;;
		--setting) setting=$2 ;;
		--kernel-dirs) kernel_dirs=$2 ;;
		--out) out=$2 ;;
		--weight) weight=$2 ;;
		--record)
			record_again=1
			shift
			continue
			;;
		--no-jails)
			jails=
			shift
			continue
			;;
		*)
			sed -n '2,/^# Nothing/{/^# Nothing/d;s/^# \{0,1\}//;p}' "$0"
			[ "$1" = --help ] && exit 0 || exit 2
			;;
		esac
		[ $# -ge 2 ] || fail "$1 needs a value"
		shift 2
	done
	out=$(realpath -m "${out:-bench-$workload}")
	boards_parse "$boards"
}

# What needs the network, or the rest of the machine.
outside() {
	local packages=("${DEPS_BUILD[@]}" "${DEPS_SOURCE[@]}" jq iproute2 util-linux python3)
	[[ $contenders != *distcc* ]] || packages+=(distcc)
	[[ $contenders != *haproxy* ]] || packages+=(haproxy)
	[[ $contenders != *icecream* ]] || packages+=(icecc)
	deps_install "${packages[@]}" || exit 1
	deps_build "$build" --buildtype release && { [ -n "$jails" ] || ninja -C "$build" tests/bench/board; } || exit 1
	workload_fetch || fail "the sources of $workload are out of reach"
	gcc -O2 -static -D_GNU_SOURCE -I "$here/../../include" -o "$bench/replay.new" \
		"$here"/replay/*.c "$here"/../../src/base/{str,fs,err,buf}.c || fail "cannot build replay"
	cmp -s "$bench/replay.new" "$bench/replay" || mv "$bench/replay.new" "$bench/replay"
}

# Not below the home directory: jails show no file of it, and daemons have users of their own.
find_places() {
	bench=${FARM_BENCH_DIR:-/var/tmp/farmmake-bench}
	mkdir -p "$bench/trees" "$bench/state" "$out" && [ -O "$bench" ] || fail "$bench is not ours"
	chmod 755 "$bench"
	tree=$bench/trees/$workload
	records_name=$workload-$(gcc -dumpfullversion)
	[ "$workload" != kernel ] || records_name+="-$(tr -c '[:alnum:]\n' _ <<<"$kernel_dirs")"
	records=$bench/records/$records_name
}

inside() {
	farmmake=$build/src/farmmake/farmmake farmnode=("$build/src/farmnode/farmnode")
	[ -n "$jails" ] || farmnode=("$build/tests/bench/board" --insecure-no-jail)
	work=$bench/work
	rm -rf "$work" && mkdir -p "$work" && mount -t tmpfs -o mode=755 tmpfs "$work" || exit 1
	mkdir -p -m 700 "$work/home" "$work/run" "$work/tmp"
	unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES CC CFLAGS
	FARMMAKE_TEST_SOURCES=$(deps_sources) # before HOME moves
	export FARMMAKE_TEST_SOURCES
	export HOME=$work/home XDG_RUNTIME_DIR=$work/run TMPDIR=$work/tmp LC_ALL=C
	export XDG_STATE_HOME=$HOME/.state XDG_CACHE_HOME=$HOME/.cache SOURCE_DATE_EPOCH=1
	export KBUILD_BUILD_TIMESTAMP=@1 KBUILD_BUILD_USER=farm KBUILD_BUILD_HOST=farm
	key=$work/key
	(umask 077 && printf 'farmmake-key-1 farm %s\n' \
		"$(od -An -tx1 -v -N32 /dev/urandom | tr -d ' \n')" >"$key")
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	declare -gA started=()
	group_join client
	workload_prepare || fail "cannot prepare $workload: $(tail -n 3 "$work/prepare.log")"
	boards_up
	record_once
	session
}

record_once() {
	[ -z "$record_again" ] || rm -rf "$records"
	[ -e "$records/complete" ] && return
	echo "Recording $workload: its compiles run here once" >&2
	rm -rf "$records" && mkdir -p "$records" && workload_reset
	recording=1 contender_build record >"$work/record.log" 2>&1 </dev/null ||
		fail "the recorded build failed: $(tail -n 3 "$work/record.log")"
	touch "$records/complete"
	workload_reset
}

# What the client has sent so far, as its link counts it
sent_bytes() {
	in_client ip -j -s link show eth0 | jq '.[0].stats64.tx.bytes'
}

# one_build ROUND CONTENDER SETTING: a line in runs.jsonl, and wall_ms
one_build() {
	local TIMEFORMAT='%3R %3U %3S' wall user sys before after
	workload_reset && sync
	rm -f "$work/report.json"
	before=$(cpu_counters) sent=$(sent_bytes)
	{ time contender_build "$2" "$3" >"$work/build.log" 2>&1 </dev/null; } 2>"$work/time" ||
		fail "$2 failed: $(tail -n 5 "$work/build.log")"
	after=$(cpu_counters) sent=$(($(sent_bytes) - sent))
	read -r wall user sys <"$work/time"
	! grep -q '^replay: ' "$work/build.log" || fail "$2: $(grep -m1 '^replay: ' "$work/build.log")"
	wall_ms=$((10#${wall//./}))
	jq -nc --argjson sent "$sent" --arg contender "$2" --arg setting "$3" --argjson round "$1" \
		--argjson t "[$wall, $user, $sys]" --argjson before "$before" --argjson after "$after" \
		--slurpfile report <(cat "$work/report.json" 2>/dev/null) '{
			$round, $contender, $setting, wall_s: $t[0],
			client_cpu_s: ($t[1] + $t[2] + $after.client - $before.client),
			boards_cpu_s: ($after.boards - $before.boards),
			sent_bytes: $sent
		} | .others_cpu_s = ($after.all - $before.all - .client_cpu_s - .boards_cpu_s) | . + ($report[0] // {} | if .jobs then {
			remote: .summary.remote, local: .summary.local, views: .summary.views,
			local_compiles_cpu_s: ([.jobs[] | select(.where == "local") | .cpu.local_s] | add // 0)
		} else {} end)' >>"$out/runs.jsonl"
	[ ! -e "$work/report.json" ] || cp "$work/report.json" "$out/report-$1.json"
	printf '%3s  %-15s %-6s %8.2f s\n' "$1" "$2" "$3" "$wall" >&2
}

# Tries the settings of a contender, and leaves the best in best[].
sweep() {
	local try fastest=''
	best[$1]=$setting
	[ -z "$setting" ] || return 0
	for try in $(contender_settings "$1"); do
		one_build 0 "$1" "$try"
		[ "$wall_ms" -lt "${fastest:-$((wall_ms + 1))}" ] || continue
		fastest=$wall_ms best[$1]=$try
	done
}

session() {
	local round name order
	declare -gA best=()
	: >"$out/runs.jsonl"
	for name in $contenders; do
		contender_start "$name"
	done
	for name in $contenders; do
		sweep "$name"
	done
	order=$contenders
	for round in $(seq "$runs"); do
		for name in $order; do
			one_build "$round" "$name" "${best[$name]}"
		done
		order=$(printf '%s\n' $order | tac | xargs) # nobody always has the warmer machine
	done
	python3 "$here/figures.py" "$out" "$records" "$boards" "$workload" "$rate" "$(workload_copies)"
}

# Itself once more, in namespaces that end with it.
enter() {
	exec 9>"$bench/lock"
	flock -n 9 || fail "another bench runs in $bench"
	trap groups_down EXIT
	groups_up "$weight"
	FARM_BENCH_INSIDE=$groups_root unshare --mount --net --ipc --pid --fork --kill-child \
		--mount-proc "$0" "$@" &
	local child=$!
	trap 'kill -KILL $child' INT TERM HUP
	wait $child
}

main() {
	parse_options "$@"
	[ "$(id -u)" = 0 ] || fail "only root can make namespaces in which distccd gives its rights up"
	find_places
	if [ -n "${FARM_BENCH_INSIDE+set}" ]; then
		groups_root=$FARM_BENCH_INSIDE
		inside
	else
		outside
		enter "$@"
	fi
}

main "$@"
exit
