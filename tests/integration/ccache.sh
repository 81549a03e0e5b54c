#!/bin/bash
# ccache.sh - a cache in front of the farm, as ccache is used: by name before the compiler's, under the compiler's
# name, and by whoever calls farmcc himself. What is not in the cache is compiled on nodes, what is never reaches
# the farm, and a new compiler is another one.
. "$(dirname "$0")/lib.sh"
# not for every run: meson takes it for our own builds, too, and then they wait for it
[ -z "${FARMMAKE_TEST_LONG:-}" ] || deps_install ccache >/dev/null 2>&1
command -v ccache >/dev/null || skip "ccache is not installed"
farm_begin
deps_install jq >/dev/null || skip "jq is missing"
unset CCACHE_PREFIX CCACHE_PATH
export CCACHE_CONFIGPATH=$work/ccache.conf
start_farm
measure_cc
slow_project "$work/tree" 12 1
hear_nodes >>"$work/tree/Makefile"
make -C "$work/tree" -j"$(nproc)" CC=gcc >/dev/null 2>&1 || fail "make alone"
collect "$work/tree" "$work/plain"

# hits: as ccache counts them, since the last zeroing
hits() {
	ccache --print-stats | awk '/^(direct|preprocessed)_cache_hit/ { n += $2 } END { print n + 0 }'
}

remote() {
	in_report '[.jobs[] | select(.where == "node")] | length'
}

# build WHAT [PATH] [ARGUMENT...]: by farmmake, from nothing; the objects are those of make alone
build() {
	local what=$1 path=$2
	shift 2
	find "$work/tree" -name '*.o' -delete
	ccache --zero-stats >/dev/null
	(PATH=$path && farm -C "$work/tree" "$@") >"$work/build.out" 2>"$work/build.err" || fail "$what: $(tail -n 3 "$work/build.err")"
	rm -rf "$work/farmed" && collect "$work/tree" "$work/farmed"
	same_trees "$work/plain" "$work/farmed" >/dev/null
	note "$what: $(hits) hits, $(remote) of $(in_report '.jobs | length') compiles on nodes"
}

# twice WHAT PATH ARGUMENT...: at first nothing is in the cache, then everything
twice() {
	export CCACHE_DIR=$work/cache.$((++caches))
	build "$1, empty" "${@:2}"
	[ "$(hits)" = 0 ] || fail "$1: hits in an empty cache"
	[ "$(remote)" -ge 10 ] || fail "$1: $(remote) on nodes: $(in_report '.jobs[] | [.source, .reason] | @tsv' | head -n 3)"
	build "$1, full" "${@:2}"
	[ "$(hits)" = 12 ] || fail "$1: only $(hits) of 12 hits"
	[ "$(in_report '.jobs | length')" = 0 ] || fail "$1: hits reached the farm"
}

caches=0
twice 'CC="ccache gcc"' "$PATH" CC='ccache gcc'
mkdir "$work/bin" && ln -s "$(command -v ccache)" "$work/bin/gcc"
twice 'ccache as gcc' "$work/bin:$PATH" CC=gcc
CCACHE_PREFIX=$build/src/farmcc/farmcc twice "a prefix of the user's" "$PATH" CC='ccache gcc'
twice 'farmcc in front' "$PATH" CC="$build/src/farmcc/farmcc ccache gcc"

# --- a compiler is known by its own file, not by farmcc's
odd_compiler "$work/new"
export CCACHE_DIR=$work/cache.1
ccache --zero-stats >/dev/null
find "$work/tree" -name '*.o' -delete
(PATH=$work/new:$PATH && farm -C "$work/tree" CC='ccache gcc') >"$work/build.out" 2>"$work/build.err" || fail "a new gcc: $(tail -n 3 "$work/build.err")"
[ "$(hits)" = 0 ] || fail "$(hits) results of another gcc were taken"
note "another gcc: no hits"
nothing_left
