# shellcheck shell=bash
# workloads.sh - what is built.  Sourced by run.sh.
#
#   workload_fetch     brings what the machine lacks; before the network is gone
#   workload_prepare   $tree as it is before a build; once for each session
#   workload_reset     undoes a build
#   workload_goals     make's arguments, behind "make -C $tree"
#
# The tree is always at the same place, or the records, which know directories, would not fit.

workload_fetch() {
	case $workload in
	redis)
		deps_fetch redis
		;;
	kernel)
		deps_install bc bison flex libelf-dev libssl-dev cpio kmod rsync perl xz-utils &&
			{ [ -e "$tree/Makefile" ] || deps_linux "$tree"; }
		;;
	esac
}

# so_many_files N: functions that cost a compiler nothing
so_many_files() {
	local i
	mkdir -p "$tree"
	for i in $(seq "$1"); do
		printf 'int f%d(int x);\nint f%d(int x) { return x + %d; }\n' "$i" "$i" "$i" >"$tree/f$i.c"
	done
	cat >"$tree/Makefile" <<-'END'
		all: $(patsubst %.c,%.o,$(wildcard *.c))
		%.o: %.c; $(CC) -O2 -g -c -o $@ $<
	END
}

workload_prepare() {
	case $workload in
	redis)
		rm -rf "$tree" "$tree.fresh"
		deps_source redis "$tree.fresh" && cp -r "$tree.fresh" "$tree"
		;;
	kernel)
		[ -e "$tree/.config" ] || make -C "$tree" allmodconfig
		make -j"$(nproc)" -C "$tree" prepare && workload_reset
		;;
	trivial)
		rm -rf "$tree"
		so_many_files 400
		;;
	esac >"$work/prepare.log" 2>&1 </dev/null
}

workload_reset() {
	case $workload in
	redis) rm -rf "$tree" && cp -r "$tree.fresh" "$tree" ;;
	kernel)
		# shellcheck disable=SC2086  # a list
		(cd "$tree" && find $kernel_dirs \( -name '*.o' -o -name '*.a' -o -name '.*.cmd' -o \
			-name '*.mod' -o -name 'modules.order' \) -type f -delete)
		;;
	trivial) find "$tree" -name '*.o' -delete ;;
	esac
}

workload_goals() {
	case $workload in
	redis) echo "MALLOC=libc" ;;
	kernel) echo "$kernel_dirs" ;;
	esac
}
