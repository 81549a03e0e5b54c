#!/bin/bash
# run.sh [OPTION...] [SUITE...] - installs what is missing, builds, tests.
#
#   (no option)   gcc: lint, unit and integration; clang: unit, io and fuzz under the sanitizers
#   --quick       gcc only, without the integration suite
#   --asan        every suite under AddressSanitizer and UBSan, and nothing else
#   --clang       every suite in a build by clang, and nothing else; compiles the fuzzers too
#   --long        the long tests as well (a kernel's lib/, a virtual machine), and with the suite fuzz
#                 every fuzzer for a minute, or for so many seconds as FARMMAKE_TEST_FUZZ_S says
#   SUITE         lint, unit, io, fuzz or integration: only these
#
# Exit status: 0 when all that ran passed and something ran, 1 otherwise, 2 for bad usage.  The last
# line is "N passed, N failed, N skipped".
set -u
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/lib/deps.sh
. tests/lib/deps.sh

usage() {
	sed -n '2,/^#$/s/^# \{0,1\}//p' tests/run.sh >&2
	exit 2
}

all_suites=(lint unit io fuzz integration)
mode=default long=no suites=()
for arg; do
	case $arg in
	--quick | --asan | --clang) mode=${arg#--} ;;
	--long) long=yes ;;
	lint | unit | io | fuzz | integration) suites+=("$arg") ;;
	*) usage ;;
	esac
done

passed=0 failed=0 skipped=0 broken=0 failures=

heading() {
	printf '\n== %s\n' "$*"
}

# build DIR OPTION...
build() {
	heading "build $1"
	deps_build "$@" && return 0
	echo "run.sh: $1 does not build" >&2
	broken=1
	return 1
}

# Adds meson's totals of one run to ours, names what was skipped and why, and keeps the end of what
# failed for the end of our output, which is all that some who look at it get to see.
count() {
	local log=$1
	passed=$((passed + $(awk '/^(Ok|Expected Fail):/ { n += $NF } END { print n + 0 }' "$log.out")))
	failed=$((failed + $(awk '/^(Fail|Unexpected Pass|Timeout):/ { n += $NF } END { print n + 0 }' \
		"$log.out")))
	skipped=$((skipped + $(awk '/^Skipped:/ { n += $NF } END { print n + 0 }' "$log.out")))
	[ -e "$log.json" ] || return 0
	failures+=$(jq -r 'select(.result == "FAIL" or .result == "TIMEOUT" or .result == "ERROR") |
		"failed: \(.name): \(.result)",
		([(.stdout // ""), (.stderr // "") | split("\n")[] | select(. != "")] |
			(map(select(test("^FAIL|^not ok|error:|Sanitizer")))[:10], .[-15:])[] | "  " + .)' \
		"$log.json" | sed '1s/^/\n/')
	jq -r 'select(.result == "SKIP") | "skipped: \(.name): " +
		((.stderr // .stdout // "") | [scan("SKIP: ([^\n]*)")] | (.[0][0] // "no reason given"))' \
		"$log.json"
	# and single cases of a test that ran
	jq -r 'select(.result == "OK") | .name as $name | (.stdout // "") |
		scan("ok - ([^ ]*) *# SKIP (?:SKIP: )?([^\n]*)") | "skipped: \($name): \(.[0]): \(.[1])"' "$log.json"
}

# run DIR SETUP SUITE...: meson's lines as they come, and the output of what failed
run() {
	local dir=$1 setup=$2 suite options=()
	shift 2
	heading "test $dir: $*"
	for suite; do
		options+=(--suite "$suite")
	done
	[ "$setup" = none ] || options+=(--setup "$setup")
	meson test -C "$dir" --no-rebuild --print-errorlogs --logbase run "${options[@]}" \
		</dev/null 2>&1 | tee "$dir/run.out"
	local status=${PIPESTATUS[0]}
	cp -f "$dir/meson-logs/run-$setup.json" "$dir/run.json" 2>/dev/null ||
		cp -f "$dir/meson-logs/run.json" "$dir/run.json" 2>/dev/null
	count "$dir/run"
	[ "$status" = 0 ] || broken=1
}

asan=("-Db_sanitize=address,undefined" -Db_lundef=false)
# what is not installed and not timed is compiled faster than it is optimized
quickly=-Doptimization=1

fuzz_minutes() {
	local target seconds=${FARMMAKE_TEST_FUZZ_S:-60}
	CC=clang DEPS_TARGET=fuzzers build build-fuzz -Dfuzz=true "${asan[@]}" -Dwerror=true \
		-Dc_args=-fsanitize=fuzzer-no-link || return
	for target in build-fuzz/tests/fuzz/fuzz_*; do
		if [ -d "$target" ] || [ ! -x "$target" ]; then continue; fi
		heading "fuzz ${target##*/}"
		# new inputs go to the build directory; the seeds are only read
		mkdir -p "$target.corpus"
		if (cd build-fuzz && UBSAN_OPTIONS=halt_on_error=1 timeout $((seconds + 60)) "../$target" \
			-max_total_time="$seconds" -timeout=10 \
			-rss_limit_mb=4096 -print_final_stats=1 "../$target.corpus" \
			"../tests/fuzz/corpus/${target##*/fuzz_}") >"$target.log" 2>&1; then
			grep -E '^stat::(number|average)' "$target.log"
			passed=$((passed + 1))
		else
			tail -n 40 "$target.log"
			failed=$((failed + 1))
		fi
	done
}

deps_install "${DEPS_TEST[@]}" || exit 1
[ $long = no ] || export FARMMAKE_TEST_LONG=1
[ ${#suites[@]} -gt 0 ] || suites=("${all_suites[@]}")

case $mode in
quick)
	build build-gcc -Dwerror=true && run build-gcc none lint unit io fuzz
	;;
asan)
	build build-asan -Dwerror=true "${asan[@]}" && run build-asan asan "${suites[@]}"
	;;
clang)
	CC=clang build build-clang -Dwerror=true -Dfuzz=true && run build-clang none "${suites[@]}"
	;;
default)
	if [ ${#suites[@]} = ${#all_suites[@]} ]; then
		whole=yes
		build build-gcc -Dwerror=true && {
			run build-gcc none lint unit
			# those that may run beside others wait most of the time
			MESON_TESTTHREADS=$(($(nproc) + 2)) run build-gcc none integration
		}
		CC=clang build build-clang-asan -Dwerror=true "${asan[@]}" $quickly &&
			MESON_TESTTHREADS=$(($(nproc) + 1)) run build-clang-asan asan unit io fuzz
	else
		build build-gcc -Dwerror=true && run build-gcc none "${suites[@]}"
	fi
	;;
esac
case $long,$mode,${whole:-},${suites[*]} in
yes,quick,* | yes,*,yes,* | yes,*fuzz*) fuzz_minutes ;;
esac

[ "$passed" -gt 0 ] || broken=1
[ "$failed" = 0 ] || broken=1
[ $broken = 0 ] || printf '\nSomething failed; see above.\n%s\n' "$failures"
echo
echo "$passed passed, $failed failed, $skipped skipped"
exit $broken
