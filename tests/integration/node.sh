#!/bin/bash
# One farmnode and clients of it on the loopback interface: what it compiles, what it refuses, how it
# stops, and that it leaves nothing behind.
#
#     node_client --TLS over 127.0.0.1--> farmnode --> farmjail (one per job)
#
# FARMNODE and NODE_CLIENT are the programs.
set -u
: "${FARMNODE:?}" "${NODE_CLIENT:?}"

dir=$(mktemp -d "${TMPDIR:-/tmp}/farmnode-test.XXXXXX")
chmod 711 "$dir" # jails of root's are nobody when they look for a view
export RUNTIME_DIRECTORY=$dir/store
node_pid=
failures=0

finish() {
	[ -z "$node_pid" ] || kill -9 "$node_pid" 2>/dev/null
	rm -rf "$dir"
}
trap finish EXIT

ok() {
	echo "ok - $1"
}

fail() {
	echo "not ok - $1"
	shift
	[ $# = 0 ] || printf '%s\n' "$@" | sed 's/^/    /'
	sed 's/^/    node: /' "$dir/log" 2>/dev/null | tail -20
	failures=$((failures + 1))
}

# check NAME COMMAND...: the command must succeed
check() {
	local name=$1
	shift
	if "$@"; then ok "$name"; else fail "$name" "$*"; fi
}

# wait_until SECONDS COMMAND...
wait_until() {
	local deadline=$(($(date +%s%N) + $1 * 1000000000))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s%N)" -lt $deadline ] || return 1
		sleep 0.02
	done
}

make_key() {
	(umask 077 && printf 'farmmake-key-1 farm %s\n' \
		"$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')" >"$1")
}

# start_node NAME OPTION...: leaves node_pid and address
start_node() {
	local name=$1
	shift
	: >"$dir/log"
	"$FARMNODE" --listen 127.0.0.1:0 --interface lo --no-beacon --name "$name" \
		--key "$dir/key" --state-dir "$dir/state" --port-file "$dir/port" --log-level debug \
		"$@" >"$dir/ready" 2>"$dir/log" &
	node_pid=$!
	if ! wait_until 90 test -s "$dir/port" && kill -0 "$node_pid" 2>/dev/null; then
		fail "node $name starts"
		exit 1
	fi
	[ -s "$dir/port" ] || return 1
	address=127.0.0.1:$(cat "$dir/port")
}

# stop_node SIGNAL...: waits for the end, leaves its exit status in node_status
stop_node() {
	kill "$@" "$node_pid"
	{ wait "$node_pid"; } 2>/dev/null
	node_status=$?
	node_pid=
}

client() {
	timeout 60 "$NODE_CLIENT" --key "$dir/key" --node "$address" --target "$target" "$@"
}

serves() {
	client "$dir/small.c" | grep -q '^result 1 0$'
}

# refuses CODE OPTION...: one job with these options is refused with this code
refuses() {
	local code=$1
	shift
	client "$@" "$dir/small.c" >"$dir/out" && grep -q "^refused 1 $code " "$dir/out"
}

# closes TEXT OPTION...: the node ends the link, and goes on living
closes() {
	local text=$1
	shift
	! client "$@" "$dir/small.c" >"$dir/out" 2>&1 &&
		grep -q "^closed" "$dir/out" && wait_until 5 grep -q "$text" "$dir/log" &&
		serves
}

# start_fails STATUS TEXT OPTION...: the node does not start, says why in one line, leaves nothing
start_fails() {
	local status=$1 text=$2
	shift 2
	timeout 60 "$FARMNODE" --listen 127.0.0.1:0 --interface lo --no-beacon --key "$dir/key" \
		--state-dir "$dir/state" --port-file "$dir/none" "$@" >"$dir/out" 2>"$dir/log"
	[ $? = "$status" ] && [ ! -s "$dir/out" ] && [ "$(wc -l <"$dir/log")" = 1 ] &&
		grep -q "$text" "$dir/log" && [ ! -e "$dir/none" ]
}

make_key "$dir/key"
make_key "$dir/other-key"
target="$(gcc -dumpmachine) $(gcc -dumpfullversion)"
cat >"$dir/small.c" <<'END'
static int twice(int x) { return 2 * x; }
int answer(void) { return twice(21); }
END
echo 'int broken(void) { return nothing; }' >"$dir/broken.c"
# Macros that expand to nothing, 2^N times: a compile that lasts and needs no memory.
lasting() {
	echo '#define M0'
	for i in $(seq "$1"); do echo "#define M$i M$((i - 1)) M$((i - 1))"; done
	echo "int lasting; M$1"
}
lasting 19 >"$dir/second.c"
lasting 40 >"$dir/forever.c"
# About 3 MB that do not compress to nothing.
{
	echo '__asm__(".section .rodata\n"'
	head -c 2250000 /dev/urandom | base64 -w 100 | sed 's/.*/"\\t.ascii \\"&\\"\\n"/'
	echo ');'
} >"$dir/large.c"

start_node oak --slots 2 --preload 2
if [ -z "${address:-}" ]; then
	if grep -q 'the jail does not work' "$dir/log"; then
		echo "skip: no user namespaces here: $(tail -1 "$dir/log")"
		exit 77
	fi
	fail "node starts"
	exit 1
fi
check "says that it is ready" grep -Eq \
	"^farmnode: oak listens on $address, 2 slots \+ 2 preload, jail level [1-3], [0-9]+ toolchains$" \
	"$dir/ready"

# --- compiles
mkdir -p "$dir/farm" "$dir/results"
(cd "$dir/farm" && cp ../small.c test.c && gcc -O2 -g -c test.c -o test.o)
client --cwd "$dir/farm" --flag -O2 --flag -g --store "$dir/results" "$dir/small.c" >"$dir/out"
check "the object is the local compiler's" cmp "$dir/farm/test.o" "$dir/results/1.o"
check "a job starts, then has a result" grep -q '^result 1 0$' "$dir/out"

(cd "$dir/farm" && cp ../large.c test.c && gcc -c test.c -o test.o)
client --cwd "$dir/farm" --store "$dir/results" "$dir/large.c" >"$dir/out"
check "a large object too" cmp "$dir/farm/test.o" "$dir/results/1.o"

client --count 20 --flag -O2 "$dir/small.c" "$dir/second.c" >"$dir/out"
check "20 jobs on 2 slots" test "$(grep -c '^result [0-9]* 0$' "$dir/out")" = 20
running=$(awk '/: (status|killed)/ { n-- } /debug: job.*: \// { if (++n > m) m = n } END { print m }' "$dir/log")
check "2 compilers at once, no more" test "$running" = 2

rm -f "$dir"/results/*
client --store "$dir/results" "$dir/broken.c" >"$dir/out"
check "a compile error is a result" grep -q '^result 1 1$' "$dir/out"
check "... with its message" grep -q "nothing.*undeclared" "$dir/results/1.stderr"
check "... and no object" test ! -e "$dir/results/1.o"

# --- refuses
client --greedy --count 30 "$dir/small.c" >"$dir/out"
check "more jobs than there is room for are refused" grep -q '^refused [0-9]* full ' "$dir/out"
check "a flag that is not allowed" refuses flag --flag -fplugin=/tmp/x.so
check "a system directory" refuses flag --cwd /usr/lib
check "a directory that is not clean" refuses flag --cwd /farm/../etc
check "a way out of the directory" refuses flag --output ../../../etc/passwd
check "a file of options" refuses flag --source @x
check "an unknown toolchain" refuses toolchain --toolchain "$(printf '%064d' 7)"
client --observer >"$dir/out"
check "an observer has no credits" grep -q '^welcome oak .* credits 0 ' "$dir/out"
check "... and may send no jobs" closes "not allowed in this state" --observer --greedy
check "a text of another size than it says" closes "ended too early" --lie
check "a job number that is taken" closes "not allowed in this state" --again
check "another version" closes "another protocol version" --version 99
check "a client's name cannot break the log" grep -q 'tester\\x0a@lo (127' "$dir/log"
client --key "$dir/other-key" "$dir/small.c" >"$dir/out"
check "another key" grep -q '^closed holds another farm key' "$dir/out"

# --- views
# view OPTION... MANIFEST...: jobs made of views
view() {
	client --view --cwd "$dir/farm" --source test.c "$@" >"$dir/out" 2>&1
}

# row KIND PATH [MORE]: of a manifest
manifest() {
	printf '%s\n' "$@"
}

says() {
	grep -q "$@" "$dir/out"
}

# logged_since LINES REGEX
logged_since() {
	tail -n +$(($1 + 1)) "$dir/log" | grep -q "$2"
}

# ends TEXT OPTION...: the node ends the link of one who sends this
ends() {
	local text=$1 before
	before=$(wc -l <"$dir/log")
	shift
	! view "$@" && says '^closed' && ! says '^result' &&
		wait_until 5 logged_since "$before" "left: .*$text" && serves
}

# refuses_view ROW...: a view that has these rows too is not shown
refuses_view() {
	manifest "$@" "file $dir/farm/test.c 1 =int refused;" >"$dir/refused.view"
	view "$dir/refused.view" && says '^refused 1 view '
}

mkdir -p "$dir/farm/inc"
printf '#include "inc/a.h"\n#include <stddef.h>\nint f(void) { return A; }\n' >"$dir/farm/test.c"
printf '#define A 42\n' >"$dir/farm/inc/a.h"
cp "$dir/farm/test.c" "$dir/plain.c"
(cd "$dir/farm" && gcc -O2 -g -MD -c test.c -o test.o)
manifest "file $dir/farm/test.c 1 @$dir/plain.c" "file $dir/farm/inc/a.h 2 @$dir/farm/inc/a.h" >"$dir/plain.view"
rm -f "$dir"/results/*
view --flag -O2 --flag -g --flag -MTtest.o --deps 1 --store "$dir/results" "$dir/plain.view"
check "a view compiles to the local object" cmp "$dir/farm/test.o" "$dir/results/1.o"
check "... with the local dependencies" cmp "$dir/farm/test.d" "$dir/results/1.d"
check "... after two contents were asked for" test "$(grep -c '^needs 1$' "$dir/out")" = 2
view "$dir/plain.view" "$dir/plain.view"
check "a second client sends none" eval 'says "^result 2 0" && ! says "^needs"'
check "one that knows half of a hash is asked" ends 'do not match the announced digest' --trick 1 "$dir/plain.view"
check "... and reads nothing without an answer" eval \
	'! view --trick 9 "$dir/plain.view" && says "^needs" && ! says "^result"'
view "$dir/plain.view"
check "... and changes nothing for others" eval 'says "^result 1 0" && ! says "^needs"'
check "trees go with their jobs" wait_until 5 eval 'test -z "$(ls "$dir"/store/*/trees)"'

printf '#include "inc/a.h"\nint g(void) { int i; return i; }\n' >"$dir/warned.c"
manifest "file $dir/farm/test.c 1 @$dir/warned.c" "file $dir/farm/inc/a.h 2 @$dir/farm/inc/a.h" >"$dir/warned.view"
cp "$dir/warned.c" "$dir/farm/test.c"
(cd "$dir/farm" && LC_ALL=C.UTF-8 gcc -Wall -c test.c -o test.o 2>"$dir/local.stderr")
check "a poisoned content ends the link" ends 'do not match the announced digest' --trick 2 "$dir/warned.view"
view --flag -Wall --messages 1 --store "$dir/results" "$dir/warned.view"
check "... and leaves nothing: the next one is asked" says '^needs 1$'
check "messages are those of the compiler here" cmp "$dir/local.stderr" "$dir/results/1.stderr"

# Names with the same contents are one file to gcc when their times are the same.
once='#pragma once\n#ifdef A\n#error both are read\n#endif\n#define A'
printf "$once\n" >"$dir/farm/one.h"
cp "$dir/farm/one.h" "$dir/farm/two.h"
printf '#include "one.h"\n#include "two.h"\n' >"$dir/farm/test.c"
for time in 5 6; do
	touch -d @5 "$dir/farm/one.h"
	touch -d @$time "$dir/farm/two.h"
	(cd "$dir/farm" && gcc -c test.c 2>/dev/null)
	here=$?
	manifest "file $dir/farm/test.c 1 @$dir/farm/test.c" "file $dir/farm/one.h 5 @$dir/farm/one.h" \
		"file $dir/farm/two.h $time @$dir/farm/two.h" >"$dir/once.view"
	view "$dir/once.view"
	check "#pragma once and a time of $time: status $here as here" says "^result 1 $here"
done
manifest "whole /usr/include" "file /usr/include/stdio.h 1 =#error mine" \
	"file $dir/farm/test.c 1 =#include <stdio.h>" >"$dir/whole.view"
view --store "$dir/results" "$dir/whole.view"
check "a directory that is whole hides the node's" grep -q '#error mine' "$dir/results/1.stderr"

# The client's files change while a job runs: that one sees the old ones.
{ lasting 19 && printf '\n#include "late.h"\n#if LATE != 1\n#error other\n#endif\n'; } >"$dir/late.c"
manifest "file $dir/farm/test.c 1 @$dir/late.c" "file $dir/farm/late.h 1 =#define LATE 1" >"$dir/late1.view"
manifest "file $dir/farm/test.c 1 =#include \"late.h\"\\nint late[LATE == 2 ? 1 : -1];" \
	"file $dir/farm/late.h 2 =#define LATE 2" >"$dir/late2.view"
view "$dir/late1.view" "$dir/late2.view"
check "a view that changes while a job runs" eval 'says "^result 1 0" && says "^result 2 0"'

number=0
fresh() {
	number=$((number + 1))
	manifest "file $dir/farm/test.c 1 =int fresh$number; int twice; /* $(printf '%70000s') */" >"$dir/fresh.view"
}
fresh && view --trick 4 "$dir/fresh.view"
check "a content that is gone" says '^refused 1 view '
fresh && check "more bytes than announced" ends 'larger than the limit' --trick 16 "$dir/fresh.view"
fresh && check "contents that nobody asked for" ends 'not allowed in this state' --trick 64 "$dir/fresh.view"
manifest "file $dir/farm/test.c 1 =int begun_$number;" "file $dir/farm/b.h 1 =int also_begun_$number;" >"$dir/two.view"
check "two contents at once" eval '! view --trick 32 "$dir/two.view" && says "^closed"'
check "a view that was not announced" ends 'not allowed in this state' --name-view 7 "$dir/plain.view"
check "a view that is no more" eval '! view --greedy --name-view 1 "$dir/plain.view" "$dir/plain.view" && says "^closed"'
check "a job without a view" ends 'not allowed in this state' --name-view 1 /dev/null
for row in "file /a/../b 1 =x" "place /a//b" "file /a/. 1 =x" "place a" "place /" "nothing /a/" "link /l "; do
	manifest "$row" >"$dir/bad.view"
	check "no entry: $row" ends 'malformed message' "$dir/bad.view"
done
manifest "link $dir/farm /" "file $dir/farm/x.c 1 =x" >"$dir/bad.view"
check "a file below a link" ends 'malformed message' "$dir/bad.view"
manifest "file /a/b 1 =x" "file /a/b 1 =y" >"$dir/bad.view"
check "one path, two meanings" ends 'malformed message' "$dir/bad.view"
manifest "place /$(printf '%0300d' 0)" >"$dir/bad.view"
check "a name of 300 bytes" ends 'larger than the limit' "$dir/bad.view"
for row in "whole /usr" "whole /usr/bin" "whole /etc" "whole /.farm" "file /etc/passwd 1 =x" "place /.farm" \
	"file /usr/include/stdio.h 1 =x" "link /usr/bin /tmp" "nothing /usr/bin" "link /dev x" "nothing /proc" \
	"file $dir/farm/specs 1 =x" "file /$(seq -s / 1000)/a.h 1 =x"; do
	check "not shown: ${row:0:40}" refuses_view "$row"
done
check "a flag that only views have" eval 'view --flag -I/etc --flag -includeinc/a.h "$dir/plain.view" && says "^result 1 0"'
check "... is none for texts" refuses flag --flag -I/etc
check "a second output" eval 'view --flag -fopt-info-all=x "$dir/plain.view" && says "^refused 1 flag"'
check "a source that is an option" eval 'view --source -v "$dir/plain.view" && says "^refused 1 flag"'
check "a language that is not here" eval 'view --messages 2 "$dir/plain.view" && says "^refused 1 flag"'
view --cwd "$dir/nowhere" "$dir/plain.view"
check "a directory that is not in the view" says '^refused 1 view '

# --- kills
source=lasting-$$.c
client --source "$source" --cancel 1 "$dir/forever.c" "$dir/small.c" >"$dir/out"
check "a cancelled job ends, the next is done" grep -q '^result 2 0$' "$dir/out"
check "... and leaves no process" wait_until 2 eval '! pgrep -f "$source"'

timeout 60 "$NODE_CLIENT" --key "$dir/key" --node "$address" --target "$target" \
	--source "$source" "$dir/forever.c" "$dir/forever.c" "$dir/forever.c" >"$dir/out" &
client_pid=$!
wait_until 20 grep -q '^started 2' "$dir/out" || fail "two jobs run"
wait_until 20 eval 'pgrep -f "cc1.*$source"' || fail "a compiler is seen"
pkill -9 -P $client_pid
killed_ns=$(date +%s%N)
wait_until 2 eval '! pgrep -f "cc1.*$source"'
took_ms=$((($(date +%s%N) - killed_ns) / 1000000))
check "a client that is killed leaves no compiler ($took_ms ms)" test $took_ms -lt 1000
{ wait $client_pid; } 2>/dev/null
check "... and the node goes on" serves

# --- fair
client --wait --count 1 "$dir/small.c" >"$dir/first" &
first_pid=$!
wait_until 20 grep -q '^result 1' "$dir/first"
client "$dir/small.c" >"$dir/out"
check "two clients share the credits" grep -q ' credits 2 ' "$dir/out"
check "... and get them back" wait_until 5 eval \
	"grep -q '^credits 2' $dir/first && tail -1 $dir/first | grep -q '^credits 4'"

# --- stops
stop_node -TERM
check "stops with status 0" test $node_status = 0
check "keeps no client's files" test -z "$(ls "$dir/store")"
wait $first_pid
check "tells its clients" grep -q '^drain' "$dir/first"
check "removes its port file" test ! -e "$dir/port"

start_node oak --slots 1 --preload 3
lasting 22 >"$dir/seconds.c"
client "$dir/seconds.c" "$dir/small.c" "$dir/small.c" >"$dir/out" &
client_pid=$!
wait_until 20 grep -q '^started 1' "$dir/out" || fail "a job runs"
wait_until 20 grep -q 'job 3 .* waits' "$dir/log" || fail "a job waits"
stop_node -TERM
wait $client_pid
client_status=$?
check "a draining node ends what runs" grep -q '^result 1 0$' "$dir/out"
check "... hands back what waits" test "$(grep -c '^refused [23] draining' "$dir/out")" = 2
check "... and stops with status 0" test "$node_status $client_status" = "0 0"

start_node oak --slots 1
client --source "$source" "$dir/forever.c" >"$dir/out" &
client_pid=$!
wait_until 20 grep -q '^started 1' "$dir/out" || fail "a job runs"
kill -TERM "$node_pid"
wait_until 20 grep -q '^drain' "$dir/out"
stop_node -TERM
wait $client_pid
check "a second signal does not wait" grep -q '^closed' "$dir/out"
check "... and leaves no compiler" wait_until 2 eval '! pgrep -f "cc1.*$source"'

start_node oak --slots 1
client --source "$source" "$dir/forever.c" >"$dir/out" &
client_pid=$!
wait_until 20 eval 'pgrep -f "cc1.*$source"' || fail "a compiler is seen"
stop_node -KILL
wait $client_pid
check "a node that is killed leaves no compiler" wait_until 2 eval '! pgrep -f "cc1.*$source"'
rm -f "$dir/port"

# --- keeps no more than it may
left=$(ls "$dir/store")
start_node oak --slots 1 --store-size 65536
check "what a killed node left is removed" test -n "$left" -a ! -e "$dir/store/$left"
# large N: a view with a file of 20 kB; large N M ...: with several
large() {
	manifest "file $dir/farm/test.c 1 =int x;"
	for i in "$@"; do manifest "file $dir/farm/$i.h 1 =$(printf '%020000d' "$i")"; done
}
for i in 1 2 3 4; do large $i >"$dir/large$i.view"; done
large 1 2 3 4 >"$dir/larger.view"
view "$dir/large1.view" "$dir/large2.view" "$dir/large3.view" "$dir/large4.view"
check "contents that nobody uses make room" says '^result 4 0'
view "$dir/large4.view"
check "... the latest stay" eval 'says "^result 1 0" && ! says "^needs"'
view "$dir/large1.view"
check "... the others are asked for again" eval 'says "^result 1 0" && says "^needs 1$"'
view "$dir/larger.view"
check "a view that is larger than the store is refused" says '^refused 1 full '
check "... and nothing else" eval 'view "$dir/large1.view" && says "^result 1 0"'
stop_node -TERM
rm -f "$dir/port"
start_node oak --slots 1 --store /proc/farmnode
check "a node without a store starts" grep -q 'no views of clients. files are shown here: /proc/farmnode' "$dir/log"
check "... says so" eval '! view "$dir/plain.view"; says "^no views"'
check "... and serves texts" serves
stop_node -TERM
rm -f "$dir/port"

# --- does not start
start_node oak --slots 1
check "a port that is taken" start_fails 4 "$address" --listen "$address"
stop_node -INT
check "SIGINT stops too" test $node_status = 0
check "no key" start_fails 3 'No such file' --key "$dir/no-key"
cp "$dir/key" "$dir/bad-key" && chmod 644 "$dir/bad-key"
check "a key that others can read" start_fails 3 'readable by others' --key "$dir/bad-key"
head -c 40 "$dir/key" >"$dir/bad-key" && chmod 600 "$dir/bad-key"
check "a key that is short" start_fails 3 'not a farmmake key' --key "$dir/bad-key"
check "an unknown option" start_fails 2 "unknown option '--slot'" --slot 3
check "a number out of range" start_fails 2 'no number from 1' --slots 0
check "an unknown interface" start_fails 2 'No such device' --interface farm-none0
check "a name that is none" start_fails 2 'cannot be a node' --name 'a b'
check "a directory above the key" start_fails 2 'would show' --bind "$dir"

"$FARMNODE" --help >"$dir/out"
check "--help names every option" test "$(grep -c '^  --' "$dir/out")" -ge 16

# --- in the background
"$FARMNODE" --listen 127.0.0.1:0 --interface lo --no-beacon --key "$dir/key" --slots 1 \
	--state-dir "$dir/state" --port-file "$dir/port" --daemon >"$dir/out" 2>&1
check "--daemon returns when it is ready" test $? = 0 -a -s "$dir/port"
node_pid=$(pgrep -f "port-file $dir/port")
address=127.0.0.1:$(cat "$dir/port")
check "... and serves" serves
kill -TERM "$node_pid"
check "... until it is stopped" wait_until 5 eval '! kill -0 $node_pid'
node_pid=
check "... keeping a log" grep -q 'stopped by signal' "$dir/state/farmnode.log"
"$FARMNODE" --listen 127.0.0.1:0 --key "$dir/no-key" --daemon 2>/dev/null
check "--daemon fails as the foreground does" test $? = 3

check "nothing is left" test -z "$(pgrep -f "$dir")"
[ $failures = 0 ]
