# shellcheck shell=bash
# lib.sh - a farm on the loopback interface, for one test.  Sourced; FARM_BUILD names the build tree.
#
# Everything that a test makes lies in $work and is gone when it ends, its processes too. Packets
# stay on lo: nodes listen on 127.0.0.1 at ports of the kernel's choice, and beacon to lo's broadcast
# address at a UDP port of this test's own.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${FARM_BUILD:?the build tree}
farmmake=$build/src/farmmake/farmmake
farmnode=$build/src/farmnode/farmnode
farmctl=$build/src/farmctl/farmctl
gauge=$build/tests/integration/gauge
# shellcheck source=tests/lib/deps.sh
. "$top/tests/lib/deps.sh"

skip() {
	echo "SKIP: $*"
	exit 77
}

fail() {
	echo "FAIL: $*" >&2
	exit 1
}

# twice_interrupted STATUS: is that how a build ends? make, interrupted again while it waits for its jobs, may call
# that an error, also without a farm.
twice_interrupted() {
	[ "$1" = 130 ] || { [ "$1" = 2 ] && grep -q 'wait: No child processes' "$work/build.err"; }
}

# Says what was seen, for those who read the log of a test that passed.
note() {
	echo "  $*"
}

declare -A node_pid=()

# The end of every test: nothing of it stays. The logs are shown when it failed.
farm_end() {
	local status=$? name log
	trap - EXIT
	trap '' PIPE
	for name in "${!node_pid[@]}"; do
		kill -KILL "${node_pid[$name]}" 2>/dev/null
		wait "${node_pid[$name]}" 2>/dev/null
	done
	if [ $status != 0 ] && [ $status != 77 ]; then
		for log in "$work"/*.log "$work"/*.err; do
			[ -s "$log" ] || continue
			echo "--- ${log##*/}" >&2
			tail -n 40 "$log" >&2
		done
	fi
	cd /
	rm -rf "$work"
	exit $status
}

# farm_begin: a directory, a key, a port and an environment of our own.
farm_begin() {
	work=$(mktemp -d "${TMPDIR:-/tmp}/farmmake-test.XXXXXX") || exit 1
	trap farm_end EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES CC CFLAGS
	mkdir -p "$work/home" "$work/run" "$work/tmp" "$work/measured"
	chmod 700 "$work/run"
	FARMMAKE_TEST_SOURCES=$(deps_sources) # before HOME moves
	export FARMMAKE_TEST_SOURCES TMPDIR=$work/tmp
	export HOME=$work/home XDG_RUNTIME_DIR=$work/run LC_ALL=C
	export RUNTIME_DIRECTORY=$work/views
	chmod 711 "$work" # jails of root's are nobody when they look for a view
	export XDG_CONFIG_HOME=$HOME/.config XDG_STATE_HOME=$HOME/.state XDG_CACHE_HOME=$HOME/.cache
	key=$work/key
	new_key "$key"
	port=$(free_port udp)
	report=$work/report.json
	farm_options=(--farm-key "$key" --farm-interface lo --farm-port "$port"
		--farm-report "$report")
}

new_key() {
	(umask 077 && printf 'farmmake-key-1 farm %s\n' \
		"$(od -An -tx1 -v -N32 /dev/urandom | tr -d ' \n')" >"$1")
}

# A port that nobody uses: udp or tcp.
free_port() {
	local port
	for port in $(shuf -i 20000-29999 -n 100); do
		awk -v p="$(printf ':%04X' "$port")" 'substr($2, length($2) - 4) == p { exit 1 }' \
			"/proc/net/$1" "/proc/net/${1}6" 2>/dev/null && break
	done
	echo "$port"
}

# wait_for SECONDS COMMAND...: until it succeeds; fails when it never did.
wait_for() {
	local tries=$(($1 * 20))
	shift
	while ! "$@"; do
		[ $((tries -= 1)) -gt 0 ] || return 1
		sleep 0.05
	done
}

# What farmprobe finds out about the compilers of this machine is the same for every test of a build tree: it is
# found out once. Prints the directory of what is known in this test.
measured() {
	local dir=$build/tests/measured probe=$build/src/farmprobe/farmprobe name
	(
		flock 9
		if [ "$dir" -nt "$probe" ]; then exit; fi
		rm -rf "$dir" "$dir.part"
		for name in cc gcc c++ g++ clang clang++; do
			# as clients call it, and as nodes do
			command -v "$name" && realpath "$(command -v "$name")"
		done | sort -u | xargs -P 2 -n 1 "$probe" --cache "$dir.part" >/dev/null
		mv "$dir.part" "$dir"
	) 9>"$dir.lock" >&2 || fail "compilers cannot be measured"
	cp -n "$dir"/*.txt "$work/measured"
	echo "$work/measured"
}

# measure COMPILER...: a test's own ones, once for all its nodes and clients
measure() {
	local cc
	for cc; do
		"$build/src/farmprobe/farmprobe" --cache "$work/measured" "$cc" >/dev/null || fail "$cc cannot be measured"
	done
}

# start_node NAME [OPTION...]: in the background; its log is $work/NAME.log. It measures the compilers of this
# machine when it finds an empty state directory.
start_node() {
	local name=$1
	shift
	if mkdir -m 700 "$work/$name.state" 2>/dev/null; then
		cp "$(measured)"/*.txt "$work/$name.state" || fail "no compiler is measured"
	fi
	rm -f "$work/$name.port"
	"$farmnode" --name "$name" --key "$key" --state-dir "$work/$name.state" \
		--interface lo --listen 127.0.0.1:0 --no-beacon \
		--beacon "127.255.255.255:$port" --port-file "$work/$name.port" \
		"$@" >>"$work/$name.log" 2>&1 </dev/null &
	node_pid[$name]=$!
}

node_is_ready() {
	[ -s "$work/$1.port" ] || ! kill -0 "${node_pid[$1]}" 2>/dev/null
}

# nodes_find COMPILER...: from now on nodes look for no others, which takes less time
nodes_find() {
	local compiler
	rm -rf "$work/found" && mkdir "$work/found"
	for compiler; do
		ln -s "$(command -v "$compiler")" "$work/found/$compiler"
	done
	farmnode=$work/found/farmnode
	printf '#!/bin/sh\nPATH=%s exec %s "$@"\n' "$work/found" "$build/src/farmnode/farmnode" >"$farmnode"
	chmod +x "$farmnode"
}

# wait_node NAME: until it takes jobs. Machines that allow no jails cannot test anything here.
wait_node() {
	wait_for 60 node_is_ready "$1" || fail "node $1 is not ready after 60 s"
	[ -s "$work/$1.port" ] && return
	wait "${node_pid[$1]}"
	[ $? = 5 ] && ! unshare -Urmpn -f true 2>/dev/null &&
		skip "no user namespaces: $(tail -n 1 "$work/$1.log")"
	fail "node $1 ended at once: $(tail -n 1 "$work/$1.log")"
}

# stop_node NAME [SIGNAL]: its exit status is ours.
stop_node() {
	local pid=${node_pid[$1]}
	kill "-${2:-TERM}" "$pid"
	unset "node_pid[$1]"
	wait "$pid" 2>/dev/null
}

# Two nodes that can hold every job of a test, so that what stays local does so for a reason of its
# own and not because two cores make a small farm.
start_farm() {
	start_node anvil --slots 2 --preload 500
	start_node bellows --slots 2 --preload 500
	wait_node anvil
	wait_node bellows
}

# A makefile's line: farmmake's build begins when the nodes are heard, however short it is.
hear_nodes() {
	# shellcheck disable=SC2016
	echo 'ready := $(shell [ -z "$$FARMMAKE_SOCKET" ] || sleep 1)'
}

# knows_native: can anybody tell what -march=native means on this machine?
knows_native() {
	! "$build/src/farmprobe/farmprobe" --cache "$(measured)" /usr/bin/gcc | grep -q '^native -$'
}

# What the first compile of a new machine would do in its own slot. The compilers besides cc and gcc may be any.
measure_cc() {
	local cc
	mkdir -p "$XDG_CACHE_HOME/farmmake"
	cp "$(measured)"/*.txt "$XDG_CACHE_HOME/farmmake" || fail "no compiler is measured"
	for cc in cc gcc "$@"; do
		"$build/src/farmprobe/farmprobe" --cache "$XDG_CACHE_HOME/farmmake" \
			"$(command -v $cc)" >/dev/null || fail "$cc cannot be measured"
	done
}

# farm ARGUMENT...: farmmake with this test's settings, bounded in time.
farm() {
	timeout -k 10 "${farm_limit_s:-900}" "$farmmake" "${farm_options[@]}" "$@" </dev/null
}

# in_report FILTER: what jq finds in the last report.
in_report() {
	jq -r "$1" "$report"
}

# Compiles that a node could have done: all but those which farmcc itself had to keep, with the
# reasons that core/sched gives.
distributable='(.where == "node") or (.reason | test(
	"^(no node|done here earlier|not a usable compiler|the farm is|the stage is|the last node|refused by|lost by|the node)"))'

# share_of_nodes: of the distributable compiles, how many percent went to nodes.
share_of_nodes() {
	in_report "[.jobs[] | select($distributable)] |
		if length == 0 then 0 else
			100 * ([.[] | select(.where == \"node\")] | length) / length | floor end"
}

# collect FROM TO: the objects and dependency files of a tree.
collect() {
	mkdir -p "$2"
	(cd "$1" && find . \( -name '*.o' -o -name '*.d' -o -name '*.dwo' -o -name '*.gcno' -o -name '*.su' -o -name '*.ci' \) -type f -print0 |
		xargs -0 -r cp --parents -p -t "$2")
}

# same_trees PLAIN FARM: every file equal, byte for byte; prints how many.
same_trees() {
	diff -rq "$1" "$2" >"$work/differences" ||
		fail "$(wc -l <"$work/differences") differ, such as: $(head -n 1 "$work/differences")"
	find "$1" -type f | wc -l
}

# What make and the compilers said, in an order that does not depend on who was faster; without what
# farmmake says itself.
said() {
	grep -v '^farmmake: ' "$1" | grep -vxFf <("$farmctl" report "$report" 2>/dev/null || :) | sort
}

# same_words PLAIN.err FARM.err
same_words() {
	diff <(sort "$1") <(said "$2") >"$work/words" ||
		fail "stderr differs: $(head -n 5 "$work/words")"
}

# The first of what stays where farmmake has its own. ccache, which meson takes where it is, has its own, too.
left_behind() {
	find "$XDG_RUNTIME_DIR" "$TMPDIR" -mindepth 1 -name ccache-tmp -prune -o -mindepth 1 -print -quit
}

# No socket, directory or file of farmmake's stays behind a build.
nothing_left() {
	local left
	left=$(left_behind)
	[ -z "$left" ] || fail "left behind: $left"
}

# Of a build in which compilers were killed, when its processes are gone: without a farm too, a cc1 that has lost its
# driver may write the text for an assembler that nobody starts.
nothing_else_left() {
	find "$TMPDIR" -name 'cc??????.s' -delete
	nothing_left
}

# odd_compiler DIR: a gcc there that no other machine has
odd_compiler() {
	mkdir -p "$1"
	printf '#include <unistd.h>
		int main(int n, char **v) {
			char *w[n + 2];
			for (int i = 0; i <= n; i++) w[i + 1] = v[i];
			w[0] = "/usr/bin/gcc", w[1] = "-fwrapv";
			return execv(w[0], w);
		}' | cc -xc -o "$1/gcc" - || fail "cc does not work"
}

# A node of a version to come: the head of its beacon, and 62 bytes that mean nothing here.
start_future() {
	perl -MIO::Socket::INET -e '
		my $s = IO::Socket::INET->new(Proto => "udp", PeerAddr => "127.0.0.1:$ARGV[0]") or die;
		while (1) { $s->send(pack("a4na4a64a62", "FARM", 99, "abcd", "future", "")); select undef, undef, undef, 0.1 }
	' "$port" &
	node_pid[future]=$!
}

# slow_project DIR FILES WEIGHT: a Makefile and so many sources, each of which keeps a compiler busy
# for some WEIGHT x 0.1 s (WEIGHT from 1 to 9).
slow_project() {
	local i f='' c=''
	mkdir -p "$1"
	for i in $(seq "$3"); do
		f+=" F16($i)" c+=" C16($i)"
	done
	for i in $(seq "$2"); do
		cat >"$1/slow$i.c" <<-END
			#define F(n) static int f##n(int x) { for (int i = 0; i < x; i++) x = (x * n + i) % 97 + g[x & 7]; return x; }
			#define F8(n) F(n##0) F(n##1) F(n##2) F(n##3) F(n##4) F(n##5) F(n##6) F(n##7)
			#define F16(n) F8(n##0) F8(n##1)
			#define C(n) +f##n(x)
			#define C8(n) C(n##0) C(n##1) C(n##2) C(n##3) C(n##4) C(n##5) C(n##6) C(n##7)
			#define C16(n) C8(n##0) C8(n##1)
			static int g[8] = {$i};
			$f
			int slow$i(int x);
			int slow$i(int x) { return 0$c; }
		END
	done
	cat >"$1/Makefile" <<-'END'
		CFLAGS = -O3 -g
		all: $(patsubst %.c,%.o,$(wildcard *.c))
		%.o: %.c; $(CC) $(CFLAGS) -c -o $@ $<
	END
}

# slots_kept GAUGE SLOTS: in what the gauge saw, hardly ever and never by much were more processes
# at work than there are local slots: wrappers that are committing a result hold none.
slots_kept() {
	note "at work, and samples: $(sed '/^[ml]/d' "$1" | xargs -n 2 | paste -sd ',')"
	awk -v slots="$2" '
		/^[0-9]/ { all += $2; if ($1 > slots) over += $2 }
		/^max/ { max = $2 }
		END { exit !(all > 0 && max <= slots + 2 && over <= all / 100 + 1) }' "$1" ||
		fail "more than $2 recipes were at work: $(xargs <"$1")"
	grep -qx 'left 0' "$1" || fail "processes outlived the build: $(tail -n 1 "$1")"
}
