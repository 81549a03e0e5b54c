# shellcheck shell=bash
# deps.sh - what the scripts of this tree need from Debian, and where builds go.  Sourced.
#
#   deps_install PACKAGE...      installs what is missing, or says what to install and fails
#   deps_source NAME DIR         unpacks Debian's source package NAME as DIR
#   deps_linux DIR               unpacks the tree of Debian's linux-source package as DIR
#   deps_build DIR [OPTION...]   configures DIR with meson if it is not yet, and builds it
#
# Downloads are kept in $XDG_CACHE_HOME/farmmake-tests, or where FARMMAKE_TEST_SOURCES says.

deps_top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

DEPS_BUILD=(gcc libc6-dev make meson ninja-build pkg-config
	libuv1-dev liblzo2-dev libjansson-dev libssl-dev libseccomp-dev libxxhash-dev)
DEPS_SOURCE=(dpkg-dev patch xz-utils)
# shellcheck disable=SC2034  # for whoever sources this
DEPS_TEST=("${DEPS_BUILD[@]}" "${DEPS_SOURCE[@]}" g++ libcriterion-dev clang libclang-rt-14-dev
	clang-format jq iproute2 procps binutils)

deps_sources() {
	echo "${FARMMAKE_TEST_SOURCES:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/farmmake-tests}"
}

# Prints those of the given packages that are not installed.
deps_missing() {
	local package
	for package; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
			echo "$package"
	done
}

deps_as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif sudo -n true 2>/dev/null || [ -t 0 ]; then
		sudo "$@"
	else
		return 126
	fi
}

deps_install() {
	command -v dpkg-query >/dev/null || {
		echo "This is no Debian. The build needs what these packages have: $*" >&2
		return 0
	}
	local missing
	missing=$(deps_missing "$@" | xargs)
	[ -n "$missing" ] || return 0
	echo "Installing: $missing" >&2
	# shellcheck disable=SC2086  # a list of names
	if ! deps_as_root env DEBIAN_FRONTEND=noninteractive sh -c \
		'apt-get -q update && apt-get -qy install --no-install-recommends "$@"' sh $missing \
		>&2 </dev/null; then
		echo "Please install, as root:" >&2
		echo "    apt-get install --no-install-recommends $missing" >&2
		return 1
	fi
}

# A configuration under which apt knows the sources of this system's own archives, and leaves the
# system's files alone. $1: a directory of ours.
deps_apt_conf() {
	local dir=$1 file
	mkdir -p "$dir/parts" "$dir/lists/partial" "$dir/cache/archives/partial"
	for file in /etc/apt/sources.list.d/*.sources; do
		[ -e "$file" ] || continue
		sed 's/^Types:.*/Types: deb-src/' "$file" >"$dir/parts/${file##*/}"
	done
	for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
		[ -e "$file" ] || continue
		sed -n 's/^deb\(-src\)\{0,1\}[[:space:]]/deb-src /p' "$file" | sort -u \
			>"$dir/parts/${file##*/}"
	done
	cat >"$dir/apt.conf" <<-END
		Dir::Etc::SourceList "/dev/null";
		Dir::Etc::SourceParts "$dir/parts";
		Dir::State::Lists "$dir/lists";
		Dir::Cache "$dir/cache";
		APT::Sandbox::User "$(id -un)";
	END
}

# Puts the files of source package $1 into the cache, once.
deps_fetch() {
	local name=$1 cache state
	cache=$(deps_sources)/$name
	[ -z "$(find "$cache" -maxdepth 1 -name '*.dsc' 2>/dev/null)" ] || return 0
	state=$(mktemp -d "${TMPDIR:-/tmp}/farmmake-apt.XXXXXX") || return 1
	mkdir -p "$cache.part"
	deps_apt_conf "$state"
	(
		cd "$cache.part" &&
			timeout 120 apt-get -qq -c "$state/apt.conf" update &&
			timeout 300 apt-get -qq -c "$state/apt.conf" --download-only source "$name"
	) >"$state/log" 2>&1 </dev/null && rm -rf "$cache" && mv "$cache.part" "$cache"
	local status=$?
	[ $status = 0 ] || tail -n 3 "$state/log" >&2
	rm -rf "$state" "$cache.part"
	return $status
}

# Unpacks source package $1 as the new directory $2; further arguments go to dpkg-source.
deps_source() {
	local name=$1 dir=$2
	shift 2
	deps_fetch "$name" || return 1
	dpkg-source -q --no-check "$@" -x "$(deps_sources)/$name"/*.dsc "$dir" >/dev/null 2>&1
}

# The kernel's tree, from the installed package or from a copy of it that is not installed.
deps_linux() {
	local dir=$1 tar cache
	cache=$(deps_sources)/linux
	tar=$(find /usr/src "$cache" -maxdepth 1 -name 'linux-source-6*.tar.xz' 2>/dev/null | head -n 1)
	if [ -z "$tar" ]; then
		rm -rf "$cache" && mkdir -p "$cache" || return 1
		(cd "$cache" && timeout 600 apt-get -qq download linux-source-6.1 &&
			dpkg-deb --fsys-tarfile linux-source-6.1*.deb |
			tar -x --wildcards --strip-components=3 '*.tar.xz') >&2 </dev/null || return 1
		rm -f "$cache"/*.deb
		tar=$(find "$cache" -name '*.tar.xz')
	fi
	mkdir -p "$dir" && tar -x -J -f "$tar" -C "$dir" --strip-components=1
}

deps_build() {
	local dir=$1
	shift
	if [ -e "$dir/build.ninja" ]; then
		meson configure "$dir" "$@"
	else
		meson setup "$dir" "$deps_top" "$@"
	fi >"$dir.log" 2>&1 && ninja -C "$dir" >>"$dir.log" 2>&1 && rm -f "$dir.log" && return 0
	# the words of what failed, without those of the steps that went well
	sed -n '/FAILED:\|ERROR:/,$ { /^\[[0-9]*\/[0-9]*\]/d; p }' "$dir.log" | head -n 60 >&2
	rm -f "$dir.log"
	return 1
}
