#!/bin/bash
# service.sh - the unit: what systemd thinks of it, and a node that works with those of its restrictions
# that can be had without being a service: no privilege, its filter of system calls, a narrow /proc,
# a user namespace around it.
. "$(dirname "$0")/lib.sh"
farm_begin
command -v systemd-analyze >/dev/null || deps_install systemd >/dev/null 2>&1 ||
	skip "no systemd-analyze (systemd)"
command -v systemd-analyze >/dev/null || skip "no systemd-analyze"
lacking=$build/tests/integration/lacking
most=2.5

# of the unit: every value of a setting, one a line
of_unit() {
	sed -n "s/^$1=//p" "$FARMNODE_UNIT"
}

# The unit names a program that is not installed yet.
sed "s#^ExecStart=.*#ExecStart=$build/src/farmnode/farmnode#; /^Documentation=/d" "$FARMNODE_UNIT" \
	>"$work/farmnode.service"
systemd-analyze verify "$work/farmnode.service" >"$work/verify.log" 2>&1 || fail "the unit is wrong: $(cat "$work/verify.log")"
[ ! -s "$work/verify.log" ] || fail "the unit: $(cat "$work/verify.log")"
grep -q "^ExecStart=/.*/farmnode$" "$FARMNODE_UNIT" || fail "the unit starts: $(of_unit ExecStart)"

exposure=$(systemd-analyze security --offline=true --no-pager "$work/farmnode.service" 2>"$work/security.err" |
	sed -n 's/.*Overall exposure level for [^ ]*: \([0-9.]*\).*/\1/p')
[ -n "$exposure" ] || skip "this systemd-analyze knows no offline security: $(head -n 1 "$work/security.err")"
awk -v is="$exposure" -v most=$most 'BEGIN { exit !(is <= most) }' ||
	fail "systemd-analyze security: $exposure, more than $most"
note "exposure $exposure, at most $most"

# members NAME...: the system calls of names and groups
members() {
	local name
	for name; do
		case $name in
		@*) members $(systemd-analyze syscall-filter --no-pager "$name" | sed -n 's/^    \([^# ].*\)/\1/p') ;;
		*) echo "$name" ;;
		esac
	done
}
of_unit SystemCallFilter | while read -r line; do
	case $line in
	~*) members ${line#\~} | sed 's/^/-/' ;;
	*) members $line ;;
	esac
done | sort -u >"$work/rules"
sed -n 's/^-//p' "$work/rules" >"$work/taken"
grep -v '^-' "$work/rules" | grep -vxFf "$work/taken" >"$work/allowed"
members @known | sort -u | grep -vxFf "$work/allowed" >"$work/forbidden"
[ "$(wc -l <"$work/allowed")" -gt 200 ] && [ "$(wc -l <"$work/forbidden")" -gt 60 ] ||
	fail "$(wc -l <"$work/allowed") calls are allowed and $(wc -l <"$work/forbidden") forbidden"
note "system calls: $(wc -l <"$work/allowed") allowed, $(wc -l <"$work/forbidden") forbidden"

chmod 1777 "$work"
chmod 644 "$work/forbidden"
mkdir -m 777 "$work/state"
cp "$key" "$work/credential"
export WATCHDOG_USEC=400000
# the sanitizer that looks for leaks would trace its own process, which the filter forbids
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
confined="$lacking calls=$work/forbidden $build/src/farmnode/farmnode"
if [ "$(id -u)" = 0 ]; then
	setpriv --reuid 65534 test -x "$build/src/farmnode/farmnode" || skip "the build tree is closed to nobody"
	chown 65534 "$work/credential"
	confined="setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs --bounding-set=-all \
		unshare --user --map-user=65534 --map-group=65534 $confined"
else
	note "SKIP: another user, a narrow /proc: only for root"
fi
cat >"$work/service" <<-END
	#!/bin/sh
	[ \$(id -u) != 0 ] || mount -t proc -o $(of_unit ProtectProc | sed 's/^/hidepid=/'),$(of_unit ProcSubset | sed 's/^/subset=/') proc /proc || exit 99
	exec $confined "\$@" --key "$work/credential" --state-dir "$work/state"
END
chmod 755 "$work/service"
cat >"$work/wrapped" <<-END
	#!/bin/sh
	[ \$(id -u) != 0 ] || exec "$build/tests/integration/notified" "$work/manager" \\
		unshare --mount --propagation private "$work/service" "\$@"
	exec "$build/tests/integration/notified" "$work/manager" "$work/service" "\$@"
END
chmod 755 "$work/wrapped"
farmnode=$work/wrapped
# a manager that is killed leaves its service alone
end_service() {
	local status=$?
	[ -z "${node_pid[served]:-}" ] || stop_node served
	(exit $status)
	farm_end
}
trap end_service EXIT
start_node served
wait_node served
note "$(sed -n 's/.*: \(jail level.*\)/\1/p;q' "$work/served.log")"
grep -qE 'listens on.*jail level [23],' "$work/served.log" || fail "no jail"
mkdir "$work/project"
printf 'const char *f(void) { return __FILE__; }\n' >"$work/project/test.c"
(cd "$work/project" && gcc -g -c test.c)
client() {
	timeout 60 "$build/tests/integration/node_client" --key "$key" --node "127.0.0.1:$(cat "$work/served.port")" \
		--target "$(gcc -dumpmachine) $(gcc -dumpfullversion)" --cwd "$work/project" --store "$work" "$@"
}
client --flag -g "$work/project/test.c" >"$work/client" || fail "no result: $(cat "$work/client")"
cmp "$work/project/test.o" "$work/1.o" || fail "another object"
rm "$work/1.o"
printf 'file %s 1 @%s\n' "$work/project/test.c" "$work/project/test.c" >"$work/view"
client --view --flag -g "$work/view" >"$work/client" || fail "no result of a view: $(cat "$work/client")"
cmp "$work/project/test.o" "$work/1.o" || fail "another object of a view"
# clang cannot do without /proc
printf '__asm__(".incbin \\"/proc/self/stat\\"");\n' >"$work/proc.c"
client "$work/proc.c" | grep -q '^result 1 0$' || fail "the jail has no /proc"
wait_for 5 grep -q '^WATCHDOG=1$' "$work/served.log" || fail "its loop says nothing"
stop_node served || fail "status $?"
said=$(grep -E '^[A-Z]+=1$' "$work/served.log" | uniq | xargs)
[ "${said% WATCHDOG=1}" = "READY=1 WATCHDOG=1 STOPPING=1" ] || fail "the manager hears: $said"
note "to its manager: $said"
