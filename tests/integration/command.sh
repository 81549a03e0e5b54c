#!/bin/bash
# command.sh - other programs than make under farmmake: scripts, Ninja, CMake, and what they write down for later.
. "$(dirname "$0")/lib.sh"
farm_begin
deps_install jq >/dev/null || skip "jq is missing"
start_farm
measure_cc c++

# remotes LEAST: so many of the last build's compiles were done by nodes
remotes() {
	local n
	n=$(in_report '[.jobs[] | select(.where == "node")] | length')
	[ "$n" -ge "$1" ] || fail "only $n on nodes: $(in_report '.jobs[] | [.source, .where, .reason] | @tsv' | head -n 5)"
}

# --- what is no make's
(cd "$work" && farm --farm-run -- sh -c 'printf "%s\n" "$@"; exit 7' sh -j4 --help a=b '' 'two words' -- -n >"$work/words")
[ $? = 7 ] || fail "the command's status is not ours"
printf '%s\n' -j4 --help a=b '' 'two words' -- -n | cmp - "$work/words" || fail "words: $(cat "$work/words")"
for words in '' '--'; do
	# shellcheck disable=SC2086  # none is none
	farm --farm-run $words 2>"$work/none.err"
	[ $? = 2 ] || fail "--farm-run without a command"
	grep -q 'needs a command' "$work/none.err" || fail "$(cat "$work/none.err")"
done
farm --farm-run -- "$work/nonsuch" 2>/dev/null
[ $? = 4 ] || fail "a command that is not there"
FARMMAKE_RUN=yes farm -v 2>"$work/env.err" && fail "a variable turned make into a command"

# --- a script with two makes; the second is told of the same pool
slow_project "$work/one" 12 1
cp -r "$work/one" "$work/two"
make -C "$work/one" -j"$(nproc)" >/dev/null 2>&1 || fail "make alone"
collect "$work/one" "$work/plain"
make -C "$work/two" -j"$(nproc)" >/dev/null 2>&1
collect "$work/two" "$work/plain2"
find "$work/one" "$work/two" -name '*.o' -delete
printf 'set -e\nsleep 1\nmake -C one\nmake -C two\n' >"$work/script"
(cd "$work" && "$gauge" -o "$work/script.gauge" "$farmmake" "${farm_options[@]}" --farm-run sh ./script) \
	>"$work/script.out" 2>"$work/script.err" || fail "a script: $(tail -n 3 "$work/script.err")"
collect "$work/one" "$work/farmed"
collect "$work/two" "$work/farmed2"
note "$(same_trees "$work/plain" "$work/farmed") and $(same_trees "$work/plain2" "$work/farmed2") objects of two makes are the same"
remotes 20
slots_kept "$work/script.gauge" "$(nproc)"
! grep -i 'jobserver\|-jN' "$work/script.err" || fail "make complains"
[ "$(in_report .build.make)" = sh ] || fail "the report says $(in_report .build.make)"

# --- what minds no tokens: twelve compiles at once wait for slots here, be it to preprocess
for direct in yes no; do
	rm -f "$work"/one/*.o
	(cd "$work/one" && "$gauge" -o "$work/crowd.gauge" "$farmmake" "${farm_options[@]}" --farm-direct=$direct --farm-run -- \
		sh -c 'sleep 1; for f in *.c; do gcc -O3 -g -c $f & done; wait') >"$work/crowd.out" 2>&1 ||
		fail "a crowd: $(tail -n 3 "$work/crowd.out")"
	rm -rf "$work/crowd" && collect "$work/one" "$work/crowd"
	same_trees "$work/plain" "$work/crowd" >/dev/null
	remotes 8
	slots_kept "$work/crowd.gauge" "$(nproc)"
done

# --- Ninja, as a client of the pool
if ninja=$(deps_ninja); then
	{
		echo 'rule cc'
		echo '  command = gcc -O3 -g -c $in -o $out'
		for i in $(seq 12); do
			echo "build slow$i.o: cc slow$i.c"
		done
	} >"$work/one/build.ninja"
	rm -f "$work"/one/*.o
	(cd "$work/one" && ln -s "$ninja" "$work/ninja" && "$gauge" -o "$work/ninja.gauge" "$farmmake" "${farm_options[@]}" \
		--farm-run -- sh -c 'sleep 1; exec "$0"' "$work/ninja") >"$work/ninja.out" 2>&1
	# a shell gets what make understands: so it is a jobserver that Ninja does not know, and it goes by itself
	[ "$(find "$work/one" -name '*.o' | wc -l)" = 12 ] || fail "ninja below a shell: $(tail -n 3 "$work/ninja.out")"
	rm -f "$work"/one/*.o "$work"/one/.ninja*
	(cd "$work/one" && "$gauge" -o "$work/ninja.gauge" "$farmmake" "${farm_options[@]}" --farm-run -- "$work/ninja") \
		>"$work/ninja.out" 2>&1 || fail "ninja: $(tail -n 3 "$work/ninja.out")"
	collect "$work/one" "$work/by_ninja"
	rm -rf "$work/by_ninja/CMakeFiles"
	note "$(same_trees "$work/plain" "$work/by_ninja") objects by Ninja $("$ninja" --version) are the same"
	remotes 8
	slots_kept "$work/ninja.gauge" "$(nproc)"
else
	echo "ok - ninja # SKIP no ninja from 1.13 on can be had here"
fi

# --- CMake writes down where it found the compiler, and is used without farmmake afterwards
if command -v cmake >/dev/null; then
	mkdir "$work/cmake" && cp "$work"/two/*.c "$work/cmake"
	printf 'cmake_minimum_required(VERSION 3.10)\nproject(slow C)\nset(CMAKE_C_FLAGS "-O1")\nfile(GLOB sources *.c)\nadd_library(slow STATIC ${sources})\n' \
		>"$work/cmake/CMakeLists.txt"
	cd "$work/cmake" || exit 1
	farm --farm-run -- cmake -S . -B build >"$work/cmake.out" 2>&1 || fail "cmake: $(tail -n 3 "$work/cmake.out")"
	compiler=$(sed -n 's/^CMAKE_C_COMPILER:[A-Z]*=//p' build/CMakeCache.txt)
	[ -x "$compiler" ] || fail "$compiler is gone, and CMake wants it"
	cmake --build build >"$work/cmake.out" 2>&1 || fail "cmake without farmmake: $(tail -n 3 "$work/cmake.out")"
	cp build/libslow.a "$work/plain.a"
	cmake --build build --target clean >/dev/null
	farm --farm-run -- sh -c 'sleep 1; cmake --build build' >"$work/cmake.out" 2>&1 || fail "cmake --build: $(tail -n 3 "$work/cmake.out")"
	cmp "$work/plain.a" build/libslow.a || fail "another library"
	remotes 8
	note "CMake found $(basename "$(dirname "$compiler")")/${compiler##*/}, and builds with it and without farmmake"
else
	echo "ok - cmake # SKIP cmake is not installed"
fi

# --- the directory of links: whole again, nobody else's, and the build's own where there is no cache
links=$(farm --farm-run -- sh -c 'dirname "$(command -v gcc)"')
[ "${links%/bin-*}" = "$XDG_CACHE_HOME/farmmake" ] || fail "links are in $links"
rm "$links/gcc"
[ "$(farm --farm-run -- sh -c 'command -v gcc')" = "$links/gcc" ] || fail "a link that is gone is not made again"
chmod 777 "$links"
farm --farm-run -- true
[ "$(stat -c %a "$links")" = 700 ] || fail "others may write to $links"
if [ "$(id -u)" = 0 ]; then
	chown nobody "$links"
	[[ $(farm --farm-run -- sh -c 'command -v gcc') == "$XDG_RUNTIME_DIR"/farmmake-*/bin/gcc ]] || fail "another's links are used"
	[ "$(stat -c %U "$links")" = nobody ] || fail "another's links are replaced"
	chown root "$links"
fi
own=$(XDG_CACHE_HOME=/proc/none farm --farm-run -- sh -c 'command -v gcc')
[[ $own == "$XDG_RUNTIME_DIR"/farmmake-*/bin/gcc && ! -e $own ]] || fail "without a cache: $own"
nothing_left
