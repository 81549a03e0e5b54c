#!/bin/bash
# service_real.sh - the unit under a systemd of its own: process 1 of namespaces in which there is this
# machine's file system, whatever is written gone afterwards, and no network but lo. A build finds the node
# by its beacons there.
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/integration/manager.sh
. "$top/tests/integration/manager.sh"
[ -n "${FARMMAKE_TEST_LONG:-}" ] || skip "takes long (FARMMAKE_TEST_LONG=1 or run.sh --long)"
[ -n "${FARM_BUILD_PLAIN:-}" ] || skip "the unit's limits are too narrow for sanitizers"
[ -x /lib/systemd/systemd ] || deps_install systemd >/dev/null 2>&1 || skip "no systemd"
manager_begin
most=2.5

slow_project "$work/project" 32 1
"$farmctl" key node served "$key" >"$work/node.key" || fail "no key for the node"
manager_boot "
	scratch=$work/scratch root=$work/scratch/root
	mkdir \$scratch && mount -t tmpfs scratch \$scratch
	mkdir \$scratch/{upper,work,root}
	mount -t overlay overlay -o lowerdir=/,upperdir=\$scratch/upper,workdir=\$scratch/work \$root
	for name in farmmake farmctl farmnode; do
		install -D $build/src/\$name/\$name \$root/usr/local/bin/\$name
	done
	for name in farmjail farmprobe farmcc; do
		install -D $build/src/\$name/\$name \$root/usr/local/libexec/farmmake/\$name
	done
	cp -r $work/project \$root/srv/project
	install -m 600 $key \$root/srv/key
	install -D -m 600 $work/node.key \$root/etc/farmmake/key
	rm -rf \$root/etc/systemd/system
	install -D -m 644 $FARMNODE_UNIT \$root/etc/systemd/system/farmnode.service
	sed -i 's#^ExecStart=.*/#ExecStart=/usr/local/bin/#' \$root/etc/systemd/system/farmnode.service"
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
