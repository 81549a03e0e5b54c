#!/bin/bash
# priorities.sh [ROUNDS [SECONDS [WEIGHT]]] - which priority a compile should have that is done here while others need
# the cores: SCHED_IDLE, SCHED_BATCH and nice 19, nice 19, nice 10, or the usual one. As root: it makes groups.
#
# First what it takes from others: on each core one loop preprocesses and one compiles, with that priority;
# how much more is preprocessed without the compiles. Then what it gets: its share of a core beside a busy
# program with the usual priority, both in one group of the scheduler, and in one each, as sessions are with
# autogroup. Priorities take turns, and figures are medians of the rounds. WEIGHT: how many times a session's
# share of the machine all this has.
. "$(dirname "$0")/../integration/lib.sh"
. "$(dirname "$0")/cgroups.sh"
rounds=${1:-9} seconds=${2:-3}
priorities=(none idle batch19 nice19 nice10 usual)

at_priority() {
	local name=$1
	shift
	case $name in
	idle) exec chrt --idle 0 "$@" ;;
	batch19) exec chrt --batch 0 nice -n 19 "$@" ;;
	nice*) exec nice -n "${name#nice}" "$@" ;;
	usual) exec "$@" ;;
	esac
}

median() {
	sort -n | awk '{ v[NR] = $1 } END { if (NR) printf "%.3f", (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'
}

jobs_end() {
	for pid in "${pids[@]}"; do
		kill -KILL -- "-$pid" 2>/dev/null
	done
	wait "${pids[@]}" 2>/dev/null
	pids=()
}

# group GROUP COMMAND...: there
group() {
	group_join "$1"
	shift
	"$@"
}

# count_loops PRIORITY: how often sources are preprocessed in the time, on all cores together
count_loops() {
	local i
	for i in $(seq "$(nproc)"); do
		[ "$1" = none ] || {
			group client at_priority "$1" setsid bash -c 'while :; do gcc -O2 -c -o /dev/null "$1"; done' - "$work/p/slow1.c" &
			pids+=($!)
		} 2>/dev/null
	done
	sleep 0.2
	for i in $(seq "$(nproc)"); do
		group client bash -c 'end=$((${EPOCHREALTIME/./} + $2 * 1000000)) n=0
			while [ ${EPOCHREALTIME/./} -lt $end ]; do
				gcc -E -fdirectives-only "$1" | cat >/dev/null
				n=$((n + 1))
			done
			echo $n' - "$work/small.c" "$seconds" >"$work/loops.$i" &
		loops[i]=$!
	done
	wait "${loops[@]}"
	jobs_end
	cat "$work"/loops.* | awk '{ n += $1 } END { print n }'
}

ticks_of() {
	awk '{ print $14 + $15 }' "/proc/$1/stat"
}

# share_of PRIORITY GROUP: of the last core, in percent, beside a busy program in the group client
share_of() {
	local last=$(($(nproc) - 1))
	group client exec setsid taskset -c $last bash -c 'while :; do :; done' &
	pids+=($!)
	group "$2" at_priority "$1" setsid taskset -c $last bash -c 'while :; do :; done' &
	pids+=($!)
	sleep "$seconds"
	echo "$(ticks_of "${pids[0]}") $(ticks_of "${pids[1]}")" | awk '{ printf "%.2f\n", 100 * $2 / ($1 + $2) }'
	jobs_end
}

pids=() loops=()
farm_begin
trap 'jobs_end; groups_down; farm_end' EXIT
groups_up "${3:-1}"
[ -n "$groups_root" ] || fail "no groups: as root?"
slow_project "$work/p" 1 3
printf '#include <%s>\n' stdio.h stdlib.h string.h unistd.h sys/socket.h netinet/in.h pthread.h math.h >"$work/small.c"
for round in $(seq "$rounds"); do
	for i in $(seq ${#priorities[@]}); do # each is first and last as often as any
		name=${priorities[(i + round) % ${#priorities[@]}]}
		now[i]=$name:$(count_loops "$name")
	done
	printf '%s\n' "${now[@]}" | tr ':' ' ' >"$work/round"
	for name in "${priorities[@]}"; do
		awk -v name="$name" '{ n[$1] = $2 } END { print n["none"] / n[name] }' "$work/round" >>"$work/slower.$name"
		[ "$name" = none ] || [ "$round" -gt 3 ] || for other in client boards; do
			share_of "$name" $other >>"$work/share.$name.$other"
		done
	done
done
echo "priority, preprocessing takes times as long, share beside a busy program in percent: one group, two groups"
for name in "${priorities[@]:1}"; do
	echo "$name $(median <"$work/slower.$name") $(median <"$work/share.$name.client") $(median <"$work/share.$name.boards")"
done
