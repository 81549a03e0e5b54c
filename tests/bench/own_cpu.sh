# shellcheck shell=bash
# own_cpu.sh - the contender "farmmake-counted": what farmmake and its wrapper take of this machine for a
# file, once the farm is warm.  Sourced by run.sh.
#
# make runs twice in one farmmake: for workload_warmup's goals, at least 50 files, and for the rest. In the
# second run the wrappers' CPU is counted process by process, without their children's, and farmmake's from
# its beginning to its end.

# farmmake knows a program of the name "time" for what it is, and looks no further while its job is elsewhere.
own_cpu_start() {
	mkdir "$work/counter"
	gcc -O2 -o "$work/counter/time" "$here/self_cpu.c" || fail "self_cpu.c"
	cat >"$work/two-makes" <<-END
		#!/bin/sh
		case " \$* " in
		*" $tree "*) ;;
		*) exec make "\$@" ;; # farmmake asks for its version
		esac
		make CC="$work/counter/time $work/own-warmup gcc" -C "$tree" $(workload_warmup) || exit
		cat /proc/\$PPID/schedstat >"$work/own-before"
		make CC="$work/counter/time $work/own gcc" "\$@" || exit
		cat /proc/\$PPID/schedstat >"$work/own-after"
	END
	chmod 755 "$work/two-makes"
}

own_cpu_build() {
	rm -f "$work"/own*
	in_client timeout -k 10 60 bash -c \
		'for i in $(seq 50); do "$0" "$1" /nonexistent; done' "$work/counter/time" "$work/own-fork" 2>/dev/null
	farmmake_with --farm-make "$work/two-makes" && own_cpu_figures | tee "$out/own-cpu.json"
}

# The median, because a source that is compiled several times may be compiled here among them. self_cpu's fork
# is no cost of whom it measures. A source's name as make gives it is the report's.
own_cpu_figures() {
	jq -nc --rawfile own "$work/own" --rawfile fork "$work/own-fork" --rawfile before "$work/own-before" \
		--rawfile after "$work/own-after" --slurpfile report "$work/report.json" '
		def rows: split("\n") | map(select(. != "") | split(" "));
		def middle: sort | .[length / 2 | floor];
		($fork | rows | map(.[0] | tonumber) | middle) as $fork_us |
		([$report[0].jobs[] | select(.where == "node") | {(.source): true}] | add) as $remote |
		[$own | rows[] | select($remote[.[1]]) | (.[0] | tonumber) - $fork_us] as $wrappers |
		(($after | split(" ")[0] | tonumber) - ($before | split(" ")[0] | tonumber)) as $farmmake_ns |
		($wrappers | length) as $files | {
			$files, fork_us: $fork_us,
			wrapper_median_ms: ($wrappers | middle / 1000),
			farmmake_ms: ($farmmake_ns / $files / 1e6)
		} | .ms_per_file = .wrapper_median_ms + .farmmake_ms'
}
