#!/bin/bash
# doctor.sh - farmctl doctor finds what is wrong, one staged fault after the other, and names the cure.
. "$(dirname "$0")/lib.sh"
farm_begin
lacking=$build/tests/integration/lacking
mkdir "$work/cwd" && cd "$work/cwd" || exit 1
settings=(--farm-key "$key" --farm-interface lo --farm-port "$port")
faults=0

doctor() {
	timeout 60 env PATH="${doctor_path:-$PATH}" "$farmctl" doctor --wait 1.2 "$@" >"$work/out" 2>"$work/ctl.err"
}

# finds LEVEL SUBJECT WORDS CURE: in one line and the next
finds() {
	grep -A1 -E "^$1 +$2 .*$3" "$work/out" | grep -qE -- "-> .*$4" ||
		fail "no $1 about $2, '$3', '$4': $(cat "$work/out" "$work/ctl.err")"
	faults=$((faults + 1))
	note "$(grep -m 1 -E "^$1 +$2 .*$3" "$work/out" | tr -s ' ' | cut -c 1-110)"
}

# sick LEVEL SUBJECT WORDS CURE ARGUMENT...: and the exit status says so
sick() {
	local level=$1 subject=$2 words=$3 cure=$4
	shift 4
	doctor "$@"
	local status=$?
	[ "$level" = warning ] || [ $status = 1 ] || fail "status $status with an error: $(cat "$work/out")"
	finds "$level" "$subject" "$words" "$cure"
}

start_node good --slots 2
wait_node good
measure_cc

# --- nothing is wrong
doctor "${settings[@]}" || fail "a sound farm: $(cat "$work/out" "$work/ctl.err")"
grep -qE '^(warning|error) ' "$work/out" && fail "a sound farm: $(cat "$work/out")"
for subject in settings key make compilers TMPDIR limits clock interfaces beacons 'own node' nodes toolchains processors jails MTU; do
	grep -qE "^ok +$subject " "$work/out" || fail "nothing about $subject: $(cat "$work/out")"
done

# --- this machine
sick error key 'No such file' 'farmctl key new' --farm-key "$work/nonsuch" --farm-interface lo
cp "$key" "$work/open.key" && chmod 644 "$work/open.key"
sick error key 'open.key' 'chmod 600' --farm-key "$work/open.key" --farm-interface lo
"$farmctl" key node good "$key" >"$work/node.key" && chmod 600 "$work/node.key"
sick error key "a node's key" 'the farm.s key' --farm-key "$work/node.key" --farm-interface lo
cp "$key" "$work/two.key" && chmod 600 "$work/two.key" && "$farmctl" key rotate "$work/two.key" >/dev/null
sick warning key 'two keys' 'farmctl key retire' --farm-key "$work/two.key" --farm-interface lo --farm-port "$port"
mkdir -p "$XDG_CONFIG_HOME/farmmake"
printf '{\n"port": 1,\n"slots": }\n' >"$XDG_CONFIG_HOME/farmmake/farm.json"
sick error settings 'farm.json:3' 'farm.json\(5\)' "${settings[@]}"
rm "$XDG_CONFIG_HOME/farmmake/farm.json"
sick error make 'is not GNU make' 'install GNU make' "${settings[@]}" --farm-make /bin/true
long=$work/$(printf 'long%.0s' $(seq 25)) && mkdir "$long"
XDG_RUNTIME_DIR=$long sick error TMPDIR 'too long' 'XDG_RUNTIME_DIR or TMPDIR' "${settings[@]}"
(ulimit -Sn 512 && ulimit -Hn 512 && sick warning limits '512 open files' 'ulimit -Hn' "${settings[@]}") || exit 1
doctor_path=$work/none sick error compilers 'neither gcc nor cc' 'install gcc' "${settings[@]}" --farm-make "$(command -v make)"

# --- the farm
sick error beacons 'none on UDP port' 'firewall' --farm-key "$key" --farm-interface lo --farm-port "$(free_port udp)"
finds warning 'own node' 'do not go out' 'UDP 3634 out'
sick error interfaces 'there is no nonsuch0' 'ip link' --farm-key "$key" --farm-interface nonsuch0 --farm-port "$port"
sick error node '127.0.0.1:1.*cannot connect' 'TCP 3634' "${settings[@]}" --farm-node 127.0.0.1:1
sick error nodes 'no such address' 'HOST:PORT' "${settings[@]}" --farm-node 127.0.0.1:many
new_key "$work/other.key"
start_node stranger --key "$work/other.key"
mkdir "$work/none"
ln -s "$(command -v rm)" "$work/none" # start_node's
odd_compiler "$work/odd/bin"
PATH=$work/odd/bin:$work/none start_node odd --slots 1
PATH=$work/none start_node bare
printf '#!/bin/sh\nexec %s landlock "%s" "$@"\n' "$lacking" "$farmnode" >"$work/weaker"
chmod 755 "$work/weaker"
farmnode=$work/weaker start_node weak --slots 1
for name in stranger odd bare weak; do
	wait_node $name
done
start_future
sick error node 'stranger .*another farm key' 'farmctl key node' "${settings[@]}"
finds error node 'future .*version 99' 'same version of farmmake'
finds error node 'bare .*has no toolchain' 'install gcc there'
finds error toolchain 'odd: gcc .*defaults [0-9a-f]+ there, [0-9a-f]+ here' 'same compiler package'
finds warning jail 'weak: level 2 of 3' 'Landlock'
grep -qE '^ok +nodes +2 of 6 can be used, with 3 slots' "$work/out" || fail "the others can be used: $(cat "$work/out")"
note "$faults faults found, with their cures"

for arguments in --wait '--wait soon' '--nonsense' 'word'; do
	# shellcheck disable=SC2086  # words
	"$farmctl" doctor $arguments >/dev/null 2>&1
	[ $? = 2 ] || fail "doctor $arguments: status $?"
done
"$farmctl" doctor --help | grep -q '^usage' || fail "no help"
[ -z "$(ls -A "$work/cwd")" ] || fail "something is left: $(ls "$work/cwd")"
