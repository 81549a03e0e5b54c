#!/bin/bash
# packages.sh - Debian's packages, as examples/debian makes them: built and looked at in a clean system, installed by apt
# in another one, which systemd runs with no network but lo. There a node waits for its key, serves a build, is upgraded,
# removed and purged; and then no file is left.
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/integration/manager.sh
. "$top/tests/integration/manager.sh"
[ -n "${FARMMAKE_TEST_LONG:-}" ] || skip "takes long (FARMMAKE_TEST_LONG=1 or run.sh --long)"
deps_install mmdebstrap >/dev/null 2>&1 || skip "mmdebstrap is not installed"
manager_begin

suite=bookworm
archives=$(deps_sources)/debs
mkdir -p "$archives/partial"

# within ROOT COMMAND...: there, with this machine's network
within() {
	local root=$1
	shift
	timeout -k 10 1200 unshare --mount --pid --fork --kill-child bash -c '
		mount --make-rprivate /
		mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && mount --bind "$1" "$0/var/cache/apt/archives"
		shift
		exec chroot "$0" env -i HOME=/root LC_ALL=C DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
	' "$root" "$archives" "$@" </dev/null
}

# --- build
build_root=$work/builder
deps_system $suite "$build_root" 2>"$work/system.log" || skip "no clean system: $(cat "$work/system.log")"
within "$build_root" sh -c 'apt-get -qy update && apt-get -qy install --no-install-recommends build-essential lintian' \
	>"$work/build.log" 2>&1 || fail "build-essential cannot be had: $(grep -m 1 E: "$work/build.log")"
mkdir -p "$build_root/build/farmmake"
tar -C "$top" --exclude='./build*' --exclude=./.git -c . | tar -C "$build_root/build/farmmake" -x
recipe=$(grep '^cp -r examples/debian \. && ' "$top/doc/farm.md")
[ -n "$recipe" ] || fail "doc/farm.md does not say how to build the packages"
within "$build_root" sh -ec "cd /build/farmmake &&
	apt-get -qy build-dep --no-install-recommends ./examples && $recipe" >"$work/build.log" 2>&1 || fail "the packages cannot be built"
packages=(farmmake farmnode farmmake-common)
mkdir "$work/debs"
for package in "${packages[@]}"; do
	cp "$build_root/build/$package"_*.deb "$work/debs" || fail "no package $package"
done
note "$(cd "$work/debs" && du -h --apparent-size -- *.deb | sed 's/_[^ ]*//' | xargs)"
within "$build_root" sh -c 'lintian --fail-on warning --allow-root /build/*.changes' >"$work/lintian.log" 2>&1 ||
	fail "lintian: $(grep -m 1 '^[EW]:' "$work/lintian.log")"
note "lintian: no errors and no warnings; overridden: $(cat "$top"/examples/debian/*.lintian-overrides | grep -vc '^#')"

# of_package NAME: its files
of_package() {
	dpkg-deb --fsys-tarfile "$work/debs/$1"_*.deb | tar -t | sed -n 's#^\./\(.*[^/]\)$#\1#p'
}
for package in "${packages[@]}"; do
	of_package "$package"
done | sort >"$work/files"
[ -z "$(uniq -d "$work/files")" ] || fail "in two packages: $(uniq -d "$work/files" | head -n 1)"
! grep -E '(^|/)(tests?|gauge|jail_cost|board)(/|$)|^usr/local' "$work/files" || fail "what is no part of it is installed"

# --- install
root=$work/root
deps_system $suite "$root" || fail "no second clean system"
cp -r "$work/debs" "$root/srv/debs"
within "$root" sh -c 'apt-get -qy update && apt-get -qy --download-only --no-install-recommends install /srv/debs/*.deb g++' >"$work/download.log" 2>&1 ||
	fail "what the packages depend on cannot be had: $(grep -m 1 E: "$work/download.log")"
within "$root" useradd -m -s /bin/bash me
slow_project "$root/home/me/project" 32 1
within "$root" chown -R me: /home/me
manager_boot "
	root=$root
	mount --bind \$root \$root
	mount --bind $archives \$root/var/cache/apt/archives"

as_me() {
	inside setpriv --reuid me --regid me --init-groups env -C /home/me HOME=/home/me "$@"
}
# What is there, for the two lists that are compared. Not looked at:
#   dpkg, apt, debconf, ldconfig and man-db, which remember what was installed; what is logged
#   /home, since what users have is theirs: their key, their reports
#   what systemd keeps of itself, and where it has dynamic users' directories
files() {
	inside find / -xdev \( -path /var/lib/dpkg -o -path /var/lib/apt -o -path /var/cache/apt -o -path /var/cache/debconf \
		-o -path /var/cache/ldconfig -o -path /var/cache/man -o -path /var/log -o -path /home -o -path /srv \
		-o -path /var/lib/systemd/random-seed -o -path /var/lib/systemd/catalog -o -path /var/lib/systemd/timers \) -prune -o -printf '%y %m %p\n' | sort
}
apt_get() {
	inside env DEBIAN_FRONTEND=noninteractive apt-get -qy --no-install-recommends "$@" >"$work/apt.log" 2>&1
}
deb() { # PACKAGE: where its file is, inside
	(cd "$work/debs" && printf '/srv/debs/%s' "$1"_*.deb)
}
listening() { # on farmnode's port
	inside awk '$2 ~ /:0E32$/ && $4 == "0A" { found = 1 } END { exit !found }' /proc/net/tcp /proc/net/tcp6
}
says() { # in the journal of the service
	inside journalctl --no-pager -o cat -u farmnode | grep -qE "$1"
}

apt_get install g++ make || fail "no compiler: $(grep -m 1 E: "$work/apt.log")"
files >"$work/before"
inside_limit_s=600 apt_get install "$(deb farmmake)" "$(deb farmnode)" "$(deb farmmake-common)" || fail "apt does not install the packages"
[ "$(inside dpkg-query -W -f '${db:Status-Status} ' "${packages[@]}")" = "installed installed installed " ] || fail "not installed"
inside dpkg --audit | grep . && fail "dpkg is not content"
files >"$work/after"
note "$(comm -13 "$work/before" "$work/after" | wc -l) files and directories came, libraries included"
for program in farmctl farmnode; do
	[ "$(inside $program --version)" = "$program $(inside dpkg-query -W -f '${Version}' farmnode)" ] || fail "$program: another version"
done
inside bash -c '. /usr/share/bash-completion/completions/farmnode && complete -p farmnode' >/dev/null || fail "no completion"
while read -r link; do
	inside test -e "/usr/share/doc/farmmake/$link" || fail "README.md: $link is not installed"
done < <(inside sed -n 's/.*](\([^)#]*\)).*/\1/p' /usr/share/doc/farmmake/README.md | grep -v '^\(http\|LICENSE\)')

# A node without a key is quiet, and no failure.
[ "$(of_unit UnitFileState) $(of_unit ActiveState) $(of_unit Result) $(of_unit ConditionResult)" = "enabled inactive success no" ] ||
	fail "without a key it is $(of_unit UnitFileState), $(of_unit ActiveState), $(of_unit Result)"
! listening || fail "it listens without a key"
inside systemctl start farmnode || fail "to start it without a key is an error"
[ "$(of_unit ActiveState)" = inactive ] || fail "it runs without a key"
note "without a key the service is enabled, and stopped"

# --- the unit, to systemd's own tools
inside systemd-analyze --man=no verify /lib/systemd/system/farmnode.service >"$work/verify.log" 2>&1 || fail "the unit is wrong: $(head -n 1 "$work/verify.log")"
[ ! -s "$work/verify.log" ] || fail "the unit: $(head -n 1 "$work/verify.log")"
exposure=$(inside systemd-analyze security --no-pager farmnode | sed -n 's/.*exposure level for [^ ]*: \([0-9.]*\).*/\1/p')
awk -v is="$exposure" 'BEGIN { exit !(is > 0 && is <= 2.5) }' || fail "systemd-analyze security: ${exposure:-nothing}, and not at most 2.5"
note "exposure $exposure"

# --- AppArmor: each parser takes the profile that is made for it, and Debian 12's only that
profiles=$top/examples/apparmor
parses() { # ROOT PROFILE
	cp "$2" "$1/srv/profile" && within "$1" apparmor_parser -Q -K /srv/profile >"$work/apparmor.log" 2>&1
}
cmp "$profiles/farmjail.abi-3.0" "$root/etc/apparmor.d/farmjail" || fail "the profile is not installed"
parses "$root" "$root/etc/apparmor.d/farmjail" || fail "apparmor_parser: $(head -n 1 "$work/apparmor.log")"
! parses "$root" "$profiles/farmjail" || fail "this parser takes abi 4.0: one profile would do"
deps_system trixie "$work/trixie" 2>"$work/system.log" || fail "no Debian 13: $(cat "$work/system.log")"
parses "$work/trixie" "$profiles/farmjail" || fail "apparmor_parser of Debian 13: $(head -n 1 "$work/apparmor.log")"
! grep -iE 'userns|farmjail' "$work/apparmor.log" || fail "apparmor_parser of Debian 13 has something to say"
# to a kernel that knows user namespaces, the rule says something
compiled() {
	within "$work/trixie" apparmor_parser -Q -K -S --kernel-features /etc/apparmor.d/abi/4.0 /srv/profile 2>/dev/null | cksum
}
with=$(compiled)
sed -i '/^  userns,/d' "$work/trixie/srv/profile"
[ "$(compiled)" != "$with" ] || fail "to the parser of Debian 13 userns means nothing"
note "profiles: $(within "$root" apparmor_parser --version | sed -n 's/.*version //p;q'), $(within "$work/trixie" apparmor_parser --version | sed -n 's/.*version //p;q')"
rm -rf "$work/trixie"

# --- the way of doc/farm.md: a key, a node, a build
as_me farmctl key new >/dev/null || fail "no key"
as_me farmctl key node served | inside sh -c 'umask 077; cat >/etc/farmmake/key' || fail "no key for the node"
inside systemctl restart farmnode || fail "the service does not start: $(of_unit Result)"
listening || fail "it does not listen"
says 'served listens on.*jail level [23],' || fail "no node, or no jail: $(inside journalctl --no-pager -o cat -u farmnode | tail -n 2)"
as_me sh -c 'cd project && make -s -j2 && mkdir ../plain && mv *.o ../plain' || fail "plain make"
as_me farmctl doctor >"$work/doctor.log" || fail "the doctor finds: $(grep -m 1 error "$work/doctor.log")"
inside_limit_s=300 as_me farmmake -s -C project >"$work/farm.log" 2>&1 || fail "the build fails"
as_me sh -c 'for o in plain/*.o; do cmp "$o" "project/${o##*/}" || exit 1; done' || fail "other objects"
as_me cat .local/state/farmmake/report.json >"$report"
[ "$(in_report '[.jobs[] | select(.node == "served")] | length')" -ge 8 ] || fail "not compiled there: $(in_report '[.jobs[].reason]')"
note "$(in_report .summary.remote) of $(in_report .summary.jobs) compiles by the service, objects the same"

# --- upgraded, removed, installed again, purged
pid=$(of_unit MainPID)
apt_get install --reinstall "$(deb farmnode)" || fail "no upgrade: $(grep -m 1 E: "$work/apt.log")"
[ "$(of_unit ActiveState)" = active ] && [ "$(of_unit MainPID)" != "$pid" ] || fail "an upgrade does not start it anew: $(of_unit ActiveState)"
apt_get remove farmnode || fail "it cannot be removed"
! listening && ! inside pgrep -x farmnode >/dev/null || fail "it runs on when it is removed"
inside test -s /etc/farmmake/key || fail "a removed package takes the key with it"
apt_get install "$(deb farmnode)" || fail "it cannot be installed again"
[ "$(of_unit ActiveState)" = active ] || fail "with a key, it is not started: $(of_unit ActiveState)"
note "started anew by an upgrade, kept its key when removed"
apt_get purge --auto-remove "${packages[@]}" || fail "it cannot be purged"
files >"$work/after"
comm -13 "$work/before" "$work/after" >"$work/left"
[ ! -s "$work/left" ] || fail "$(wc -l <"$work/left") files are left: $(head -n 5 "$work/left" | xargs)"
# dh_apparmor's script removes these two when they are empty
comm -23 "$work/before" "$work/after" | grep -vE ' /etc/apparmor.d/(disable|local)$' >"$work/gone"
[ ! -s "$work/gone" ] || fail "the packages took others' files with them: $(head -n 5 "$work/gone" | xargs)"
inside test -s /home/me/.config/farmmake/key || fail "the user's key is gone"
inside find /run -name '*farmnode*' ! -path '/run/systemd/*' >"$work/left"
[ ! -s "$work/left" ] || fail "left in /run: $(head -n 5 "$work/left" | xargs)"
note "purged: nothing is left"
