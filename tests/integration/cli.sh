#!/bin/bash
# cli.sh - bad input: one line that says what is wrong, the exit status of the manual, nothing left.
. "$(dirname "$0")/lib.sh"
farm_begin
tree=$work/tree
mkdir "$tree"
echo 'int x;' >"$tree/x.c"

# refuses STATUS TEXT COMMAND...: exits so, with one line on stderr that has TEXT in it
refuses() {
	local want=$1 text=$2 status
	shift 2
	timeout 20 "$@" >"$work/refuse.out" 2>"$work/refuse.err" </dev/null
	status=$?
	[ $status = "$want" ] || fail "$* exits with $status, not $want: $(cat "$work/refuse.err")"
	[ "$(wc -l <"$work/refuse.err")" = 1 ] || fail "$* says: $(cat "$work/refuse.err")"
	grep -qF -- "$text" "$work/refuse.err" ||
		fail "$* does not speak of '$text': $(cat "$work/refuse.err")"
	nothing_left
}

# builds TEXT OPTION...: the build goes on, and one line of farmmake's speaks of TEXT
builds() {
	local text=$1
	shift
	rm -f "$tree/x.o"
	timeout 60 "$@" -C "$tree" x.o >"$work/build.out" 2>"$work/build.err" </dev/null ||
		fail "$*: the build failed"
	[ -s "$tree/x.o" ] || fail "$*: no object"
	[ -z "$text" ] || [ "$(grep '^farmmake: ' "$work/build.err" | grep -cF -- "$text")" = 1 ] ||
		fail "$*: no single line about '$text'"
}

# key files
new_key "$work/open.key"
chmod 644 "$work/open.key"
(umask 077 && head -c 40 "$key" >"$work/short.key")
(umask 077 && : >"$work/empty.key")
for name in none:'No such file' short:'not a farmmake key' empty:'not a farmmake key' open:'chmod 600'; do
	file=$work/${name%%:*}.key
	refuses 3 "${name#*:}" "$farmmake" --farm-key "$file" -C "$tree"
	refuses 3 "${name#*:}" "$farmnode" --key "$file" --interface lo --listen 127.0.0.1:0 --no-beacon
done

# options
refuses 2 --farm-prot "$farmmake" --farm-prot 1
refuses 2 --farm-port "$farmmake" --farm-port
refuses 2 70000 "$farmmake" --farm-port 70000
refuses 2 --solts "$farmnode" --solts 2
refuses 2 none "$farmnode" --slots none
refuses 2 "'lots'" "$farmnode" --log-level lots
FARMMAKE_PROT=1 refuses 2 FARMMAKE_PROT "$farmmake"

# farm.json
json() {
	echo "$1" >"$work/farm.json"
}
config=("$farmmake" --farm-config "$work/farm.json" -C "$tree")
json '{"port": 1,'
refuses 2 "$work/farm.json:" "${config[@]}"
json '{
	"prot": 3
}'
refuses 2 "$work/farm.json:2: " "${config[@]}"
json '{"port": "many"}'
refuses 2 "$work/farm.json:1: port" "${config[@]}"
json '{"port": 99999}'
refuses 2 65535 "${config[@]}"
rm "$work/farm.json"
refuses 2 "$work/farm.json" "${config[@]}"

# make itself
refuses 4 /nonsuch/make "$farmmake" "${farm_options[@]}" --farm-make /nonsuch/make -C "$tree"

# a TCP port that is taken
start_node first --listen 127.0.0.1:"$(free_port tcp)"
wait_node first
taken=$(cat "$work/first.port")
refuses 4 "$taken" "$farmnode" --key "$key" --state-dir "$work/second.state" --interface lo \
	--listen "127.0.0.1:$taken" --no-beacon

# a node of another farm
new_key "$work/other.key"
alone=(--farm-no-discovery --farm-interface lo --farm-report "$report")
builds "another farm key" "$farmmake" "${alone[@]}" --farm-key "$work/other.key" \
	--farm-node "127.0.0.1:$taken"
# its beacons are worth nothing either
builds "" "$farmmake" --farm-key "$work/other.key" --farm-interface lo --farm-port "$port" \
	--farm-report "$report"
[ "$(in_report .summary.remote)" = 0 ] || fail "a node with another key had work"
stop_node first || fail "farmnode exits with $?"

# a node of another version: a greeting of 74 bytes and no TLS
perl -MIO::Socket::INET -e '
	my $l = IO::Socket::INET->new(Listen => 8, LocalAddr => "127.0.0.1") or die;
	open my $f, ">", $ARGV[0] or die; print $f $l->sockport, "\n"; close $f;
	while (my $c = $l->accept) { print $c pack("a4na4a64", "FARM", 99, "abcd", "future"); sleep 1 }
' "$work/future.port" &
node_pid[future]=$!
wait_for 10 test -s "$work/future.port" || fail "the other version does not listen"
builds "another protocol version" "$farmmake" "${alone[@]}" --farm-key "$key" \
	--farm-node "127.0.0.1:$(cat "$work/future.port")"
kill "${node_pid[future]}"
# nobody there, and a name that does not exist
builds "127.0.0.1:1" "$farmmake" "${alone[@]}" --farm-key "$key" --farm-node 127.0.0.1:1

# a report that cannot be written is said at the start and costs nothing
builds /nonsuch/report "$farmmake" "${alone[@]}" --farm-key "$key" --farm-report /nonsuch/report.json
head -n 1 "$work/build.err" | grep -q /nonsuch/report || fail "the report's path is not said first"

# a full disk: the build goes on, here
if unshare -m true 2>/dev/null; then
	mkdir "$work/full"
	rm -f "$tree/x.o"
	timeout 60 unshare -m sh -c '
		mount -t tmpfs -o size=64k none "$0/full"
		cat /dev/zero >"$0/full/zeros" 2>/dev/null
		TMPDIR=$0/full XDG_RUNTIME_DIR=$0/full exec "$@"
	' "$work" "$farmmake" "${alone[@]}" --farm-key "$key" -C "$tree" x.o CFLAGS=-pipe \
		>"$work/full.out" 2>"$work/full.err" </dev/null ||
		fail "TMPDIR full: $(cat "$work/full.err")"
	[ -s "$tree/x.o" ] || fail "TMPDIR full: no object"
	[ -z "$(find "$work/full" -mindepth 1)" ] || fail "TMPDIR full: something is left"
else
	note "no mount namespace: a full TMPDIR is not tried"
fi

# farmctl
refuses 2 nonsuch "$farmctl" nonsuch
refuses 1 report.json "$farmctl" report
echo '{"schema": "other"}' >"$work/no-report"
if "$farmctl" report "$work/no-report" >/dev/null 2>"$work/ctl.err"; then
	fail "farmctl takes anything for a report"
fi
[ "$(wc -l <"$work/ctl.err")" = 1 ] || fail "farmctl report says: $(cat "$work/ctl.err")"
"$farmctl" report "$report" | grep -q . || fail "farmctl report says nothing"
