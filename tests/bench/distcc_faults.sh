#!/bin/bash
# distcc_faults.sh - what the faults of tests/integration/faults.sh timing do to distcc: the same 24
# compiles of 1.2 s on three servers, one of which is killed, stopped or cut off in the middle. A build is
# given 60 s.
. "$(dirname "$0")/../integration/lib.sh"
. "$(dirname "$0")/../integration/relays.sh"
farm_begin
command -v distccd >/dev/null || skip "no distcc"
chmod 711 "$work" # distccd is a user of its own
mkdir -m 1777 "$work/remote"
slow_compiler "$work/cc/bin"
PATH=$work/cc/bin:$PATH
export DISTCC_DIR=$work/distcc
sleepy_project "$work/timed" 24 1200
sed -i '/unused/d' "$work/timed"/*.c
servers=(left middle right) hosts=
declare -A server_pid=()

serve() {
	TMPDIR=$work/remote setsid distccd --no-detach --daemon --enable-tcp-insecure \
		--allow 127.0.0.0/8 --jobs 16 \
		--listen 127.0.0.1 --port "${tcp_port[$1]}" --log-stderr \
		2>>"$work/$1.distccd" &
	server_pid[$1]=$!
}

for name in "${servers[@]}"; do
	add_node "$name"
	serve "$name"
	hosts+=" 127.0.0.$((relays + 1)):${tcp_port[$name]}/16"
done
export DISTCC_HOSTS=$hosts
sleep 1

# timed_make: seconds, or "more than 60"
timed_make() {
	local begun
	clean "$work/timed"
	rm -rf "$work/distcc"
	mkdir "$work/distcc"
	begun=$(date +%s.%N)
	if timeout 60 make -s -j26 -C "$work/timed" CC="distcc gcc" >"$work/make.out" 2>"$work/make.err"; then
		echo "$begun $(date +%s.%N)" | awk '{ printf "%.2f\n", $2 - $1 }'
	else
		echo "more than 60"
	fi
}

# hurt SIGNAL NAME: the server and its children
hurt() {
	kill "-$1" -- "-${server_pid[$2]}" 2>/dev/null
}

echo "undisturbed: $(timed_make) s"
for fault in kill stop cut; do
	(
		sleep 1.5
		case $fault in
		kill) hurt KILL middle ;;
		stop) hurt STOP middle ;;
		cut) relay middle cut ;;
		esac
	) &
	echo "$fault: $(timed_make) s"
	hurt KILL middle
	wait "${server_pid[middle]}" 2>/dev/null
	relay middle clear
	relay middle reset
	serve middle
	sleep 1
done
for name in "${servers[@]}"; do
	hurt KILL "$name"
done
