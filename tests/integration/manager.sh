# shellcheck shell=bash
# manager.sh - a systemd of a test's own: process 1 of namespaces that have a file system of the test's choice, and no
# network but lo.  Sourced behind lib.sh, before farm_begin.
#
#   manager_begin           farm_begin; skips where no systemd can be had so; at the end, it is gone
#   manager_boot LINES      starts it; LINES of bash, run in the namespaces, leave a root at $root
#   inside COMMAND...       runs there, as root
#   of_unit PROPERTY        of farmnode.service, as that systemd sees it
#
# It cannot change the machine: /proc/sys and /sys are read-only, it has no generators and starts nothing but the journal
# and what the test asks for, and may not set the clock or load modules.

manager=(unshare --mount --pid --net --uts --ipc --cgroup --fork --kill-child)

manager_begin() {
	[ "$(id -u)" = 0 ] || skip "only for root"
	"${manager[@]}" true 2>/dev/null || skip "no namespaces"
	local hierarchy
	hierarchy=$(findmnt -n -t cgroup2 -o TARGET | head -n 1)
	[ -n "$hierarchy" ] || skip "no cgroup2"
	farm_begin
	# A control group of its own: systemd makes others below.
	own=$hierarchy$(sed -n 's/^0:://p' /proc/self/cgroup)/${work##*/}
	trap manager_end EXIT
	mkdir "$own" || skip "no control group can be made"
}

manager_end() {
	local status=$?
	if [ -n "${node_pid[manager]:-}" ]; then
		kill -KILL "${node_pid[manager]}" 2>/dev/null
		wait "${node_pid[manager]}" 2>/dev/null
	fi
	[ ! -d "$own" ] || wait_for 5 manager_remove_groups || echo "FAIL: $own is left" >&2
	(exit $status)
	farm_end
}

manager_remove_groups() {
	find "$own" -depth -type d -exec rmdir {} \; 2>/dev/null
	[ ! -d "$own" ]
}

manager_boot() {
	cat >"$work/boot" <<-END
		#!/bin/bash
		set -e
		mount --make-rprivate /
		root=
		$1
		cd \$root
		rm -rf etc/systemd/system/*.{wants,requires} usr/lib/systemd/system/*.{wants,requires} usr/lib/systemd/system-generators
		: >etc/machine-id
		printf '[Unit]\nRequires=systemd-journald.service\n' >etc/systemd/system/test.target
		mount -t proc proc proc
		mount --bind proc/sys proc/sys && mount -o remount,bind,ro proc/sys
		mount -t sysfs -o ro sysfs sys
		mount -t cgroup2 cgroup2 sys/fs/cgroup
		mount -t tmpfs -o mode=755 dev dev
		mkdir dev/shm dev/pts
		for name in null zero full random urandom tty; do
			touch dev/\$name && mount --bind /dev/\$name dev/\$name
		done
		mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
		ln -s pts/ptmx dev/ptmx
		ln -s /proc/self/fd dev/fd
		mount -t tmpfs -o mode=755 run run
		mount -t tmpfs -o mode=1777 tmp tmp
		echo served >etc/hostname
		ip link set lo up
		mkdir old && pivot_root . old && cd / && umount -l old && rmdir old
		mount --make-rshared / # credentials are mounted, and have to arrive
		exec setpriv --bounding-set=-sys_time,-sys_module,-sys_rawio,-sys_boot env -i container=test \\
			PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --unit=test.target --log-target=journal
	END
	cat >"$work/join" <<-END
		#!/bin/sh
		echo \$\$ >$own/cgroup.procs && exec "\$@"
	END
	chmod 755 "$work/boot" "$work/join"
	"$work/join" "${manager[@]}" "$work/boot" >"$work/boot.log" 2>&1 </dev/null &
	node_pid[manager]=$!
	wait_for 60 manager_runs || skip "systemd does not start in namespaces here: $(tail -n 1 "$work/boot.log")"
}

manager_runs() {
	inside systemctl is-system-running 2>/dev/null | grep -qE 'running|degraded'
}

inside() {
	timeout "${inside_limit_s:-120}" nsenter -t "$(pgrep -P "${node_pid[manager]}")" -m -p -n -u -i -C \
		env -i HOME=/root LC_ALL=C PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin "$@"
}

of_unit() {
	inside systemctl show -P "$1" farmnode
}
