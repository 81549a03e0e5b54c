# shellcheck shell=bash
# boards.sh - simulated boards: a network namespace each, and the daemons on them.  Sourced by run.sh,
# which is in namespaces of its own by then: all that is made here dies with it.
#
#        client 10.77.0.1                10.77.0.11 b1   farmnode 3634, distccd 3632 and 3633
#            |                               |
#            +-------- bridge "air" ---------+------- 10.77.0.12 b2 ...
#
# Each end of each link sends at the rate that was asked for (tbf).

board_cores=() board_slow=() # by board, from 1; how many times slower than this machine
farm_cores=0
daemon_here=() # daemons that belong to the client

# boards_parse "6x4" or "4x4,2x4/3": so many boards of so many cores, so many times slower
boards_parse() {
	local group count cores slow i
	board_cores=(0) board_slow=(0) farm_cores=0
	for group in ${1//,/ }; do
		[[ $group =~ ^([0-9]+)x([0-9]+)(/([0-9.]+))?$ ]] || fail "--boards: $group is no NxCORES[/SLOW]"
		count=${BASH_REMATCH[1]} cores=${BASH_REMATCH[2]} slow=${BASH_REMATCH[4]:-1}
		for ((i = 0; i < count; i++)); do
			board_cores+=("$cores") board_slow+=("$slow")
			farm_cores=$((farm_cores + cores))
		done
	done
	board_count=$((${#board_cores[@]} - 1))
	[ "$board_count" -ge 1 ] && [ "$board_count" -le 240 ] || fail "--boards: 1 to 240 of them"
}

board_address() {
	echo "10.77.0.$((10 + $1))"
}

# board_daemon BOARD COMMAND...: in the background
board_daemon() {
	local board=$1
	shift
	(
		group_join boards
		exec nsenter --net="/run/netns/b$board" -- "$@"
	) </dev/null >>"$work/b$board/log" 2>&1 &
}

in_client() {
	nsenter --net=/run/netns/client -- "$@"
}

shape() {
	[ "$rate" = none ] || tc "$@" root tbf rate "$rate" burst 256k latency 100ms
}

# plug NAME ADDRESS: a namespace on the bridge
plug() {
	ip netns add "$1"
	ip link add "v$1" type veth peer name eth0 netns "$1"
	ip link set "v$1" master air up
	ip -n "$1" address add "$2/24" broadcast + dev eth0
	ip -n "$1" link set lo up
	ip -n "$1" link set eth0 up
	shape qdisc add dev "v$1"
	shape -n "$1" qdisc add dev eth0
}

boards_up() {
	local i
	mkdir -p /run/netns && mount -t tmpfs tmpfs /run/netns || fail "no private /run/netns"
	ip link set lo up
	ip link add air type bridge forward_delay 0 && ip link set air up || fail "no bridge"
	plug client 10.77.0.1
	for ((i = 1; i <= board_count; i++)); do
		plug "b$i" "$(board_address "$i")"
		mkdir "$work/b$i" && chmod 1777 "$work/b$i"
	done
}

# toolchain PACE: a directory with compilers that replay this workload at that pace; see replay/main.c
toolchain() {
	local dir=$bench/toolchains/$records_name/$1 name
	if [ ! -e "$dir/bin/gcc" ] || ! cmp -s "$bench/replay" "$dir/bin/gcc"; then
		mkdir -p "$dir/bin"
		for name in gcc cc x86_64-linux-gnu-gcc; do
			cp "$bench/replay" "$dir/bin/.new" && mv "$dir/bin/.new" "$dir/bin/$name"
		done
		ln -sfn "$records" "$dir/records"
		ln -sfn "$1" "$dir/pace"
	fi
	echo "$dir/bin"
}

# wait_listen NAMESPACE PORT: until somebody listens there
wait_listen() {
	local row
	row=$(printf ':%04X 0*:0000 0A' "$2")
	wait_for 60 nsenter --net="/run/netns/$1" grep -q "$row" /proc/net/tcp /proc/net/tcp6
}

wait_farmnode() {
	wait_for 60 test -s "$work/b$1/port" ||
		fail "farmnode on b$1 is not ready: $(tail -n 1 "$work/b$1/log")"
}

start_farmnodes() {
	local i bin
	local -A seen=()
	for ((i = 1; i <= board_count; i++)); do
		bin=$(toolchain "${board_slow[i]}")
		board_daemon "$i" env -i HOME=/nonexistent PATH="$bin:/usr/bin:/bin" TMPDIR="$work/b$i" \
			FARMMAKE_HELPER_DIR="$build/src" "${farmnode[@]}" --name "b$i" --key "$key" --state-dir "$bench/state" --interface eth0 \
			--slots "${board_cores[i]}" --store "$work/b$i" --bind "$records" --port-file "$work/b$i/port"
		# the first of each kind measures its compiler for all
		[ -n "${seen[$bin]:-}" ] || wait_farmnode "$i"
		seen[$bin]=1
	done
	for ((i = 1; i <= board_count; i++)); do
		wait_farmnode "$i"
	done
}

# start_distccds PORT JOBS: on every board, with so many compilers at once; JOBS is an expression of
# its cores. More compilers than cores share them by a semaphore.
start_distccds() {
	local i jobs cores set
	for ((i = 1; i <= board_count; i++)); do
		cores=${board_cores[i]}
		jobs=$(($2))
		set=$("$bench/replay" cores "$cores") || fail "no semaphores"
		board_daemon "$i" env -i PATH="$(toolchain "${board_slow[i]}"):/usr/bin:/bin" \
			TMPDIR="$work/b$i" REPLAY_CORES="$set" LC_ALL=C \
			distccd --no-detach --daemon --port "$1" --jobs "$jobs" --nice 5 \
			--allow 10.77.0.0/24 --enable-tcp-insecure --log-level info \
			--log-file "$work/b$i/distccd.log"
	done
	for ((i = 1; i <= board_count; i++)); do
		wait_listen "b$i" "$1" || fail "distccd on b$i does not listen"
	done
}

# Seconds of CPU as JSON, so far: of the client's daemons, of the boards' (all processes but this
# shell, between two builds), with those that they have waited for, and of the whole machine.
cpu_counters() {
	awk -v self=$$ -v here=" ${daemon_here[*]} " -v hz="$(getconf CLK_TCK)" '
		FILENAME == "/proc/stat" { if ($1 == "cpu") all = $2 + $3 + $4 + $7 + $8; next }
		{ pid = $1; sub(/^.*\) /, ""); split($0, f, " ") }
		pid != self { t[index(here, " " pid " ") > 0] += f[12] + f[13] + f[14] + f[15] }
		END { printf "{\"client\": %.2f, \"boards\": %.2f, \"all\": %.2f}\n",
			t[1] / hz, t[0] / hz, all / hz }' /proc/stat /proc/[0-9]*/stat 2>/dev/null
}
