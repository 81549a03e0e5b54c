#!/bin/bash
# real.sh lua|redis|warnings|git|ninja|cpython|kernel [gcc|clang] - Debian's sources, built with debug information by
# make and then in the same place by farmmake through two nodes that it discovers: every object, every
# dependency file and every word on stderr are the same; at least 95 of 100 compiles that could go to a
# node went there (90 where they are short), and of a hundred of those the nodes read the sources of 98 themselves. "warnings" is Redis with
# -Wall -Wextra -Wconversion, whose words keep no compile here. FARMMAKE_TEST_KERNEL is what is built of the kernel
# under allmodconfig: by gcc some 3700 objects and by clang half of them, when nothing else is asked for.
#
#     farmmake ---- beacons and TLS on lo ---- anvil, bellows (2 slots each)
. "$(dirname "$0")/lib.sh"

project=$1 compiler=${2:-gcc}
case $compiler in
gcc) cxx=g++ ;;
*) cxx=clang++ ;;
esac
command -v "$compiler" >/dev/null || skip "$compiler is missing"
farm_begin
tree=$work/tree
slots=$(nproc)

deps_install "${DEPS_SOURCE[@]}" jq >/dev/null || skip "jq or dpkg-dev is missing"

is_long() {
	[ -n "${FARMMAKE_TEST_LONG:-}" ] || skip "takes long (FARMMAKE_TEST_LONG=1 or run.sh --long)"
}

[ "$compiler" = gcc ] || is_long

not_configured() {
	fail "cannot be configured: $(tail -n 3 "$work/configure.out")"
}

# A makefile for what ninja would compile: the commands in its compilation database. With -pipe each local
# compile is two processes, of which one sleeps, and the gauge would count both.
compiles_of_ninja() {
	(cd "$tree" && CXX=$cxx CXXFLAGS="-g -Wall" python3 configure.py && ninja build/browse_py.h && ninja -t compdb cxx >compiles.json &&
		jq -r '"all: \([.[].output] | join(" "))", (.[] | "\(.output): \(.file); @mkdir -p $(@D); \(.command | gsub(" -pipe"; ""))")' \
			compiles.json >Makefile) >"$work/configure.out" 2>&1
}

# unpack: the project as $tree, as if it had never been built
# steps: what a user types behind "make", one list of arguments a line
# Where the build's second is compiled in, this says which.
export SOURCE_DATE_EPOCH=1
case $project in
lua)
	unpack() { deps_source lua5.4 "$tree" --skip-patches; }
	# a user's own words, of which one is for Lua
	export MYCFLAGS=-g
	steps() { echo "linux CC=$compiler\ -std=gnu99"; }
	;;
redis)
	unpack() { deps_source redis "$tree"; }
	# it compiles this in half the time, and it is compiled twice
	level=-O2
	[ -n "${FARMMAKE_TEST_LONG:-}" ] || level=-O0
	steps() { echo "MALLOC=libc CC=$compiler OPTIMIZATION=$level"; }
	;;
warnings)
	is_long
	unpack() { deps_source redis "$tree"; }
	steps() { echo "MALLOC=libc CC=$compiler REDIS_CFLAGS=-Wall\\ -Wextra\\ -Wconversion"; }
	;;
git)
	is_long
	deps_install zlib1g-dev >/dev/null || skip "zlib1g-dev is missing"
	unpack() { deps_source git "$tree"; }
	steps() { echo "all CC=$compiler NO_CURL=1 NO_EXPAT=1 NO_GETTEXT=1 NO_TCLTK=1 NO_PERL=1 NO_PYTHON=1 NO_OPENSSL=1 V=1"; }
	;;
ninja)
	is_long
	deps_install ninja-build python3 >/dev/null || skip "ninja or python3 is missing"
	unpack() { deps_source ninja-build "$tree" && { compiles_of_ninja || not_configured; }; }
	steps() { echo all; }
	;;
cpython)
	is_long
	deps_install zlib1g-dev libffi-dev >/dev/null || skip "zlib1g-dev or libffi-dev is missing"
	unpack() {
		deps_source python3.11 "$tree" && {
			(cd "$tree" && ./configure CC="$compiler" CXX="$cxx") >"$work/configure.out" 2>&1 || not_configured
		}
	}
	# clang 14 knows no SOURCE_DATE_EPOCH
	[ "$compiler" = gcc ] || unrepeatable=getbuildinfo.o
	steps() { echo python; }
	;;
kernel)
	is_long
	deps_install bc bison flex libelf-dev libssl-dev cpio kmod rsync perl python3 >/dev/null ||
		skip "what a kernel needs is missing"
	unpack() {
		# mrproper would leave some of tools/, and unpacking takes long
		if [ -e "$work/fresh" ]; then
			(cd "$tree" && find . ! -type d | sort | comm -13 "$work/fresh" - | xargs -d '\n' rm)
		else
			deps_linux "$tree" && (cd "$tree" && find . ! -type d | sort) >"$work/fresh"
		fi
	}
	dirs="lib/ mm/ fs/ext4/ block/ net/core/ crypto/ fs/btrfs/ fs/xfs/ net/ipv4/ net/ipv6/ sound/core/ drivers/hwmon/ drivers/rtc/"
	[ "$compiler" != gcc ] ||
		dirs+=" drivers/iio/ drivers/leds/ drivers/mfd/ drivers/power/supply/ drivers/regulator/ sound/soc/codecs/"
	dirs=${FARMMAKE_TEST_KERNEL:-$dirs}
	steps() { printf '%s\n' "allmodconfig CC=$compiler" "$dirs CC=$compiler"; }
	export KBUILD_BUILD_TIMESTAMP=@1 KBUILD_BUILD_USER=farm KBUILD_BUILD_HOST=farm
	farm_limit_s=10800
	;;
*)
	echo "usage: real.sh lua|redis|warnings|git|ninja|cpython|kernel [gcc|clang]" >&2
	exit 2
	;;
esac

# The last step is the one whose report counts: a kernel's first one only makes its configuration.
run_steps() {
	local step
	while read -r step; do
		eval "local words=($step)"
		# shellcheck disable=SC2154  # so they are
		"$@" -C "$tree" "${words[@]}" </dev/null || return
	done < <(steps)
}

unpack || skip "Debian's sources of $project are out of reach"
run_steps make -j"$slots" >"$work/plain.out" 2>"$work/plain.err" || fail "make failed"
collect "$tree" "$work/plain"
[ -z "${unrepeatable:-}" ] || find "$work/plain" -name "$unrepeatable" -delete

[ "$project" = kernel ] || rm -rf "$tree"
unpack || fail "could not unpack again"
start_farm
measure_cc "$compiler" "$cxx"
# one build before, so that this one expects nodes
hear_nodes >"$work/first.mk"
echo 'all: ;' >>"$work/first.mk"
farm -s -f "$work/first.mk" >"$work/first.out" 2>&1 || fail "farmmake failed"
farm_in_gauge() {
	"$gauge" -o "$work/gauge" timeout -k 10 "${farm_limit_s:-900}" "$farmmake" \
		"${farm_options[@]}" "$@"
}
run_steps farm_in_gauge >"$work/farm.out" 2>"$work/farm.err" || fail "farmmake failed"
collect "$tree" "$work/farm"
[ -z "${unrepeatable:-}" ] || find "$work/farm" -name "$unrepeatable" -delete

note "$(same_trees "$work/plain" "$work/farm") files are the same, $(find "$work/farm" -name '*.o' | wc -l) of them objects"
same_words "$work/plain.err" "$work/farm.err"

in_report '.jobs[] | select(.where == "local") | "  here: \(.source), from \(.t.start) to \(.t.done): \(.reason)"'
share=$(share_of_nodes) least=95
[ -n "${FARMMAKE_TEST_LONG:-}" ] || least=90
note "$(in_report '"\(.summary.remote) of \(.summary.jobs) compiles on nodes"'), $share % of those that could"
[ "$share" -ge $least ] || fail "reasons: $(in_report '[.jobs[].reason] | group_by(.) |
	map("\(length) \(.[0])") | join(", ")')"
[ $project != warnings ] || [ "$(in_report .summary.local)" = 0 ] || fail "warnings keep compiles here"
note "$(in_report '"\(.summary.views) of them read there"')"
[ "$(in_report '.summary.views >= .summary.remote * 0.98')" = true ] ||
	fail "preprocessed here: $(in_report '[.jobs[] | select(.input == "text") | "\(.source): \(.no_view)"] | join(", ")')"
busy=$(in_report '[.nodes[] | select(.jobs > 0)] | length')
[ "$busy" = 2 ] || fail "$busy of 2 nodes had work"
[ "$(in_report .summary.tokens.lost)" = 0 ] || fail "tokens were lost"
slots_kept "$work/gauge" "$slots"
nothing_left
