#!/bin/bash
# boards.sh [STEP...] - farmmake on boards of other architectures, by cross compilers and qemu-user.
#
#   arm64 armhf mipsel   all programs and unit tests are cross-built without a warning; the unit tests, the traces of the
#                        scheduler and the fuzzers' corpora are run
#   gcc                  Lua is built here with a node that is an arm64 board and has a cross compiler for this machine:
#                        every object is the native compiler's
#
# All steps by default. BOARDS_OBJECTS: which of Lua's objects; BOARDS_WAIT_S: until the node is met.
. "$(dirname "$0")/lib.sh"
[ -n "${FARMMAKE_TEST_LONG:-}" ] || skip "takes long (FARMMAKE_TEST_LONG=1 or run.sh --long)"
[ "$(id -u)" = 0 ] || skip "needs root"
[ "$(uname -m)" = x86_64 ] || skip "from x86_64 only"
farm_begin
deps_install qemu-user-static pkg-config ninja-build meson iproute2 jq "${DEPS_SOURCE[@]}" >/dev/null ||
	skip "qemu-user-static or a tool is missing"
cross=$top/examples/cross
cache=$(deps_sources)/boards

# sysroot NAME ARCH [PACKAGE...]: made once
sysroot() {
	local dir=$cache/$1 arch=$2
	[ ! -e "$dir/sysroot.ini" ] || return 0
	shift 2
	rm -rf "$dir"
	"$cross/sysroot.sh" "$arch" "$dir" "$@" >"$work/sysroot.log" 2>&1 ||
		skip "Debian's packages for $arch are out of reach: $(tail -n 1 "$work/sysroot.log")"
	rm -rf "$dir/.apt/cache"
}

# Debian has criterion for few architectures.
plain_criterion() {
	mkdir -p "$1/usr/include/criterion" "$1/usr/share/pkgconfig"
	cp "$top/tests/lib/plain/criterion.h" "$1/usr/include/criterion/"
	printf 'Name: criterion\nDescription: what the unit tests use of it\nVersion: 2\n' >"$1/usr/share/pkgconfig/criterion.pc"
}

# inside COMMAND...: boards_inside.sh, as root of namespaces of its own, because qemu is registered there and nowhere else
inside() {
	local own pid status
	own=$(readlink /proc/self/ns/user)
	mkfifo "$work/go"
	# shellcheck disable=SC2016  # they are its own
	unshare --user --mount --net --pid --fork --kill-child \
		bash -c 'read -r _ <"$0"; exec setpriv --reuid 0 --regid 0 --clear-groups "$@"' "$work/go" \
		"$top/tests/integration/boards_inside.sh" "$@" &
	pid=$!
	node_pid[inside]=$pid # it goes with the test
	wait_for 10 eval "[ \"\$(readlink /proc/$pid/ns/user)\" != \"$own\" ]" || fail "no user namespace"
	if ! { echo '0 0 65536' >"/proc/$pid/uid_map" && echo '0 0 65536' >"/proc/$pid/gid_map"; }; then
		fail "no map of users"
	fi
	echo go >"$work/go"
	rm "$work/go"
	wait $pid
	status=$?
	unset 'node_pid[inside]'
	return $status
}

programs=()
for program in farmnode farmjail farmprobe farmmake farmcc farmctl; do
	programs+=("src/$program/$program")
done

# cross_build ARCH TARGET...: in $work/build-ARCH
cross_build() {
	local arch=$1 tests=disabled dir=$work/build-$1
	shift
	[ $# = 0 ] || tests=enabled
	meson setup "$dir" "$top" --cross-file "$cache/$arch/sysroot.ini" --cross-file "$cross/$arch.ini" \
		-Dwerror=true -Dtests=$tests -Dman=false -Dsystemd=none >"$work/setup.log" 2>&1 ||
		fail "$arch: $(tail -n 5 "$work/setup.log")"
	ninja -C "$dir" "${programs[@]}" "$@" >"$work/build.log" 2>&1 || fail "$arch: $(grep -m 5 'error' "$work/build.log")"
	! grep -q warning: "$work/build.log" || fail "$arch: $(grep -m 5 warning: "$work/build.log")"
}

step_tests() {
	local arch=$1 compiler=$2 qemu=$3 source targets=(tests/sim/sim)
	deps_install "$compiler" >/dev/null || skip "$compiler is missing"
	if [ "$arch" = arm64 ]; then
		sysroot arm64 arm64 libcriterion-dev
	else
		sysroot "$arch" "$arch" && plain_criterion "$cache/$arch"
	fi
	for source in "$top"/tests/unit/test_*.c "$top"/tests/fuzz/fuzz_*.c; do
		source=${source#"$top/"} source=${source%.c}
		targets+=("${source/fuzz_/replay_}")
	done
	cross_build "$arch" "${targets[@]}"
	note "$arch: programs and tests are built without a warning"
	inside tests "$qemu" "$cache/$arch" "$work/build-$arch" "$top/tests" >"$work/tests.out" 2>"$work/tests.err"
	case $? in
	0) note "$arch: $(tail -n 1 "$work/tests.out")" ;;
	77) echo "ok - $arch # SKIP $(sed -n 's/^SKIP: //p' "$work/tests.out")" ;;
	*) fail "$arch: $(grep -v '^ok' "$work/tests.out")" ;;
	esac
}

# Debian 13's cross compilers are of the same version as its native ones, to the last letter. So the objects are those of
# its gcc 14, and client and board have its packages.
step_gcc() {
	deps_install gcc-aarch64-linux-gnu >/dev/null || skip "gcc-aarch64-linux-gnu is missing"
	sysroot arm64 arm64 libcriterion-dev
	SUITE=trixie sysroot board arm64 gcc-14-x86-64-linux-gnu g++-14-x86-64-linux-gnu
	SUITE=trixie sysroot client amd64 gcc-14 g++-14 make dash coreutils
	cross_build arm64
	cp "${programs[@]/#/$work/build-arm64/}" "$cache/board/usr/bin/"
	cp "${programs[@]/#/$build/}" "$cache/client/usr/bin/"
	deps_source lua5.4 "$work/lua" --skip-patches || skip "Debian's sources of Lua are out of reach"
	inside farm "$cache/board" "$cache/client" "$work" "${BOARDS_OBJECTS:-all}" "${BOARDS_WAIT_S:-20}" >"$work/farm.out" 2>&1
	case $? in
	0) ;;
	77) echo "ok - gcc # SKIP $(sed -n 's/^SKIP: //p' "$work/farm.out")" && return ;;
	*) fail "$(tail -n 5 "$work/farm.out")" ;;
	esac
	note "board: $(sed -n 's/.*: \(jail level.*;.*\)/\1/p' "$work/board.log" | tail -n 1)"
	note "$(same_trees "$work/plain" "$work/farm") objects are the same"
	note "$(in_report '"\(.summary.remote) of \(.summary.jobs) compiles on the board, \(.summary.views) of them as views"')"
	[ "$(in_report '.summary.remote * 2 > .summary.jobs')" = true ] ||
		fail "reasons: $(in_report '[.jobs[] | .reason] | group_by(.) | map("\(length) \(.[0])") | join(", ")')"
	[ "$(in_report .summary.suspicious)" = 0 ] || fail "a check found another object"
}

[ $# -gt 0 ] || set -- arm64 armhf mipsel gcc
for step; do
	case $step in
	arm64) step_tests arm64 gcc-aarch64-linux-gnu aarch64 ;;
	armhf) step_tests armhf gcc-arm-linux-gnueabihf arm ;;
	mipsel) step_tests mipsel gcc-mipsel-linux-gnu mipsel ;;
	gcc) step_gcc ;;
	*) echo "usage: boards.sh [arm64] [armhf] [mipsel] [gcc]" >&2 && exit 2 ;;
	esac
done
