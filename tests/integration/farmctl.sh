#!/bin/bash
# farmctl.sh - keys, nodes and reports: what farmctl(1) says of output, error lines and exit statuses.
. "$(dirname "$0")/lib.sh"
farm_begin

# ctl STATUS ARGUMENT...: farmctl exits so; a failure is one line on stderr, a success none
ctl() {
	local want=$1 lines=1 status
	shift
	timeout 60 "$farmctl" "$@" >"$work/out" 2>"$work/ctl.err" </dev/null
	status=$?
	[ $status = "$want" ] || fail "farmctl $* exits with $status, not $want: $(cat "$work/ctl.err")"
	[ "$want" = 0 ] && lines=0
	[ "${lines_on_stderr:-$lines}" = "$(wc -l <"$work/ctl.err")" ] ||
		fail "farmctl $* says: $(cat "$work/ctl.err")"
}

# says TEXT: stderr of the last one; prints ERE: a line of its stdout
says() {
	grep -qF -- "$1" "$work/ctl.err" || fail "'$1' is not said, but: $(cat "$work/ctl.err")"
}
prints() {
	grep -qE -- "$1" "$work/out" || fail "'$1' is not printed, but: $(cat "$work/out")"
}

usage() { # ARGUMENT...: wrong usage, which is explained
	lines_on_stderr=$(timeout 20 "$farmctl" "$@" 2>&1 >/dev/null </dev/null | wc -l)
	[ "$lines_on_stderr" -gt 0 ] || fail "farmctl $* is not explained"
	ctl 2 "$@"
	unset lines_on_stderr
	says "usage: farmctl"
}

# --- itself
usage
ctl 0 --help
prints 'usage: farmctl'
ctl 0 --version
prints '^farmctl [0-9]'
ctl 2 nonsuch
says "no such verb: nonsuch"

# --- keys
usage key
usage key nonsuch
usage key new a b
usage key show-id a b
usage key node
usage key node a b c
usage key rotate a b
usage key retire a b

default=$XDG_CONFIG_HOME/farmmake/key
ctl 3 key show-id
says "$default"
ctl 0 key new
id=$(cat "$work/out")
[[ $id =~ ^[0-9a-f]{8}$ ]] || fail "a key's id is not '$id'"
[ "$(stat -c %a "$default")" = 600 ] || fail "a key of mode $(stat -c %a "$default")"
grep -qxE 'farmmake-key-1 farm [0-9a-f]{64}' "$default" || fail "the key file is another one"
cp -p "$default" "$work/before"
ctl 3 key new
says "$default"
cmp -s "$default" "$work/before" || fail "a key that was there was touched"
ctl 0 key show-id
prints "^$id\$"
[ "$(perl -lane 'print pack("a*xH*", "farmmake/1 key id", $F[2])' "$default" | head -c -1 |
	sha256sum | cut -c 1-8)" = "$id" ] || fail "the id is not that of the protocol"

ctl 0 key new "$work/new/dir/key"
[ "$(cat "$work/out")" != "$id" ] || fail "two new keys are the same"
ctl 3 key new /proc/nonsuch/key
says /proc/nonsuch/key
ctl 3 key show-id "$work/nonsuch"
says "$work/nonsuch"
chmod 644 "$work/before"
ctl 3 key show-id "$work/before"
says "chmod 600"

ctl 0 key node board1
prints "^farmmake-key-1 node board1 $id [0-9a-f]{64}\$"
(umask 077 && cp "$work/out" "$work/board1.key")
ctl 0 key node board1 "$default"
cmp -s "$work/out" "$work/board1.key" || fail "a node's key is not always the same"
ctl 0 key node board2
cmp -s "$work/out" "$work/board1.key" && fail "two nodes have the same key"
ctl 0 key show-id "$work/board1.key"
prints "^$id\$"
ctl 3 key node board2 "$work/board1.key"
says "board1"
for name in '' -x .x 'a b' a/b "$(printf 'x%.0s' {1..64})"; do
	ctl 2 key node "$name"
	says "a node's name is"
done
ctl 0 key node _a.b-C9

# a change of keys: rotate, then retire, never the one or the other twice
cp -p "$default" "$work/ring"
ctl 3 key retire "$work/ring"
says "no old key"
cmp -s "$work/ring" "$default" || fail "a change that was refused changed the file"
ln -s ring "$work/link"
ctl 0 key rotate "$work/link"
prints '^[0-9a-f]{8}$'
prints "^$id old\$"
new_id=$(head -n 1 "$work/out")
[ -L "$work/link" ] || fail "the link to a key file is gone"
[ "$(stat -c %a "$work/ring")" = 600 ] || fail "a key of mode $(stat -c %a "$work/ring")"
[ "$(sed -n 2p "$work/ring")" = "$(cat "$default")" ] || fail "the old key is not beside the new"
cp -p "$work/ring" "$work/before2"
ctl 3 key rotate "$work/ring"
says "under way"
cmp -s "$work/ring" "$work/before2" || fail "a change that was refused changed the file"
ctl 0 key show-id "$work/ring"
[ "$(xargs <"$work/out")" = "$new_id $id old" ] || fail "the ids are $(xargs <"$work/out")"
ctl 0 key node board1 "$work/ring"
prints "^farmmake-key-1 node board1 $new_id [0-9a-f]{64}\$"
[ "$(tail -n 1 "$work/out")" = "$(cat "$work/board1.key")" ] || fail "the board's old key is another"
(umask 077 && cp "$work/out" "$work/board1.ring")
ctl 3 key rotate "$work/board1.key"
says "board1"
ctl 0 key retire "$work/board1.ring"
[ "$(cat "$work/out")" = "$new_id" ] || fail "what is left is $(cat "$work/out")"
ctl 0 key retire "$work/ring"
[ "$(cat "$work/out")" = "$new_id" ] || fail "what is left is $(cat "$work/out")"
[ "$(wc -l <"$work/ring")" = 1 ] || fail "the old key is still there"
ctl 3 key rotate "$work/nonsuch"
says "$work/nonsuch"
ctl 3 key retire /proc/self/environ
[ -z "$(find "$work" -name '*.next')" ] || fail "a half of a change is left behind"

# --- nodes: four of them, one of which is usable
listen=(--key "$key" --interface lo --port "$port")
ctl 2 nodes --nonsuch
ctl 2 nodes --wait soon "${listen[@]}"
says "bad value: soon"
ctl 2 nodes --port 0
ctl 2 nodes --interface nonsuch0
says nonsuch0
ctl 2 nodes nonsuch
ctl 3 nodes --key "$work/nonsuch"
says "$work/nonsuch"
ctl 1 nodes --wait 0.1 "${listen[@]}"
says "no node was heard in 0.1 s"
ctl 0 nodes --help
prints '^usage: farmctl nodes'

# a compiler that nobody else has, and one for this machine that is the first node's
mkdir "$work/none"
ln -s "$(command -v rm)" "$work/none" # start_node's
chmod 711 "$work"
odd_compiler "$work/odd/bin"
[ -x /usr/bin/gcc ] || skip "no /usr/bin/gcc"

new_key "$work/other.key"
start_node good --slots 3 --preload 5
start_node stranger --key "$work/other.key"
PATH=$work/odd/bin:$work/none start_node odd --slots 1
PATH=$work/none start_node bare
for name in good stranger odd bare; do
	wait_node $name
done
other_id=$("$farmctl" key show-id "$work/other.key")
start_future

ctl 0 nodes --wait 2 --json "${listen[@]}"
# node NAME FILTER: what jq finds for it
node() {
	jq -r --arg name "$1" ".nodes[] | select(.name == \$name) | $2" "$work/out"
}
is() { # NAME FILTER VALUE
	[ "$(node "$1" "$2")" = "$3" ] || fail "$1: $2 is '$(node "$1" "$2")', not '$3'"
}
[ "$(jq -r .schema "$work/out")" = farmmake-nodes/1 ] || fail "another schema"
[ "$(jq -r '[.nodes[].name] | join(" ")' "$work/out")" = "bare future good odd stranger" ] ||
	fail "not these nodes: $(jq -r '.nodes[].name' "$work/out" | xargs)"
is good .usable true
is good .address "127.0.0.1:$(cat "$work/good.port")"
is good '"\(.slots) \(.preload) \(.free) \(.queued) \(.reason)"' "3 5 3 0 null"
is good '[.toolchains[] | select(.local)] | length > 0' true
is good '[.toolchains[] | select(.native)] | length > 0' "$(knows_native && echo true || echo false)"
is odd .usable false
is odd '.reason | test("no toolchain that a local compiler matches")' true
is odd '"\(.slots) \([.toolchains[].local] | any)"' "1 false"
is bare .reason "has no toolchain"
is stranger .usable false
is stranger ".reason | test(\"another farm key.*$other_id\")" true
is stranger .slots null
is future '.reason | test("version 99, this is 3")' true
note "$(jq -r '.nodes[] | "\(.name): \(.reason // "usable")"' "$work/out" | paste -sd ';')"

ctl 0 nodes --wait 2 "${listen[@]}"
prints '^NAME +ADDRESS +SLOTS +FREE +JAIL +TOOLCHAINS$'
prints "^good +127\.0\.0\.1:$(cat "$work/good.port") +3 +3 +[23] +gcc "
prints '^odd .*\(no local compiler is the same\)'
prints '^ *unusable: no toolchain that a local compiler matches$'
prints "^stranger .*unusable: .*$other_id"
prints '^future .*unusable: speaks protocol version 99'

# none is usable: the answer is no, and they are shown nevertheless
for name in good future; do
	stop_node $name
done
lines_on_stderr=0 ctl 1 nodes --wait 1.5 "${listen[@]}"
prints '^odd '
# one that is only known by name, and one that is not there
lines_on_stderr=0 ctl 1 nodes --wait 0 "${listen[@]}" --node "127.0.0.1:$(cat "$work/odd.port")" \
	--node 127.0.0.1:1
prints '^odd .* - .*no local compiler'
prints '^\? +127\.0\.0\.1:1 .*unusable: cannot connect'
ctl 2 nodes "${listen[@]}" --node 127.0.0.1:port
says 127.0.0.1:port

# --- reports
ctl 1 report
says "report.json"
usage report a b
usage report --pdf x
ctl 1 report "$work/nonsuch"
says "$work/nonsuch"
echo '{"schema": "other"}' >"$work/no-report"
ctl 1 report "$work/no-report"
says "not a report"
mkdir "$work/tree"
echo 'int x;' >"$work/tree/x.c"
farm -s -C "$work/tree" x.o >"$work/build.out" 2>"$work/build.err" || fail "the build failed"
ctl 0 report "$report"
prints '^1 file in .*; exit status 0$'
prints '^ +here +1, '
"$farmctl" report "$report" >/dev/full 2>"$work/ctl.err" && fail "a full disk is no failure"
says "cannot write"
nothing_left
