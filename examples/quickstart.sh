#!/bin/bash
# quickstart.sh [DIR] [MAKE ARGUMENTS...] - a whole farm on one machine, for a look.
#
# Installs what the build needs, builds farmmake, starts two nodes that listen and beacon on the
# loopback interface only, and builds DIR through them; without DIR, Lua from Debian's sources, or
# where these cannot be had, the small project that lies beside this script.  The nodes are stopped
# at the end, and all that is left is the report, in a temporary directory.  BUILD is a build
# of farmmake to be used as it is, in the place of a new one in build-release.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=tests/lib/deps.sh
. "$top/tests/lib/deps.sh"

build=${BUILD:-$top/build-release}
state=$(mktemp -d "${TMPDIR:-/tmp}/farmmake-quickstart.XXXXXX")
nodes=()

# Only the report survives; without one, nothing does.
finish() {
	[ ${#nodes[@]} = 0 ] || kill "${nodes[@]}" 2>/dev/null || :
	for pid in "${nodes[@]}"; do
		wait "$pid" 2>/dev/null || :
	done
	find "$state" -mindepth 1 ! -name report.json -delete 2>/dev/null || :
	if [ -e "$state/report.json" ]; then
		# farmmake itself says this to terminals only
		[ -t 2 ] || "$build/src/farmctl/farmctl" report "$state/report.json"
		echo "The report: $state/report.json"
	else
		rmdir "$state"
	fi
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# A UDP port for beacons that nobody listens on.
free_port() {
	local port
	for port in $(shuf -i 20000-29999 -n 50); do
		[ -n "$(awk -v p="$(printf ':%04X$' "$port")" '$2 ~ p' /proc/net/udp /proc/net/udp6)" ] ||
			break
	done
	echo "$port"
}

start_node() {
	local name=$1
	"$build/src/farmnode/farmnode" --name "$name" --key "$state/key" --state-dir "$state/$name" \
		--interface lo --listen 127.0.0.1:0 --no-beacon --beacon "127.255.255.255:$port" \
		--port-file "$state/$name.port" --log-level warning &
	nodes+=($!)
}

# Nodes need a second or two to look at the compilers of this machine.
wait_for_nodes() {
	local tries=600
	until [ -s "$state/anvil.port" ] && [ -s "$state/bellows.port" ]; do
		if [ $((tries -= 1)) = 0 ] || ! kill -0 "${nodes[@]}" 2>/dev/null; then
			echo "quickstart: the nodes did not start" >&2
			exit 1
		fi
		sleep 0.1
	done
}

if [ -z "${BUILD:-}" ]; then
	deps_install "${DEPS_BUILD[@]}"
	echo "Building farmmake in ${build#"$PWD/"} ..."
	deps_build "$build" --buildtype release -Dtests=disabled
fi

if [ $# -gt 0 ]; then
	dir=$1
	shift
elif deps_install "${DEPS_SOURCE[@]}" && FARMMAKE_TEST_SOURCES=$state/sources \
	deps_source lua5.4 "$state/lua" --skip-patches; then
	dir=$state/lua
	set -- linux
else
	echo "Debian's sources are out of reach: building the project in examples/ instead."
	dir=$state/project
	cp -r "$top/examples/project" "$dir"
fi

port=$(free_port)
"$build/src/farmctl/farmctl" key new "$state/key" >/dev/null
start_node anvil
start_node bellows
wait_for_nodes

status=0
"$build/src/farmmake/farmmake" --farm-key "$state/key" --farm-interface lo --farm-port "$port" \
	--farm-report "$state/report.json" -C "$dir" "$@" || status=$?
exit $status
