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
		grep -q "^closed" "$dir/out" && grep -q "$text" "$dir/log" &&
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
target=$(gcc -dumpmachine)
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
