#!/bin/bash
# report.sh - the report of a build says where the time went: what make did besides compiles, what every core did
# and why it was idle, what the end hung on, what limited the build; and the forms of it are what they claim to be.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/relays.sh"
farm_begin
deps_install jq python3 >/dev/null || skip "jq or python3 is missing"
slow_compiler "$work/cc/bin"
PATH=$work/cc/bin:$PATH

# build TREE [ARGUMENT...]: on the nodes there are, with two slots here
build() {
	local tree=$1
	shift
	clean "$tree"
	farm --farm-local-slots 2 -s -C "$tree" "$@" >"$work/build.out" 2>"$work/build.err" ||
		fail "the build of $tree failed: $(tail -n 3 "$work/build.err")"
}

# is FILTER...: what jq says of the report is true
is() {
	[ "$(jq -r "$1" "$report")" = true ] || fail "$2: $(jq -c "${3:-.usage}" "$report")"
}

add_node anvil
run_node anvil --slots 3 --preload 6
wait_node anvil

# --- what is no compile
sleepy_project "$work/many" 9 200
{
	cat <<'END'
first:
	@sleep 0.7
	@$(MAKE) -s all
	@$(MAKE) -s -f steps.mk link script
END
	cat "$work/many/Makefile"
} >"$work/many/Makefile.new"
mv "$work/many/Makefile.new" "$work/many/Makefile"
hear_nodes >>"$work/many/Makefile"
cat >"$work/many/steps.mk" <<'END'
link: ; @ld -r -o all.o f*.o && sleep 0.9
script: ; @i=0; while [ $$i -lt 400000 ]; do i=$$((i + 1)); done
both.o: ; @$(CC) -DSLOWCC_MS=300 -c -o both.o f1.c && sleep 0.45
END
build "$work/many" first
is '[.steps[] | select(.command | startswith("sleep 0."))] | length == 2' "two sleeps" .steps
is '.steps[] | select(.name == "sleep" and .command == "sleep 0.7") | (.end - .begin) | . > 0.6 and . < 1.1' \
	"a sleep's length" .steps
is '[.steps[] | select(.name == "sh" and (.command | contains("while")))] | length == 1' "a shell that works" .steps
is '[.steps[] | select((.name == "gcc" or .name == "cc") and (.command | contains(" -c ")))] | length == 0' \
	"a compile is taken for a step" .steps
is '[.steps[] | select(.name == "make" and .end - .begin > 0.3)] | length == 0' "a make that waits is busy" .steps
note "$(jq -r '[.steps[] | "\(.name) \((.end - .begin) * 100 | round / 100) s (\(.command[:60]))"] | join(", ")' "$report")"

# --- all time is accounted for
accounts() {
	jq -r '.build.wall_s as $wall | .build.local_slots as $slots | ([.nodes[].slots] | add) as $far |
		.usage.here as $h | .usage.nodes as $n |
		[($h.compile_s + $h.step_s + $h.prepare_s + $h.commit_s + $h.overflow_s + $h.idle_s) / ($slots * $wall),
		 ($n | add) / ($far * $wall),
		 ($h.slots_busy_s | add) / ($slots * $wall - $h.idle_s),
		 ([.nodes[].busy_s] | add) / $n.compile_s] | map(. * 10000 | round / 10000) | join(" ")' "$report"
}
accounted() {
	awk '{ for (i = 1; i <= NF; i++) if ($i < 0.99 || $i > 1.01) exit 1 }' <<<"$(accounts)" ||
		fail "time is missing: $(accounts) $(jq -c .usage "$report")"
}
accounted
is '.usage.chain | .[-1].end > 0 and ([range(1; length) as $i | .[$i].begin >= .[$i - 1].end] | all)' \
	"a chain that has no order" .usage.chain
is '[.usage.chain[] | select(.is_step) | .name] | contains(["sleep"])' "the sleeps are on the chain" .usage.chain

# a recipe that goes on after its compile
(cd "$work/many" && rm -f both.o)
farm --farm-local-slots 2 -s -C "$work/many" -f steps.mk both.o >"$work/build.out" 2>"$work/build.err" || fail "both.o"
is '[.steps[] | select(.command == "sleep 0.45") | .end - .begin | . > 0.3 and . < 0.8] == [true]' "the rest of a recipe" .steps

# --- what limits a build
limit() { # NAME [WORDS]
	accounted
	is ".usage.limit == \"$1\" and (.usage.limit_text | contains(\"${2:-}\"))" "not limited by $1"
	note "$1: $(jq -r .usage.limit_text "$report")"
}
sleepy_project "$work/huge" 8 150
printf 'f8.o: CFLAGS = -O2 -Wall -MMD -MP -DSLOWCC_MS=3000\n' >>"$work/huge/Makefile"
hear_nodes >>"$work/huge/Makefile"
build "$work/huge"
limit serial f8.c

sleepy_project "$work/cpp" 20 100
sed -i 's/-DSLOWCC_MS/-DSLOWCC_CPP_MS=350 -DSLOWCC_MS/' "$work/cpp/Makefile"
hear_nodes >>"$work/cpp/Makefile"
build "$work/cpp" --farm-direct=no
limit client preprocessing

sleepy_project "$work/few" 24 600
hear_nodes >>"$work/few/Makefile"
build "$work/few"
limit nodes "their 3 cores"

# sources that do not pack
sleepy_project "$work/bulky" 12 300
for file in "$work"/bulky/f*.c; do
	{ echo 'static const char noise[] = "'"$(head -c 45000 /dev/urandom | base64 -w 0)"'";' && echo 'const char *const last = noise;'; } |
		sed "s/last/last_$(basename "$file" .c)/" >>"$file"
done
hear_nodes >>"$work/bulky/Makefile"
relay anvil rate 60000
build "$work/bulky"
relay anvil clear
limit link

# --- other forms
farmctl_report() {
	"$farmctl" report "$@" >"$work/ctl.out" 2>"$work/ctl.err" || fail "farmctl report $*: $(cat "$work/ctl.err")"
}
build "$work/many" first
farmctl_report --trace "$work/trace.json" --csv "$work/report.csv" --html "$work/page.html" "$report"
[ -s "$work/ctl.out" ] && fail "more than was asked for"
python3 "$(dirname "$0")/report_forms.py" "$report" "$work/trace.json" "$work/report.csv" "$work/page.html" ||
	fail "a form is wrong"
cp "$report" "$work/old.json"
sed -i 's/-DSLOWCC_MS=200/-DSLOWCC_MS=900/' "$work/many/Makefile"
build "$work/many" first
farmctl_report --compare "$work/old.json" "$report"
grep -q '^slower:$' "$work/ctl.out" || fail "nothing is slower: $(cat "$work/ctl.out")"
python3 "$(dirname "$0")/report_slower.py" "$work/old.json" "$report" >"$work/slower"
awk '$1 < 0.5 { exit 1 } { exit 0 }' "$work/slower" || fail "not by as much: $(cat "$work/ctl.out")"
diff "$work/slower" <(sed -n '/^slower:$/,/^[^ ]*:$/p' "$work/ctl.out" | grep '^ ') || fail "other files are slower"
note "$(head -n 1 "$work/ctl.out")"
mkdir -p "$XDG_STATE_HOME/farmmake" && cp "$report" "$XDG_STATE_HOME/farmmake/report.json"
farmctl_report --csv -
cmp -s "$work/ctl.out" <("$farmctl" report --csv - "$report") || fail "not the last report"
"$farmctl" report --html "$work/none/such" "$report" 2>"$work/ctl.err" && fail "a page without a place"
stop_node anvil
nothing_left
