#!/bin/bash
# escape.sh - a client with a valid key whose jobs want out of the node: every vector, at every level of
# the jail that this machine can have. Nothing may be read, written, run or reached outside a job.
. "$(dirname "$0")/lib.sh"
farm_begin
lacking=$build/tests/integration/lacking
world=$work/world
chmod 755 "$work"
export FARMMAKE_TEST_JOB_S=2 FARMMAKE_TEST_JOB_BYTES=$((768 << 20)) FARMMAKE_HELPER_DIR=$build/src

# What vectors would load or run: each leaves a file where anybody may write.
mkdir -p "$world/canary/bin" "$work/programs"
cp "$build/tests/io/intruder" "$work/programs/intruder"
chmod -R go+rX "$work/programs"
for program in as cc1 cc1plus collect2 ld objcopy clang; do
	printf '#!/bin/sh\n: >%s/open/ran\nexit 1\n' "$world" >"$world/canary/bin/$program"
done
chmod -R 755 "$world/canary/bin"
printf '#include <fcntl.h>\nint plugin_is_GPL_compatible;\n%s\n' \
	"__attribute__((constructor)) void f(void) { open(\"$world/open/ran\", O_CREAT | O_WRONLY, 0644); }" >"$work/plugin.c"
gcc -shared -fPIC -o "$world/canary/plugin.so" "$work/plugin.c" || fail "no plugin"

# attack LEVEL NAME "COMMAND..." [OPTION...]: the node and the jail run by this command
attack() {
	local level=$1 name=$2 command=$3
	shift 3
	printf '#!/bin/sh\nexec %s "%s" "$@"\n' "$command" "$build/src/farmnode/farmnode" >"$work/wrapped"
	chmod 755 "$work/wrapped"
	farmnode=$work/wrapped
	start_node "$name" --slots 2 --state-dir "$work/state"
	wait_node "$name"
	# shellcheck disable=SC2086  # a command and its words
	timeout 280 $command "$build/tests/integration/escape" --dir "$world" --key "$key" \
		--node "127.0.0.1:$(cat "$work/$name.port")" --intruder "$work/programs/intruder" \
		--level "$level" "$@" >"$work/table" 2>&1
	local status=$?
	sed "s/^/  $name: /" "$work/table"
	[ $status = 0 ] || fail "$name: status $status"
	kill -0 "${node_pid[$name]}" || fail "$name: the node is gone"
	stop_node "$name" || fail "$name: the node ends with status $?"
	pgrep -f "$work/programs/intruder|$world/job" >"$work/left" && fail "left: $(cat "$work/left")"
	return 0
}

start_node probe --state-dir "$work/state"
wait_node probe
level=$(sed -n 's/.*listens on.*jail level \([0-9]\).*/\1/p' "$work/probe.log")
stop_node probe
attack "$level" "level-$level" env
[ "$level" = 2 ] || attack 2 level-2 "$lacking landlock" --brief
if [ "$(id -u)" = 0 ]; then
	attack "$level" by-root "$lacking users" --brief
else
	note "SKIP: by-root: only root makes namespaces without user namespaces"
fi
