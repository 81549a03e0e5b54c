# shellcheck shell=bash
# cgroups.sh - the client and the boards share this machine's cores as two parties.  Sourced by run.sh.
#
# Without that the kernel's autogroups make a party of each jail on each board, and a build with 24 of
# them beside it would have a client with a 25th of the machine. Both kinds of cgroups are known;
# without either the bench runs, and says so.

groups_root=''

# groups_up WEIGHT: so much against the rest of the machine, where 1 is its fair share
groups_up() {
	local name file value
	if [ -e /sys/fs/cgroup/cpu/cpu.shares ]; then
		groups_root=/sys/fs/cgroup/cpu/farmmake-bench.$$ file=cpu.shares value=1024
	elif grep -qsw cpu /sys/fs/cgroup/cgroup.subtree_control; then
		groups_root=/sys/fs/cgroup/farmmake-bench.$$ file=cpu.weight value=100
	else
		echo "run.sh: no cgroups for CPU: boards take more of this machine than they should" >&2
		return
	fi
	mkdir -p "$groups_root" || fail "no cgroup"
	[ "$file" = cpu.shares ] || echo +cpu >"$groups_root/cgroup.subtree_control"
	echo $((value * $1)) >"$groups_root/$file"
	for name in client boards; do
		mkdir -p "$groups_root/$name"
		echo "$value" >"$groups_root/$name/$file"
	done
}

groups_down() {
	[ -n "$groups_root" ] || return 0
	wait_for 10 rmdir "$groups_root/client" 2>/dev/null # its processes are dying
	wait_for 10 rmdir "$groups_root/boards" 2>/dev/null
	rmdir "$groups_root"
}

# group_join client|boards: the calling shell, and what it starts from now on
group_join() {
	[ -z "$groups_root" ] || echo "$BASHPID" >"$groups_root/$1/cgroup.procs"
}
