#!/bin/bash
# nemesis.sh [--long] [SEED...] - Redis is built while every half to three seconds something happens to one
# of three nodes: it is killed and started again, stopped, cut off, its connections are reset, bits are
# flipped, streams end in the middle. Every object, dependency file and word is that of make alone.
#
# One seed, and every fifth source of Redis, when nothing else is asked for; 20 seeds and all of src with
# --long or FARMMAKE_TEST_LONG=1. The same seed brings the same faults in the same order after the same
# pauses; what they hit depends on how fast the machine is.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/relays.sh"
seeds=1 part=5
if [ "${1:-}" = --long ]; then
	FARMMAKE_TEST_LONG=1
	shift
fi
[ -z "${FARMMAKE_TEST_LONG:-}" ] || seeds=20 part=1
farm_begin
chmod 711 "$work" # jails look into it
deps_install "${DEPS_SOURCE[@]}" jq >/dev/null || skip "jq or dpkg-dev is missing"
redis=$work/redis
deps_source redis "$redis" || skip "Debian's sources of redis are out of reach"
export SOURCE_DATE_EPOCH=1 # else the build's second is compiled in
slow_compiler "$work/cc/bin"
PATH=$work/cc/bin:$PATH
measure_cc

goals=(MALLOC=libc OPT=-O1 DEPENDENCY_TARGETS=hdr_histogram)
# the first of them removes what the second one makes
for name in .make-prerequisites Makefile.dep; do
	make -s -j"$(nproc)" -C "$redis/src" "${goals[@]}" $name >"$work/$name.log" 2>&1 || fail "make failed"
done
clean "$redis/src"
mapfile -t -O 2 goals < <(cd "$redis/src" && ls ./*.c | grep -v '/ae_' | awk -v part=$part 'NR % part == 0' |
	sed 's|^./||; s/c$/o/')
build_plain "$redis/src" plain "${goals[@]}"
[ "$(cat "$work/plain.status")" = 0 ] || fail "make failed"

nodes=(anvil bellows coal)
declare -A ill=() # by node: what has to be undone

run() {
	run_node "$1" --slots 2 --preload 4
}

for name in "${nodes[@]}"; do
	add_node "$name"
	run "$name"
done
for name in "${nodes[@]}"; do
	wait_node "$name"
done

# recover NAME: whatever was done to it is undone
recover() {
	case ${ill[$1]:-} in
	killed) run "$1" ;;
	stopped) kill -CONT "${node_pid[$1]}" ;;
	esac
	relay "$1" clear
	unset "ill[$1]"
}

# strike NAME NUMBER
strike() {
	local name=$1
	recover "$name"
	case $2 in
	0)
		stop_node "$name" KILL
		ill[$name]=killed
		;;
	1)
		kill -STOP "${node_pid[$name]}"
		ill[$name]=stopped
		;;
	2) relay "$name" cut ;;
	3) relay "$name" reset ;;
	4) relay "$name" flip $((RANDOM % 30000 + 1000)) $((RANDOM + 1)) ;;
	5) relay "$name" truncate_after $((RANDOM * 4 + 1000)) ;;
	6) relay "$name" reset_after $((RANDOM * 4 + 1000)) ;;
	7) relay "$name" latency 20 $((RANDOM % 200)) ;;
	esac
}
words=(killed stopped "cut off" reset flipped truncated "reset again and again" slow)

build_limit_s=300
for seed in ${*:-$(shuf -i 1-32767 -n $seeds)}; do
	RANDOM=$seed
	begun=$SECONDS done=()
	echo "seed $seed"
	start_build "$redis/src" "${goals[@]}"
	while ! build_is_over; do
		sleep "$(printf '%d.%03d' $((RANDOM % 3)) $((RANDOM % 500 + 500)))"
		name=${nodes[RANDOM % ${#nodes[@]}]} what=$((RANDOM % ${#words[@]}))
		build_is_over && break
		strike "$name" $what
		done+=("$name ${words[what]}")
	done
	for name in "${nodes[@]}"; do
		recover "$name"
	done
	end_build plain
	! grep -q quarantine "$work/build.err" || fail "a node is blamed: $(grep quarantine "$work/build.err")"
	note "ok, $((SECONDS - begun)) s: $same_files files, $(in_report '"\(.summary.remote) of \(.summary.jobs) on nodes, \(.summary.retried) sent again"')"
	note "${#done[@]} faults: $(printf '%s, ' "${done[@]}")"
done
