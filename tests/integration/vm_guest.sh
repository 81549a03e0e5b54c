# The first program of vm.sh's machine. Everything worth hearing begins with "guest: ".
export PATH=/usr/bin:/bin HOME=/root
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/shm
mount -t tmpfs shm /dev/shm
mount -t cgroup2 groups /sys/fs/cgroup
chmod 666 /dev/null
chmod 1777 /tmp /var/tmp
ip link set lo up
cp /root/key /tmp/nobody-key
chown 65534 /tmp/nobody-key
chmod 600 /tmp/nobody-key /root/key

# node NAME KEY COMMAND...: a node that is run by this command, until it listens or ends
node() {
	name=$1 key=$2
	shift 2
	rm -f /tmp/ready
	PATH=/nowhere /usr/bin/env -i "$@" "$build/src/farmnode/farmnode" --listen 127.0.0.1:0 --interface lo \
		--no-beacon --name guest --key "$key" --state-dir /tmp/state >/tmp/ready 2>/tmp/log &
	pid=$!
	tries=0
	while ! [ -s /tmp/ready ] && kill -0 $pid 2>/dev/null && [ $tries -lt 600 ]; do
		sleep 0.2
		tries=$((tries + 1))
	done
	sed "s/^/guest: $name: /" /tmp/log | grep -v 'no compiler'
	kill $pid 2>/dev/null
	wait $pid
	left=$(find /sys/fs/cgroup -name 'farmnode.*')
	echo "guest: $name: ${left:-nothing} left"
}

nobody="/usr/bin/setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs --bounding-set=-all"
node root /root/key

groups=/sys/fs/cgroup
mkdir $groups/farm
echo '+memory +pids' >$groups/cgroup.subtree_control
chown 65534 $groups/farm $groups/farm/cgroup.procs $groups/farm/cgroup.subtree_control
# shellcheck disable=SC2086  # a command and its words
node delegated /tmp/nobody-key /bin/sh -c "echo 0 >$groups/farm/cgroup.procs; exec $nobody \"\$@\"" x
# shellcheck disable=SC2086
node 'not delegated' /tmp/nobody-key $nobody

export FARMMAKE_HELPER_DIR="$build/src"
"$build/tests/io/test_jail_hostile" --tap=- --filter 'jail_hostile/control_groups*' 2>&1 |
	sed -n 's/^\(not \)*ok/guest: tests of groups: &/p'

echo 0 >/proc/sys/user/max_user_namespaces
node 'no user namespaces, root' /root/key
# shellcheck disable=SC2086
node 'no user namespaces, nobody' /tmp/nobody-key $nobody
echo "guest: the end"
poweroff -f
