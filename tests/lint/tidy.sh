#!/bin/bash
# tidy.sh TOP BUILD [FILE...] - clang-tidy, with the checks of .clang-tidy, finds nothing in src but what
# tests/lint/accepted names.
#
# Takes minutes: only with FARMMAKE_TEST_LONG=1, or when files are named.
set -u
cd "$1" || exit 1
build=$2
shift 2
[ $# -gt 0 ] || [ "${FARMMAKE_TEST_LONG:-}" = 1 ] || { echo "SKIP: takes minutes: ./tests/run.sh --long"; exit 77; }
command -v clang-tidy >/dev/null || { echo "SKIP: no clang-tidy"; exit 77; }
[ $# -gt 0 ] || set -- src/*/*.c
log=$(mktemp "${TMPDIR:-/tmp}/farmmake-tidy.XXXXXX") || exit 1
trap 'rm -f "$log"' EXIT
# gcc's options that clang does not know are no findings
printf '%s\n' "$@" | xargs -n 4 -P "${LINT_JOBS:-$(nproc)}" clang-tidy -p "$build" --quiet \
	--extra-arg=-Wno-unknown-warning-option --extra-arg=-Wno-ignored-optimization-argument \
	--extra-arg=-enable-trivial-auto-var-init-zero-knowing-it-will-be-removed-from-clang >"$log" 2>/dev/null
grep -qE 'error:' "$log" && { grep -m 5 -A 2 'error:' "$log"; exit 1; }
grep 'warning:' "$log" | sort -u | bash tests/lint/accept.sh tests/lint/accepted
