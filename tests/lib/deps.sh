# shellcheck shell=bash
# deps.sh - what the scripts of this tree need from Debian, and where builds go.  Sourced.
#
#   deps_install PACKAGE...      installs what is missing, or says what to install and fails
#   deps_source NAME DIR         unpacks Debian's source package NAME as DIR
#   deps_linux DIR [FILE...]     unpacks the tree of Debian's linux-source package as DIR, or some files of it
#   deps_system SUITE DIR        unpacks a new, small system of Debian's, with systemd, as DIR
#   deps_make VERSION            prints the path of a GNU make 4.1, 4.2, 4.3 or 4.4
#   deps_ninja                   prints the path of a ninja that is a client of jobservers (>= 1.13)
#   deps_build DIR [OPTION...]   configures DIR with meson if it is not yet, and builds it, or $DEPS_TARGET of it
#
# What they bring is kept in $XDG_CACHE_HOME/farmmake-tests, or where FARMMAKE_TEST_SOURCES says.

deps_top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

DEPS_BUILD=(gcc libc6-dev make meson ninja-build pkg-config
	libuv1-dev liblzo2-dev libjansson-dev libssl-dev libseccomp-dev libxxhash-dev
	libncurses-dev libmicrohttpd-dev)
DEPS_SOURCE=(dpkg-dev patch xz-utils)
# shellcheck disable=SC2034  # for whoever sources this
DEPS_TEST=("${DEPS_BUILD[@]}" "${DEPS_SOURCE[@]}" g++ libcriterion-dev clang libclang-rt-14-dev
	clang-format clang-tidy jq iproute2 procps binutils)

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
# system's files alone. $1: a directory of ours; $2: another suite, to know that one instead.
deps_apt_conf() {
	local dir=$1 suite=${2:-} file
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
	if [ -n "$suite" ]; then
		sed -n -i "s|^URIs:[[:space:]]*\([^[:space:]]*\).*|deb-src \1 $suite main|p
			s|^deb-src \(\[[^]]*\] \)\{0,1\}\([^[:space:]]*\).*|deb-src \2 $suite main|p" "$dir"/parts/*
		sed -n '/security/d; p; q' "$dir"/parts/* >"$dir/suite" && rm "$dir"/parts/* &&
			mv "$dir/suite" "$dir/parts/suite.list"
	fi
	cat >"$dir/apt.conf" <<-END
		Dir::Etc::SourceList "/dev/null";
		Dir::Etc::SourceParts "$dir/parts";
		Dir::State::Lists "$dir/lists";
		Dir::Cache "$dir/cache";
		APT::Sandbox::User "$(id -un)";
	END
}

# The newest version of source package $2 that is really there: an archive's list may be ahead of its files.
deps_download() {
	local conf=$1 name=$2 version
	for version in $(apt-cache -c "$conf" --only-source showsrc "$name" | sed -n 's/^Version: //p' | sort -ruV); do
		timeout 300 apt-get -qq -c "$conf" --download-only source "$name=$version" && return
	done
	return 1
}

# Puts the files of source package $1, of suite $2 if given, into the cache, once.
deps_fetch() {
	local name=$1 suite=${2:-} cache state
	cache=$(deps_sources)/$name${suite:+-$suite}
	[ -z "$(find "$cache" -maxdepth 1 -name '*.dsc' 2>/dev/null)" ] || return 0
	state=$(mktemp -d "${TMPDIR:-/tmp}/farmmake-apt.XXXXXX") || return 1
	mkdir -p "$cache.part"
	deps_apt_conf "$state" "$suite"
	(
		cd "$cache.part" &&
			timeout 120 apt-get -qq -c "$state/apt.conf" update &&
			deps_download "$state/apt.conf" "$name"
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

# Debian's unstable suite has the tools that this system will have some day; their sources build here.
# What upstream wrote of source package $1, without Debian's patches, as the new directory $2.
deps_upstream() {
	deps_fetch "$1" sid && mkdir -p "$2" &&
		tar -x --strip-components=1 -C "$2" -f "$(deps_sources)/$1-sid"/*.orig.tar.*z
}

deps_compile_make() {
	deps_upstream make-dfsg "$1" && cd "$1" || return 1
	# Debian has taken the manual out
	mkdir -p doc && touch doc/Makefile.in && ./configure --disable-nls --without-guile &&
		make -C lib && make make
}

deps_compile_ninja() {
	deps_upstream ninja-build "$1" && cd "$1" || return 1
	CXXFLAGS=-O0 python3 configure.py && ninja -j2 ninja
}

# deps_newer PROGRAM: make or ninja, compiled once; prints its path.
deps_newer() {
	local program=$1 cache dir
	cache=$(deps_sources)/newer
	mkdir -p "$cache"
	(
		flock 9
		if [ -x "$cache/$program" ]; then exit 0; fi
		# what failed a moment ago fails again, and takes its time
		if [ -n "$(find "$cache/$program.log" -mmin -60 2>/dev/null)" ]; then exit 1; fi
		dir=$(mktemp -d "${TMPDIR:-/tmp}/farmmake-$program.XXXXXX") || exit 1
		("deps_compile_$program" "$dir/$program") >"$cache/$program.log" 2>&1 </dev/null 9>&- &&
			mv "$dir/$program/$program" "$cache/$program"
		rm -rf "$dir"
		[ -x "$cache/$program" ] || { tail -n 3 "$cache/$program.log" >&2 && exit 1; }
	) 9>"$cache/lock" && echo "$cache/$program"
}

# deps_version PROGRAM: the first two numbers of its version.
deps_version() {
	"$1" --version 2>/dev/null | sed -n '1s/^\(GNU Make \)\{0,1\}\([0-9]*\.[0-9]*\).*/\2/p'
}

# 4.1 and 4.2 no Debian has any more: FARMMAKE_TEST_MAKES may name some, with ':' between.
deps_make() {
	local version=$1 program programs
	IFS=: read -r -a programs <<<"make:${FARMMAKE_TEST_MAKES:-}"
	[ "$version" != 4.4 ] || programs+=("$(deps_newer make)")
	for program in "${programs[@]}"; do
		[ -n "$program" ] && [ "$(deps_version "$program")" = "$version" ] || continue
		command -v "$program"
		return
	done
	return 1
}

deps_ninja() {
	local program
	for program in ninja "$(deps_newer ninja)"; do
		deps_version "$program" | awk -F. '{ exit !($1 > 1 || $2 >= 13) }' || continue
		command -v "$program"
		return
	done
	return 1
}

# The kernel's tree, from the installed package or from a copy of it that is not installed.
deps_linux() {
	local dir=$1 tar cache
	shift
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
	# once all of these are found, the rest is not read
	mkdir -p "$dir" && tar -x -J -f "$tar" -C "$dir" --strip-components=1 ${1:+--occurrence=1} "${@/#/$(basename "$tar" .tar.xz)/}"
}

# For a week one is as new as another.
deps_system() {
	local suite=$1 dir=$2 tar uri
	tar=$(deps_sources)/$suite.tar
	if [ -z "$(find "$tar" -mtime -7 2>/dev/null)" ]; then
		uri=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources 2>/dev/null |
			grep -oE '[a-z]+://[^ ]*/debian/?( |$)' | head -n 1)
		mkdir -p "${tar%/*}"
		mmdebstrap --variant=minbase --include=systemd,apparmor,iproute2,procps --format=tar --dpkgopt=force-unsafe-io \
			--aptopt='Acquire::Check-Valid-Until "false"' --skip=cleanup/apt/lists "$suite" "$tar.part" \
			"${uri:-http://deb.debian.org/debian}" >"$tar.log" 2>&1 </dev/null && mv "$tar.part" "$tar" || {
			grep -m 1 '^E: ' "$tar.log" >&2
			return 1
		}
	fi
	mkdir -p "$dir" && tar -C "$dir" --numeric-owner -xpf "$tar"
}

deps_build() {
	local dir=$1
	shift
	if [ -e "$dir/build.ninja" ]; then
		meson configure "$dir" "$@"
	else
		meson setup "$dir" "$deps_top" "$@"
	fi >"$dir.log" 2>&1 && ninja -C "$dir" "${DEPS_TARGET:-all}" >>"$dir.log" 2>&1 && rm -f "$dir.log" && return 0
	# the words of what failed, without those of the steps that went well
	sed -n '/FAILED:\|ERROR:/,$ { /^\[[0-9]*\/[0-9]*\]/d; p }' "$dir.log" | head -n 60 >&2
	rm -f "$dir.log"
	return 1
}
