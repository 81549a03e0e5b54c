#!/bin/bash
# panel.sh - a node shows its load on a LED and by the ceiling of its clocks, puts all back when it stops, and does
# without where there is nothing of the kind. The board is a tree of files.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/relays.sh"
farm_begin
slow_compiler "$work/cc/bin"
PATH=$work/cc/bin:$PATH
measure_cc
export FARMMAKE_TEST_SYSFS=$work/sys
leds=$work/sys/class/leds cpufreq=$work/sys/devices/system/cpu/cpufreq

# value FILE WORD...: the file holds just that
value() {
	local file=$1
	shift
	[ "$(cat "$file")" = "$*" ]
}

mkdir -p "$leds/green" "$leds/act" "$cpufreq/policy0" "$cpufreq/policy4" "$cpufreq/policy8"
echo 'none [heartbeat] timer' >"$leds/green/trigger"
echo 'none timer [mmc0] activity' >"$leds/act/trigger"
echo 255 | tee "$leds/green/max_brightness" >"$leds/act/max_brightness"
echo 7 | tee "$leds/green/brightness" >"$leds/act/brightness"
for policy in 0 4 8; do
	echo 600000 >"$cpufreq/policy$policy/cpuinfo_min_freq"
	echo 1800000 | tee "$cpufreq/policy$policy/cpuinfo_max_freq" >"$cpufreq/policy$policy/scaling_max_freq"
done
echo 1500000 >"$cpufreq/policy4/scaling_max_freq" # somebody has lowered it
rm "$cpufreq/policy8/scaling_max_freq"            # and this one has none

add_node anvil
run_node anvil --slots 4 --preload 0 --led green --dvfs
wait_node anvil
value "$leds/green/trigger" none || fail "the LED is still the kernel's: $(cat "$leds/green/trigger")"
value "$leds/green/brightness" 0 || fail "a node without work shines: $(cat "$leds/green/brightness")"
value "$cpufreq/policy0/scaling_max_freq" 600000 || fail "a node without work runs fast"
value "$cpufreq/policy4/scaling_max_freq" 600000 || fail "a node without work runs fast"

sleepy_project "$work/tree" 2 1500
rm -f "$work/tree"/f[35].c # which have something to say
hear_nodes >>"$work/tree/Makefile"
start_build "$work/tree"
wait_for 10 value "$leds/green/brightness" 128 || fail "two of four: $(cat "$leds/green/brightness")"
wait_for 2 value "$cpufreq/policy0/scaling_max_freq" 1200000 || fail "two of four: $(cat "$cpufreq/policy0/scaling_max_freq")"
value "$cpufreq/policy4/scaling_max_freq" 1050000 || fail "two of four, from lower: $(cat "$cpufreq/policy4/scaling_max_freq")"
wait "$build_pid" || fail "the build failed"
wait_for 2 value "$leds/green/brightness" 0 || fail "it shines on"
value "$cpufreq/policy0/scaling_max_freq" 1200000 || fail "turned down at once"
wait_for 7 value "$cpufreq/policy0/scaling_max_freq" 600000 || fail "not turned down"
stop_node anvil || fail "status $?"
value "$leds/green/trigger" heartbeat || fail "the LED was not given back: $(cat "$leds/green/trigger")"
value "$cpufreq/policy0/scaling_max_freq" 1800000 || fail "the clock was not given back"
value "$cpufreq/policy4/scaling_max_freq" 1500000 || fail "the lower clock was not given back"

# --- the kernel's own way
run_node anvil --slots 2 --led act
wait_node anvil
value "$leds/act/trigger" activity || fail "not by activity: $(cat "$leds/act/trigger")"
stop_node anvil || fail "status $?"
value "$leds/act/trigger" mmc0 || fail "not as it was: $(cat "$leds/act/trigger")"
value "$leds/act/brightness" 7 || fail "the brightness is nobody's business: $(cat "$leds/act/brightness")"

# --- nothing of the kind
rm -rf "$work/sys"
: >"$work/anvil.log"
run_node anvil --slots 2 --led ../act --dvfs
wait_node anvil
grep -q 'no LED ../act' "$work/anvil.log" || fail "nothing is said of the LED"
grep -q 'no clock that can be changed' "$work/anvil.log" || fail "nothing is said of the clocks"
start_build "$work/tree" -k
wait "$build_pid" || fail "the build failed without a board"
[ "$(in_report '[.jobs[] | select(.where == "node")] | length')" -gt 0 ] || fail "the node did nothing"
stop_node anvil || fail "status $?"
[ ! -e "$work/sys" ] || fail "something was made"
