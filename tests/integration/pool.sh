#!/bin/bash
# pool.sh - make's tokens in whole builds, with each make that can be had: -j in the environment,
# recipes that fail, what is killed or stopped, output in blocks, a farmmake in a make, two at once.
. "$(dirname "$0")/lib.sh"
farm_begin
tree=$work/tree
start_farm
measure_cc
slow_project "$tree" 12 2
make -s -j"$(nproc)" -C "$tree" || fail "make failed"
collect "$tree" "$work/plain"
mkdir "$tree/extra"
cat >"$tree/more.mk" <<'END'
include Makefile
.PHONY: bad warn
bad: $(patsubst %.c,%.o,$(wildcard slow*.c)) broken.o
broken.o: ; @until ls slow*.o >/dev/null 2>&1; do sleep 0.02; done; echo 'int' >extra/b.c; $(CC) -c -o $@ extra/b.c
warn: $(patsubst %,warn%,1 2 3 4 5 6)
warn%: ; @echo begin $*; $(CC) -Wall -DN=$* -c -o extra/$@.o extra/warn.c; echo end $*
END
echo 'int *f(int x); int *f(int x) { int local_N; return x + N; }' >"$tree/extra/warn.c"

build() {
	farm --farm-make "$make" --farm-local-slots 2 -s -C "$tree" "$@" \
		>"$work/build.out" 2>"$work/build.err"
}

# begin_build ARGUMENT...: in the background, in a session of its own
begin_build() {
	rm -f "$tree"/*.o "$report"
	setsid env --default-signal=INT "$farmmake" "${farm_options[@]}" --farm-make "$make" \
		--farm-local-slots 2 -s -C "$tree" "$@" >"$work/build.out" 2>"$work/build.err" \
		</dev/null &
	build_pid=$!
}

objects() {
	[ "$(find "$tree" -name 'slow*.o' | wc -l)" -ge "$1" ]
}

session_is_empty() {
	[ -z "$(ps -o pid= -s "$build_pid")" ]
}

# None is lost, make has nothing to say, nothing stays.
all_is_well() {
	[ "$(in_report .summary.tokens.lost)" = 0 ] ||
		fail "$1: $(in_report .summary.tokens.lost) tokens were lost"
	! grep -i 'jobserver\|-jN\|INTERNAL\|forced in' "$work/build.err" || fail "$1: make complains"
	nothing_left
}

same_objects() {
	rm -rf "$work/farm"
	collect "$tree" "$work/farm"
	same_trees "$work/plain" "$work/farm" >/dev/null
}

j_in_the_environment() {
	local name
	for name in MAKEFLAGS GNUMAKEFLAGS; do
		rm -f "$tree"/*.o
		env "$name=-j8" timeout 100 "$farmmake" "${farm_options[@]}" --farm-make "$make" -s \
			-C "$tree" slow1.o slow2.o >"$work/build.out" 2>"$work/build.err" </dev/null ||
			fail "$name=-j8: exit status $?"
		all_is_well "$name=-j8"
	done
}

a_recipe_fails() {
	local option
	for option in -s -k; do
		rm -f "$tree"/*.o
		build $option -f more.mk bad
		[ $? = 2 ] || fail "a failed recipe, $option: exit status is not make's"
		all_is_well "a failed recipe, $option"
	done
	same_objects
}

# kill_one NAME: SIGKILL for one process of that name in the build
kill_one() {
	local pid
	pid=$(ps -o pid=,comm= -s "$build_pid" | awk -v name="$1" '$2 == name { print $1; exit }')
	[ -n "$pid" ] && kill -KILL "$pid"
}

# A wrapper's name is that of the compiler.
a_wrapper_is_killed() {
	begin_build -k
	wait_for 60 kill_one cc || fail "there is no wrapper to kill"
	wait $build_pid
	[ $? = 2 ] || fail "a killed wrapper: exit status is not make's"
	wait_for 20 session_is_empty || fail "a killed wrapper: something runs on"
	nothing_else_left
	all_is_well "a killed wrapper"
	build || fail "the build cannot go on"
	same_objects
}

make_is_killed() {
	begin_build
	wait_for 60 objects 2 || fail "nothing is built"
	kill_one "${make##*/}" || fail "there is no make to kill"
	wait $build_pid 2>/dev/null
	[ $? = 137 ] || fail "make is killed: exit status $?"
	wait_for 20 session_is_empty || fail "a killed make's jobs run on: $(ps -o args -s $build_pid)"
	nothing_else_left
}

# As by ^Z, but that a session without a terminal has nobody to stop it so.
stopped_and_continued() {
	begin_build
	wait_for 60 objects 2 || fail "nothing is built"
	kill -STOP -$build_pid
	is_stopped() { ps -o stat= -p "$build_pid" | grep -q ^T; }
	wait_for 10 is_stopped || fail "SIGSTOP does not stop farmmake"
	kill -CONT -$build_pid
	wait $build_pid || fail "stopped and continued: exit status $?"
	all_is_well "stopped and continued"
	same_objects
}

interrupted_twice() {
	begin_build
	wait_for 60 objects 2 || fail "nothing is built"
	kill -INT -$build_pid
	kill -INT -$build_pid 2>/dev/null
	wait $build_pid
	status=$?
	twice_interrupted $status || fail "two interrupts: exit status $status"
	wait_for 20 session_is_empty || fail "two interrupts: something runs on"
	nothing_else_left
}

# With -O a target's lines stand together, whatever came from a node or the compiler here.
output_in_blocks() {
	local how
	for how in target recurse line; do
		farm --farm-make "$make" -s -C "$tree" -O$how -f more.mk warn >"$work/build.out" 2>&1 ||
			fail "-O$how: exit status $?"
		[ "$(grep -c 'unused variable.*local_N' "$work/build.out")" = 6 ] ||
			fail "-O$how: $(grep -c warning: "$work/build.out") warnings"
		[ $how = line ] || awk '
			/^begin/ { if (open) exit 1; open = $2 }
			/unused variable/ { if (!open) exit 1 }
			/^end/ { if (open != $2) exit 1; open = "" }
			END { exit open != "" }' "$work/build.out" || fail "-O$how: lines are mixed"
		rm -f "$tree"/extra/*.o
		nothing_left
	done
}

# The make above counts its tokens at its end, and does not have to wait for anybody.
inside_another_make() {
	cat >"$work/outer.mk" <<-END
		all: inside 1 2 3
		inside: ; +@timeout 100 $farmmake ${farm_options[*]} --farm-make $make -s -C $tree
		1 2 3: ; @sleep 0.3
		unmarked: ; @timeout 100 $farmmake ${farm_options[*]} --farm-make $make -s -C $tree slow1.o
	END
	rm -f "$tree"/*.o
	timeout 100 "$1" -j4 -f "$work/outer.mk" >"$work/build.out" 2>"$work/build.err" </dev/null ||
		fail "in a make: exit status $?"
	all_is_well "in a make"
	same_objects
}

# What a pipe's descriptors are in a recipe that is not marked, nobody knows.
unmarked_in_another_make() {
	rm -f "$tree/slow1.o"
	timeout 100 "$make" -j4 -f "$work/outer.mk" unmarked >"$work/build.out" \
		2>"$work/build.err" </dev/null || fail "without +: exit status $?"
	[ "$(grep -c 'mark the recipe with +' "$work/build.err")" = 1 ] ||
		fail "without +: no word about it"
	nothing_left
}

# gcc -flto=auto is as wide as its jobserver, and make has closed that for a recipe without +: two such links are not
# more than the slots all the same.
parallel_links() {
	rm -rf "$work/lto" && mkdir "$work/lto" && cp "$tree"/slow[1-6].c "$work/lto"
	cat >"$work/lto/Makefile" <<-'END'
		CFLAGS = -O2 -flto -fPIC
		all: one.so two.so
		%.o: %.c; $(CC) $(CFLAGS) -c -o $@ $<
		one.so two.so: $(patsubst %,slow%.o,1 2 3 4 5 6); $(CC) $(CFLAGS) -shared -flto=auto -flto-partition=1to1 -o $@ $^
	END
	(cd "$work/lto" && "$gauge" -o "$work/lto.gauge" timeout 100 "$farmmake" "${farm_options[@]}" --farm-make "$make" \
		--farm-local-slots 2 -s) >"$work/build.out" 2>"$work/build.err" </dev/null || fail "parallel links: exit status $?"
	[ ! -s "$work/build.err" ] || fail "parallel links: $(head -n 3 "$work/build.err")"
	slots_kept "$work/lto.gauge" 2
	all_is_well "parallel links"
}

# What a compiler sees of the pool in a recipe without +: its descriptors when it asks for no more than to use one that
# is there, and else what make has left of it.
the_pool_of_a_link() {
	local words
	mkdir -p "$work/shown"
	# shellcheck disable=SC2016  # it is the script's
	printf '#!/bin/sh\nauth=${MAKEFLAGS##*--jobserver-auth=}\nauth=${auth%%%% *}\n%s\n%s\n' \
		'[ -p "/proc/self/fd/${auth%,*}" ] && [ -p "/proc/self/fd/${auth#*,}" ] && open=yes' \
		'echo "${open:-no}" >"$SHOWN"' >"$work/shown/gcc"
	chmod +x "$work/shown/gcc"
	pool_of() { # WORDS
		PATH=$work/shown:$PATH SHOWN=$work/shown/open farm --farm-make "$make" -s --eval="all: ; gcc $1" -f /dev/null all \
			>"$work/build.out" 2>&1 || fail "gcc $1: $(cat "$work/build.out")"
		cat "$work/shown/open"
	}
	for words in '-flto=auto a.o' '-fno-lto -O2 -flto=auto a.o -o a'; do
		[ "$(pool_of "$words")" = yes ] || fail "gcc $words has no pool"
	done
	for words in '-flto=jobserver a.o' '-flto a.o' '-flto=auto -fno-lto a.o' '-flto=2 a.o' '-flto=auto -c a.c' 'a.o'; do
		[ "$(pool_of "$words")" = no ] || fail "gcc $words has a pool"
	done
}

two_at_once() {
	rm -f "$tree"/*.o
	farm --farm-make "$make" --farm-local-slots 1 -s -C "$tree" slow1.o slow2.o slow3.o \
		>"$work/first.out" 2>"$work/first.err" &
	local first=$!
	build slow4.o slow5.o slow6.o || fail "the second of two fails"
	wait $first || fail "the first of two fails"
	all_is_well "two at once"
	[ ! -s "$work/first.err" ] || fail "the first of two says: $(cat "$work/first.err")"
}

makes=("$(command -v make)")
if newer=$(deps_make 4.4); then
	makes+=("$newer")
else
	note "no make 4.4: not tried"
fi
for make in "${makes[@]}"; do
	version=$(deps_version "$make")
	for story in j_in_the_environment a_recipe_fails a_wrapper_is_killed make_is_killed \
		stopped_and_continued interrupted_twice output_in_blocks parallel_links the_pool_of_a_link two_at_once; do
		$story
		note "make $version: $story"
	done
	for outer in "${makes[@]}"; do
		inside_another_make "$outer"
		note "make $version in make $(deps_version "$outer")"
	done
	case $version in
	4.[0-3]) unmarked_in_another_make ;;
	esac
done
