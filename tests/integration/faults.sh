#!/bin/bash
# faults.sh [NAME...] - builds while something goes wrong: every object, dependency file and word is that
# of make alone, so is the exit status, nothing is left a second later, and no token is lost.
#
# NAME: a row of the table at the end; all of them when none is given. FARMMAKE_TEST_LONG=1 has 20 builds for
# each fault in "timing", and ten minutes of "overload".
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/relays.sh"
. "$(dirname "$0")/fault_times.sh"
long=${FARMMAKE_TEST_LONG:-}
[[ $* != timing && $* != overload ]] || [ -n "$long" ] || skip "takes long (FARMMAKE_TEST_LONG=1 or run.sh --long)"
farm_begin
[ -x /usr/bin/gcc ] || skip "no /usr/bin/gcc"
chmod 711 "$work" # jails look into it
slow_compiler "$work/cc/bin"
slow_compiler "$work/slow/bin" -DSLOWCC_TIMES=50
slow_compiler "$work/liar/bin" -DSLOWCC_LIE='"-O0"'
PATH=$work/cc/bin:$PATH
measure_cc
"$build/src/farmprobe/farmprobe" --cache "$work/measured" "$work/cc/bin/gcc" >"$work/toolchain" || fail "gcc cannot be measured"

sleepy_project "$work/sleepy" 32 300
build_plain "$work/sleepy" plain
[ "$(cat "$work/plain.status")" = 0 ] || fail "make failed"

# Two honest nodes, up again if the last row ended them.
two_nodes() {
	local name
	for name in anvil bellows; do
		[ -n "${relay_pid[$name]:-}" ] || add_node "$name"
		relay "$name" clear
		if [ -z "${node_pid[$name]:-}" ] || ! kill -0 "${node_pid[$name]}" 2>/dev/null; then
			run_node "$name" --slots 2 --preload 4
		fi
		wait_node "$name"
	done
}

# third NAME DIR: a node besides, with the compiler in DIR
third() {
	add_node "$1" "$2"
	run_node "$1" --slots 2 --preload 4
	wait_node "$1"
}

# Work is under way, and something is done.
mid_build() {
	wait_for 30 objects "${1:-8}" || fail "nothing is built"
	! build_is_over || fail "the build is over too soon"
}

# The nodes' share in what was built, for those who read.
shares() {
	in_report '[.nodes[] | "\(.name) \(.jobs)"] | join(", ")'
}

sleepy() {
	start_build "$work/sleepy" "$@"
}

same_as_plain() {
	end_build "${1:-plain}"
	seen="$same_files files, ${seen:+$seen, }$(shares 2>/dev/null)"
}

in_log() {
	grep -q -- "$1" "$work/build.err"
}

# quarantined NAME WORDS
quarantined() {
	in_log "error: node $1 $2" || fail "$1 is not in quarantine: $(grep "node $1" "$work/build.err" | tail -n 2)"
	in_report ".nodes[] | select(.name == \"$1\") | .quarantine" | grep -q "$2" ||
		fail "the report does not say that $1 is in quarantine"
}

kill_node() {
	sleepy
	mid_build
	stop_node anvil KILL
	same_as_plain
}

# Frozen to the end of the build: its jobs are done twice, and it is dropped after 3 s.
stop_for_good() {
	sleepy
	mid_build
	kill -STOP "${node_pid[anvil]}"
	same_as_plain
	kill -CONT "${node_pid[anvil]}"
	in_log 'node anvil is suspect' || fail "nobody noticed"
}

# It comes back with results that nobody waits for any more.
stop_and_continue() {
	sleepy
	mid_build
	kill -STOP "${node_pid[anvil]}"
	sleep 1.2
	kill -CONT "${node_pid[anvil]}"
	same_as_plain
	in_log 'node anvil is suspect' || fail "nobody noticed"
}

# Two daemons with one name: one of them is used, the user is told, and when it dies the other takes over.
namesakes() {
	local words='two nodes are named anvil, at 127.0.0.[0-9:]* and at 127.0.0.[0-9:]*, and one of them'
	add_node twin
	run_node twin --name anvil --slots 2 --preload 4
	wait_node twin
	sleepy --farm-no-discovery --farm-node "${relay_at[anvil]}" --farm-node "${relay_at[twin]}"
	same_as_plain
	[ "$(grep -c "$words" "$work/build.err")" = 1 ] || fail "nobody is told of two addresses"
	sleepy "CFLAGS=-O2 -Wall -MMD -MP -DSLOWCC_MS=1000"
	wait_for 10 in_log "$words" || fail "nobody is told of two nodes that are heard"
	mid_build
	if in_log "named anvil, at ${relay_at[anvil]} and"; then
		stop_node anvil KILL
	else
		stop_node twin KILL
	fi
	same_as_plain
	[ "$(grep -c "$words" "$work/build.err")" = 1 ] || fail "more than one warning"
	[ "$(grep -c 'node anvil is [0-9]' "$work/build.err")" = 2 ] || fail "its twin is not used"
	remove_node twin
}

# child_of NODE NAME: runs
child_of() {
	pgrep -x -P "${node_pid[$1]}" "$2" >/dev/null
}

# It accepts connections already, and says nothing yet; what it left of its measurements is no harm to the
# next one.
killed_at_start() {
	add_node newborn
	rm -rf "$work/newborn.state" && mkdir "$work/newborn.state"
	run_node newborn --slots 2 --preload 4
	sleepy --farm-node "${relay_at[newborn]}"
	wait_for 10 child_of newborn farmprobe || fail "it does not measure"
	wait_for 10 is_connected newborn || fail "nobody connects to it"
	child_of newborn farmprobe || fail "it measures no more"
	stop_node newborn KILL
	same_as_plain
	in_log 'cannot use node 127.0.0.*' || fail "nobody is told"
	run_node newborn --slots 2 --preload 4
	wait_node newborn
	sleepy --farm-no-discovery --farm-node "${relay_at[newborn]}"
	same_as_plain
	[ "$(in_report '.nodes[] | select(.name == "newborn") | .jobs')" -gt 0 ] || fail "the next one is not used"
	remove_node newborn
}

# is_connected NODE: somebody, by way of the relay
is_connected() {
	awk -v port="$(printf ':%04X' "${tcp_port[$1]}")" '
		$2 ~ port "$" && $2 !~ /^0100007F/ && $4 == "01" { yes = 1 } END { exit !yes }' /proc/net/tcp
}

# The greeting is on its way, or what follows it.
killed_in_handshake() {
	relay anvil latency 400
	sleepy
	wait_for 10 is_connected anvil || fail "nobody connects to it"
	sleep 0.6
	stop_node anvil KILL
	same_as_plain
	! in_log 'node anvil is [0-9]' || fail "the handshake was over too soon"
	in_log 'link to node anvil, [0-9]*, ends' || fail "nobody noticed"
}

cut_link() {
	sleepy
	mid_build
	relay anvil cut
	same_as_plain
	in_log 'node anvil is suspect' || fail "nobody noticed"
}

cut_and_mend() {
	sleepy
	mid_build
	relay anvil cut
	sleep 1
	relay anvil cut 0
	same_as_plain
}

# The machine is switched off and on: nothing ends the old connection but what is said on it.
reboot_node() {
	sleepy
	mid_build 4
	relay anvil half
	stop_node anvil KILL
	run_node anvil --slots 2 --preload 4
	same_as_plain
	grep -q 'link to node anvil, [0-9]*, ends' "$work/build.err" || fail "the old connection lives"
	seen+="; after $(awk '/is suspect/ { s = $3 } /link to node anvil/ { print $3, s ? "(suspect)" : "(not suspect)"; exit }' "$work/build.err")"
}

corrupt_bytes() {
	relay anvil flip 3000 7
	sleepy
	same_as_plain
	in_log 'TLS failure' || fail "no connection broke"
	! in_log quarantine || fail "a node is blamed for its network"
}

truncate_stream() {
	relay anvil truncate_after 6000
	sleepy
	same_as_plain
	in_log 'ended too early' || fail "no connection was cut short"
	! in_log quarantine || fail "a node is blamed for its network"
}

reset_links() {
	relay anvil reset_after 5000
	sleepy
	mid_build
	relay bellows reset
	same_as_plain
	! in_log quarantine || fail "a node is blamed for its network"
}

slow_link() {
	relay anvil latency 100 200
	relay anvil rate 125000
	relay bellows slice 100 200
	sleepy
	same_as_plain
}

# Three of ten beacons are lost, others come twice, or again and again.
bad_beacons() {
	relay anvil loss 30
	relay anvil dup 50
	relay bellows loss 30
	relay bellows replay 80
	sleepy
	same_as_plain
	! in_log 'is gone' || fail "a beacon ended a connection"
}

rogue_options=()
# with_rogues WAY...: a build with nodes that hold a key, and do behind TLS what no node may do
with_rogues() {
	local way addr options=("${rogue_options[@]}") pids=()
	for way in "$@"; do
		addr=127.0.0.1:$(free_port tcp)
		"$build/tests/integration/bad_node" "$key" "rogue-$way" "$addr" "$work/toolchain" "$way" \
			>"$work/rogue-$way.out" 2>"$work/rogue.err" &
		pids+=($!)
		options+=(--farm-node "$addr")
	done
	sleepy "${options[@]}"
	same_as_plain
	for way in "$@"; do
		[ -s "$work/rogue-$way.out" ] || fail "nobody used the node that does $way"
	done
	kill "${pids[@]}"
	wait "${pids[@]}" 2>/dev/null
}

# accused WAY WORDS: in quarantine, after one connection
accused() {
	quarantined "rogue-$1" "$2"
	[ "$(wc -l <"$work/rogue-$1.out")" = 1 ] || fail "$1: $(wc -l <"$work/rogue-$1.out") connections"
}

bad_protocol() {
	with_rogues welcome garbage text job digest length bomb
	accused welcome 'breaks the protocol'
	accused garbage 'breaks the protocol'
	accused text 'breaks the protocol'
	accused bomb 'breaks the protocol'
	accused job 'speaks of jobs'
	accused digest 'returned a result that does not match'
	accused length 'returned a result that does not match'
}

# Jobs go to nodes that take none, never answer, or fail them all.
useless_nodes() {
	with_rogues refuse silent
	in_log 'node rogue-silent is suspect' || fail "nobody noticed"
	with_rogues fail
	accused fail 'fails to compile'
}

# One result grows and grows; nobody else could be faster, and nobody is to blame. No result may have more
# than 256 MiB, and all together no more than a quarter of the memory.
huge_result() {
	local mib most
	most=$(awk '/^MemTotal/ { q = int($2 / 4096); print q < 256 ? q : 256 }' /proc/meminfo)
	rogue_options=(--farm-no-discovery)
	with_rogues huge
	rogue_options=()
	in_log 'no memory for the result of .*: it is compiled here' || fail "nobody noticed"
	! in_log quarantine || fail "a node is blamed for a large object"
	mib=$(sed -n 's/^cancelled after \([0-9]*\) MiB$/\1/p' "$work/rogue-huge.out")
	[ "${mib:-0}" -ge $((most - 1)) ] && [ "$mib" -le $((most + 32)) ] || fail "cancelled after ${mib:-no} MiB"
	seen+="; after $mib MiB"
}

# With every result checked, none of its objects is used; with some, the report lists those that were.
lying_node() {
	third liar "$work/liar/bin"
	sleepy --farm-verify 100
	same_as_plain
	quarantined liar "returned an object"
	for seed in 1 2; do
		FARMMAKE_TEST_SEED=$seed sleepy --farm-verify 25
		wait "$build_pid" || fail "exit status $?"
		rm -rf "$work/farm"
		collect "$tree" "$work/farm"
		diff -rq "$work/plain" "$work/farm" | sed -n 's|.*/\(.*\) and .*|\1|p' | sort >"$work/wrong"
		in_report '.nodes[].suspicious[]' | sort >"$work/suspicious"
		if in_log quarantine; then
			quarantined liar "returned an object"
			[ -z "$(comm -23 "$work/wrong" "$work/suspicious")" ] ||
				fail "wrong, and not suspicious: $(comm -23 "$work/wrong" "$work/suspicious" | xargs)"
			seen+="; caught, $(wc -l <"$work/suspicious") suspicious"
		else
			seen+="; not caught"
		fi
		nothing_left
	done
	remove_node liar
}

honest_nodes() {
	sleepy --farm-verify 100
	same_as_plain
	[ "$(in_report '[.jobs[] | select(.checked == "same")] | length')" -gt 8 ] || fail "nothing is checked"
	[ "$(in_report '[.jobs[] | select(.checked == "differs")] | length')" = 0 ] || fail "an honest node is accused"
}

slow_node() {
	third snail "$work/slow/bin"
	sleepy
	same_as_plain
	[ "$(in_report '.build.wall_s < 12')" = true ] || fail "the build waits for the slow node"
	seen+=" in $(in_report .build.wall_s) s"
	remove_node snail
}

# limit_node OPTION: of prlimit, for a node that has just come up and holds no file of an earlier build; it
# refuses what it cannot do
limit_node() {
	: >"$work/anvil.log" # is a file, too
	prlimit --pid "${node_pid[anvil]}" "$1"
	sleepy
	same_as_plain
	kill -0 "${node_pid[anvil]}" || fail "the node is dead"
	in_log 'refused f' || fail "the node did not care"
	stop_node anvil || fail "the node exits with $?"
}

fresh_anvil() {
	stop_node anvil || fail "the node exits with $?"
	two_nodes
}

node_disk_full() {
	fresh_anvil
	limit_node --fsize=16384
}

node_descriptors() {
	fresh_anvil
	limit_node --nofile=$(($(find "/proc/${node_pid[anvil]}/fd" -mindepth 1 | wc -l) + 5))
}

# Here no file may become larger than 1 MiB, so one of the objects cannot be written.
client_disk_full() {
	local large=$work/large
	if [ ! -e "$large" ]; then
		sleepy_project "$large" 8 300
		echo 'char large[2000000] = {1};' >>"$large/f7.c"
		prlimit --fsize=1048576 make -s -j8 -k -C "$large" >"$work/large-plain.out" \
			2>"$work/large-plain.err"
		echo $? >"$work/large-plain.status"
		[ "$(cat "$work/large-plain.status")" = 2 ] || fail "all could be written"
		collect "$large" "$work/large-plain"
	fi
	build_env=(prlimit --fsize=1048576 --)
	start_build "$large" -k
	build_env=()
	same_as_plain large-plain
	[ -z "$(find "$large" -name '*farmcc*')" ] || fail "half an object is left"
}

# So few descriptors that not every compiler can talk to farmmake.
client_descriptors() {
	build_env=(prlimit --nofile=32:32 --)
	sleepy
	build_env=()
	same_as_plain
}

# The kernel ends compilers on a node when memory is short. A busy machine may be too slow to hit three in one build.
cc1_killed() {
	local busy=$work/busy kills=0 pid
	if [ ! -e "$busy" ]; then
		slow_project "$busy" 12 3
		build_plain "$busy" busy-plain
	fi
	for _ in 1 2 3 4 5 6; do
		start_build "$busy"
		while [ $kills -lt 3 ] && ! build_is_over; do
			for pid in $(pgrep -x cc1); do
				is_below "$pid" "${node_pid[anvil]}" && kill -KILL "$pid" 2>/dev/null &&
					kills=$((kills + 1))
			done
			sleep 0.02
		done
		end_build busy-plain
		[ $kills -lt 3 ] || break
	done
	[ $kills -ge 3 ] || fail "no compiler ran on the node"
	seen="$same_files files, $kills compilers killed, $(shares)"
}

# is_below PID ANCESTOR
is_below() {
	local pid=$1 word value
	while [ "${pid:-0}" -gt 1 ]; do
		[ "$pid" != "$2" ] || return 0
		value=
		while read -r word value; do
			[ "$word" != PPid: ] || break
		done 2>/dev/null <"/proc/$pid/status"
		pid=$value
	done
	return 1
}

# Ten years forth and back, for farmmake and a node.
clock_jumps() {
	local jump="LD_PRELOAD=$build/tests/integration/jump.so JUMP_FILE=$work/jump"
	ldd "$farmmake" | grep -q 'lib[a-z]*san' && skip_row "sanitizers want to be loaded first" && return
	echo 0 >"$work/jump"
	printf '#!/bin/sh\nunset LD_PRELOAD\nexec make "$@"\n' >"$work/make.sh"
	chmod +x "$work/make.sh"
	stop_node anvil
	node_prefix="export $jump"
	run_node anvil --slots 2 --preload 4
	node_prefix=
	wait_node anvil
	# shellcheck disable=SC2206  # two words
	build_env=($jump)
	sleepy --farm-make "$work/make.sh"
	build_env=()
	mid_build 4
	echo 315360000 >"$work/jump"
	sleep 0.7
	echo -315360000 >"$work/jump"
	same_as_plain
	! in_log 'is gone\|suspect' || fail "a clock made farmmake suspicious"
	stop_node anvil
}

# farmcc_of_build: those that wait for a node
farmcc_of_build() {
	local pid
	for pid in $(pgrep -s "$build_pid"); do
		case $(readlink "/proc/$pid/exe") in
		*/farmcc) echo "$pid" ;;
		esac
	done
}

# Their recipes fail, as they would if a compiler was killed; all others are done, and so are these the
# next time.
wrappers_killed() {
	sleepy -k
	mid_build
	killed=0
	while [ $killed -lt 3 ]; do
		for pid in $(farmcc_of_build | tail -n 3); do
			kill -KILL "$pid" 2>/dev/null && killed=$((killed + 1))
		done
		! build_is_over || break
	done
	wait "$build_pid"
	[ $? = 2 ] || fail "exit status $? although compilers were killed"
	[ "$(in_report .summary.tokens.lost)" = 0 ] || fail "tokens were lost"
	grep -q 'Killed$' "$work/build.err" || fail "no recipe was killed"
	seen="$(grep -c 'Killed$' "$work/build.err") killed,"
	session_ends
	nothing_else_left
	farm -s -C "$tree" 2>"$work/again.err" || fail "the next build failed"
	rm -rf "$work/farm"
	collect "$tree" "$work/farm"
	seen+=" then $(same_trees "$work/plain" "$work/farm") files"
}

# make carries on alone, and the next farmmake tidies up.
farmmake_killed() {
	sleepy
	mid_build
	kill -KILL "$build_pid"
	wait "$build_pid" 2>/dev/null
	wait_for 60 session_is_over || fail "the build does not come to its end"
	rm -rf "$work/farm"
	collect "$tree" "$work/farm"
	seen="$(same_trees "$work/plain" "$work/farm") files"
	same_words "$work/plain.err" "$work/build.err"
	farm -s -C "$tree" 2>"$work/again.err" || fail "the next build failed"
	nothing_left
}

all_nodes_killed() {
	sleepy
	mid_build
	stop_node anvil KILL
	stop_node bellows KILL
	same_as_plain
}

# interrupt TIMES: Ctrl-C
interrupt() {
	local i
	sleepy
	mid_build
	for i in $(seq "$1"); do
		kill -INT -- "-$build_pid" 2>/dev/null
		sleep 0.05
	done
	wait "$build_pid"
	status=$?
	[ $status = 130 ] || { [ "$1" = 2 ] && twice_interrupted $status; } || fail "exit status $status"
	session_ends
	[ -z "$(find "$tree" -name '*.o' -size 0)" ] || fail "half an object"
	wait_for 1 is_clean || nothing_else_left
	[ "$(in_report .build.exit_status)" != 0 ] || fail "the report says 0"
	[ "$(in_report .summary.tokens.lost)" = 0 ] || fail "tokens were lost"
	seen="$(find "$tree" -name '*.o' | wc -l) objects"
}

interrupt_once() {
	interrupt 1
}

interrupt_twice() {
	interrupt 2
}

errors() {
	local bad=$work/bad
	if [ ! -e "$bad" ]; then
		sleepy_project "$bad" 16 300
		for i in 2 7 11; do
			echo 'int error = no_such_thing;' >>"$bad/f$i.c"
		done
		build_plain "$bad" bad-plain -k
		[ "$(cat "$work/bad-plain.status")" = 2 ] || fail "make does not fail"
	fi
	start_build "$bad" -k
	mid_build 4
	stop_node anvil KILL
	same_as_plain bad-plain
}

# NAME  FUNCTION  what happens
rows() {
	cat <<-END
		kill kill_node a node is killed
		stop stop_for_good a node is stopped
		twins namesakes two nodes have one name, and one of them is killed
		start killed_at_start a node is killed while it measures its compilers
		shake killed_in_handshake a node is killed while a client introduces itself
		resume stop_and_continue a node is stopped, and continues
		cut cut_link a link is cut, without a reset
		mend cut_and_mend a link is cut for a second
		reboot reboot_node a node's machine starts anew
		flip corrupt_bytes bits are flipped on the way
		truncate truncate_stream a stream ends in the middle
		reset reset_links connections are reset
		slowlink slow_link a link is slow
		beacons bad_beacons beacons are lost, doubled, replayed
		protocol bad_protocol a node breaks the protocol, behind TLS
		huge huge_result a node returns a result without end
		useless useless_nodes a node refuses, fails or never answers
		liar lying_node a node returns another object
		honest honest_nodes every result is checked
		slow slow_node a node is 50 times slower
		nodedisk node_disk_full a node cannot write files
		nodefds node_descriptors a node runs out of descriptors
		disk client_disk_full an object cannot be written here
		fds client_descriptors farmmake runs out of descriptors
		oom cc1_killed compilers are killed on a node
		clock clock_jumps clocks jump by ten years
		farmcc wrappers_killed compiler wrappers are killed
		farmmake farmmake_killed farmmake is killed
		none all_nodes_killed all nodes are killed
		int interrupt_once Ctrl-C
		int2 interrupt_twice Ctrl-C, twice
		errors errors make -k, errors, and a node is killed
		timing timing how long it takes
		overload overload four compilers for each core
	END
}

skip_row() {
	seen="SKIP: $*"
}

wanted=" ${*:-$(rows | cut -d ' ' -f 1 | xargs)} "
for name in $wanted; do
	rows | grep -q "^$name " || fail "$name is no row: $(rows | cut -d ' ' -f 1 | xargs)"
done
while read -r name function words; do
	case $wanted in
	*" $name "*) ;;
	*) continue ;;
	esac
	begun=$SECONDS seen=
	two_nodes
	printf '%-9s %s\n' "$name" "$words"
	"$function"
	note "ok, $((SECONDS - begun)) s${seen:+: $seen}"
done < <(rows)
