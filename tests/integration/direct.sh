#!/bin/bash
# direct.sh [COMPILER] - compiles whose sources a node reads itself: objects, dependency files and every word
# are those of the compiler here, for projects that look for their headers in all the ways there are; and
# what cannot be known beforehand is preprocessed, or compiled, here.
. "$(dirname "$0")/lib.sh"

compiler=${1:-gcc}
command -v "$compiler" >/dev/null || skip "$compiler is missing"
case $compiler in
gcc) cxx=g++ ;;
*) cxx=${compiler/clang/clang++} ;;
esac
farm_begin
deps_install jq >/dev/null || skip "jq is missing"

# project DIR: sources, and a Makefile with one rule for each way of compiling
project() {
	mkdir -p "$1"/{src/deep,inc/sub,sys,after,quote,gen,real/place} && cd "$1" || exit 1
	ln -s real/place linked
	ln -s ../inc/sub src/sub
	printf '#pragma once\n#define ONE 1\n#include "sub/two.h"\n' >inc/one.h
	printf '#ifndef TWO\n#define TWO 2\n#include "../three.h"\n#endif\n' >inc/sub/two.h
	printf '#define THREE (TWO + __LINE__)\nstatic inline const char *three(void) { return __FILE__; }\n' >inc/three.h
	printf '#include_next <one.h>\n#define ONE_MORE (ONE + 1)\n' >quote/one.h
	printf '#pragma GCC system_header\nstatic int unused_in_system;\n#define SYS 7\n' >sys/sys.h
	printf '#define AFTER 9\n' >after/after.h
	printf '#define PLACE "here"\n' >real/place/place.h
	printf '#define MACROS 1\nint nothing;\n' >inc/macros.h
	printf 'static const int before = __LINE__;\n' >inc/before.h
	printf '#define TWIN 1\n#pragma once\nstatic int twin_%s;\n' x >inc/twin.h
	cp -p inc/twin.h inc/sub/twin.h && touch -d '2001-01-01' inc/sub/twin.h
	cat >src/plain.c <<-'END'
		#include <stdio.h>
		#include <stdlib.h>
		#include <assert.h>
		#include "one.h"
		int plain(int x) { assert(x > ONE); printf("%s %d\n", three(), THREE); return rand() % x; }
	END
	cat >src/next.c <<-'END'
		#include "one.h"
		int next(void) { return ONE_MORE; }
	END
	cat >src/search.c <<-'END'
		#include <sys.h>
		#include <after.h>
		#include "../linked/place.h"
		#include "sub/two.h"
		#if __has_include(<nowhere.h>) || __has_include("deep/absent.h")
		#error there is none
		#endif
		const char *search(void) { return PLACE; }
		int sum(void) { return SYS + AFTER + TWO; }
	END
	cat >src/words.c <<-'END'
		#include <string.h>
		#define WRONG(x) ((x) == 1 ? "yes" : 2)
		int words(unsigned n, const char *s)
		{
			int unused;
			for (int i = 0; i < n; i++)
				s++;
			return strlen(s) == -1 || WRONG(n) != 0;
		}
		#warning "naïve"
	END
	cat >src/deep/up.c <<-'END'
		#include "../../inc/sub/../one.h"
		#include "../../inc/sub/two.h"
		int up(void) { return ONE + TWO; }
	END
	cat >src/forced.c <<-'END'
		#ifndef MACROS
		#error
		#endif
		int forced(void) { return before; }
	END
	cat >src/twins.c <<-'END'
		#include "twin.h"
		#include "sub/twin.h"
		int twins(void) { return TWIN; }
	END
	cat >src/generated.c <<-'END'
		#include <generated.h>
		int generated(void) { return GENERATED; }
	END
	cat >src/things.cc <<-'END'
		#include <map>
		#include <string>
		#include <vector>
		#include "one.h"
		static const char *text = R"x(
		#include "nothing.h"
		)x";
		int things(int n) { std::map<std::string, std::vector<int>> m; m[text].push_back(n + ONE); return (int)m.size(); }
	END
	printf '#define HEADER(x) <x.h>\n#define NAME(x) #x\n#include HEADER(stddef)\n#include NAME(../inc/twin.h)\nsize_t computed;\n' >src/computed.c
	printf 'int assembled(int x) { return 3 * x; }\n' >src/assembled.c
	cat >Makefile <<-END
		CC = $compiler
		CXX = $cxx
	END
	case $compiler in
	gcc) echo 'all: o.d/calls.o' ;;
	*) echo 'all: o.d/split.o' ;; # gcc's is a text
	esac >>Makefile
	hear_nodes >>Makefile
	cat >>Makefile <<-'END'
		O = plain.o computed.o next.o search.o words.o up.o forced.o twins.o generated.o things.o assembled.s plain-g3.o
		all: $(O) absolute.o o.d/listed.o strict.o noted.o o.d/noted.o stack.s
		W = -O2 -g -Wall -Wextra
		computed.o: src/computed.c; $(CC) $(W) -Wno-unused-variable -MD -c -o $@ $<
		plain.o: src/plain.c; $(CC) $(W) -Iinc -MD -c $<
		next.o: src/next.c; $(CC) $(W) -iquote quote -Iinc -Wp,-MMD,.next.o.d -c -o $@ $<
		search.o: src/search.c; $(CC) $(W) -I nowhere -isystem sys -idirafter after -MMD -MF search.dep -MT a -MQ b -MP -c -o $@ $<
		words.o: src/words.c; $(CC) $(W) -Wconversion -Wsign-compare -c -o $@ $<
		up.o: src/deep/up.c; $(CC) $(W) -MD -c -o $@ $<
		forced.o: src/forced.c; $(CC) $(W) -imacros inc/macros.h -include inc/before.h -MD -c -o $@ $<
		twins.o: src/twins.c; $(CC) $(W) -Wno-unused-variable -Iinc -MD -c -o $@ $<
		gen/generated.h:; sleep 0.2; echo '#define GENERATED __LINE__' >$@
		generated.o: src/generated.c gen/generated.h; $(CC) $(W) -Igen -MD -c -o $@ $<
		things.o: src/things.cc; $(CXX) $(W) -std=c++17 -Iinc -MD -c -o $@ $<
		assembled.s: src/assembled.c; $(CC) -O2 -MD -S -o $@ $<
		plain-g3.o: src/plain.c; $(CC) -O2 -g3 -Iinc -MD -c -o $@ $<
		absolute.o: src/plain.c; $(CC) $(W) -I$(CURDIR)/linked/../../inc -MD -c -o $@ $(CURDIR)/src/plain.c
		o.d/listed.o: src/plain.c; mkdir -p o.d; $(CC) $(W) -Iinc -MMD -c -o $@ $<
		noted.o: src/plain.c; $(CC) $(W) -Iinc -frandom-seed=1 --coverage -MD -c $< -o $@
		o.d/%.o: src/plain.c o.d/listed.o; $(CC) $(W) -Iinc $($*) -c $< -o $@
		noted = -frandom-seed=1 -fprofile-arcs -ftest-coverage -fstack-usage
		calls = -fcallgraph-info -fstack-usage
		split = -gsplit-dwarf
		stack.s: src/deep/up.c; $(CC) -fstack-usage -S -o $@ $<
		strict.o: src/plain.c; $(CC) -pedantic -Werror -Iinc -c -o $@ $<
	END
}

made=(-name '*.[ods]' -o -name '*.gcno' -o -name '*.su' -o -name '*.ci' -o -name '*.dwo')

# collect_all FROM TO: everything that a build made
collect_all() {
	mkdir -p "$2" && (cd "$1" && find . -maxdepth 2 \( "${made[@]}" -o -name '*.dep' -o -name '.*.d' \) -type f |
		xargs cp --parents -t "$2")
}

# views: how many of how many compiles were views, and why the others were none
views() {
	in_report '"\(.summary.views) of \(.summary.jobs) compiles read on nodes" + ([.jobs[] | select(.input != "view") |
		"\n  \(.source): \(.no_view) \(.reason)"] | join(""))'
}

# all_views: every compile was one, but those that came while the first had its compiler examined
all_views() {
	[ "$(in_report '[.jobs[] | select(.input != "view" and .reason != "its compiler is being examined")] | length')" = 0 ] &&
		[ "$(in_report '.summary.views >= .summary.jobs - 2')" = true ] || fail "$(views)"
}

start_farm
measure_cc "$compiler" "$cxx"

# --- everything there is, in two languages
for locale in C C.UTF-8; do
	export LC_ALL=$locale
	rm -rf "$work/tree"
	project "$work/tree"
	make -k >"$work/plain.out" 2>"$work/plain.err" || fail "make failed: $(tail -n 5 "$work/plain.err")"
	collect_all "$work/tree" "$work/plain-$locale"
	[ -s "$work/plain.err" ] || fail "the compiler has nothing to say"
	rm -rf "$work/tree"
	project "$work/tree"
	farm -k >"$work/farm.out" 2>"$work/farm.err" || fail "farmmake failed"
	collect_all "$work/tree" "$work/farm-$locale"
	note "$(same_trees "$work/plain-$locale" "$work/farm-$locale") files are the same"
	same_words "$work/plain.err" "$work/farm.err"
	note "$(views)"
	all_views
done
export LC_ALL=C

# --- where the directory has another name, and where two have a part in it
ln -s "$work/tree" "$work/another name"
cd "$work/another name" && make -s clean 2>/dev/null
find . -name '*.o' -delete
PWD="$work/another name" make >"$work/plain.out" 2>"$work/plain.err" || fail "make failed in a linked directory"
collect_all "$work/tree" "$work/plain-linked"
find . \( "${made[@]}" \) -type f -delete
farm >"$work/farm.out" 2>"$work/farm.err" || fail "farmmake failed in a linked directory"
collect_all "$work/tree" "$work/farm-linked"
same_trees "$work/plain-linked" "$work/farm-linked" >/dev/null
all_views
cd "$work" || exit 1

# --- what is none, is still right
mkdir "$work/none" && cd "$work/none" || exit 1
printf 'int before;\rint behind;\n' >returns.c
printf 'const char *then = __TIME__;\n' >timed.c
printf '__asm__(".incbin \\"Makefile\\"");\n' >incbin.c
printf '#include "pre.h"\nint pre = PRE;\n' >pre.c
printf '#define PRE 1\n' >pre.h
printf 'int split(int x) { return x; }\n' >split.c
cat >Makefile <<-END
	CC = $compiler
	all: returns.o timed.o incbin.o pre.o $([ "$compiler" = gcc ] && echo split.o)
	pre.o: pre.c pre.h.gch; \$(CC) -c pre.c
	pre.h.gch: pre.h; \$(CC) pre.h -o \$@
	split.o: split.c; \$(CC) -g -gsplit-dwarf -c split.c
END
hear_nodes >>Makefile
make >/dev/null 2>&1 || fail "make failed"
rm -f timed.o
collect_all . "$work/plain-none"
rm -f ./*.o ./*.dwo ./*.gch
farm >"$work/farm.out" 2>"$work/farm.err" || fail "farmmake failed for what is no view"
rm -f timed.o
collect_all . "$work/farm-none"
same_trees "$work/plain-none" "$work/farm-none" >/dev/null
[ "$(in_report '[.jobs[] | select(.input == "view")] | length')" = 0 ] || fail "some were views: $(views)"
note "$(views)"

# --- notes and object are of one compile, also when one more was made to see whether it makes the same
mkdir "$work/notes" && cd "$work/notes" || exit 1
printf 'int main(void) { return 0; }\n' >noted.c
{ hear_nodes && echo 'all: noted.o'; } >Makefile
for options in "" --farm-verify=100; do
	rm -f noted.*o
	# shellcheck disable=SC2086
	farm $options CC="$compiler" CFLAGS=--coverage >/dev/null 2>&1 || fail "was not built with notes"
	[ "$(in_report '[.jobs[] | select(.input == "view" or .reason == "what a node made of it is checked")] | length')" = 1 ] ||
		fail "no view: $(views)"
	"$compiler" --coverage noted.o -o noted && ./noted || fail "cannot run what has notes"
	case $compiler in
	gcc) gcov -t noted.o ;;
	*) llvm-cov"${compiler#clang}" gcov -t noted.o ;;
	esac >"$work/covered" 2>&1
	grep -q '1: *1:int main' "$work/covered" || fail "notes and object do not fit: $(cat "$work/covered")"
	grep -qi mismatch "$work/covered" && fail "notes and object are of two compiles"
	rm -f noted.gcda
done
cd "$work/none" || exit 1

# --- the assembler's words name a temporary file: nobody is shown one of the node's
printf 'void f(void) { __asm__(".warning \\"so\\""); }\n' >warned.c
{ hear_nodes && echo 'all: warned.o'; } >Makefile
farm CC="$compiler" >/dev/null 2>"$work/farm.err" || fail "what the assembler warns of was not built"
grep -q 'arning: so' "$work/farm.err" || fail "the assembler's words are lost"
grep -q '/\.farm' "$work/farm.err" && fail "a file of the node is named"

# --- failures are the compiler's here
printf '#include "not_there.h"\nint x;\n' >fails.c
printf 'all: fails.o\n' >Makefile
farm CC="$compiler" >/dev/null 2>"$work/farm.err" && fail "what does not compile was built"
make CC="$compiler" >/dev/null 2>"$work/plain.err"
grep -v '^make' "$work/plain.err" >"$work/plain.said"
grep -v '^make' "$work/farm.err" | grep -vxFf <("$farmctl" report "$report") >"$work/farm.said"
cmp "$work/plain.said" "$work/farm.said" || fail "other words for a failure"

# --- a node that shows no views is left out while it has a quarter of the slots at most; else all are texts, which
# clang's cannot be
if [ "$compiler" = gcc ]; then
	mkdir "$work/many" && cd "$work/many" || exit 1
	for i in $(seq 12); do
		printf '#include <stdlib.h>\nint f%d(int x) { return abs(x); }\n' "$i" >"f$i.c"
	done
	{ hear_nodes && echo "all: $(seq -f f%g.o -s ' ' 12)"; } >Makefile
	start_node cellar --slots 1 --store-size 0
	wait_node cellar
	for kind in view text; do
		rm -f ./*.o
		farm >/dev/null 2>&1 || fail "was not built beside a node without views"
		[ "$(in_report "[.jobs[] | select(.where == \"node\" and .input == \"$kind\")] | length > 9")" = true ] ||
			fail "$kind: $(views)"
		note "$kind: a node without views did $(in_report '.nodes[] | select(.name == "cellar") | .jobs') of 12 compiles"
		[ $kind = text ] || [ "$(in_report '.nodes[] | select(.name == "cellar") | .jobs')" = 0 ] ||
			fail "a node without views was not left out"
		[ $kind = text ] || stop_node anvil
	done
fi
nothing_left
