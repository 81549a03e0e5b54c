#!/bin/bash
# limits.sh - what is too large, or too much, for farmmake: a text of more than 64 MiB, packed, and beacons
# of more than 4096 nodes. The build is the same as ever.
. "$(dirname "$0")/lib.sh"
farm_begin
# machines with little memory keep less
[ "$(awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo)" -ge 2048 ] || skip "less than 2 GiB of memory"
measure_cc
start_node anvil --slots 2 --preload 4
wait_node anvil

# noise MIB: a comment of which nothing can be packed
noise() {
	echo '/*'
	head -c "$(($1 * 3 / 4))M" /dev/urandom | base64
	echo '*/'
}

# large_source NAME MIB: half of it in a header, since no file may have more than 64 MiB
large_source() {
	noise $(($2 / 2)) >"$tree/$1.h"
	{
		printf '#include "%s.h"\n' "$1"
		noise $(($2 / 2))
		echo "int $1(void); int $1(void) { return $2; }"
	} >"$tree/$1.c"
}

# project NAME OBJECT...: a tree of which nothing is compiled before there is a file "go"
project() {
	tree=$work/$1
	log=$work/$1.err
	shift
	mkdir "$tree"
	cat >"$tree/Makefile" <<-END
		.NOTPARALLEL: # the first one has the compiler measured
		all: $*
		%.o: %.c go; \$(CC) -O2 -c -o \$@ \$<
		go: ; while ! [ -e \$@ ]; do sleep 0.1; done
	END
}

# The build begins, and the node is there.
begin() {
	rm -f "$tree/go"
	: >"$log"
	farm -s -C "$tree" --farm-verbose --farm-direct=no >"$log.out" 2>"$log" &
	node_pid[build]=$!
	wait_for 10 grep -q 'node anvil (' "$log" || fail "anvil is not heard"
}

end() {
	touch "$tree/go"
	wait "${node_pid[build]}" || fail "exit status $?"
	unset 'node_pid[build]'
	[ "$(in_report .summary.tokens.lost)" = 0 ] || fail "tokens were lost"
	nothing_left
}

project texts below.o beyond.o
large_source below 56
large_source beyond 72
touch "$tree/go"
make -s -C "$tree" || fail "plain make"
collect "$tree" "$work/plain"
rm "$tree"/*.o
begin
end
collect "$tree" "$work/farm"
note "large texts: $(same_trees "$work/plain" "$work/farm") objects"
in_report '.jobs[] | select(.where == "local") | "\(.source): \(.reason)"' >"$work/reasons"
[ "$(cat "$work/reasons")" = "beyond.c: the preprocessed text is too large" ] || fail "here: $(cat "$work/reasons")"

# A crowd of nodes that hold keys and are not there, and one that is.
project crowd crowd.o
echo 'int crowd;' >"$tree/crowd.c"
nobody() {
	grep -o 'cannot use node n[0-9]*' "$log" | sort -u | wc -l
}
all_came() {
	[ "$(nobody)" -ge 4095 ]
}
begin
"$build/tests/integration/member" beacons "$key" "127.0.0.1:$port" 5000 || fail "beacons cannot be sent"
wait_for 10 all_came || fail "$(nobody) nodes were tried"
end
[ "$(nobody)" = 4095 ] || fail "$(nobody) nodes were tried, and anvil"
[ "$(in_report '.jobs[0].where')" = node ] || fail "nothing is compiled among them: $(in_report '[.jobs[].reason]')"
note "of 5000 nodes, 4095 and the one that is there were tried"
stop_node anvil || fail "status $?"
