# shellcheck shell=bash
# workloads.sh - what is built.  Sourced by run.sh.
#
#   workload_fetch     brings what the machine lacks; before the network is gone
#   workload_prepare   $tree as it is before a build; once for each session
#   workload_reset     undoes a build
#   workload_goals     make's arguments, behind "make -C $tree"
#   workload_warmup    goals that are at least 50 files, with make's options, for many and kernel
#   workload_copies    how often each recorded compile is in a build
#
# The tree is always at the same place, or the records, which know directories, would not fit.

workload_fetch() {
	case $workload in
	redis | many)
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

# Each source of Redis under so many values of a macro: compiles, which make starts without a shell, and
# nothing else
many_of_redis() {
	[ -e "$tree/src/redis-server" ] || { rm -rf "$tree" && deps_source redis "$tree" &&
		make -C "$tree" -j"$(nproc)" MALLOC=libc; } || return
	cat >"$tree/many.mk" <<-'END'
		CFLAGS = -std=c11 -pedantic -DREDIS_STATIC= -Wall -W -Wno-missing-field-initializers -O2 -g -ggdb \
			-Ideps/hiredis -Ideps/linenoise -Ideps/lua/src -Ideps/hdr_histogram
		sources := $(patsubst %.o,%.c,$(wildcard src/*.o))
		variants := $(shell seq 20)
		define variant
		many/$(1)/%.o: src/%.c; $$(CC) $$(CFLAGS) -DVARIANT=$(1) -c -o $$@ $$<
		endef
		all: $(foreach source,$(sources:src/%.c=%),$(foreach v,$(variants),many/$(v)/$(source).o))
		first: $(sources:src/%.c=many/1/%.o)
		$(foreach v,$(variants),$(eval $(call variant,$(v))))
	END
	for i in $(seq 20); do
		mkdir -p "$tree/many/$i"
	done
}

workload_prepare() {
	case $workload in
	many) many_of_redis ;;
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
	many) find "$tree/many" -name '*.o' -delete ;;
	esac
}

workload_goals() {
	case $workload in
	redis) echo "MALLOC=libc" ;;
	kernel) echo "$kernel_dirs" ;;
	many) echo "-f many.mk $([ -n "${recording:-}" ] && echo first || echo all)" ;;
	esac
}

workload_warmup() {
	case $workload in
	kernel) echo "${kernel_dirs%% *}" ;;
	many) echo "-f many.mk first" ;;
	*) fail "farmmake-counted: only kernel and many" ;;
	esac
}

workload_copies() {
	[ "$workload" = many ] && echo 20 || echo 1
}
