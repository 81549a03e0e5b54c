# shellcheck shell=bash
# fault_times.sh - how long faults take, and that load is none.  Sourced by faults.sh.

# How long it takes. Three nodes that have slots to spare, so that what is lost is the only thing that
# takes time: 24 compiles of 1.2 s, nearly all of them away at once.
timed_nodes=(left middle right)
compile_s=1.2

timed_build() {
	start_build "$work/timed" "${timed_options[@]}"
}

sent() {
	[ "$(grep -c '^farmmake: debug: [0-9.]* send' "$work/build.err")" -ge "$1" ]
}

hurt_kill() {
	stop_node middle KILL
}

hurt_stop() {
	kill -STOP "${node_pid[middle]}"
}

hurt_cut() {
	relay middle cut
}

heal_kill() {
	run_node middle --slots 16 --preload 4
	wait_node middle
}

heal_stop() {
	kill -CONT "${node_pid[middle]}"
}

heal_cut() {
	relay middle clear
}

# delays NODE UNIX-TIME: for each job that was there then, after how long it was given to somebody else
delays() {
	awk -v name="$1" -v at="$2" '
		$1 != "farmmake:" || $2 != "debug:" { next }
		$4 == "is" && $3 == "0.000" { hurt = at - $5; next }
		$4 == "node" && $5 == name && $6 == "is" && $7 ~ /^[0-9]+$/ { id = $7; next }
		$4 == "send" && $3 <= hurt { on[$5] = $7; next }
		$4 == "result" { if (on[$5] == id && $7 == id) delete on[$5]; next }
		$4 ~ /^(send|local|idle)$/ {
			sub(":", "", $5)
			if (on[$5] == id && $3 > hurt) {
				printf "%.3f\n", $3 - hurt
				delete on[$5]
			}
		}' "$work/build.err"
}

# percentile P: of the numbers in the input
percentile() {
	sort -n | awk -v p="$1" '{ v[NR] = $1 } END { i = int((NR * p + 99) / 100); print v[i ? i : 1] }'
}

# time_fault FAULT LIMIT: builds with it; a job is with somebody else after LIMIT s, and the build takes
# a second and a compile longer at most
time_fault() {
	local fault=$1 limit=$2 i at
	: >"$work/delays"
	: >"$work/added"
	for i in $(seq "$((${long:+17} + 3))"); do
		timed_build
		wait_for 10 sent 20 || fail "$fault: nothing is sent"
		at=$(date +%s.%N)
		"hurt_$fault"
		end_build timed-plain
		"heal_$fault"
		delays middle "$at" >>"$work/delays"
		in_report ".build.wall_s - $undisturbed_s" >>"$work/added"
	done
	[ "$(wc -l <"$work/delays")" -ge $((3 * i)) ] || fail "$fault: $(wc -l <"$work/delays") jobs were affected"
	local added_s delay_s
	added_s=$(percentile 95 <"$work/added")
	delay_s=$(percentile 95 <"$work/delays")
	note "$(printf '%s, %d builds: %d jobs are sent again, after %s s (p95; median %s, most %s); the build takes %.2f s longer (p95; median %.2f)' \
		"$fault" "$i" "$(wc -l <"$work/delays")" "$delay_s" "$(percentile 50 <"$work/delays")" \
		"$(percentile 100 <"$work/delays")" "$added_s" "$(percentile 50 <"$work/added")")"
	# of three, the slowest one may be the doing of another program
	if [ -z "$long" ]; then
		added_s=$(percentile 50 <"$work/added")
		delay_s=$(percentile 50 <"$work/delays")
	fi
	awk "BEGIN { exit !($delay_s <= $limit) }" || fail "$fault: not in $limit s"
	awk "BEGIN { exit !($added_s <= 1 + $compile_s) }" || fail "$fault: it takes $added_s s longer"
}

timing() {
	local name i
	sleepy_project "$work/timed" 24 1200
	sed -i '/unused/d' "$work/timed"/*.c # words would make a compile of two
	build_plain "$work/timed" timed-plain
	timed_options=()
	for name in anvil bellows; do
		remove_node $name
	done
	for name in "${timed_nodes[@]}"; do
		add_node "$name"
		timed_options+=(--farm-node "127.0.0.$((relays + 1)):${tcp_port[$name]}")
		run_node "$name" --slots 16 --preload 4
		wait_node "$name"
	done
	for i in 1 2 3 4; do
		timed_build
		end_build timed-plain
		in_report .build.wall_s
	done >"$work/undisturbed"
	undisturbed_s=$(tail -n 3 "$work/undisturbed" | percentile 50)
	note "undisturbed: $undisturbed_s s"
	time_fault kill 0.1
	time_fault stop 1.0
	time_fault cut 1.0
	for name in "${timed_nodes[@]}"; do
		remove_node "$name"
	done
}

# Four compilers for each core, and nobody is taken for dead.
overload() {
	local busy=$work/overload seconds=$((${long:+580} + 20)) begun=$SECONDS builds=0 name
	slow_project "$busy" 32 2
	build_plain "$busy" overload-plain
	for name in anvil bellows; do
		stop_node "$name"
		run_node "$name" --slots $((2 * $(nproc))) --preload 4
		wait_node "$name"
	done
	: >"$work/alarms"
	build_limit_s=300
	while [ $((SECONDS - begun)) -lt $seconds ]; do
		start_build "$busy"
		end_build overload-plain
		builds=$((builds + 1))
		grep -E 'is gone|is suspect' "$work/build.err" >>"$work/alarms"
	done
	for name in anvil bellows; do
		stop_node "$name"
	done
	seen="$builds builds in $((SECONDS - begun)) s, $(grep -c suspect "$work/alarms") times suspect"
	! grep -q 'is gone' "$work/alarms" || fail "a node was taken for dead: $(head -n 1 "$work/alarms")"
}
