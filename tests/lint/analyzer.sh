#!/bin/bash
# analyzer.sh TOP BUILD [FILE...] - gcc -fanalyzer finds nothing in src but what tests/lint/accepted names.
#
# Takes minutes: only with FARMMAKE_TEST_LONG=1, or when files are named.
set -u
cd "$1" || exit 1
shift 2
[ $# -gt 0 ] || [ "${FARMMAKE_TEST_LONG:-}" = 1 ] || { echo "SKIP: takes minutes: ./tests/run.sh --long"; exit 77; }
command -v gcc >/dev/null || { echo "SKIP: no gcc"; exit 77; }
[ $# -gt 0 ] || set -- src/*/*.c
log=$(mktemp "${TMPDIR:-/tmp}/farmmake-analyzer.XXXXXX") || exit 1
trap 'rm -f "$log"' EXIT

analyze() {
	# shellcheck disable=SC2046  # a list of options
	timeout 300 gcc -std=gnu11 -O1 -fanalyzer -fdiagnostics-plain-output -fanalyzer-verbosity=0 \
		-D_GNU_SOURCE -DFARMMAKE_VERSION='""' -DFARMMAKE_LIBEXECDIR='""' -Iinclude -I"${1%/*}" \
		$(pkg-config --cflags lzo2 jansson libuv openssl libseccomp) -c -o /dev/null "$1" 2>&1 ||
		echo "$1:1:1: warning: is not analyzed [failed]"
}
export -f analyze
printf '%s\n' "$@" | xargs -P "${LINT_JOBS:-$(nproc)}" -I{} bash -c 'analyze {}' >"$log"
grep 'warning:' "$log" | sort -u | bash tests/lint/accept.sh tests/lint/accepted
