#!/bin/bash
# jail.sh - the ladder of the jail's levels: on a machine that lacks this or that, a node finds out by
# trying what its jail is worth, says so in its log, to clients and to farmctl, compiles the same
# objects, or does not start.
. "$(dirname "$0")/lib.sh"
farm_begin
lacking=$build/tests/integration/lacking
chmod 1777 "$work" # a node may run as nobody

as_nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs --bounding-set=-all)

# wrap COMMAND...: from now on start_node runs farmnode by it
wrap() {
	cat >"$work/wrapped" <<-END
		#!/bin/sh
		exec $* "$build/src/farmnode/farmnode" "\$@" --key "$node_key" --state-dir "$node_state"
	END
	chmod 755 "$work/wrapped"
	farmnode=$work/wrapped
}

# compile NAME INPUT...: the object comes back as $work/1.o
compile() {
	local name=$1
	shift
	rm -f "$work/1.o"
	timeout 60 "$build/tests/integration/node_client" --key "$key" \
		--node "127.0.0.1:$(cat "$work/$name.port")" --target "$(gcc -dumpmachine) $(gcc -dumpfullversion)" \
		--cwd "$work/project" --flag -O2 --flag -g --store "$work" "$@"
}

# starts LEVEL WORDS NAME [OPTION...]: it does, at this level, says so, and its objects are right
starts() {
	local level=$1 words=$2 name=$3 seen
	shift 3
	start_node "$name" "$@"
	wait_node "$name"
	grep -qE "jail level $level$words" "$work/$name.log" ||
		fail "$name: no level $level$words, but: $(grep 'level' "$work/$name.log")"
	"$farmctl" nodes --key "$key" --interface lo --port "$port" --wait 0.9 >"$work/table" 2>&1 &
	"$farmctl" nodes --key "$key" --interface lo --port "$port" --wait 0.9 --json >"$work/json"
	wait $!
	seen=$(awk -v name="$name" '$1 == name { print $5 }' "$work/table")
	[ "$seen" = "$level" ] || fail "farmctl nodes shows level '$seen': $(cat "$work/table")"
	seen=$(jq -r ".nodes[] | select(.name == \"$name\") | .jail" "$work/json")
	[ "$seen" = "$level" ] || fail "farmctl nodes --json shows level '$seen'"
	compile "$name" "$work/project/test.c" >"$work/client" 2>&1 || fail "$name: $(cat "$work/client")"
	grep -q "^welcome $name .* level $level " "$work/client" || fail "$name: $(cat "$work/client")"
	cmp "$work/project/test.o" "$work/1.o" || fail "$name: another object"
	compile "$name" --view "$work/view" >"$work/client" 2>&1 || fail "$name: a view: $(cat "$work/client")"
	cmp "$work/project/test.o" "$work/1.o" || fail "$name: another object of a view"
	note "$name: $(sed -n 's/.*: \(jail level.*\)/\1/p;q' "$work/$name.log")"
	stop_node "$name"
}

# refuses STATUS WORDS NAME [OPTION...]: the node ends so
refuses() {
	local want=$1 words=$2 name=$3 status
	shift 3
	start_node "$name" "$@"
	wait_for 60 eval "! kill -0 ${node_pid[$name]} 2>/dev/null" || fail "$name did not end"
	wait "${node_pid[$name]}"
	status=$?
	unset "node_pid[$name]"
	[ $status = "$want" ] || fail "$name ended with $status: $(cat "$work/$name.log")"
	grep -qF -- "$words" "$work/$name.log" || fail "'$words' is not said: $(cat "$work/$name.log")"
	note "$name: $(tail -n 1 "$work/$name.log")"
}

mkdir "$work/project"
mkdir -m 1777 "$work/views" # of nodes that are root, and that are not
printf 'file %s 1 @%s\n' "$work/project/test.c" "$work/project/test.c" >"$work/view"
cat >"$work/project/test.c" <<'END'
const char *file(void) { return __FILE__; }
int line(int x) { return x + __LINE__; }
END
(cd "$work/project" && gcc -O2 -g -c test.c -o test.o) || fail "the source does not compile"

node_key=$key node_state=$work/state
wrap
start_node all
wait_node all
top_level=$(sed -n 's/.*listens on.*jail level \([0-9]\).*/\1/p' "$work/all.log")
stop_node all
[ "$top_level" -ge 2 ] || fail "a node starts at level $top_level"
starts "$top_level" '; limits by' all
wrap "$lacking" landlock
starts 2 ';' no-landlock
# measured by such a kernel, too
rm -rf "$work/state"
wrap "$lacking" young
starts 2 ';' linux-4.4

if [ "$(id -u)" = 0 ]; then
	wrap "$lacking" users
	starts "$top_level" ', namespaces by root;' no-users
	wrap "$lacking" users,young
	starts 2 ', namespaces by root;' linux-4.4-no-users
	node_key=$work/nobody-key node_state=$work/nobody-state
	cp "$key" "$node_key" && chown 65534 "$node_key"
	if setpriv --reuid 65534 test -x "$build/src/farmnode/farmnode"; then
		wrap "${as_nobody[@]}"
		starts "$top_level" ';' unprivileged
		wrap "${as_nobody[@]}" "$lacking" users
		refuses 5 'allow user namespaces, or run farmnode as root' unprivileged-no-users
	else
		note "SKIP: unprivileged: the build tree is closed to nobody"
	fi
	node_key=$key node_state=$work/state
else
	note "SKIP: no-users: only root makes namespaces without user namespaces"
	wrap "$lacking" users
	refuses 5 'allow user namespaces, or run farmnode as root' no-users
fi

wrap "$lacking" namespaces
refuses 5 "no job has its client's directory" no-namespaces --insecure-no-jail
wrap "$lacking" seccomp
refuses 5 '--insecure-no-jail starts all the same' no-seccomp
starts 0 ': jobs can open sockets, make any system call' no-jail --insecure-no-jail
nothing_left
