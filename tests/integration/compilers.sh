#!/bin/bash
# compilers.sh [--write] - whatever people ask of a compiler, farmmake gives what that compiler gives: the same
# exit status, the same words, the same files. Each case is compiled by the compiler alone, twice to see what it
# repeats, and in the same place by farmmake, with nodes that read sources themselves and with nodes that get texts.
# doc/compilers.md says what became of each; this test compares, or writes it. FARMMAKE_TEST_LONG=1 installs the
# compilers that are missing.
. "$(dirname "$0")/lib.sh"
table=$top/doc/compilers.md

# C compiler, C++ compiler, Debian's packages
compilers=(
	'gcc g++ g++'
	'gcc-11 g++-11 g++-11'
	'clang clang++ clang'
	'clang-16 clang++-16 clang-16'
	'aarch64-linux-gnu-gcc aarch64-linux-gnu-g++ g++-aarch64-linux-gnu'
	'arm-linux-gnueabihf-gcc arm-linux-gnueabihf-g++ g++-arm-linux-gnueabihf'
)

# What is compiled, how, and by whom, if not by all: gcc, clang, native (runs what it makes), x86, arm, aarch64. The
# source has the name of the case's number; %s is it, without ".c".
cases=$(
	cat <<'END'
c   | -O2
c   | -O2 -Wall -Wextra
c   | -O2 -Wall -Werror
c   | -Wall -fdiagnostics-color=always
bad | -O2
c   | -g0
c   | -g1
c   | -O2 -g
c   | -g3
c   | -ggdb3
c   | -g -gdwarf-4
c   | -g -gz
c   | -g -gsplit-dwarf
c   | -g -grecord-gcc-switches -frecord-gcc-switches
c   | -g -fdebug-prefix-map=@PWD@=/src
c   | -g -ffile-prefix-map=@PWD@=.
c   | -fmacro-prefix-map=@PWD@=.
c   | -O2 -march=native | native
c   | -O3 -g -mtune=native | native
c   | -O3 -g -march=native -mtune=native -mno-avx | native x86
c   | -S -O3 -march=native | native
c   | -O2 -g -flto -frandom-seed=x -march=native | native gcc
c   | -O2 -g -flto=thin -march=native | native clang
c   | -O2 -march=x86-64-v3 -mtune=skylake | x86
c   | -O2 -mcpu=cortex-a53 | aarch64
c   | -O2 -march=armv7-a -mfpu=neon | arm
c   | -O2 -fPIC -fvisibility=hidden
c   | -O2 -fprofile-generate
c   | -O2 -g -fprofile-generate -frandom-seed=x | gcc
c   | -O2 -fprofile-use=%s.gcda | native gcc
c   | -O2 --coverage
c   | -O2 -fprofile-arcs -ftest-coverage -frandom-seed=x | gcc
c   | -O2 -flto
c   | -O2 -flto -frandom-seed=x | gcc
c   | -O2 -flto=auto -ffat-lto-objects -frandom-seed=x -g | gcc
c   | -O2 -flto=thin -g | clang
c   | -fsanitize=address -g
c   | -g -fsanitize=kernel-address --param asan-globals=1 | gcc
c   | -g -fsanitize=kernel-address -mllvm -asan-mapping-offset=0xdffffc0000000000 -mllvm -asan-globals=1 | clang
c   | -fsanitize=undefined
c   | -O2 -fsanitize=thread | native
c   | -O2 -fopenmp
c   | -Wa,--noexecstack
c   | -Wa,-adhln=%s.lst | gcc
c   | -Wp,-MD,%s.d
c   | -Wp,-MD,%s.d -Wp,-MT,%s.o -Wp,-MP
c   | -Wp,-DVALUE=3
c   | -MD
c   | -MMD -MP -MF %s.dep
c   | -MMD -MT target -MQ %s\$x
c   | -include forced.h
c   | -imacros macros.h
c   | -Wall -Winvalid-pch
c   | @options.rsp
c   | -fstack-usage
c   | -fcallgraph-info | gcc
c   | -save-temps
c   | -pipe -std=gnu11
c   | -DVALUE='"a b"' -UNOTHING
c   | -Iinc -iquote quote -isystem sys -idirafter after
c   | -include pch.h
c   | -O1 -Winvalid-pch -include pch.h
txt | -x c
two | -O2
c   | -fsyntax-only
c   | -E -o %s.i
c   | -MM -MF %s.d
c   | -S -O2
c   | -O2 -o sub/%s.o
abs | -O2 -g
cc  | -O2
cc  | -O2 -g -std=c++17 -Wall
cc  | -std=c++20 -fno-exceptions -fno-rtti
cc  | -O2 -ffunction-sections -fdata-sections
mod | -std=c++20 -fmodules-ts | gcc
mod | -std=c++20 --precompile | clang
hdr | -x c-header
S   |
S   | -g -DVALUE=3
S   | -MMD -MF %s.d
s   |
END
)

strip() {
	sed 's/^ *//; s/ *$//' <<<"$1"
}

# Sources that do what compilers are asked about: words, headers, macros, names of places.
sources() {
	mkdir -p inc quote sys after sub
	printf '#pragma once\n#include <stdint.h>\n#include "deep.h"\n#ifndef VALUE\n#define VALUE 1\n#endif\n' >inc/case.h
	printf 'static inline int deep(int x) { return x + __LINE__; }\n' >inc/deep.h
	printf '#define QUOTED 1\n' >quote/quoted.h
	printf '#pragma GCC system_header\n#define SYS 2\n' >sys/system.h
	printf '#define AFTER 3\n' >after/after.h
	printf 'int forced(void);\n#define FORCED 1\n' >forced.h
	printf '#define MACRO 7\n' >macros.h
	printf -- '-O1\n-DVALUE=9\n"-DTEXT=two words"\n' >options.rsp
	printf '#include <stdio.h>\n#include <string.h>\nint in_pch;\n' >pch.h
}

# one_source KIND NUMBER: and prints its name
one_source() {
	local kind=$1 n=$2
	case $kind in
	c | txt | abs | two | bad)
		cat >"$n.c" <<-END
			#include <assert.h>
			#include <stdio.h>
			#include "inc/case.h"
			#if __has_include(<system.h>)
			#include "quoted.h"
			#include <system.h>
			#include <after.h>
			static int dirs = QUOTED + SYS + AFTER;
			#endif
			static int unused_$n(unsigned a, int b) { return a < b; }
			int array_${n}[8];
			int body_$n(int x);
			int body_$n(int x)
			{
				assert(x > $n && "a # b");
				for (int i = 0; i < 8; i++)
					array_${n}[i] += deep(x) * i;
				printf("%s:%d %p\n", __FILE__, __LINE__, (void *)array_$n);
				return array_${n}[x & 7];
			}
		END
		if [ "$kind" = bad ]; then echo "int broken = ;" >>"$n.c"; fi
		if [ "$kind" = txt ]; then mv "$n.c" "$n.txt"; fi
		if [ "$kind" = two ]; then echo "int second_$n;" >"$n.b.c"; fi
		;;
	cc)
		cat >"$n.cc" <<-END
			#include <map>
			#include <string>
			#include <vector>
			#include "inc/case.h"
			template <class T> struct Tree { std::map<std::string, std::vector<T>> leaves; T sum() const; };
			template <class T> T Tree<T>::sum() const { T t{}; for (auto &l : leaves) for (auto &v : l.second) t += v; return t; }
			static int unused_$n;
			long total_$n() { Tree<long> t; t.leaves["a"].push_back(deep($n)); return t.sum(); }
		END
		;;
	mod) printf 'export module m%s;\nexport int f%s() { return 1; }\n' "$n" "$n" >"$n.cppm" ;;
	hdr) printf '#include <stdio.h>\nint h%s;\n' "$n" >"$n.h" ;;
	S) printf '#include "inc/value.h"\n#ifdef VALUE\n\t.data\n\t.long VALUE\n#endif\n\t.text\n\t.globl f%s\nf%s:\n\tnop\n' "$n" "$n" >"$n.S" ;;
	s) printf '\t.text\n\t.globl f%s\nf%s:\n\tnop\n' "$n" "$n" >"$n.s" ;;
	esac
	printf '#define UNUSED 1\n' >inc/value.h
}

# command KIND NUMBER OPTIONS: what is typed
command_of() {
	local kind=$1 n=$2 options=$3 cc="\$CC" out="-o $2.o"
	options=${options//%s/$n} options=${options//@PWD@/\$PWD}
	case " $options " in *' -o '* | *' -fsyntax-only '* | *' -MM '* | *' -E '* | *' -save-temps '*) out='' ;; esac
	case " $options " in *' -S '*) out="-o $n.s.out" ;; *' -E '* | *' -MM '*) ;; *) options="-c $options" ;; esac
	case $kind in
	c | bad) echo "$cc $options $n.c $out" ;;
	txt) echo "$cc $options $n.txt $out" ;;
	two) echo "$cc $options $n.c $n.b.c" ;;
	abs) echo "$cc $options \$PWD/$n.c $out" ;;
	cc) echo "\$CXX $options $n.cc $out" ;;
	mod) echo "\$CXX ${options/-c -std=c++20 --precompile/-std=c++20 --precompile} -x c++$([[ $options == *precompile* ]] && echo -module) $n.cppm -o $n.o" ;;
	hdr) echo "$cc ${options/-c /} $n.h -o $n.h.gch" ;;
	S | s) echo "$cc $options $n.$kind $out" ;;
	esac
}

# applies WHOM: to the compilers at hand
applies() {
	local word
	for word in $1; do
		case $word in
		gcc | clang) [ "$word" = "$family" ] ;;
		native) [ "$machine" = "$(uname -m)" ] ;;
		x86) [ "$machine" = x86_64 ] ;;
		aarch64 | arm) [ "$machine" = "$word" ] ;;
		esac || return 1
	done
}

# Everything in $work/here, made anew; only what applies.
tree() {
	local n=0 kind options whom
	rm -rf "$work/here" && mkdir "$work/here" && cd "$work/here" || exit 1
	sources
	hear_nodes >Makefile
	echo 'all:' >>Makefile
	while IFS='|' read -r kind options whom; do
		n=$((n + 1))
		kind=$(strip "$kind") options=$(strip "$options")
		applies "$whom" || continue
		one_source "$kind" "$n"
		command_of "$kind" "$n" "$options" >"$n.sh"
		printf 'all: %s.status\n%s.status: ; @sh %s.sh >%s.out 2>%s.err; echo $$? >$@\n' "$n" "$n" "$n" "$n" "$n" >>Makefile
		case $options in
		*-fprofile-use*) profile "$n" ;;
		*pch.h*) echo "$n.status: pch" >>Makefile ;;
		esac
	done <<<"$cases"
	printf 'pch: ; @$(CC) -x c-header pch.h -o pch.h.gch\n' >>Makefile
}

# What a run of the program says to -fprofile-use; once, because another run may count otherwise
profile() {
	if [ ! -e "$work/$column.gcda" ]; then
		(mkdir "$work/profile" && cd "$work/profile" && cp -r ../here/inc . && cp "../here/$1.c" . &&
			echo "int body_$1(int); int main(void) { return body_$1(100) > 1000; }" >main.c &&
			"$CC" -O2 -fprofile-generate -o p "$1.c" main.c && ./p >/dev/null
			mv ./*-"$1.gcda" "$work/$column.gcda") 2>/dev/null || fail "no profile of $CC"
		rm -rf "$work/profile"
	fi
	cp "$work/$column.gcda" "$1.gcda"
}

# pass NAME TOOL...: a tree, built; what is left of it is $work/NAME
pass() {
	local name=$1
	shift
	tree
	"$@" -C "$work/here" CC="$CC" CXX="$CXX" >"$work/$name.make" 2>&1 || fail "$name: $(tail -n 3 "$work/$name.make")"
	cd "$work" && rm -rf "${work:?}/$name" && mv here "$name"
}

# What the compiler does not make twice the same is not compared: those are the files of "unstable".
compare() {
	diff -rq "$work/plain" "$work/$1" | sed -n 's|^Files [^ ]*/plain/\([^ ]*\) and .*|\1|p; s|^Only in \(.*\)|only: \1|p' |
		grep -vxFf "$work/unstable" >"$work/differences"
	[ ! -s "$work/differences" ] ||
		fail "$CC, $1: not the same: $(paste -sd' ' "$work/differences")$(diff "$work/plain" "$work/$1" 2>&1 | head -n 20)"
}

# outcomes REPORT: "number where reason" for each job
outcomes() {
	jq -r '.jobs[] | [(.source | sub(".*/"; "") | sub("\\..*"; "")), (.input // "here"), .reason] | join("|")' "$1"
}

# column: how the cases went, in $work/COLUMN.cells: number|cell|reason
cells() {
	local n=0 direct text reason kind options whom
	outcomes "$work/direct.json" >"$work/direct.outcomes"
	outcomes "$work/text.json" >"$work/text.outcomes"
	while IFS='|' read -r kind options whom; do
		n=$((n + 1))
		applies "$whom" || { echo "$n||" && continue; }
		direct=$(awk -F'|' -v n=$n '$1 == n { print $2; exit }' "$work/direct.outcomes")
		text=$(awk -F'|' -v n=$n '$1 == n { print $2; exit }' "$work/text.outcomes")
		reason=$(awk -F'|' -v n=$n '$1 == n { print $3; exit }' "$work/direct.outcomes")
		case ${direct:-none} in
		view) [ "$text" = text ] && echo "$n|both|" || echo "$n|direct|" ;;
		text) echo "$n|text|" ;;
		*) echo "$n|here|${reason:-is no compile of one source}" ;;
		esac
	done <<<"$cases" >"$work/$column.cells"
}

run_column() {
	local words
	read -r CC CXX words <<<"$1"
	family=gcc machine=$("$CC" -dumpmachine | cut -d- -f1)
	"$CC" --version | grep -q clang && family=clang
	column="${CC%-[0-9]*} $("$CC" -dumpversion | cut -d. -f1)"
	measure_cc "$CC" "$CXX"
	pass plain make -j"$(nproc)"
	rm -rf "$work/first" && mv "$work/plain" "$work/first"
	pass plain make -j"$(nproc)"
	diff -rq "$work/first" "$work/plain" | sed -n 's|^Files [^ ]*/first/\([^ ]*\) and .*|\1|p' >"$work/unstable"
	pass direct farm
	cp "$report" "$work/direct.json"
	compare direct
	echo '{"jobs":[]}' >"$work/text.json"
	if [ "$family" = gcc ]; then # for clang no text will do
		pass text farm --farm-direct=no
		cp "$report" "$work/text.json"
		compare text
	fi
	cells
	columns+=("$column")
	note "$column: $(find "$work/plain" -type f | wc -l) files the same, twice; $(cut -d'|' -f2 "$work/$column.cells" | sort | uniq -c | xargs)"
	[ ! -s "$work/unstable" ] || note "  the compiler itself does not repeat: $(paste -sd' ' "$work/unstable")"
}

declare -A what=([c]=C [bad]='C, wrong' [txt]='C, in a .txt' [two]='C, two sources' [abs]='C, by its whole path' [cc]=C++
	[mod]='C++ module' [hdr]='header' [S]='assembler, .S' [s]='assembler, .s')

# The table, for the columns at hand.
rows() {
	local n=0 kind options whom column
	printf '| source | options |'
	printf ' %s |' "${columns[@]}"
	printf ' why not elsewhere |\n|---|---|'
	printf -- '---|%.0s' "${columns[@]}"
	printf -- '---|\n'
	while IFS='|' read -r kind options whom; do
		n=$((n + 1)) options=$(strip "$options")
		printf '| %s | `%s` |' "${what[$(strip "$kind")]}" "${options//@PWD@/\$PWD}"
		for column in "${columns[@]}"; do
			printf ' %s |' "$(awk -F'|' -v n=$n '$1 == n { print $2 }' "$work/$column.cells")"
		done
		printf ' %s |\n' "$(for column in "${columns[@]}"; do
			awk -F'|' -v n=$n '$1 == n { print $3 }' "$work/$column.cells"
		done | grep . | sort -u | paste -sd'~' | sed 's/~/; /g')"
	done <<<"$cases" | sed 's/`` |/ |/; s/ \([0-9]*\)\.gcda/ FILE.gcda/; s/[0-9]*\.\(gcda\|lst\) /FILE.\1 /g; s/%s/FILE/g'
}

# column_of FILE NAME: of a table, the cells with the rows' beginnings
column_of() {
	awk -F' \\| ' -v name="$2" '
		/^\|-/ { next } # as long as there are compilers
		/^\| source/ { for (i = 1; i <= NF; i++) if ($i == name) at = i }
		/^\|/ && at { print $1 " | " $2 " | " $at }' "$1"
}

# The rest of doc/compilers.md stays as it is.
write_table() {
	sed '/^| source/,$d' "$table" >"$work/doc" && cat "$work/rows" >>"$work/doc" && cp "$work/doc" "$table"
}

compare_table() {
	local column left_out='^$'
	knows_native || left_out='=native'
	for column in "${columns[@]}"; do
		if ! sed -n '/^| source/p' "$table" | grep -qF "| $column |"; then
			echo "ok - $column # SKIP doc/compilers.md does not know this version"
			continue
		fi
		diff <(column_of "$table" "$column" | grep -v "$left_out") \
			<(column_of "$work/rows" "$column" | grep -v "$left_out") >"$work/changed" ||
			fail "$column, doc/compilers.md and what was seen: $(cat "$work/changed")"
	done
}

farm_begin
deps_install jq >/dev/null || skip "jq is missing"
start_farm
columns=()
for words in "${compilers[@]}"; do
	read -r cc cxx package <<<"$words"
	if [ -z "${FARMMAKE_TEST_LONG:-}${1:-}" ] && [ ${#columns[@]} -gt 0 ]; then
		echo "ok - $cc # SKIP the first one takes long enough (FARMMAKE_TEST_LONG=1)"
		continue
	fi
	[ -z "${FARMMAKE_TEST_LONG:-}" ] || deps_install "$package" >"$work/install.log" 2>&1
	if ! command -v "$cc" >/dev/null || ! command -v "$cxx" >/dev/null; then
		echo "ok - $cc # SKIP $package is not installed"
		continue
	fi
	run_column "$words"
done
rows >"$work/rows"
if [ "${1:-}" = --write ]; then
	write_table
else
	compare_table
fi
