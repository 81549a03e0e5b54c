#!/bin/bash
# top.sh - a running build is seen: by farmctl top, on a terminal of 80x24 and smaller, and by farmmake's own line of
# progress; make's words stay what they are.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/relays.sh"
farm_begin
deps_install tmux jq >/dev/null || skip "tmux is missing"
slow_compiler "$work/cc/bin"
export PATH=$work/cc/bin:$PATH TERM=screen TMUX_TMPDIR=$work
measure_cc
tmux() {
	command tmux -L "farmmake-$$" -f /dev/null "$@"
}

# screen PANE: what is on it
screen() {
	tmux capture-pane -p -t "$1"
}
# shows PANE REGEX: within 8 s
shown() {
	screen "$1" | grep -qE -- "$2"
}
shows() {
	wait_for 8 shown "$1" "$2" || fail "no '$2' on the screen of $(stty -F "$(tmux display-message -p -t "$1" '#{pane_tty}')" size):
$(screen "$1")"
}
# open PANE COMMAND...: a terminal of 80x24
open_pane() {
	local name=$1
	shift
	tmux new-session -d -s "$name" -x 80 -y 24 "$*" || fail "tmux"
	tmux set-option -t "$name" status off >/dev/null
	tmux set-option -t "$name" remain-on-exit on >/dev/null
	tmux resize-window -t "$name" -x 80 -y 24
}

add_node anvil
run_node anvil --slots 3 --preload 2
wait_node anvil
sleepy_project "$work/tree" 24 900
hear_nodes >>"$work/tree/Makefile"
printf 'last: all; @echo the last words; sleep 2\n' >>"$work/tree/Makefile"

# --- a build, seen from beside
start_build "$work/tree" last
open_pane top "$farmctl" top --key "$key" --interface lo --port "$port"
tmux_pid=$(tmux display-message -p '#{pid}')
node_pid[tmux]=$tmux_pid
shows top '^make -s -C .*/tree'
shows top '^files +[0-9]+, [0-9]+ on nodes'
shows top '^anvil +3/3 +[0-9]+ +[0-9]+ .* +3 *$'
shows top '^ +[0-9.]+  anvil +compile +f[0-9]+\.c$'
shows top 'q quit   s sort: time'
tmux send-keys -t top s
shows top 's sort: node'
tmux send-keys -t top / anvil Enter
shows top '/ filter: anvil'
shown top '^ +[0-9.]+  here ' && fail "a row that was not asked for: $(screen top)"
tmux send-keys -t top / Escape
tmux resize-window -t top -x 50 -y 12
shows top '^files +[0-9]+'
[ "$(screen top | wc -L)" -le 50 ] || fail "wider than the terminal"
tmux resize-window -t top -x 80 -y 24
shows top '^ +[0-9.]+  here +sleep +sleep 2$'
shows top 'make has ended with 0'
wait "$build_pid" || fail "the build failed"
shows top '^no build of yours runs here'
shows top "^anvil +127.0.0.2:${tcp_port[anvil]} +3 +3 +3 *\$"
tmux send-keys -t top q
wait_for 5 sh -c "command tmux -L farmmake-$$ list-panes -t top -F '#{pane_dead}' | grep -q 1" || fail "q does not quit"

# --- the same, once, into a file; and all of it is what the report says
start_build "$work/tree"
wait_for 10 sh -c "'$farmctl' top --once --key '$key' >'$work/once' && grep -qE '^anvil +3/3' '$work/once'" ||
	fail "once: $(cat "$work/once")"
[ "$(wc -l <"$work/once")" = 24 ] || fail "once is no screen"
journal=$(echo "$XDG_RUNTIME_DIR"/farmmake-*/journal)
tail -n +1 -f "$journal" --pid "$build_pid" >"$work/journal" 2>/dev/null &
wait "$build_pid" || fail "the build failed"
wait $!
[ "$(jq -s '[.[] | select(.event == "end")] | length' "$work/journal")" = "$(in_report .summary.jobs)" ] ||
	fail "other files in the journal than in the report"
[ "$(jq -s '[.[] | select(.event == "end" and .node > 0)] | length' "$work/journal")" = "$(in_report .summary.remote)" ] ||
	fail "other places in the journal than in the report"
[ "$(jq -rs '.[-1].event' "$work/journal")" = over ] || fail "the journal does not end with the end"
note "$(wc -l <"$work/journal") events, $(wc -c <"$work/journal") bytes for $(in_report .summary.jobs) files"

# --- farmmake's own line
clean "$work/tree"
open_pane build "cd '$work/tree' && '$farmmake' ${farm_options[*]} --farm-local-slots 2 last; echo status \$?; sleep 60"
shows build '^farmmake: [0-9]+ files, [0-9.]+/s; [0-9]+ compiles? on 1 node, [0-9]+ here'
screen build | tail -n 1 | grep -q '^farmmake: ' || fail "not on the last line: $(screen build)"
shows build '^cc -O2 .* -c -o f[0-9]+\.o f[0-9]+\.c$'
shows build '^the last words$'
wait_for 5 sh -c "! command tmux -L farmmake-$$ capture-pane -p -t build | grep -q '^farmmake: [0-9]'" ||
	fail "the line stays when nothing is compiled: $(screen build)"
shows build '^status 0$'
# where the line was is the terminal's again
tmux send-keys -t build '' # nothing
screen build | grep -q 'farmmake: [0-9]* of' && fail "the line stays: $(screen build)"

quickly="'CFLAGS=-O2 -Wall -MMD -MP -DSLOWCC_MS=100'"

# the next one knows how many files there were
clean "$work/tree"
open_pane again "cd '$work/tree' && '$farmmake' ${farm_options[*]} --farm-local-slots 2 last; sleep 60"
shows again '^farmmake: [0-9]+ of about 24 files, [0-9.]+/s; [0-9]+ compiles? on 1 node, [0-9]+ here, 0:[0-9]+ left'
shows again '^the last words$'

clean "$work/tree"
open_pane off "cd '$work/tree' && '$farmmake' ${farm_options[*]} --farm-progress=no $quickly; echo status \$?; sleep 60"
shows off '^cc -O2 .* -c -o f[0-9]+\.o f[0-9]+\.c$'
shows off '^status 0$'
screen off | grep -q '^farmmake: [0-9]* of' && fail "a line that was not wanted: $(screen off)"

# not into a file, and not over another program's screen
clean "$work/tree"
farm -s -C "$work/tree" "${quickly//\'/}" >"$work/build.out" 2>"$work/build.err" || fail "the build failed"
grep -q "$(printf '\033')" "$work/build.out" "$work/build.err" && fail "a terminal's sequences in a file"
clean "$work/tree"
open_pane raw "stty -icanon; cd '$work/tree' && '$farmmake' ${farm_options[*]} -s $quickly; echo status \$?; sleep 60"
shows raw '^status 0$'
screen raw | grep -q '^farmmake: [0-9]* of' && fail "a line on another program's screen: $(screen raw)"
tmux kill-server
unset 'node_pid[tmux]'
stop_node anvil
nothing_left
