#!/bin/bash
# native.sh - a compile with -march=native goes to the nodes where that means what it means here, and to no other; its
# object is the one that the compiler here makes.
. "$(dirname "$0")/lib.sh"
[ -n "${FARMMAKE_TEST_LONG:-}" ] || skip "takes long (FARMMAKE_TEST_LONG=1 or run.sh --long)"
farm_begin
knows_native || skip "nobody can tell what -march=native means on this machine"

# What the other node has: the same compiler, on a processor that it takes for a simpler one.
mkdir -p "$work/other/bin" "$work/same/bin" "$work/tree"
printf '#include <string.h>
#include <unistd.h>
	int main(int n, char **v) {
		for (int i = 1; i < n; i++) if (strcmp(v[i], "-march=native") == 0) v[i] = "-march=x86-64-v2";
		v[0] = "/usr/bin/gcc";
		return execv(v[0], v);
	}' | cc -xc -o "$work/other/bin/gcc" - || fail "cc does not work"
ln -s /usr/bin/gcc "$work/same/bin"
ln -s "$(command -v rm)" "$work/other/bin" # start_node's
ln -s "$(command -v rm)" "$work/same/bin"

cd "$work/tree" || exit 1
for source in n1.c n2.c n3.c n4.c n5.cc; do
	i=${source//[!0-9]/}
	cat >"$source" <<-END
		float sum$i(const float *a, const float *b);
		float sum$i(const float *a, const float *b)
		{
			float s = $i;
			for (int i = 0; i < 1024; i++)
				s += a[i] * b[i] + (float)__builtin_popcountll((unsigned long)i);
			return s;
		}
	END
	sed "s/sum/plain/g" "$source" >"p${source#n}"
done
{
	hear_nodes
	printf 'CFLAGS = -O3 -ffast-math -g\nCXXFLAGS = $(CFLAGS)\n'
	printf 'all: n1.o n2.o n3.o n4.o n5.o p1.o p2.o p3.o p4.o p5.o\n'
	printf 'n1.o: CFLAGS += -march=native\nn2.o: CFLAGS += -march=native -mtune=native -g0\n'
	printf 'n3.o: CFLAGS += -mtune=native\nn4.o n5.o: CFLAGS += -march=native -mno-avx512f\n'
} >Makefile
make -s || fail "the sources are wrong"
collect . "$work/plain"
"$work/other/bin/gcc" -O3 -ffast-math -g -march=native -c n1.c -o "$work/other.o"
cmp -s n1.o "$work/other.o" && fail "both processors are the same to the compiler"
measure_cc g++

# built WHERE...: with such options; so the native ones are there, and the others on nodes
built() {
	local want=$1
	shift
	rm -f ./*.o
	farm -s "$@" >"$work/build.out" 2>"$work/build.err" || fail "the build failed"
	rm -rf "$work/made"
	collect . "$work/made"
	same_trees "$work/plain" "$work/made" >/dev/null
	[ "$(in_report '[.jobs[] | select(.source | startswith("p")) | .where] | unique | join(" ")')" = node ] ||
		fail "$*: plain compiles: $(in_report '.jobs[] | "\(.source) \(.where) \(.reason)"')"
	[ "$(in_report '[.jobs[] | select(.source | startswith("n")) | .node // .reason] | unique | join(" ")')" = "$want" ] ||
		fail "$*: native compiles: $(in_report '.jobs[] | "\(.source) \(.node) \(.reason)"')"
}

PATH=$work/other/bin start_node other --slots 8 --preload 100
wait_node other
built "no node has this processor with this toolchain"
"$farmctl" explain --report "$report" n1.c >"$work/out"
grep -q '^to change that: name the processor' "$work/out" || fail "no advice: $(cat "$work/out")"
PATH=$work/same/bin start_node same --slots 8 --preload 100
wait_node same
built same
note "5 compiles for this processor stay here or go to it; 5 others go anywhere"
