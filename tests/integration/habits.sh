#!/bin/bash
# habits.sh - whatever people type behind "make", farmmake does the same: output, exit status, files.
. "$(dirname "$0")/lib.sh"
farm_begin
start_farm

mkdir "$work/sub"
cat >"$work/habits.mk" <<'END'
all: a.o b.o ; @echo "all X=[$(X)] V=[$(V)]"
%.o: %.c ; $(CC) -c -o $@ $<
a.c b.c: ; @echo "int $(basename $@);" >$@
fail: a.o ; @echo "int" >broken.c; $(CC) -c broken.c
goals: ; @echo "goals [$(MAKECMDGOALS)] level [$(MAKELEVEL)]"
sub: ; +@$(MAKE) --no-print-directory -C sub -f ../habits.mk goals
with\ space: ; @echo "[$@]"
stdin: ; @cat
.PHONY: all fail goals sub stdin
END

# both ARGUMENT...: make and farmmake, each in a fresh directory of the same name
both() {
	local tool
	for tool in make farm; do
		rm -rf "$work/here" && mkdir -p "$work/here/sub"
		cp "$work/habits.mk" "$work/here/Makefile"
		cp "$work/habits.mk" "$work/here/habits.mk"
		(
			cd "$work/here" || exit
			if [ $tool = make ]; then make "$@" </dev/null; else farm "$@"; fi
		) >"$work/$tool.out" 2>"$work/$tool.words"
		echo "exit $?" >>"$work/$tool.out"
		(cd "$work/here" && find . -type f | sort) >"$work/$tool.files"
	done
	# who was faster decides the order of lines, and the compiler's path its name in errors
	diff <(sort "$work/make.out") <(sort "$work/farm.out") >"$work/out.diff" ||
		fail "make $*: stdout differs: $(cat "$work/out.diff")"
	diff "$work/make.files" "$work/farm.files" >"$work/files.diff" ||
		fail "make $*: files differ: $(cat "$work/files.diff")"
	same_words "$work/make.words" "$work/farm.words"
	note "make $* ($(tail -n 1 "$work/make.out"))"
}

both
both all
both -k CC=gcc V=1 all
both -C sub -f ../habits.mk goals
both -n
both -n all X='a b'
both -q
both -t a.c
both -s all
both X='two words' V='x=y' all
both 'with space'
both goals a=b 'c=d e'
both sub
both -k fail goals
both nonsuch
both --silent --keep-going fail
both -f nonsuch.mk
both --no-such-option
both --eval='extra: ; @echo extra' extra

# -j in any spelling is the number of local slots, and nothing that make sees
make -C "$work/here" -f ../habits.mk all >/dev/null 2>&1
for jobs in -j -j1 -j4 '-j 4' --jobs --jobs=3 -kj2 '--jobs 2'; do
	rm -f "$work"/here/*.[co]
	# shellcheck disable=SC2086  # '-j 4' is two words
	farm -C "$work/here" $jobs all >"$work/jobs.out" 2>"$work/jobs.err" || fail "make $jobs failed"
	grep -q 'X=\[\] V=\[\]' "$work/jobs.out" || fail "make $jobs: $(cat "$work/jobs.out")"
	! grep -i 'jobserver\|-jN' "$work/jobs.err" || fail "make $jobs complains"
done
rm -f "$work"/here/*.[co]
farm -C "$work/here" -j7 all >/dev/null 2>&1
[ "$(in_report .build.local_slots)" = 7 ] || fail "-j7 is not 7 local slots"

# the version is make's, and ours below it
"$farmmake" --version >"$work/version"
diff <(make --version | head -n 1) <(head -n 1 "$work/version") || fail "--version"
grep -q '^farmmake [0-9]' "$work/version" || fail "--version does not say farmmake's"
"$farmmake" --help | grep -q -- --farm-key || fail "--help does not say the options"

nothing_left
