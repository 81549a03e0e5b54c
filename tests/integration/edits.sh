#!/bin/bash
# edits.sh - headers change, appear, vanish and change places while a build runs, and between builds: every
# object is what the compiler here makes of what was there when it was to be made.
#
# A project is a chain of steps: an edit, then a compile, so that what each compile reads is known; beside
# the chain, compiles that no edit touches keep the nodes busy. Fifty-five edits, or with FARMMAKE_TEST_LONG=1 two hundred.
. "$(dirname "$0")/lib.sh"

farm_begin
deps_install jq >/dev/null || skip "jq is missing"
steps=40 rounds=15
[ -z "${FARMMAKE_TEST_LONG:-}" ] || steps=160 rounds=40
seed=${FARMMAKE_TEST_SEED:-$(($(date +%s) % 100000))}
note "seed $seed"
RANDOM=$seed

# A header's contents: a number, and sometimes another header
names=(a b c d e)
dirs=(first second/deep third)
contents() {
	local other=${names[RANDOM % 5]}
	case $((RANDOM % 4)) in
	0) printf '#if !defined IN_%s\n#define IN_%s\n#include <%s.h>\n#endif\n#undef %s\n#define %s %d\n' \
		"$1" "$1" "$other" "${1^^}" "${1^^}" $((RANDOM % 1000)) ;;
	1) printf '#undef %s\n#if __has_include(<extra.h>)\n#define %s %d\n#else\n#define %s %d\n#endif\n' \
		"${1^^}" "${1^^}" $((RANDOM % 1000)) "${1^^}" $((RANDOM % 1000)) ;;
	*) printf '#undef %s\n#define %s 1%03d\n' "${1^^}" "${1^^}" $((RANDOM % 1000)) ;;
	esac
}

# edit: one line of shell that does something to a header. third/ always has all of them, so that
# everything compiles.
edit() {
	local name=${names[RANDOM % 5]} dir=${dirs[RANDOM % 3]} path
	path=$dir/$name.h
	case $((RANDOM % 7)) in
	0 | 1) echo "printf %s '$(contents "$name")' >$path" ;;
	2) [ "$dir" = third ] && path=first/$name.h; echo "rm -f $path" ;;
	3) echo "printf %s '$(contents "$name")' >$path.new && mv $path.new $path" ;;
	4) echo "test ! -e first/$name.h || mv first/$name.h second/deep/$name.h" ;;
	5) echo "if [ -e second/deep/extra.h ]; then rm second/deep/extra.h; else : >second/deep/extra.h; fi" ;;
	6) echo "if [ -h second ]; then rm second && mv second.real second; else mv second second.real && ln -s second.real second; fi" ;;
	esac
}

# the sources, and so many numbered edits in edits/
project() {
	local i name
	mkdir -p "$1/first" "$1/second/deep" "$1/third" "$1/edits" "$1/busy" && cd "$1" || exit 1
	for name in "${names[@]}"; do
		printf '#define %s 0\n' "${name^^}" >"third/$name.h"
	done
	cat >reader.c <<-'END'
		#include <a.h>
		#include <b.h>
		#include "c.h"
		#include "d.h"
		#include <e.h>
		int values[] = {A, B, C, D, E, __LINE__};
		const char *file(void) { return __FILE__; }
	END
	for i in $(seq "$2"); do
		edit >"edits/$i"
	done
	for i in $(seq $(($2 / 4))); do
		printf '#include <stdio.h>\nint busy%d(int x) { return printf("%%d", x); }\n' "$i" >"busy/$i.c"
	done
	cat >Makefile <<-END
		CFLAGS = -O1 -g -Ifirst -Isecond/deep -Ithird -MD
		all: $(seq -f '%g.o' -s ' ' "$2") $(seq -f 'busy/%g.o' -s ' ' $(($2 / 4)))
		$(for i in $(seq "$2"); do
			echo "$i.o: $([ "$i" = 1 ] || echo "$((i - 1)).o")"
			printf '\tsh edits/%d\n\t$(CC) $(CFLAGS) -c -o $@ reader.c\n' "$i"
		done)
	END
	hear_nodes >>Makefile
}

start_farm
measure_cc

# --- during a build
project "$work/tree" "$steps"
cp -a "$work/tree" "$work/again"
make -C "$work/tree" -j2 >"$work/plain.out" 2>"$work/plain.err" || fail "make failed: $(tail -n 3 "$work/plain.err")"
collect "$work/tree" "$work/plain"
rm -rf "$work/tree" && mv "$work/again" "$work/tree" && cd "$work" || exit 1
farm -C "$work/tree" >"$work/farm.out" 2>"$work/farm.err" || fail "farmmake failed"
collect "$work/tree" "$work/farm"
[ "$(find "$work/plain" -name '*.o' | xargs md5sum | cut -d ' ' -f 1 | sort -u | wc -l)" -gt $((steps / 4)) ] ||
	fail "the edits make no difference"
note "$steps edits during a build: $(same_trees "$work/plain" "$work/farm") files are the same"
note "$(in_report '"\(.summary.views) of \(.summary.jobs) compiles read on nodes"')"
[ "$(in_report '.summary.views >= .summary.jobs * 0.95')" = true ] ||
	fail "$(in_report '[.jobs[] | select(.input != "view") | "\(.no_view) \(.reason)"] | group_by(.) | map("\(length) \(.[0])") | join(", ")')"

# --- between builds
cd "$work/tree" || exit 1
for round in $(seq "$rounds"); do
	edit >edits/now
	sh edits/now
	gcc -O1 -g -Ifirst -Isecond/deep -Ithird -MD -c -o 1.o reader.c || fail "$(cat edits/now)"
	mv 1.o here.o && mv 1.d here.d
	printf 'CFLAGS = -O1 -g -Ifirst -Isecond/deep -Ithird -MD\n1.o: reader.c; $(CC) $(CFLAGS) -c -o $@ $<\n' >one.mk
	farm -f one.mk >"$work/farm.out" 2>"$work/farm.err" || fail "farmmake failed in round $round: $(cat edits/now)"
	cmp -s 1.o here.o && cmp -s 1.d here.d || fail "round $round: after '$(cat edits/now)' another object"
done
note "$rounds edits between builds"
nothing_left
