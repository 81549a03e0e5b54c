#!/bin/bash
# tools.sh ROW... - farmmake around and below other tools. Each row builds a project of Debian's by the tools alone and
# then in the same place with farmmake: everything that is left behind is the same, byte for byte, a wrong source fails
# the same way, and nine of ten compiles were done by nodes. What is said to cost nothing is timed in turns.
#
#     autotools   FriBidi: configure, automake, libtool
#     configure   what configuring it takes: autoconf, and CMake
#     cmake       libuv, with farmcc found in PATH, as a launcher, and as both
#     cmake_ninja libuv by Ninja
#     meson       FriBidi: meson setup, ninja, meson compile
#     cargo       crates, of which one has parts in C
#     lto         Lua, linked by -flto=jobserver and -flto=auto
#     wrappers    Lua by "ccache gcc", "env A=1 gcc" and the like; the kernel's jobserver-exec
#     ccache      what farmmake costs a build of Redis whose results are all in a cache
#
# FARMMAKE_TEST_PAIRS: how many times "in turns" is, 5 if not set.
. "$(dirname "$0")/lib.sh"
[ -n "${FARMMAKE_TEST_LONG:-}" ] || skip "takes long (FARMMAKE_TEST_LONG=1 or run.sh --long)"
farm_begin
deps_install "${DEPS_SOURCE[@]}" jq >/dev/null || skip "jq or dpkg-dev is missing"
slots=$(nproc)
tree=$work/tree
farmcc=$build/src/farmcc/farmcc
export SOURCE_DATE_EPOCH=1
# what a tool writes down about itself: times, names of compilers, what it found out
records=(-name 'config.log' -o -name '*.cmake' -o -name '*.make' -o -name 'Makefile2' -o -name '*.txt' -o -name '*.log'
	-o -name '*.internal' -o -name '.ninja_*' -o -name '*.ninja' -o -name '*.dat' -o -name '*.json'
	-o -name 'Makefile.cmake' -o -name 'progress.marks')

# run WORD...: in the tree; its words and its status are kept
run() {
	(cd "$tree" && timeout -k 10 2400 "$@") >"$work/build.out" 2>"$work/build.err" </dev/null
}

must() {
	run "$@" || fail "$*: $(tail -n 5 "$work/build.out" "$work/build.err")"
}

# The same, below farmmake: what follows is a command, or farmmake's own words.
with_farm() {
	run "$farmmake" "${farm_options[@]}" --farm-run -- "$@"
}

must_with_farm() {
	with_farm "$@" || fail "$*: $(tail -n 5 "$work/build.out" "$work/build.err")"
}

fresh() {
	rm -rf "$tree" && cp -a "$work/fresh" "$tree"
}

# source_of PACKAGE [OPTION...]: what "fresh" copies
source_of() {
	rm -rf "$work/fresh"
	deps_source "$1" "$work/fresh" "${@:2}" || skip "Debian's sources of $1 are out of reach"
}

# keep NAME: what was built, less the records
keep() {
	rm -rf "${work:?}/$1" && cp -a "$tree" "$work/$1"
	find "$work/$1" -type f \( "${records[@]}" \) -delete
	find "$work/$1" -type l -delete
}

# same WHAT PLAIN FARM: and at least nine of ten compiles of the last build went to nodes
same() {
	local objects
	same_trees "$work/$2" "$work/$3" >/dev/null
	objects=$(find "$work/$3" -name '*.o' | wc -l)
	[ "$objects" -gt 0 ] || fail "$1: no objects"
	note "$1: $objects objects and all else are the same; $(in_report '"\(.summary.remote) of \(.summary.jobs)"') compiles on nodes"
	[ "$(in_report '.summary.remote >= 0.9 * .summary.jobs and .summary.remote > 0')" = true ] ||
		fail "$1: reasons: $(in_report '[.jobs[] | select(.where != "node") | .reason] | group_by(.) | map("\(length) \(.[0])") | join(", ")')"
	[ "$(in_report .summary.tokens.lost)" = 0 ] || fail "$1: tokens were lost"
}

# The tests of a configure script and the like, of the last build.
no_test_is_remote() {
	[ "$(in_report .summary.remote)" = 0 ] ||
		fail "tests were compiled on nodes: $(in_report '[.jobs[] | select(.where == "node") | .source] | join(" ")')"
}

# both_fail FILE WORD...: broken, it is refused with the same status by the command alone and below farmmake
both_fail() {
	local file=$tree/$1 plain ours
	shift
	echo '#error broken' >>"$file"
	run "$@"
	plain=$?
	with_farm "$@"
	ours=$?
	[ $plain != 0 ] && [ $plain = $ours ] || fail "$*: a broken source: $plain alone, $ours below farmmake"
	grep -q '#error broken' "$work/build.out" "$work/build.err" || fail "$*: the compiler's words are lost"
}

# pairs COUNT PREPARE ALONE OURS: three functions, in turns. $wall and $cpu are the medians of how much more ours takes.
pairs() {
	local i one TIMEFORMAT='%R %U %S'
	rm -f "$work"/time.*
	for i in $(seq "$1"); do
		# the order changes, so that neither always has the warmer machine
		for one in $([ $((i % 2)) = 0 ] && echo "$3 $4" || echo "$4 $3"); do
			"$2" >/dev/null && { time "$one"; } 2>>"$work/time.$one" || exit 1
		done
	done
	paste "$work/time.$3" "$work/time.$4" | awk '{ print $1, $4, $4 / $1, ($5 + $6) / ($2 + $3) }' >"$work/pairs"
	wall=$(median 3) cpu=$(median 4)
	note "$3, $4: $(cut -d' ' -f1,2 "$work/pairs" | paste -sd',' | sed 's/,/, /g') s; medians of the ratios: $wall, of CPU $cpu"
}

# median FIELD
median() {
	cut -d' ' -f"$1" "$work/pairs" | sort -n |
		awk '{ v[NR] = $1 } END { printf "%.3f", (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'
}

# costs_nothing WHAT: or a twentieth. The wall times of a machine with other things to do differ by more: there CPU decides.
costs_nothing() {
	local seen=$wall
	awk -v most=$((2 * slots)) '{ exit !($2 > most) }' /proc/loadavg && seen=$cpu && note "a busy machine: CPU decides"
	awk -v seen="$seen" 'BEGIN { exit !(seen <= 1.05) }' || fail "$1: $seen times as much"
}

# --- autoconf, automake, libtool
configure_alone() { must ./configure --enable-static; }
configure_farm() { must_with_farm ./configure --enable-static; }

row_autotools() {
	source_of fribidi
	fresh
	configure_alone
	cp "$tree/config.status" "$work/status.plain"
	must make -j"$slots"
	keep plain
	fresh
	configure_farm
	cmp "$work/status.plain" "$tree/config.status" || fail "config.status differs"
	note "configure: $(in_report '"\(.summary.jobs) compiles, \(.summary.remote) on nodes"')"
	no_test_is_remote
	must_with_farm make
	keep farm
	same "FriBidi" plain farm
	[ -e "$work/farm/lib/.libs/fribidi-bidi.o" ] && [ -e "$work/farm/lib/fribidi-bidi.o" ] || fail "libtool made no object twice"
	both_fail lib/fribidi.c make
}

row_configure() {
	source_of fribidi
	pairs "${FARMMAKE_TEST_PAIRS:-5}" fresh configure_alone configure_farm
	costs_nothing "configure"
	source_of libuv1
	pairs "${FARMMAKE_TEST_PAIRS:-5}" fresh cmake_alone cmake_farm
	costs_nothing "cmake"
}

# --- CMake
# Without farmmake, then with it.
cmake_alone() { must cmake -S . -B build -DBUILD_TESTING=OFF "$@"; }
cmake_farm() { must_with_farm cmake -S . -B build -DBUILD_TESTING=OFF "$@"; }

# cmake_way WHAT WORD...: configured already, what the words build is that of "plain"
cmake_way() {
	must_with_farm "${@:2}"
	keep farm
	same "libuv, $1" plain farm
}

row_cmake() {
	local launcher=-DCMAKE_C_COMPILER_LAUNCHER=$farmcc
	deps_install cmake >/dev/null || skip "cmake is missing"
	source_of libuv1
	fresh
	cmake_alone
	must make -C build -j"$slots"
	keep plain
	fresh
	cmake_farm
	no_test_is_remote
	cmake_way "found in PATH" make -C build
	fresh
	cmake_farm
	cmake_way "cmake --build" cmake --build build
	fresh
	cmake_alone "$launcher"
	cmake_way "as a launcher" make -C build
	both_fail src/version.c make -C build
	fresh
	cmake_farm "$launcher"
	no_test_is_remote
	cmake_way "both" make -C build
}

row_cmake_ninja() {
	local ninja
	deps_install cmake >/dev/null || skip "cmake is missing"
	ninja=$(deps_ninja) || skip "no ninja from 1.13 on can be had here"
	source_of libuv1
	fresh
	cmake_alone -G Ninja -DCMAKE_MAKE_PROGRAM="$ninja"
	must "$ninja" -C build
	keep plain
	fresh
	cmake_farm -G Ninja -DCMAKE_MAKE_PROGRAM="$ninja"
	no_test_is_remote
	cmake_way "Ninja" "$ninja" -C build
	both_fail src/version.c "$ninja" -C build
}

# --- meson. It would put ccache before a compiler that it finds by itself.
row_meson() {
	deps_install meson >/dev/null || skip "meson is missing"
	local ninja
	ninja=$(deps_ninja) || skip "no ninja from 1.13 on can be had here"
	source_of fribidi
	export CC=gcc NINJA=$ninja
	fresh
	must meson setup build -Ddocs=false
	must "$ninja" -C build
	keep plain
	fresh
	must_with_farm meson setup build -Ddocs=false
	no_test_is_remote
	must_with_farm "$ninja" -C build
	keep farm
	same "FriBidi by ninja" plain farm
	both_fail lib/fribidi.c "$ninja" -C build
	fresh
	must meson setup build -Ddocs=false
	must_with_farm meson compile -C build
	keep farm
	same "FriBidi by meson compile" plain farm
}

# --- cargo
# A crate with twelve parts in C, and eight more for it to wait for. "at" writes down when a rustc begins and ends.
crates() {
	local i
	mkdir -p "$work/fresh/src" "$work/fresh/c" "$work/fresh/.cargo"
	cd "$work/fresh" || exit 1
	printf '[source.crates-io]\nreplace-with = "debian"\n[source.debian]\ndirectory = "/usr/share/cargo/registry"\n' >.cargo/config.toml
	printf '[package]\nname = "whole"\nversion = "0.1.0"\nedition = "2021"\n[profile.dev]\ndebug = true\n[build-dependencies]\ncc = { version = "1", features = ["parallel"] }\n[dependencies]\n' >Cargo.toml
	{
		echo 'fn main() {'
		echo '    let mut b = cc::Build::new();'
		echo '    for i in 1..13 { b.file(format!("c/slow{}.c", i)); }'
		echo '    b.compile("parts");'
		echo '}'
	} >build.rs
	slow_project c 12 1
	echo 'extern "C" { fn slow1(x: i32) -> i32; }' >src/main.rs
	echo 'fn main() { println!("{}", unsafe { slow1(3) }' >"$work/main"
	for i in $(seq 8); do
		mkdir -p "part$i/src"
		printf '[package]\nname = "part%s"\nversion = "0.1.0"\nedition = "2021"\n' "$i" >"part$i/Cargo.toml"
		printf 'part%s = { path = "part%s" }\n' "$i" "$i" >>Cargo.toml
		{
			echo "pub fn total() -> u64 { 0$(for j in $(seq 20); do echo " + f$j($i)"; done) }"
			for j in $(seq 20); do
				echo "fn f$j(n: u64) -> u64 { let v: Vec<String> = (0..n).map(|x| format!(\"{}-{}\", x, $j)).collect(); v.iter().map(|s| s.len() as u64).sum() }"
			done
		} >"part$i/src/lib.rs"
		echo " as u64 + part$i::total()" >>"$work/main"
	done
	echo '); }' >>"$work/main"
	cat "$work/main" >>src/main.rs
	printf 'all: ; +cargo build --offline -q\n' >Makefile
	printf '#!/bin/sh\necho + >>"%s"\n"$@"\nstatus=$?\necho - >>"%s"\nexit $status\n' "$work/at" "$work/at" >"$work/rustc_at"
	chmod +x "$work/rustc_at"
	cd "$work" || exit 1
}

# most_at_once: of what "at" has
most_at_once() {
	awk '{ n += $1 == "+" ? 1 : -1; if (n > most) most = n } END { print most + 0 }' "$work/at"
}

cargo_way() {
	fresh
	: >"$work/at"
	must_with_farm "$@"
	keep farm
	same "crates by $*" plain farm
	note "$*: $(grep -c + "$work/at") rustc, $(most_at_once) at once"
	[ "$(most_at_once)" = "$slots" ] || fail "$*: $(most_at_once) rustc at once with $slots slots"
}

row_cargo() {
	deps_install cargo rustc librust-cc-dev librust-jobserver-dev >/dev/null || skip "cargo is missing"
	crates
	# what is kept for the next time has other names each time
	export PATH=/usr/bin:$PATH RUSTC=/usr/bin/rustc RUSTC_WRAPPER=$work/rustc_at CARGO_INCREMENTAL=0
	# what cargo remembers: times, and the environment of build scripts
	records+=(-o -name '.rustc_info.json' -o -path '*/.fingerprint/*' -o -name 'output' -o -name stderr)
	fresh
	must make -j"$slots"
	keep plain
	cargo_way make
	cargo_way cargo build --offline -q
	both_fail c/slow3.c cargo build --offline -q
}

# --- links by several processes
row_lto() {
	local way mark
	source_of lua5.4 --skip-patches
	mkdir -p "$work/lto" && cp "$work/fresh"/src/*.[ch] "$work/lto" && rm "$work/lto/luac.c"
	cat >"$work/lto/Makefile" <<-'END'
		objects = $(patsubst %.c,%.o,$(wildcard *.c))
		lua: $(objects) ; $(MARK)$(CC) -O2 $(FLTO) -flto-partition=1to1 -frandom-seed=lua -o $@ $^ -lm
		%.o: %.c ; $(CC) -O2 -flto -frandom-seed=$< -DLUA_COMPAT_5_3 -c -o $@ $<
	END
	hear_nodes >>"$work/lto/Makefile"
	rm -rf "$work/fresh" && mv "$work/lto" "$work/fresh"
	for way in jobserver+ auto+ auto; do
		mark=${way//[^+]/} way=${way%+}
		fresh
		must make -j"$slots" FLTO=-flto=$way MARK=$mark
		[ "$(cd "$tree" && ./lua -e 'print(6 * 7)')" = 42 ] || fail "Lua does not work"
		keep plain
		fresh
		must "$gauge" -o "$work/lto.gauge" "$farmmake" "${farm_options[@]}" FLTO=-flto=$way MARK=$mark
		! grep -i 'jobserver\|serial' "$work/build.err" || fail "the linker complains"
		keep farm
		same "Lua, -flto=$way${mark:+, marked}" plain farm
		slots_kept "$work/lto.gauge" "$slots"
		awk -v slots="$slots" '$1 == slots { n = $2 } END { exit n < 10 }' "$work/lto.gauge" ||
			fail "a link in $slots slots used fewer: $(xargs <"$work/lto.gauge")"
	done
}

# --- words before the compiler's name
wrapper_way() {
	fresh
	must "$farmmake" "${farm_options[@]}" linux CC="$1"
	keep farm
	same "Lua by CC=\"$1\"" plain farm
}

row_wrappers() {
	local exec_dir=$work/kernel
	deps_install ccache >/dev/null || skip "ccache is missing"
	export CCACHE_DIR=$work/cache CCACHE_CONFIGPATH=$work/ccache.conf
	source_of lua5.4 --skip-patches
	{ hear_nodes && cat "$work/fresh/Makefile"; } >"$work/Makefile" && mv "$work/Makefile" "$work/fresh/Makefile"
	fresh
	must make -j"$slots" linux CC=gcc
	keep plain
	wrapper_way 'env FOO=1 gcc'
	wrapper_way 'ccache gcc'
	wrapper_way 'nice -n 1 gcc'
	wrapper_way "$farmcc gcc"
	wrapper_way '/usr/bin/env gcc'

	deps_install python3 >/dev/null || skip "python3 is missing"
	if ! deps_linux "$exec_dir" scripts/jobserver-exec; then
		echo "ok - jobserver-exec # SKIP Debian's kernel is out of reach"
		return
	fi
	mkdir -p "$work/exec"
	# shellcheck disable=SC2016  # the dollars are make's
	printf 'all: ; +@%s/scripts/jobserver-exec sh -c '"'"'echo $$PARALLELISM'"'\n" "$exec_dir" >"$work/exec/Makefile"
	tree=$work/exec
	must "$farmmake" "${farm_options[@]}"
	[ "$(cat "$work/build.out")" = "$slots" ] || fail "jobserver-exec may use $(cat "$work/build.out" "$work/build.err") of $slots slots"
	note "jobserver-exec is told of $slots slots"
}

# --- all that is asked for is in a cache
row_ccache() {
	deps_install ccache >/dev/null || skip "ccache is missing"
	export CCACHE_DIR=$work/cache CCACHE_CONFIGPATH=$work/ccache.conf
	source_of redis
	redis_alone() { must make -j"$slots" MALLOC=libc CC="ccache gcc"; }
	redis_farm() {
		must "$farmmake" "${farm_options[@]}" MALLOC=libc CC="ccache gcc"
		[ "$(in_report .summary.remote)" = 0 ] || fail "results of the cache were compiled by nodes"
	}
	fresh
	redis_alone # fills it
	keep plain
	ccache --zero-stats >/dev/null
	pairs "${FARMMAKE_TEST_PAIRS:-5}" fresh redis_alone redis_farm
	keep farm
	note "$(ccache --print-stats | awk '/^(direct|preprocessed)_cache_hit/ { hits += $2 } /^cache_miss/ { misses = $2 } END { print hits, "hits,", misses, "misses" }')"
	same_trees "$work/plain" "$work/farm" >/dev/null
	costs_nothing "ccache"
}

start_farm
measure_cc
# one build before, so that each one expects nodes
hear_nodes >"$work/first.mk"
echo 'all: ;' >>"$work/first.mk"
farm -s -f "$work/first.mk" >"$work/first.out" 2>&1 || fail "farmmake failed"
for row; do
	declare -F "row_$row" >/dev/null || fail "there is no row $row"
	(row_"$row") || exit
done
nothing_left
