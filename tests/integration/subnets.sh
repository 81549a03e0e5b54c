#!/bin/bash
# subnets.sh - a router between client and node: no beacon comes through, but by the three ways of doc/farm.md.
. "$(dirname "$0")/lib.sh"
[ -n "${FARMMAKE_TEST_LONG:-}" ] || skip "takes long (FARMMAKE_TEST_LONG=1 or run.sh --long)"
[ "$(id -u)" = 0 ] || skip "only for root"
if [ -z "${FARMMAKE_TEST_SUBNETS:-}" ]; then
	unshare --mount --net true 2>/dev/null || skip "no network namespaces"
	FARMMAKE_TEST_SUBNETS=inside exec unshare --mount --net "$0"
fi
farm_begin
mkdir -p /run/netns && mount --make-rprivate / && mount -t tmpfs netns /run/netns || skip "no mounts"

# client 10.1.0.2 - 10.1.0.1 router 10.2.0.1 - 10.2.0.2 node
for name in client router node; do
	ip netns add $name && ip -n $name link set lo up || fail "no network namespace"
done
lay() { # HOST NETWORK INTERFACE: a cable from the host to the router
	ip -n "$1" link add eth0 type veth peer name "$3" netns router
	ip -n "$1" addr add "10.$2.0.2/24" brd + dev eth0 && ip -n router addr add "10.$2.0.1/24" dev "$3"
	ip -n "$1" link set eth0 up && ip -n router link set "$3" up
	ip -n "$1" route add default via "10.$2.0.1"
}
routes() { # SETTING...: of the router
	ip netns exec router sysctl -qw "$@"
}
lay client 1 west && lay node 2 east && routes net.ipv4.ip_forward=1 || fail "no network"

"$farmctl" key node far "$key" >"$work/node.key" && chmod 600 "$work/node.key"
# with_node OPTION...: a node there, in the place of the last one
with_node() {
	[ -z "${node_pid[far]:-}" ] || stop_node far
	rm -f "$work/far.port"
	ip netns exec node "$farmnode" --key "$work/node.key" --state-dir "$work/state" --port-file "$work/far.port" "$@" \
		>>"$work/far.log" 2>&1 </dev/null &
	node_pid[far]=$!
	wait_node far
}
# finds OPTION...: whether the client finds a node that it can use
finds() {
	ip netns exec client "$farmctl" nodes --json --wait 2 --key "$key" "$@" >"$work/nodes.json" 2>"$work/nodes.err" &&
		jq -e '.nodes[] | select(.name == "far")' "$work/nodes.json" >/dev/null
}
with_node
! finds || fail "a beacon crossed the router"
finds --node 10.2.0.2 || fail "--node does not find it: $(cat "$work/nodes.err")"
note "named by the client: found"
with_node --beacon 10.1.0.2
finds || fail "a beacon to the client does not reach it"
note "the client named by the node: found"
with_node --beacon 10.1.0.255
! finds || fail "the router passes broadcasts on, unasked"
routes net.ipv4.conf.{all,east,west}.bc_forwarding=1
finds || fail "a broadcast into the client's network does not reach it"
note "broadcast into the client's network: found, where the router lets it"
stop_node far
