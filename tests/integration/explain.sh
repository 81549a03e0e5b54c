#!/bin/bash
# explain.sh - farmctl says where a compile goes, and which option or which line of which file keeps it here.
. "$(dirname "$0")/lib.sh"
farm_begin
mkdir "$work/tree" && cd "$work/tree" || exit 1

# explains STATUS WORDS ARGUMENT...: on stdout; and what is done here comes with what to change
explains() {
	local want=$1 words=$2
	shift 2
	timeout 60 "$farmctl" explain "$@" >"$work/out" 2>"$work/ctl.err"
	local status=$?
	[ $status = "$want" ] || fail "explain $*: status $status: $(cat "$work/out" "$work/ctl.err")"
	grep -qF -- "$words" "$work/out" || fail "explain $*: $(cat "$work/out" "$work/ctl.err")"
	[ "$want" = 0 ] || [ "$words" = "it is no compile" ] || grep -q '^to change that: ' "$work/out" ||
		fail "explain $*: no advice: $(cat "$work/out")"
}

printf '#include <stdio.h>\nint f(void) { return puts(""); }\n' >plain.c
printf 'int x;\n\nconst char *when(void) { return __TIME__; }\n' >clock.c
printf '#define NOW \\\n  __DATE__\nstatic const char now[] = NOW;\n' >now.h
printf '#include <stdio.h>\n#include "now.h"\nconst char *when(void) { return now; }\n' >header.c
printf 'int x;\nasm(".incbin \\"plain.c\\"");\n' >blob.c

explains 0 "on nodes, which read the sources themselves" gcc -O2 -g -c plain.c
explains 0 "on nodes, which read the sources themselves" /usr/bin/gcc -Wall -c -o other.o plain.c
explains 0 "on nodes, preprocessed here: " gcc -gsplit-dwarf -g -c plain.c
explains 0 "of these, on those with this processor: -march=native" gcc -march=native -c plain.c
explains 1 "here: clock.c:3: __TIME__ depends on the clock" gcc -c clock.c
explains 1 "here: now.h:1: __DATE__ depends on the clock" gcc -c header.c
explains 1 "here: blob.c:2: the assembler's .incbin reads a file" gcc -c blob.c
explains 1 "here: compiles and links in one command" gcc plain.c -o plain
explains 1 "here: -fplugin=x.so loads code" gcc -fplugin=x.so -c plain.c
explains 1 "it is no compile" gcc -E plain.c
explains 1 "it is no compile" gcc --version
if command -v clang >/dev/null; then
	explains 1 "here: clock.c:3: __TIME__" clang -c clock.c
	explains 0 "if they cannot, here: clang records its input in the object" clang -g -c plain.c
	# and under a name that does not say so
	mkdir "$work/alternative"
	ln -s "$(command -v clang)" "$work/alternative/cc"
	explains 0 "if they cannot, here: clang records its input in the object" \
		"$work/alternative/cc" -g -c plain.c
	PATH=$work/alternative:$PATH \
		explains 0 "if they cannot, here: clang records its input in the object" cc -g -c plain.c
fi
"$farmctl" explain gcc -c missing.c >"$work/out" 2>"$work/ctl.err" && fail "what is not there can be preprocessed"
grep -q 'missing.c: cannot be preprocessed' "$work/ctl.err" || fail "$(cat "$work/ctl.err")"

# what was built
start_node anvil --slots 2
wait_node anvil
measure_cc
{ hear_nodes && echo 'all: plain.o clock.o'; } >Makefile
farm -s all >"$work/build.out" 2>"$work/build.err" || fail "the build failed"
explains 0 ", on anvil, which read the source itself" --report "$report" plain.c
explains 0 ", on anvil, " --report "$report" tree/plain.o
explains 1 "here: __TIME__ depends on the clock" --report "$report" clock.o
"$farmctl" explain --report "$report" header.c 2>"$work/ctl.err" && fail "that was not built"
grep -q 'header.c was not compiled in that build' "$work/ctl.err" || fail "$(cat "$work/ctl.err")"
"$farmctl" explain plain.c 2>"$work/ctl.err" && fail "there is no report"
for arguments in '' --nonsense 'plain.c clock.c'; do
	# shellcheck disable=SC2086  # words
	"$farmctl" explain $arguments >/dev/null 2>"$work/ctl.err"
	[ $? = 2 ] || fail "explain $arguments: status $?"
done
stop_node anvil
nothing_left
