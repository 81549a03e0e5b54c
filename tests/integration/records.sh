# shellcheck shell=bash
# records.sh - the compiles of real projects, as records of their directories and words.  Sourced, after
# lib.sh and farm_begin.

# A compiler that writes down its directory and its words. REAL: and does it, else makes empty outputs.
make_recorder() {
	mkdir -p "$work/bin" "$work/records"
	cat >"$work/bin/gcc" <<-'END'
		#!/bin/bash
		name=${0##*/}
		PATH=${PATH#*:}
		printf '%s\0' "$PWD" "$name" "$@" >"$RECORDS/$$.$RANDOM"
		[ -z "$REAL" ] || exec "$name" "$@"
		case " $* " in
		*" -c "*) ;;
		*" -o "*) ;;
		*) exec "$name" "$@" ;;
		esac
		output='' source=''
		while [ $# -gt 0 ]; do
			case $1 in
			-o) output=$2 && shift ;;
			*.c | *.cc) source=${1##*/} ;;
			esac
			shift
		done
		: >"${output:-${source%.*}.o}"
	END
	chmod +x "$work/bin/gcc"
	ln -s gcc "$work/bin/cc" && ln -s gcc "$work/bin/g++" && ln -s gcc "$work/bin/c++"
	export RECORDS=$work/records REAL=
}

recorded() {
	PATH=$work/bin:$PATH "$@" >"$work/build.out" 2>&1 </dev/null
}

# record_project lua|redis|ninja|kernel: its sources in $tree, and a file for each of its compiles in $RECORDS.
# The build is real for the kernel, which needs what it compiles; elsewhere outputs are empty files.
record_project() {
	local project=$1
	tree=$work/tree
	case $project in
	kernel)
		[ -n "${FARMMAKE_TEST_LONG:-}" ] || skip "takes long (FARMMAKE_TEST_LONG=1 or run.sh --long)"
		deps_install bc bison flex libelf-dev libssl-dev cpio kmod rsync perl python3 >/dev/null ||
			skip "what a kernel needs is missing"
		deps_linux "$tree" || skip "Debian's sources of the kernel are out of reach"
		;;
	*)
		deps_install "${DEPS_SOURCE[@]}" g++ >/dev/null || skip "dpkg-dev or g++ is missing"
		;;
	esac

	make_recorder
	case $project in
	lua)
		deps_source lua5.4 "$tree" --skip-patches || skip "Debian's sources of lua are out of reach"
		recorded make -C "$tree" linux
		;;
	redis)
		deps_source redis "$tree" || skip "Debian's sources of redis are out of reach"
		recorded make -k -C "$tree" MALLOC=libc
		;;
	ninja)
		command -v python3 >/dev/null && command -v ninja >/dev/null || skip "python3 or ninja is missing"
		deps_source ninja-build "$tree" || skip "Debian's sources of ninja are out of reach"
		(cd "$tree" && python3 configure.py && recorded ninja -k 0 ninja) >/dev/null 2>&1
		;;
	kernel)
		export REAL=1
		recorded make -C "$tree" allmodconfig || fail "no configuration: $(tail -n 3 "$work/build.out")"
		rm -rf "$RECORDS" && mkdir "$RECORDS"
		recorded make -C "$tree" -j"$(nproc)" lib/ || fail "no kernel: $(tail -n 3 "$work/build.out")"
		;;
	esac
}
