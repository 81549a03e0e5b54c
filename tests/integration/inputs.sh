#!/bin/bash
# inputs.sh walk|lua|redis|ninja|kernel INPUTS - what farmmake's inputs answer. walk: a project changes at random,
# and after each change a compile that sees nothing but the view makes what it makes here. Else the same for each
# compile of a project (of the kernel's, for some), and what an answer takes.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/records.sh"

project=$1
inputs=$2
farm_begin
unshare -m true 2>/dev/null || unshare -Urm true 2>/dev/null || skip "no name spaces for mounts"

[ "$project" != redis ] || [ -n "${FARMMAKE_TEST_LONG:-}" ] ||
	skip "takes long (FARMMAKE_TEST_LONG=1 or run.sh --long)"

show() {
	while read -r line; do
		note "$line"
	done <"$work/said"
}

if [ "$project" = walk ]; then
	for seed in 1 2; do
		mkdir "$work/walk"
		"$inputs" -w "$seed" 200 "$work/walk" >"$work/said" || fail "$(tail -n 30 "$work/said")"
		show
		rm -rf "$work/walk"
	done
	exit 0
fi

record_project "$project"
find "$RECORDS" -type f | sort | xargs "$inputs" >"$work/said" || fail "$(tail -n 20 "$work/said")"
show
find "$RECORDS" -type f | sort | { [ "$project" != kernel ] && cat || awk 'NR % 20 == 0'; } |
	xargs "$inputs" -c -d "$tree" >"$work/said" || fail "$(tail -n 40 "$work/said")"
show
value() {
	sed -n "s/^$1 //p" "$work/said"
}
[ "$(value asked)" -ge 10 ] || fail "$(value asked) compiles were recorded"
[ $((100 * $(value refused))) -le $((6 * $(value asked))) ] || fail "$(value refused) were refused"
