#!/bin/bash
# boards_inside.sh - the part of boards.sh that runs in namespaces, as their root, and in which the kernel knows qemu.
#
#     tests QEMU SYSROOT BUILD TESTS       unit tests and corpora; the last line says how many passed
#     farm BOARD CLIENT WORK OBJECTS WAIT  Lua in WORK, by make and by farmmake in the root CLIENT, with a node in BOARD
skip() {
	echo "SKIP: $*"
	exit 77
}

mount --make-rprivate / && mount -t proc proc /proc || exit 1
# one of its own for each user namespace; older kernels have one for all, and that is not ours to change
mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc || skip "no binfmt_misc of our own (Linux 6.7)"

know() {
	local magic mask
	magic=$(sed -n 's/^magic //p' "/usr/share/binfmts/qemu-$1")
	mask=$(sed -n 's/^mask //p' "/usr/share/binfmts/qemu-$1")
	printf '%s' ":$1:M::$magic:$mask:/usr/bin/qemu-$1-static:F" >/proc/sys/fs/binfmt_misc/register
}

passed=0 failed=0

check() {
	if timeout 300 "$@" >"$TMPDIR/boards.out" 2>&1; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "failed: $*"
		grep -v '^ok' "$TMPDIR/boards.out" | tail -n 5
	fi
}

run_tests() {
	local qemu=$1 sysroot=$2 build=$3 tests=$4 program
	mkdir -p "$TMPDIR"
	know "$qemu" || exit 1
	export QEMU_LD_PREFIX=$sysroot
	for program in "$build"/tests/unit/test_*; do
		[ ! -x "$program" ] || [ -d "$program" ] || check "$program" --tap=-
	done
	check "$build/tests/sim/sim" golden "$tests/sim/golden"
	for program in "$build"/tests/fuzz/replay_*; do
		[ ! -x "$program" ] || [ -d "$program" ] || check "$program" "$tests/fuzz/corpus/${program##*/replay_}"
	done
	echo "$passed passed, $failed failed"
	[ $failed = 0 ]
}

# in_root ROOT COMMAND...
in_root() {
	local root=$1
	shift
	/usr/bin/env -i PATH="${root_path:-/usr/bin}" HOME=/nonexistent TMPDIR=/tmp XDG_RUNTIME_DIR=/tmp LC_ALL=C \
		/usr/sbin/chroot "$root" "$@"
}

make_root() {
	mount --bind "$1" "$1" || return # what a jail can turn away from
	mkdir -p "$1"/{dev,proc,sys,tmp,run,var/compilers,var/state} "$1$2"
	touch "$1/dev/null"
	ln -sfn /proc/self/fd/0 "$1/dev/stdin"
	mount --bind /dev/null "$1/dev/null" && mount -t proc proc "$1/proc" && mount -t tmpfs tmpfs "$1/tmp" &&
		mkdir -p "$1$2" && mount --bind "$2" "$1$2"
}

# objects DIR: of Lua
objects() {
	mkdir "$1" && (cd "$work/tree" && find . -name '*.o' -print0 | xargs -0 cp --parents -t "$1")
}

run_farm() {
	local board=$1 client=$2 work=$3 objects=$4 wait_s=$5 lua=(-C "$3/tree/src" "CC=gcc-14 -std=gnu99" MYCFLAGS=-g)
	[ "$objects" != all ] || objects=a
	know aarch64 && ip link set lo up && make_root "$board" "$work" && make_root "$client" "$work" || exit 1
	cp -r "$work/lua" "$work/tree"
	# shellcheck disable=SC2086  # a list of names
	in_root "$client" make -j2 "${lua[@]}" $objects && objects "$work/plain" || exit 1
	rm -rf "$work/tree" && cp -r "$work/lua" "$work/tree"
	# no other is measured: each takes a slow board a minute
	ln -sfn /usr/bin/x86_64-linux-gnu-gcc-14 "$board/var/compilers/x86_64-linux-gnu-gcc-14"
	root_path=/var/compilers in_root "$board" /usr/bin/farmnode --name board --key "$work/key" --state-dir /var/state \
		--interface lo --listen 127.0.0.1:0 --no-beacon --beacon 127.255.255.255:23456 --port-file "$work/board.port" \
		--slots 2 --preload 500 --insecure-no-jail >"$work/board.log" 2>&1 &
	for _ in $(seq 900); do
		[ ! -s "$work/board.port" ] || break
		sleep 1
	done
	in_root "$client" farmprobe --cache /tmp/.cache/farmmake /usr/bin/gcc-14 >/dev/null || exit 1
	# shellcheck disable=SC2016,SC2086
	in_root "$client" env XDG_CACHE_HOME=/tmp/.cache farmmake --farm-key "$work/key" --farm-interface lo --farm-port 23456 \
		--farm-report "$work/report.json" --farm-run -- sh -c 'sleep "$0"; exec make -j2 "$@"' "$wait_s" "${lua[@]}" $objects &&
		objects "$work/farm"
}

case $1 in
tests) run_tests "${@:2}" ;;
farm) run_farm "${@:2}" ;;
esac
