#!/bin/bash
# quickstart.sh - what the README promises: one command, a build through two nodes, and nothing of it
# stays but the report that it names.
. "$(dirname "$0")/lib.sh"
farm_begin
tree=$work/tree
cp -r "$top/examples/project" "$tree"
make -s -C "$tree" clean
# a new build takes longer than all the rest
[ -n "${FARMMAKE_TEST_LONG:-}" ] || export BUILD=$build

"$gauge" -o "$work/gauge" "$top/examples/quickstart.sh" "$tree" check >"$work/quick.log" 2>&1 </dev/null ||
	fail "quickstart failed"
grep -q 'abacus counts right' "$work/quick.log" || fail "the project was not built"
report=$(sed -n 's/^The report: //p' "$work/quick.log")
[ -s "$report" ] || fail "it does not say where the report is"
[ "$(in_report .summary.jobs)" -ge 43 ] || fail "not every compile is in the report"
[ "$(in_report '.nodes | length')" = 2 ] || fail "not both nodes were found"
share=$(share_of_nodes)
note "$(in_report .summary.remote) of $(in_report .summary.jobs) compiles on nodes"
[ "$share" -gt 0 ] || fail "nothing went to a node"
grep -qx 'left 0' "$work/gauge" || fail "processes were left behind"
rm -r "${report%/*}"
nothing_left
