# shellcheck shell=bash
# relays.sh - nodes behind a bad network, and builds in the background.  Sourced after lib.sh.
#
#     farmmake  <---- 127.0.0.2, .3, ... ---->  relay  <---- 127.0.0.1 ---->  farmnode
#
# Beacons go through the relay as well, so a node is found at the relay's address. `relay NAME COMMAND`
# changes what is wrong with the network of one node (relay.c).

declare -A tcp_port=() beacon_port=() relay_pid=() relay_at=() node_dir=()
relays=0

# add_node NAME [DIR]: a place for a node, and its relay. DIR: of its compiler; the usual one otherwise.
add_node() {
	relays=$((relays + 1))
	tcp_port[$1]=$(free_port tcp)
	beacon_port[$1]=$(free_port udp)
	node_dir[$1]=${2:-$work/cc/bin}
	relay_at[$1]=127.0.0.$((relays + 1)):${tcp_port[$1]} # where farmmake finds it
	mkfifo "$work/$1.ctl"
	"$build/tests/integration/relay" "$work/$1.ctl" "127.0.0.$((relays + 1))" 127.0.0.1 \
		"${tcp_port[$1]}" "${beacon_port[$1]}" "$port" 2>>"$work/relays.err" &
	relay_pid[$1]=$!
}

# relay NAME COMMAND...
relay() {
	local name=$1
	shift
	echo "$*" >"$work/$name.ctl"
}

# run_node NAME [OPTION...]: starts the node itself, anew if it ran before. It looks for compilers in its
# directory alone, which takes less time. node_prefix: words of the shell before its program.
node_prefix=
run_node() {
	local name=$1 port=${beacon_port[$1]} program=$farmnode
	local farmnode=$work/$name.sh
	shift
	printf '#!/bin/sh\n%s\nPATH=%s exec %s "$@"\n' "$node_prefix" "${node_dir[$name]}" "$program" \
		>"$farmnode"
	chmod +x "$farmnode"
	start_node "$name" --listen "127.0.0.1:${tcp_port[$name]}" --log-level debug "$@"
}

remove_node() {
	[ -z "${node_pid[$1]:-}" ] || stop_node "$1" KILL
	kill "${relay_pid[$1]}" 2>/dev/null
	wait "${relay_pid[$1]}" 2>/dev/null
	unset "relay_pid[$1]"
	rm -f "$work/$1.ctl"
}

# slow_compiler DIR [DEFINITION...]: gcc, as slowcc.c has it; measured when it has no odd ways
slow_compiler() {
	local dir=$1
	shift
	mkdir -p "$dir"
	# in no sanitizer build: those do not run in a jail
	cc -O2 "$@" -o "$dir/gcc" "$top/tests/integration/slowcc.c" || fail "slowcc.c"
	ln -sf gcc "$dir/cc"
	[ $# -gt 0 ] || measure "$dir/gcc" "$dir/cc"
}

# sleepy_project DIR FILES MS: each file takes so long to compile and next to no CPU time; two have
# something to say. Dependency files are written as usual.
sleepy_project() {
	local i
	mkdir -p "$1"
	echo 'struct s { int a, b; };' >"$1/s.h"
	for i in $(seq "$2"); do
		cat >"$1/f$i.c" <<-END
			#include <stdio.h>
			#include "s.h"
			int f$i(struct s *s);
			int f$i(struct s *s)
			{
				for (int i = 0; i < s->b; i++)
					s->a += printf("%d", s->b * i + $i);
				return s->a;
			}
		END
	done
	echo 'static int unused;' | tee -a "$1/f3.c" >>"$1/f5.c"
	cat >"$1/Makefile" <<-END
		CFLAGS = -O2 -Wall -MMD -MP -DSLOWCC_MS=$3
		all: \$(patsubst %.c,%.o,\$(wildcard *.c))
		%.o: %.c; \$(CC) \$(CFLAGS) -c -o \$@ \$<
	END
}

# build_plain TREE NAME [ARGUMENT...]: make's own results, as $work/NAME, NAME.err and NAME.status
build_plain() {
	local tree=$1 name=$2
	shift 2
	make -s -j16 -C "$tree" "$@" >"$work/$name.out" 2>"$work/$name.err" </dev/null
	echo $? >"$work/$name.status"
	collect "$tree" "$work/$name"
}

clean() {
	find "$1" \( -name '*.o' -o -name '*.d' \) -delete
}

objects() {
	[ "$(find "$tree" -name '*.o' | wc -l)" -ge "$1" ]
}

# start_build TREE [ARGUMENT...]: farmmake in the background, in a session of its own, on a clean tree,
# with every decision in its log. The shell would have it ignore SIGINT.
start_build() {
	tree=$1
	shift
	clean "$tree"
	rm -f "$report"
	: >"$work/build.err" # who looks into it at once must not see the last one's
	setsid env --default-signal=INT FARMMAKE_TEST_TRACE=1 "${build_env[@]}" "$farmmake" \
		"${farm_options[@]}" --farm-local-slots 2 -s -C "$tree" "$@" \
		>"$work/build.out" 2>"$work/build.err" </dev/null &
	build_pid=$!
}
build_env=()

# Of those that have ended, init takes note when it likes.
session_is_over() {
	[ -z "$(ps -o stat=,ppid=,pid=,args= -s "$build_pid" | grep -v '^Z[^ ]* *1 ')" ]
}

# Nothing of a build runs on, a second later.
session_ends() {
	wait_for 1 session_is_over || fail "still there: $(ps -o stat,ppid,args -s "$build_pid" | tail -n 1)"
}

is_clean() {
	[ -z "$(left_behind)" ]
}

# end_build NAME: it ends as the plain build NAME did, with the same files and words; a second later
# nothing is left, and no token is lost.
end_build() {
	local status wanted
	wanted=$(cat "$work/$1.status")
	wait_for "${build_limit_s:-60}" build_is_over || fail "the build hangs: $(tail -n 3 "$work/build.err")"
	wait "$build_pid"
	status=$?
	[ "$status" = "$wanted" ] || fail "exit status $status, and not $wanted"
	rm -rf "$work/farm"
	collect "$tree" "$work/farm"
	same_files=$(same_trees "$work/$1" "$work/farm") || exit 1
	same_words "$work/$1.err" "$work/build.err"
	session_ends
	wait_for 1 is_clean || nothing_left
	[ ! -e "$report" ] || [ "$(in_report .summary.tokens.lost)" = 0 ] || fail "tokens were lost"
}

build_is_over() {
	! kill -0 "$build_pid" 2>/dev/null || [ "$(ps -o stat= -p "$build_pid" | cut -c 1)" = Z ]
}
