#!/bin/bash
# real.sh lua|redis|kernel - Debian's sources, built by make and then in the same place by farmmake
# through two nodes that it discovers: every object, every dependency file and every word on stderr
# are the same, and at least nine of ten compiles that could go to a node went there.
#
#     farmmake ---- beacons and TLS on lo ---- anvil, bellows (2 slots each)
. "$(dirname "$0")/lib.sh"

project=$1
farm_begin
tree=$work/tree
slots=$(nproc)

deps_install "${DEPS_SOURCE[@]}" jq >/dev/null || skip "jq or dpkg-dev is missing"

# unpack: the project as $tree, as if it had never been built
# steps: what a user types behind "make", one list of arguments a line
case $project in
lua)
	unpack() { deps_source lua5.4 "$tree" --skip-patches; }
	steps() { echo "linux"; }
	;;
redis)
	unpack() { deps_source redis "$tree"; }
	steps() { echo "MALLOC=libc"; }
	# else the build's second is compiled in
	export SOURCE_DATE_EPOCH=1
	;;
kernel)
	[ -n "${FARMMAKE_TEST_LONG:-}" ] || skip "takes long (FARMMAKE_TEST_LONG=1 or run.sh --long)"
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
	steps() { printf '%s\n' allmodconfig lib/; }
	export KBUILD_BUILD_TIMESTAMP=@1 KBUILD_BUILD_USER=farm KBUILD_BUILD_HOST=farm
	farm_limit_s=5400
	;;
*)
	echo "usage: real.sh lua|redis|kernel" >&2
	exit 2
	;;
esac

# The last step is the one whose report counts: a kernel's first one only makes its configuration.
run_steps() {
	local step
	while read -r step; do
		# shellcheck disable=SC2086  # a list
		"$@" -C "$tree" $step </dev/null || return
	done < <(steps)
}

unpack || skip "Debian's sources of $project are out of reach"
run_steps make -j"$slots" >"$work/plain.out" 2>"$work/plain.err" || fail "make failed"
collect "$tree" "$work/plain"

[ "$project" = kernel ] || rm -rf "$tree"
unpack || fail "could not unpack again"
start_farm
measure_cc
farm_in_gauge() {
	"$gauge" -o "$work/gauge" timeout -k 10 "${farm_limit_s:-900}" "$farmmake" \
		"${farm_options[@]}" "$@"
}
run_steps farm_in_gauge >"$work/farm.out" 2>"$work/farm.err" || fail "farmmake failed"
collect "$tree" "$work/farm"

note "$(same_trees "$work/plain" "$work/farm") files are the same"
same_words "$work/plain.err" "$work/farm.err"

share=$(share_of_nodes)
note "$(in_report '"\(.summary.remote) of \(.summary.jobs) compiles on nodes"'), $share % of those that could"
[ "$share" -ge 90 ] || fail "reasons: $(in_report '[.jobs[].reason] | group_by(.) |
	map("\(length) \(.[0])") | join(", ")')"
busy=$(in_report '[.nodes[] | select(.jobs > 0)] | length')
[ "$busy" = 2 ] || fail "$busy of 2 nodes had work"
[ "$(in_report .summary.tokens.lost)" = 0 ] || fail "tokens were lost"
slots_kept "$work/gauge" "$slots"
nothing_left
