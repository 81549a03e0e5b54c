#!/bin/bash
# mishaps.sh - what no single compile shows: compiles that are killed half-way, and words of many at once; with
# FARMMAKE_TEST_LONG=1 every signal, recipes that are no compiles, a client with one slot, and a debugger.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/relays.sh" # a compiler that takes its time
farm_begin
deps_install jq >/dev/null || skip "jq is missing"
slow_compiler "$work/cc/bin"
PATH=$work/cc/bin:$PATH
nodes_find gcc
start_node anvil --slots 1 --preload 100
wait_node anvil
measure_cc
mkdir "$work/tree" && cd "$work/tree" || exit 1

# on_node: how many of the last build's compiles nodes did
on_node() {
	in_report '[.jobs[] | select(.where == "node")] | length'
}

node_compiles() {
	pgrep -P "${node_pid[anvil]}" >/dev/null
}

# A slot that is given back takes the next compile at once; the killed one would have had it for a minute.
killed_half_way() {
	local signal=$1 direct=$2 status
	cat >killed.mk <<-END
		all: ; @env --default-signal=INT gcc -O2 -g -MD -DSLOWCC_MS=60000 -c long.c & echo \$\$! >pid; wait \$\$!; echo \$\$? >status; \
			gcc -O2 -g -c short.c
	END
	hear_nodes >>killed.mk
	echo 'int l;' >long.c
	echo 'int s;' >short.c
	rm -f pid status ./*.o
	farm -s --farm-direct="$direct" -f killed.mk >"$work/killed.out" 2>"$work/killed.err" &
	wait_for 20 test -s pid || fail "nothing is begun"
	wait_for 20 node_compiles || fail "the node has nothing to do: $(cat "$work/killed.err")"
	kill "-$signal" "$(cat pid)"
	wait_for 10 test -s status || fail "$signal does not end a compile"
	wait $! || fail "$signal: the build failed: $(cat "$work/killed.err")"
	status=$(cat status)
	[ "$status" = $((128 + $(kill -l "$signal"))) ] || fail "$signal: exit status $status"
	# the preprocessor of a text has written a whole dependency file
	[ "$(find . -name 'long*' ! -name long.c ! -name "${direct/no/long.d}")" = "" ] || fail "$signal: left $(echo long*)"
	[ "$(on_node)" = 1 ] && [ -s short.o ] || fail "$signal: the slot is not free: $(in_report .jobs[].reason)"
	wait_for 5 node_is_idle || fail "$signal: the node still compiles"
	wait_for 2 is_clean || nothing_left
}

node_is_idle() {
	! node_compiles
}

# All that a compile says comes in one piece, however many speak.
whole_messages() {
	local i
	for i in $(seq 20); do
		printf 'int f%d(void)\n{\n\tint a%d_1, a%d_2, a%d_3;\n\treturn 0;\n}\n' "$i" "$i" "$i" "$i" >"w$i.c"
	done
	{ echo "all: $(seq -f w%.0f.o -s ' ' 20)" && hear_nodes; } >words.mk
	farm -s -f words.mk CFLAGS=-Wall 2>&1 >/dev/null | cat >"$work/words.err"
	[ "$(on_node)" -ge 10 ] || fail "only $(on_node) of those that warn were on nodes"
	sed -n 's/^w\([0-9]*\)\.c:.*unused variable.*/\1/p' "$work/words.err" >"$work/order"
	[ "$(wc -l <"$work/order")" = 60 ] || fail "$(wc -l <"$work/order") of 60 warnings"
	[ "$(uniq "$work/order" | wc -l)" = 20 ] || fail "messages are mixed: $(uniq "$work/order" | xargs)"
}

# Recipes that sleep: as many at once as there are slots, and never more.
scripts_fill_the_slots() {
	local slots
	printf 'all: %s\n%%.script: ; @sleep 0.3; echo $* >>scripts\n' "$(seq -f %.0f.script -s ' ' 10)" >scripts.mk
	for slots in 1 2 3; do
		rm -f scripts
		"$gauge" -o "$work/scripts.gauge" "$farmmake" "${farm_options[@]}" --farm-local-slots $slots -s -f scripts.mk \
			</dev/null >"$work/scripts.out" 2>"$work/scripts.err" || fail "scripts: $(cat "$work/scripts.err")"
		[ "$(wc -l <scripts)" = 10 ] || fail "not all scripts ran"
		grep -qx "max $slots" "$work/scripts.gauge" || fail "$slots slots, at once: $(xargs <"$work/scripts.gauge")"
	done
}

# One slot here: what it does is link, archive and run what nodes compiled.
one_slot() {
	local i
	mkdir one && cd one || exit 1
	for i in $(seq 8); do
		echo "int f$i(void); int f$i(void) { return $i; }" >"f$i.c"
	done
	{ echo "int $(seq -f 'f%.0f(void)' -s , 8);" && echo "int main(void) { return $(seq -f 'f%.0f()' -s + 8); }"; } >main.c
	{
		echo "all: p; ./p; test \$\$? = 36"
		echo 'p: main.o lib.a; $(CC) -o $@ $^'
		echo "lib.a: $(seq -f f%.0f.o -s ' ' 8); ar rcD \$@ \$^"
		hear_nodes
	} >Makefile
	"$gauge" -o "$work/one.gauge" "$farmmake" "${farm_options[@]}" --farm-local-slots 1 -s </dev/null \
		>"$work/one.out" 2>"$work/one.err" || fail "one slot: $(cat "$work/one.err")"
	[ "$(on_node)" -ge 6 ] || fail "one slot: $(on_node) of 9 on nodes"
	slots_kept "$work/one.gauge" 1
	cd ..
}

# Names that lead nowhere, and no key: a word that helps, and the same objects.
nobody_there() {
	local words
	echo 'int s;' >short.c
	while IFS='|' read -r words options; do
		rm -f short.o
		# shellcheck disable=SC2086  # options are words
		HOME=$work/nobody XDG_CONFIG_HOME=$work/nobody farm_limit_s=60 timeout 60 "$farmmake" --farm-interface lo \
			--farm-report none $options short.o >"$work/nobody.out" 2>"$work/nobody.err" </dev/null ||
			fail "$options: $(cat "$work/nobody.err")"
		[ -s short.o ] || fail "$options: not built"
		grep -q -- "$words" "$work/nobody.err" || fail "$options: says $(cat "$work/nobody.err")"
	done <<-END
		key new|--farm-port $port
		nonsuch.invalid|--farm-key $key --farm-no-discovery --farm-node nonsuch.invalid
		not/a/node|--farm-key $key --farm-no-discovery --farm-node 127.0.0.1:$(cat "$work/anvil.port"),not/a/node
	END
}

# A debugger finds lines, files and variables, from wherever it is started.
debugged() {
	if ! command -v gdb >/dev/null; then
		echo "ok - debugger # SKIP gdb is not installed"
		return
	fi
	mkdir -p debug/src && cd debug || exit 1
	printf '#include "h.h"\nint main(int argc, char **argv)\n{\n\tint seen = twice(argc);\n\treturn seen != 2; /* here */\n}\n' >src/main.c
	printf 'static inline int twice(int x)\n{\n\treturn 2 * x;\n}\n' >src/h.h
	{ echo 'all: p' && echo 'main.o: src/main.c; $(CC) -g -O0 -c -o $@ $<' && echo 'p: main.o; $(CC) -o $@ $<' && hear_nodes; } >Makefile
	farm -s >"$work/debug.out" 2>"$work/debug.err" || fail "debug: $(cat "$work/debug.err")"
	[ "$(on_node)" = 1 ] || fail "what is debugged was not compiled on a node"
	cd / && gdb -nx -batch -ex 'break main.c:5' -ex run -ex 'print seen' -ex list -ex 'break twice' -ex 'info line twice' \
		"$work/tree/debug/p" >"$work/gdb.out" 2>&1 </dev/null
	cd "$work/tree" || exit 1
	if grep -q 'ptrace\|not permitted' "$work/gdb.out"; then
		echo "ok - debugger # SKIP nothing can be traced here"
		return
	fi
	grep -qx '\$1 = 2' "$work/gdb.out" && grep -q 'return seen != 2; /\* here' "$work/gdb.out" &&
		grep -q 'Line 2 of "src/h.h"' "$work/gdb.out" || fail "gdb: $(cat "$work/gdb.out")"
}

# A node with no other compiler than clang is one, too.
clang_alone() {
	if ! command -v clang >/dev/null; then
		echo "ok - clang # SKIP clang is not installed"
		return
	fi
	nodes_find clang
	start_node bellows --slots 1
	wait_node bellows
	printf 'all: ; clang -g -c short.c\n' >clang.mk
	hear_nodes >>clang.mk
	farm -s -f clang.mk >"$work/clang.out" 2>"$work/clang.err" || fail "clang: $(cat "$work/clang.err")"
	[ "$(on_node)" = 1 ] || fail "clang: $(in_report .jobs[].reason)"
}

for direct in yes no; do
	for signal in TERM INT HUP KILL; do
		[ -n "${FARMMAKE_TEST_LONG:-}" ] || [ "$direct.$signal" = yes.TERM ] || continue
		killed_half_way $signal $direct
		note "killed by $signal, direct: $direct"
	done
done
stories=(whole_messages)
[ -z "${FARMMAKE_TEST_LONG:-}" ] || stories+=(scripts_fill_the_slots one_slot nobody_there debugged clang_alone)
for story in "${stories[@]}"; do
	$story
	nothing_left
	note "$story"
done
