#!/bin/bash
# closure.sh dirs|soup|lua|redis|ninja|kernel CLOSURE SOUP - what core/closure finds without a preprocessor,
# and what the compiler says. dirs: the same directories in the same order, for odd commands. Else for each
# compile of a project: no file that the compiler lists (-M) is missing in the set. soup: sources whose names
# macros make, at random; SEED=n begins with the nth, COUNT=n makes so many.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/records.sh"

project=$1
closure=$2
soup=$3
farm_begin

compare_dirs() {
	local words
	mkdir -p "$work/d/a" "$work/d/b" "$work/d/c" "$work/d/r/x" && cd "$work/d" && ln -s a a2 || exit 1
	while read -r words; do
		# shellcheck disable=SC2086  # variables, the compiler and its words
		set -- $words
		local variables=()
		while [[ $1 == *=* ]]; do
			variables+=("$1")
			shift
		done
		local language=c
		[ "$1" = gcc ] || language=c++
		env "${variables[@]}" "$@" -v -E -x $language /dev/null 2>&1 |
			sed -n '/^#include "/,/^End of/s/^ \{0,1\}//p' >said
		env "${variables[@]}" "$closure" -d "$@" -c x.c >found || fail "$words: $(cat found)"
		diff said found >differences || fail "$words: $(cat differences)"
		note "$words"
	done <<-'END'
		gcc
		g++
		gcc -Ia -Ib -I c
		gcc -Ia -Ia2 -I./a -Inope -Ib
		gcc -iquote a -iquote b -I b -I a2 -I c -I /usr/include -isystem c -idirafter /usr/include
		gcc -iquote b -iquote a -Ib -Ia
		gcc -iquote /usr/include -iquote a -Ia
		gcc -isystem /usr/include -isystem a
		g++ -isystem /usr/include -I /usr/include/c++/12 -I a
		gcc -nostdinc -Ia -isystem b
		g++ -nostdinc++ -Ia
		gcc -idirafter a -Ia -idirafter b
		gcc --sysroot=r/ -I=/x -Ia
		gcc -isysroot r -I=/x -iquote=/x
		gcc -iprefix ./ -iwithprefix a -iwithprefixbefore b
		gcc -Ia/ -Ib// -I a
		CPATH=a:b gcc -Ib
		CPATH=:a: C_INCLUDE_PATH=b: gcc -isystem c
		CPATH=b CPLUS_INCLUDE_PATH=nope:a g++ -Ic
	END
}

make_soup() {
	local seed=${SEED:-$((RANDOM + 1))} count=${COUNT:-${FARMMAKE_TEST_LONG:+1000}}
	count=${count:-50}
	note "SEED=$seed COUNT=$count"
	deps_install g++ clang >/dev/null || skip "g++ or clang is missing"
	mkdir -p "${RECORDS:=$work/records}"
	"$soup" gcc g++ "$seed" "$count" "$work/soup" "$RECORDS" || fail "no soup of gcc's"
	"$soup" clang clang++ "$((seed + count))" "$((count / 4))" "$work/soup" "$RECORDS" ||
		fail "no soup of clang's"
}

most_undecided=2
case $project in
dirs)
	compare_dirs
	exit 0
	;;
soup)
	make_soup
	most_undecided=35
	;;
*) record_project "$project" ;;
esac
find "$RECORDS" -type f | sort | xargs "$closure" >"$work/said" || fail "$(tail -n 20 "$work/said")"
while read -r line; do
	note "$line"
done <"$work/said"
value() {
	sed -n "s/^$1 //p" "$work/said"
}
[ "$(value compiles)" -ge 10 ] || fail "$(value compiles) compiles were recorded"
[ $((100 * $(value undecided))) -le $((most_undecided * $(value compiles))) ] || fail "too few are decided"
