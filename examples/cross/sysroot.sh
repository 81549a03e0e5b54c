#!/bin/sh
# sysroot.sh ARCH DIR [PACKAGE...] - makes DIR a directory like the root of a board of Debian architecture ARCH that has what
# farmmake is built with, and PACKAGE... besides; and DIR/sysroot.ini, which tells meson where it is.
#
# SUITE and MIRROR say which Debian it is. Packages are unpacked, nothing of them is run; this system's own apt and dpkg
# hear nothing of the architecture. Needs no root.
set -eu

[ $# -ge 2 ] || { echo "usage: sysroot.sh ARCH DIR [PACKAGE...]" >&2 && exit 2; }
arch=$1
mkdir -p "$2" && dir=$(cd "$2" && pwd)
shift 2
suite=${SUITE:-bookworm} mirror=${MIRROR:-http://deb.debian.org/debian}
apt=$dir/.apt

# An apt that has installed nothing, and knows one architecture.
mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
: >"$apt/status"
{
	echo "deb $mirror $suite main"
	[ "$suite" = sid ] || echo "deb $mirror-security $suite-security main"
} >"$apt/sources.list"
cat >"$apt/apt.conf" <<END
APT::Architecture "$arch";
APT::Architectures { "$arch"; };
APT::Install-Recommends "false";
APT::Sandbox::User "$(id -un)";
Acquire::Languages "none";
Dir::State "$apt";
Dir::State::status "$apt/status";
Dir::Cache "$apt/cache";
Dir::Etc::SourceList "$apt/sources.list";
Dir::Etc::SourceParts "/dev/null";
END
export APT_CONFIG="$apt/apt.conf"
# a mirror may lack a list for a while; without the others the next step fails
apt-get -qq update || true
apt-get -qq --yes --download-only install libc6-dev libuv1-dev liblzo2-dev libjansson-dev libssl-dev libseccomp-dev \
	libxxhash-dev libncurses-dev libmicrohttpd-dev "$@"

for name in bin sbin lib lib64; do
	mkdir -p "$dir/usr/$name"
	[ -e "$dir/$name" ] || ln -s "usr/$name" "$dir/$name"
done
for package in "$apt"/cache/archives/*.deb; do
	dpkg-deb --fsys-tarfile "$package" |
		tar -x -C "$dir" --keep-directory-symlink --no-same-owner --exclude='./usr/share/doc/*' --exclude='./usr/share/man/*'
done
# what leads to the root leads to this one
find "$dir" -type l -lname '/*' | while read -r link; do
	ln -sfnr "$dir$(readlink "$link")" "$link"
done
printf '[constants]\nsysroot = '\''%s'\''\n' "$dir" >"$dir/sysroot.ini"
