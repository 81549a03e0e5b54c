#!/bin/bash
# service_real.sh - the unit under a systemd of its own: process 1 of namespaces in which there is this
# machine's file system, whatever is written gone afterwards, and no network but lo. A build finds the node
# by its beacons there.
#
# That systemd cannot change the machine: /proc/sys and /sys are read-only, it has no generators and
# starts nothing but the journal and what the test asks for, and may not set the clock or load modules.
. "$(dirname "$0")/lib.sh"
[ -n "${FARMMAKE_TEST_LONG:-}" ] || skip "takes long (FARMMAKE_TEST_LONG=1 or run.sh --long)"
[ -n "${FARM_BUILD_PLAIN:-}" ] || skip "the unit's limits are too narrow for sanitizers"
[ "$(id -u)" = 0 ] || skip "only for root"
systemd=/lib/systemd/systemd
[ -x $systemd ] || deps_install systemd >/dev/null 2>&1 || skip "no systemd"
farm_begin
most=2.5
manager=(unshare --mount --pid --net --uts --ipc --cgroup --fork --kill-child)
"${manager[@]}" true 2>/dev/null || skip "no namespaces"

# A control group of its own, if there is a hierarchy for it: systemd makes others below.
hierarchy=$(findmnt -n -t cgroup2 -o TARGET | head -n 1)
[ -n "$hierarchy" ] || skip "no cgroup2"
own=$hierarchy$(sed -n 's/^0:://p' /proc/self/cgroup)/${work##*/}

end_all() {
	local status=$?
	if [ -n "${node_pid[manager]:-}" ]; then
		kill -KILL "${node_pid[manager]}" 2>/dev/null
		wait "${node_pid[manager]}" 2>/dev/null
	fi
	[ ! -d "$own" ] || wait_for 5 remove_groups || echo "FAIL: $own is left" >&2
	(exit $status)
	farm_end
}
remove_groups() {
	find "$own" -depth -type d -exec rmdir {} \; 2>/dev/null
	[ ! -d "$own" ]
}
trap end_all EXIT
mkdir "$own" || skip "no control group can be made"

slow_project "$work/project" 32 1
"$farmctl" key node served "$key" >"$work/node.key" || fail "no key for the node"
cat >"$work/boot" <<-END
	#!/bin/bash
	set -e
	scratch=$work/scratch root=$work/scratch/root
	mount --make-rprivate /
	mkdir \$scratch && mount -t tmpfs scratch \$scratch
	mkdir \$scratch/{upper,work,root}
	mount -t overlay overlay -o lowerdir=/,upperdir=\$scratch/upper,workdir=\$scratch/work \$root
	for name in farmmake farmctl farmnode; do
		install -D $build/src/\$name/\$name \$root/usr/local/bin/\$name
	done
	for name in farmjail farmprobe farmcc; do
		install -D $build/src/\$name/\$name \$root/usr/local/libexec/farmmake/\$name
	done
	cd \$root
	cp -r $work/project srv/project
	install -m 600 $key srv/key
	install -D -m 600 $work/node.key etc/farmmake/key
	rm -rf etc/systemd/system usr/lib/systemd/system/*.{wants,requires} usr/lib/systemd/system-generators
	: >etc/machine-id
	install -D -m 644 $FARMNODE_UNIT etc/systemd/system/farmnode.service
	sed -i 's#^ExecStart=.*/#ExecStart=/usr/local/bin/#' etc/systemd/system/farmnode.service
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
		PATH=/usr/sbin:/usr/bin:/sbin:/bin $systemd --unit=test.target --log-target=journal
END
cat >"$work/join" <<-END
	#!/bin/sh
	echo \$\$ >$own/cgroup.procs && exec "\$@"
END
chmod 755 "$work/boot" "$work/join"
"$work/join" "${manager[@]}" "$work/boot" >"$work/boot.log" 2>&1 </dev/null &
node_pid[manager]=$!

inside() {
	timeout 120 nsenter -t "$(pgrep -P "${node_pid[manager]}")" -m -p -n -u -i -C \
		env -i HOME=/root LC_ALL=C PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin "$@"
}
runs() {
	inside systemctl is-system-running 2>/dev/null | grep -qE 'running|degraded'
}
# of_unit PROPERTY: of the unit, as systemd sees it
of_unit() {
	inside systemctl show -P "$1" farmnode
}

wait_for 60 runs || skip "systemd does not start in namespaces here: $(tail -n 1 "$work/boot.log")"
inside systemctl start farmnode >"$work/start.log" 2>&1 || {
	inside journalctl --no-pager -u farmnode >"$work/journal.log"
	fail "the unit does not start: $(of_unit Result)"
}
inside journalctl --no-pager -o cat -u farmnode >"$work/journal.log"
grep -qE 'served listens on.*jail level [23],' "$work/journal.log" || fail "no node, or no jail"
note "$(sed -n 's/.*: \(jail level.*\)/\1/p' "$work/journal.log")"
pid=$(of_unit MainPID)
uid=$(inside stat -c %u "/proc/$pid")
[ "$uid" -ge 61184 ] && [ "$uid" -le 65519 ] || fail "user $uid is not a dynamic one"
[ "$(inside sed -n 's/^CapEff:\t//p' "/proc/$pid/status")" = 0000000000000000 ] || fail "it has capabilities"

inside make -s -C /srv/project || fail "plain make"
inside sh -c 'mkdir /srv/plain && mv /srv/project/*.o /srv/plain'
inside farmmake -s -C /srv/project --farm-key /srv/key --farm-report /srv/report.json >"$work/build.log" 2>&1 || fail "the build fails"
inside sh -c 'for o in /srv/plain/*.o; do cmp "$o" "/srv/project/${o##*/}" || exit 1; done' || fail "other objects"
inside cat /srv/report.json >"$report"
[ "$(in_report '[.jobs[] | select(.node == "served")] | length')" -ge 8 ] ||
	fail "not compiled there: $(in_report '[.jobs[].reason]')"
note "$(in_report .summary.remote) of $(in_report .summary.jobs) compiles by the service, user $uid"

exposure=$(inside systemd-analyze security --no-pager farmnode | sed -n 's/.*exposure level for [^ ]*: \([0-9.]*\).*/\1/p')
awk -v is="$exposure" -v most=$most 'BEGIN { exit !(is > 0 && is <= most) }' ||
	fail "systemd-analyze security: ${exposure:-nothing}, and not at most $most"
note "exposure $exposure"
inside sleep 12 # longer than WatchdogSec
[ "$(of_unit ActiveState) $(of_unit NRestarts) $(of_unit MainPID)" = "active 0 $pid" ] ||
	fail "the watchdog barked: $(of_unit ActiveState), $(of_unit NRestarts) restarts"

# What runs is given up, what it leaves is found again.
inside systemctl stop farmnode || fail "it does not stop"
[ "$(of_unit Result) $(of_unit ExecMainStatus)" = "success 0" ] || fail "it ends with $(of_unit Result)"
[ -n "$(inside find /var/lib/private/farmnode -type f)" ] || fail "no compiler is remembered"
inside systemctl start farmnode || fail "it does not start again"
inside systemctl kill -s KILL farmnode
again() {
	[ "$(of_unit ActiveState) $(of_unit NRestarts)" = "active 1" ]
}
wait_for 20 again || fail "it is not started again: $(of_unit ActiveState)"
note "killed, and started again"
