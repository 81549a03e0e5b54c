#!/bin/bash
# keys.sh - a farm changes its key while it works, and nothing but the programs that need a key ever
# has it: not a log, a command line, an environment, a jail, a compiler or a core file.
. "$(dirname "$0")/lib.sh"
farm_begin
secrets=$build/tests/integration/secrets
measure_cc

slow_project "$work/small" 8 1
cat >>"$work/small/Makefile" <<'END'
# beacons come every 0.6 s or sooner, and a node is used a moment later
$(patsubst %.c,%.o,$(wildcard *.c)): | heard
.PHONY: heard
heard: ; @sleep 1.2
END

# uses_nodes KEYFILE: a build with that key has work done by the node; its words are in $work/build.err
uses_nodes() {
	rm -f "$work/small"/*.o
	farm --farm-key "$1" -s -C "$work/small" >"$work/build.out" 2>"$work/build.err" ||
		fail "the build failed"
	[ "$(in_report '[.jobs[] | select(.where == "node")] | length')" -gt 0 ]
}
works_with() {
	uses_nodes "$1" || fail "no work for the node with ${1##*/}: $(cat "$work/build.err")"
}

node_key=$work/anvil.key
give_key() { # KEYFILE: what the node is to have, and starts with
	[ -z "${node_pid[anvil]:-}" ] || stop_node anvil
	"$farmctl" key node anvil "$1" >"$node_key" || fail "no key for the node"
	chmod 600 "$node_key"
	start_node anvil --slots 2 --preload 8 --key "$node_key"
	wait_node anvil
}

# --- a change of keys, in an order in which nobody is ever shut out
old=$work/old.key both=$work/both.key new=$work/new.key
cp -p "$key" "$old"
cp -p "$key" "$both"
old_id=$("$farmctl" key show-id "$old")
give_key "$old"
works_with "$old"

"$farmctl" key rotate "$both" >"$work/ids" || fail "rotate"
cp -p "$both" "$new"
new_id=$(head -n 1 "$work/ids")
[ "$(xargs <"$work/ids")" = "$new_id $old_id old" ] || fail "the ids are $(xargs <"$work/ids")"
works_with "$both" # the client is first
nodes=("$farmctl" nodes --json --interface lo --port "$port" --wait 1.5)
"${nodes[@]}" --key "$both" >"$work/nodes.json" || fail "no usable node"
[ "$(jq -r '.nodes | length, .[0].old_key' "$work/nodes.json" | xargs)" = "1 true" ] ||
	fail "a node with the old key is not shown as such: $(cat "$work/nodes.json")"

give_key "$both" # then the node, while another client has the old key still
works_with "$both"
works_with "$old"
grep -q 'another farm key' "$work/build.err" && fail "a node that has both keys is called a stranger"
grep -q 'client .*with the old key' "$work/anvil.log" || fail "the node does not tell who is behind"
"${nodes[@]}" --key "$both" >"$work/nodes.json" || fail "no usable node"
[ "$(jq -r '.nodes | length, .[0].old_key' "$work/nodes.json" | xargs)" = "1 false" ] ||
	fail "a node with the new key is shown otherwise: $(cat "$work/nodes.json")"

"$farmctl" key retire "$new" >"$work/ids" || fail "retire"
[ "$(cat "$work/ids")" = "$new_id" ] || fail "retire leaves $(xargs <"$work/ids")"
works_with "$new"
give_key "$new"
works_with "$both"
works_with "$new"
uses_nodes "$old" && fail "the old key still works"
grep -q 'ignoring node anvil .*another farm key' "$work/build.err" || fail "nobody is told why"
note "key $old_id became $new_id; no build was without the node"

# --- who has the secrets: both ends at work, with compilers in jails
slow_project "$work/slow" 4 9
"$farmmake" "${farm_options[@]}" --farm-key "$new" -s -C "$work/slow" \
	>"$work/slow.out" 2>"$work/slow.err" </dev/null &
build_pid=$!
node_pid[build]=$build_pid
below() { # PID: it and all its descendants
	local child
	echo "$1"
	for child in $(cat "/proc/$1/task"/*/children 2>/dev/null); do below "$child"; done
}
jailed() {
	below "${node_pid[anvil]}" | tail -n +2 | while read -r pid; do
		[ "$(cat "/proc/$pid/comm" 2>/dev/null)" = cc1 ] && echo "$pid"
	done | grep .
}
wait_for 30 jailed >/dev/null || fail "no compiler runs on the node"
mapfile -t inside < <(below "${node_pid[anvil]}" | tail -n +2)
kill -STOP "${inside[@]}" 2>/dev/null # so the build does not end before all have been looked at
"$secrets" "$new" anvil "${inside[@]}" >"$work/found" || fail "secrets cannot look"
looked=$(awk '$2 == "read" && $3 > 0' "$work/found" | wc -l)
[ "$looked" -ge 2 ] || fail "only $looked processes of the jail could be looked at"
grep -v ' read ' "$work/found" && fail "a jail or a compiler has a key"
note "$looked processes in jails, $(awk '{ n += $3 } END { print n }' "$work/found") bytes of memory: no key"

# what make runs here, and what farmmake and farmnode show
mapfile -t here < <(below $build_pid | tail -n +2)
"$secrets" "$new" anvil "${here[@]}" >"$work/found"
grep -v ' read ' "$work/found" | grep -v "^${here[0]} memory" && fail "a recipe has a key"
"$secrets" "$new" anvil $build_pid "${node_pid[anvil]}" >"$work/found"
grep -E ' (cmdline|environ) ' "$work/found" && fail "a key is shown"
grep -E ' in hex$' "$work/found" && fail "the text of a key file stays in memory"
grep -q "^$build_pid memory farm" "$work/found" ||
	fail "farmmake's own key is not found where it must be: the search is blind"
grep -q "^${node_pid[anvil]} memory farm" "$work/found" && fail "a node has the farm's key"
grep -q "^${node_pid[anvil]} memory node" "$work/found" || fail "the search in the node is blind"
kill -CONT "${inside[@]}" 2>/dev/null
wait $build_pid || fail "the slow build failed"
unset 'node_pid[build]'

# a node that was given the farm's key has forgotten it
start_node smith --slots 1 --key "$new"
wait_node smith
"$secrets" "$new" smith "${node_pid[smith]}" >"$work/found"
grep -q ' memory node' "$work/found" || fail "the search in the second node is blind"
grep -E ' memory farm| in hex$' "$work/found" && fail "the farm's key stays in a node's memory"

# --- nothing of it is in what they wrote
"$secrets" "$new" anvil - "$work"/*.log "$work"/*.err "$work"/*.out "$report" >"$work/found"
grep -v ' read ' "$work/found" && fail "a log has a key"
"$secrets" "$new" anvil - "$new" | grep -q 'farm in hex' || fail "the search in files is blind"

# --- no core file
core_of() { # COMMAND...: whether it leaves a core file when it is aborted
	perl -e 'my $pid = fork // die; if (!$pid) { exec @ARGV; exit 9 }
		select undef, undef, undef, 1.5; kill "ABRT", $pid; waitpid $pid, 0;
		exit(($? & 128) ? 0 : ($? & 127) == 6 ? 1 : 2)' "$@"
}
mkdir "$work/cores"
cd "$work/cores" || exit 1
ulimit -c unlimited 2>/dev/null
if core_of sleep 60; then
	core_of "$farmnode" --name core --key "$new" --state-dir "$work/anvil.state" --interface lo \
		--listen 127.0.0.1:0 --no-beacon >/dev/null 2>"$work/core.log"
	[ $? = 1 ] || fail "a node that is aborted leaves a core file, or was not there to be aborted"
	printf 'all:; @sleep 60\n' >Makefile
	core_of "$farmmake" "${farm_options[@]}" --farm-key "$new" >/dev/null 2>"$work/core.err"
	[ $? = 1 ] || fail "farmmake leaves a core file, or was not there to be aborted"
	note "no core files where other programs leave one"
else
	note "this machine writes no core files at all"
fi
cd /
