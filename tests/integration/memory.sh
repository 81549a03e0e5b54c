#!/bin/bash
# memory.sh - while memory is short no token is lent, and the build goes on at make's own width; when
# there is enough again the farm is used in full. Large links wait for each other then, small ones never.
. "$(dirname "$0")/lib.sh"
farm_begin
start_farm
measure_cc
export FARMMAKE_TEST_PROC=$work/proc
mkdir -p "$FARMMAKE_TEST_PROC/pressure"
waited_us=0
echo "some avg10=0.00 avg60=0.00 avg300=0.00 total=$waited_us" >"$FARMMAKE_TEST_PROC/pressure/memory"

# available MIB: of 8 GiB
available() {
	printf 'MemTotal: 8388608 kB\nMemFree: 1000 kB\nMemAvailable: %s kB\n' $(($1 * 1024)) \
		>"$FARMMAKE_TEST_PROC/meminfo.new"
	mv "$FARMMAKE_TEST_PROC/meminfo.new" "$FARMMAKE_TEST_PROC/meminfo"
}

lent_peak() {
	[ "$(in_report .summary.tokens.lost)" = 0 ] || fail "$1: tokens were lost"
	[ "$(in_report .summary.remote)" -gt 0 ] || fail "$1: nothing went to a node"
	note "$1: $(in_report '"\(.summary.tokens.lent_peak) tokens lent, \(.summary.remote) of \(.summary.jobs) on nodes"')"
	in_report .summary.tokens.lent_peak >"$work/peak"
}

objects() {
	[ "$(find "$tree" -name '*.o' | wc -l)" -ge "$1" ]
}

tree=$work/tree
slow_project "$tree" 32 2
make -s -j2 -C "$tree" 2>"$work/plain.err" || fail "make failed"
collect "$tree" "$work/plain"

# same_build NAME: the objects of the last one
same_build() {
	rm -rf "$work/farm"
	collect "$tree" "$work/farm"
	same_trees "$work/plain" "$work/farm" >"$work/count"
	rm -f "$tree"/*.o
	nothing_left
}
rm -f "$tree"/*.o

available 6000
farm --farm-local-slots 2 -s -C "$tree" 2>"$work/enough.err" || fail "enough: exit status $?"
lent_peak enough
same_build
[ "$(cat "$work/peak")" -gt 2 ] || fail "nothing is lent"

available 300
farm --farm-local-slots 2 -s -C "$tree" 2>"$work/short.err" || fail "short: exit status $?"
lent_peak short
same_build
[ "$(cat "$work/peak")" = 0 ] || fail "tokens are lent while memory is short"

# short at first; then what was held back is lent
available 300
farm --farm-local-slots 2 --farm-verbose -s -C "$tree" >"$work/then.out" 2>"$work/then.err" &
pid=$!
wait_for 60 objects 2 || fail "nothing is built"
available 6000
wait $pid || fail "short, then enough: exit status $?"
lent_peak "short, then enough"
same_build
[ "$(cat "$work/peak")" -gt 2 ] || fail "nothing is lent when there is enough again"
grep -q 'memory is short: 300 MiB' "$work/then.err" || fail "it is not said that memory is short"
grep -q 'memory is enough again' "$work/then.err" || fail "it is not said that it is enough again"

# Links: a linker that says when it begins and ends, and takes half a second.
links=$work/links
mkdir "$work/ld" "$links"
cat >"$work/ld/ld" <<-END
	#!/bin/sh
	echo + >>$work/linked
	sleep 0.5
	$(command -v ld) "\$@"
	status=\$?
	echo - >>$work/linked
	exit \$status
END
chmod +x "$work/ld/ld"
cat >"$links/Makefile" <<-END
	all: a b c
	%: %.o; \$(CC) -B$work/ld -o \$@ \$<
END

# at_once MIB: three links of objects of so many MiB; how many ran at a time
at_once() {
	rm -f "$links"/[abc] "$work/linked"
	echo "char x[$1 << 20] = {1}; int main(void) { return 0; }" >"$links/a.c"
	cc -c -o "$links/a.o" "$links/a.c" && cp "$links/a.o" "$links/b.o" && cp "$links/a.o" "$links/c.o"
	farm --farm-local-slots 3 -s -C "$links" >"$work/links.out" 2>"$work/links.err" ||
		fail "links: exit status $?"
	for program in a b c; do
		"$links/$program" || fail "$program does not run"
	done
	awk '/\+/ && ++now > most { most = now } /-/ { now-- } END { print most, now }' "$work/linked"
}

available 6000
[ "$(at_once 70)" = "3 0" ] || fail "large links do not run at once when there is memory"
available 100
[ "$(at_once 70)" = "1 0" ] || fail "large links do not wait for each other: $(xargs <"$work/linked")"
[ "$(at_once 1)" = "3 0" ] || fail "small links wait for each other"
nothing_left
