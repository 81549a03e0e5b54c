#!/bin/bash
# page.sh - the report as a page, in a browser: nothing is fetched, nothing goes wrong, the lanes are those of the
# report, a click shows a job; with 10 jobs and with 30 000, light and dark.
#
# Only with FARMMAKE_TEST_LONG=1: a browser is a lot to install. FARMMAKE_TEST_SHOTS=DIR keeps what was seen.
. "$(dirname "$0")/lib.sh"
[ "${FARMMAKE_TEST_LONG:-}" = 1 ] || skip "needs a browser: ./tests/run.sh --long"
farm_begin
needed=(chromium)
command -v node >/dev/null || needed+=(nodejs) # which may be there, and not from Debian
command -v npm >/dev/null || needed+=(npm)
deps_install "${needed[@]}" >"$work/deps.out" 2>&1 || skip "no browser: $(tail -n 1 "$work/deps.out")"
modules=$FARMMAKE_TEST_SOURCES/page
if [ ! -d "$modules/node_modules/playwright-core" ]; then
	mkdir -p "$modules"
	(cd "$modules" && timeout 120 npm install --no-audit --no-fund --loglevel=error playwright-core) \
		>"$work/npm.out" 2>&1 || skip "no playwright-core: $(tail -n 1 "$work/npm.out")"
fi
shots=${FARMMAKE_TEST_SHOTS:-$work}
for jobs in 10 30000; do
	"$build/tests/integration/report_made" "$jobs" $((jobs > 100 ? 12 : 2)) >"$work/$jobs.json" || fail "no report"
	"$farmctl" report --html "$work/$jobs.html" "$work/$jobs.json" || fail "no page"
	NODE_PATH=$modules/node_modules timeout 170 node "$(dirname "$0")/page.cjs" "$work/$jobs.html" "$shots/page-$jobs" ||
		fail "$jobs jobs"
done
