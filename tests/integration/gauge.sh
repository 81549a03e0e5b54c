#!/bin/bash
# gauge.sh - with a farm many times its size behind it, this machine runs as many processes as it has
# local slots; and it does use them.
. "$(dirname "$0")/lib.sh"
farm_begin
tree=$work/tree
slow_project "$tree" 14 3
start_farm
measure_cc
# gauged MAKE SLOTS ARGUMENT...: a build with that make on so many slots
gauged() {
	local make=$1 slots=$2 most
	shift 2
	"$gauge" -o "$work/gauge" timeout 300 "$farmmake" "${farm_options[@]}" --farm-make "$make" \
		--farm-local-slots $slots -s -C "$tree" "$@" >"$work/build.out" 2>"$work/build.err" \
		</dev/null || fail "farmmake failed"
	slots_kept "$work/gauge" $slots
	most=$(in_report .summary.max_local_running)
	[ "$most" -le $((slots + 1)) ] || fail "farmmake itself saw $most at work on $slots slots"
	[ "$(in_report .summary.remote)" -gt 0 ] || fail "nothing went to a node"
	[ "$(in_report .summary.tokens.lost)" = 0 ] || fail "tokens were lost"
	nothing_left
}

# slots_used GAUGE SLOTS: and in one sample of twenty, at least, so many were at work
slots_used() {
	awk -v slots="$2" '
		/^[0-9]/ { all += $2; if ($1 >= slots) full += $2 }
		END { exit !(full >= all / 20) }' "$1" || fail "$2 slots were not used: $(xargs <"$1")"
}

for slots in 1 2; do
	rm -f "$tree"/*.o
	gauged make $slots
done

# Recipes that are no compiles, which take their turns with compiles that come back: 24 scripts that
# sleep and 12 programs to link.
rm -rf "$tree"
slow_project "$tree" 12 2
cat >"$tree/mixed.mk" <<'END'
CFLAGS = -O3 -g
N = 1 2 3 4 5 6 7 8 9 10 11 12
SLEEPS = $(N:%=sleep%) $(N:%=nap%)
.PHONY: all $(SLEEPS)
all: $(foreach n,$N,sleep$n prog$n nap$n)
%.o: %.c; $(CC) $(CFLAGS) -c -o $@ $<
main.c: ; echo 'int main(void) { return 0; }' >$@
prog%: slow%.o main.o; $(CC) -o $@ $^
$(SLEEPS): ; sh ./script
END
echo 'sleep 0.2' >"$tree/script"
makes=(make)
if [ -z "${FARMMAKE_TEST_LONG:-}" ]; then
	echo "ok - make_4.4 # SKIP the builds of one make take long enough (FARMMAKE_TEST_LONG=1)"
elif newer=$(deps_make 4.4); then
	makes+=("$newer")
else
	echo "ok - make_4.4 # SKIP it cannot be had here"
fi
for make in "${makes[@]}"; do
	for slots in 1 3; do
		rm -f "$tree"/*.o "$tree"/prog*
		gauged "$make" $slots -f mixed.mk
		slots_used "$work/gauge" $slots
		[ "$(find "$tree" -name 'prog*' | wc -l)" = 12 ] || fail "not all programs were linked"
	done
done

# Recipes that go on for long after their compile, and use a core: results come much faster than they are used, and
# wait for each other, for longer than any recipe takes.
cat >"$tree/after.mk" <<'END'
all: $(patsubst %,slow%.o,1 2 3 4 5 6)
%.o: %.c; $(CC) -g -c -o $@ $< && sh ./script
END
echo "timeout 3 awk 'BEGIN { while (1); }'; true" >"$tree/script"
rm -f "$tree"/*.o
gauged make 2 -f after.mk
note "the last of the results waited for $(in_report '[.jobs[] | select(.where == "node") | .t.done - .t.finished] | max') s"
[ "$(in_report '[.jobs[] | select(.where == "node") | .t.done - .t.finished] | max > 4')" = true ] ||
	fail "results waited for too short a time to show anything"
