#!/bin/bash
# vm.sh - the jail on kernels that really are so: Debian's in a virtual machine, with control groups that
# can be delegated, with none of Landlock, and with user namespaces switched off.
. "$(dirname "$0")/lib.sh"
[ -n "${FARMMAKE_TEST_LONG:-}" ] || skip "takes long (FARMMAKE_TEST_LONG=1 or run.sh --long)"
[ -n "${FARM_BUILD_PLAIN:-}" ] || skip "the sanitizers want more than a small machine has"
farm_begin
deps_install qemu-system-x86 busybox-static cpio >/dev/null || skip "qemu-system-x86, busybox-static or cpio is missing"
kernel=$(find /boot -name 'vmlinuz-*' -readable 2>/dev/null | sort -V | tail -n 1)
[ -n "$kernel" ] || skip "no kernel in /boot (linux-image-cloud-amd64)"
[ "$(uname -m)" = x86_64 ] || skip "a virtual machine for x86_64 only"
root=$work/root

# put FILE...: at the same place in the machine, with the libraries that it needs
put() {
	local file
	for file; do
		[ -e "$root$file" ] && continue
		mkdir -p "$root${file%/*}"
		cp -L "$file" "$root$file"
		# shellcheck disable=SC2046  # paths without spaces
		put $(ldd "$file" 2>/dev/null | grep -o '/[^ ]*')
	done
}

mkdir -p "$root"/{etc,proc,sys,dev,tmp,root,mnt,srv,var/tmp,usr/bin,usr/lib,usr/lib64,usr/sbin,usr/libexec}
for name in bin lib lib64 sbin; do
	ln -s "usr/$name" "$root/$name"
done
libs=$(gcc -print-file-name=)
put "$(command -v gcc)" "$(command -v as)" "$(command -v setpriv)" /usr/bin/env /usr/bin/true \
	"$libs"/cc1 "$libs"/collect2 "$libs"/liblto_plugin.so "$libs"/lto-wrapper
mkdir -p "$root$libs/include" # gcc wants to have one
for program in farmnode farmjail farmprobe; do
	mkdir -p "$root$build/src/$program"
	put "$build/src/$program/$program"
done
put "$build/tests/io/intruder" "$build/tests/io/test_jail" "$build/tests/io/test_jail_hostile"
cp "$(command -v busybox)" "$root/usr/bin/busybox"
for name in $("$root/usr/bin/busybox" --list); do
	[ -e "$root/usr/bin/$name" ] || ln -s busybox "$root/usr/bin/$name"
done
printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/nonexistent:/bin/sh\n' >"$root/etc/passwd"
cp -r /etc/ld.so.conf /etc/ld.so.conf.d "$root/etc/"
/sbin/ldconfig -r "$root" || fail "ldconfig"
cp "$key" "$root/root/key"
printf '#!/bin/sh\nbuild=%s\n' "$build" | cat - "$top/tests/integration/vm_guest.sh" >"$root/guest.sh"
cp "$root/usr/bin/busybox" "$root/busybox"
cat >"$root/init" <<-'END'
	#!/busybox sh
	# to a root that can be pivoted away from
	/busybox mkdir /next
	/busybox mount -t tmpfs -o size=80% next /next
	/busybox mkdir /next/proc /next/sys /next/dev
	for name in /*; do
		case $name in
		/next | /init | /busybox | /proc | /sys | /dev) ;;
		*) /busybox mv "$name" /next/ ;;
		esac
	done
	exec /busybox switch_root /next /guest.sh
END
chmod 755 "$root/init" "$root/guest.sh"
(cd "$root" && find . | cpio --quiet -o -H newc | gzip -1) >"$work/initrd"

# boot NAME [KERNEL-OPTION...]: what the guest says is $work/NAME.log
boot() {
	local name=$1
	shift
	timeout 900 qemu-system-x86_64 -accel tcg -cpu max -m 3000 -smp 2 -nographic -no-reboot -nic none \
		-kernel "$kernel" -initrd "$work/initrd" -append "console=ttyS0 quiet panic=-1 $*" \
		</dev/null >"$work/$name.log" 2>&1
	tr -d '\r' <"$work/$name.log" | sed -n 's/.*guest: //p' >"$work/said"
	sed "s/^/  $name: /" "$work/said"
	grep -q '^the end' "$work/said" || fail "$name: the machine did not come to its end"
}

# says WORDS: in this order behind what was said before
said_until=0
says() {
	local at
	at=$(grep -nF -- "$1" "$work/said" | cut -d : -f 1 | awk -v n=$said_until '$1 > n' | head -n 1)
	[ -n "$at" ] || fail "'$1' is not said"
	said_until=$at
}

boot whole
says 'root: farmnode: jail level 3; limits by control groups'
says 'root: nothing left'
says 'delegated: farmnode: jail level 3; limits by control groups'
says 'delegated: nothing left'
says 'not delegated: farmnode: jail level 3; limits by rlimits only'
says 'tests of groups: ok - jail_hostile::control_groups_bound_jobs'
says 'no user namespaces, root: farmnode: jail level 3, namespaces by root; limits by control groups'
says 'no user namespaces, nobody: farmnode: error: the jail does not work'
said_until=0
boot no-landlock lsm=yama
says 'root: farmnode: jail level 2; limits by control groups'
says 'no user namespaces, root: farmnode: jail level 2, namespaces by root'
