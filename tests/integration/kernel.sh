#!/bin/bash
# kernel.sh WAY... - the ways in which people build a kernel: Debian's Linux 6.1, in small configurations, by make and
# then in the same place by farmmake through two nodes. All that make made is there, byte for byte, with the same
# words; and of the compiles of C files 95 of 100 were done by nodes. Not counted are programs of one command, and what
# has the compiler's options in its text (-fverbose-asm); doc/kernel.md says how many these are.
#
#   whole           tinyconfig, in the tree, to bzImage
#   o               out of the tree (O=)
#   objtool         objtool goes over what nodes have made
#   cross           ARCH=arm64, arm and riscv, with Debian's compilers for them
#   llvm            LLVM=1, LLVM=-16, and clang's LTO
#   modules         modules with versions, modpost, modules_install; modules of one's own (M=)
#   jobserver_exec  scripts/jobserver-exec, and how the documentation is built
#   config          defconfig, allmodconfig, olddefconfig, oldconfig: what they make, and how long they take
#   check           W=1, V=1, C=0
#   targets         single targets, clean, -j, -k, -n, --trace
. "$(dirname "$0")/lib.sh"

[ -n "${FARMMAKE_TEST_LONG:-}" ] || skip "takes long (FARMMAKE_TEST_LONG=1 or run.sh --long)"
[ $# -gt 0 ] || fail "which way?"
deps_install bc bison flex libelf-dev libssl-dev cpio kmod rsync perl python3 jq xz-utils >/dev/null ||
	skip "what a kernel needs is missing"
# What a way needs besides; without it the way says so, or a part of it does.
for way; do
	case $way in
	cross) deps_install gcc-aarch64-linux-gnu gcc-arm-linux-gnueabihf gcc-riscv64-linux-gnu ;;
	llvm) deps_install clang lld llvm clang-16 lld-16 llvm-16 ;;
	esac >/dev/null 2>&1
done
farm_begin
tree=$work/linux
out=$work/out
slots=$(nproc)
export KBUILD_BUILD_TIMESTAMP=@1 KBUILD_BUILD_USER=farm KBUILD_BUILD_HOST=farm
deps_linux "$tree" || skip "the sources are out of reach"
(cd "$tree" && find . ! -type d | sort) >"$work/unpacked"
measure_cc
start_farm
# with nodes in the last build, the next ones wait for them
hear_nodes >"$work/first.mk"
echo 'all: ;' >>"$work/first.mk"
farm -s -f "$work/first.mk" >"$work/first.out" 2>&1 || fail "farmmake failed"

# has COMPILER PROGRAM...: they are there, and the compiler is measured
has() {
	local program
	for program; do
		command -v "$program" >/dev/null || { echo "ok - $way # SKIP $program is missing" && return 1; }
	done
	measure_cc "$1"
}

# make, as farmmake is called
plain() {
	make -j"$slots" "$@" </dev/null
}

# what has come to the tree since it was unpacked
added() {
	(cd "$tree" && find . ! -type d | sort | comm -13 "$work/unpacked" -)
}

# take DIR: all that was built moves there
take() {
	rm -rf "$1" && mkdir -p "$1/tree"
	(cd "$tree" && added | xargs -r -d '\n' cp -al --parents -t "$1/tree" && added | xargs -r -d '\n' rm) ||
		fail "cannot take what was built"
	find "$tree" -type d -empty -delete # where a file was made there was a directory made for it
	if [ -e "$out" ]; then mv "$out" "$1/out"; fi
}

# run TOOL STEP...: each step is a list of arguments, or a command behind "!"
run() {
	local tool=$1 step
	shift
	for step; do
		case $step in
		!*) (cd "$tree" && eval "${step#!}") || return ;;
		*)
			eval "local words=($step)"
			# shellcheck disable=SC2154  # so they are
			"$tool" -C "$tree" "${words[@]}" || return
			[ "$tool" != farm ] || tally
			;;
		esac
	done
}

# tally: adds the compiles of the last build, if it had any
tally() {
	if [ -e "$report" ]; then
		in_report '.jobs[] | [.where, .source, .reason] | @tsv' >>"$work/jobs" && rm "$report"
	fi
}

# C files that might have gone
compiles() {
	awk -F '\t' '$2 ~ /\.c$/ && $3 !~ /^compiles and links|^-fverbose-asm/' "$work/jobs"
}

# on_nodes WHAT: 95 of 100 compiles
on_nodes() {
	local all nodes
	[ -s "$work/jobs" ] || return 0
	all=$(compiles | wc -l) nodes=$(compiles | grep -c '^node')
	note "$1: $nodes of $all C files by nodes; here: $(awk -F '\t' '
		$1 != "node" { n[$3]++ } END { for (i in n) printf "%d %s; ", n[i], i }' "$work/jobs")"
	[ $((nodes * 100)) -ge $((all * 95)) ] || fail "$1: only $nodes of $all by nodes: $(compiles | grep -v '^node')"
}

# What was written to FILE, in an order of its own, and with any pool's descriptors.
words_of() {
	sed -E 's/--jobserver-auth=[0-9]+,[0-9]+/--jobserver-auth=R,W/' "$1" | sort
}

# both WHAT STEP...: by make and by farmmake, from the same beginning; $status is how they end
both() {
	local what=$1 status=${status:-0}
	shift
	: >"$work/jobs"
	run plain "$@" >"$work/plain.out" 2>"$work/plain.err"
	[ $? = "$status" ] || fail "$what: make does not end with $status: $(tail -n 3 "$work/plain.err")"
	take "$work/plain"
	run farm "$@" >"$work/farm.out" 2>"$work/farm.err"
	[ $? = "$status" ] || fail "$what: farmmake does not end with $status: $(tail -n 3 "$work/farm.err")"
	take "$work/farm"
	diff <(sort "$work/plain.err") <(said "$work/farm.err") >"$work/words" &&
		diff <(words_of "$work/plain.out") <(words_of "$work/farm.out") >"$work/words" ||
		fail "$what: other words: $(head -n 5 "$work/words")"
	note "$what: $(same_trees "$work/plain" "$work/farm") files are the same"
	on_nodes "$what"
}

# some directories of a configuration that has most of what there is
dirs=${FARMMAKE_TEST_KERNEL:-lib/math/ block/ crypto/}

whole() {
	both whole tinyconfig ''
	[ -s "$work/farm/tree/vmlinux" ] && [ -s "$work/farm/tree/arch/x86/boot/bzImage" ] || fail "no kernel"
}

o() {
	both 'O=' "O=$out defconfig" "O=$out $dirs"
}

objtool() {
	both objtool "O=$out defconfig" "O=$out kernel/sched/ kernel/locking/ kernel/time/"
	grep -qx CONFIG_UNWINDER_ORC=y "$work/farm/out/.config" || fail "objtool had nothing to do"
	readelf -SW "$work/farm/out/kernel/sched/core.o" | grep -q orc_unwind || fail "objtool has not been here"
}

cross() {
	local arch prefix
	while read -r arch prefix; do
		has "${prefix}gcc" || continue
		both "ARCH=$arch" "ARCH=$arch CROSS_COMPILE=$prefix O=$out defconfig" \
			"ARCH=$arch CROSS_COMPILE=$prefix O=$out $dirs"
	done <<-END
		arm64 aarch64-linux-gnu-
		arm arm-linux-gnueabihf-
		riscv riscv64-linux-gnu-
	END
}

llvm() {
	local suffix
	for suffix in '' -16; do
		has clang$suffix ld.lld$suffix llvm-ar$suffix || continue
		both "LLVM=${suffix:-1}" "LLVM=${suffix:-1} O=$out defconfig" "LLVM=${suffix:-1} O=$out $dirs"
	done
	has clang ld.lld llvm-ar || return 0
	both 'LLVM=1, LTO' "LLVM=1 O=$out tinyconfig" \
		"!scripts/config --file $out/.config -e 64BIT -d LTO_NONE -e LTO_CLANG_THIN" \
		"LLVM=1 O=$out olddefconfig" "LLVM=1 O=$out lib/"
	grep -qx CONFIG_LTO_CLANG_THIN=y "$work/farm/out/.config" || fail "no LTO"
}

modules() {
	cat >"$work/modules.config" <<-END
		CONFIG_64BIT=y
		CONFIG_MODULES=y
		CONFIG_MODVERSIONS=y
		CONFIG_MODULE_UNLOAD=y
		CONFIG_CRYPTO=y
		CONFIG_CRYPTO_MD4=m
		CONFIG_CRYPTO_BLOWFISH=m
		CONFIG_CRYPTO_SERPENT=m
		CONFIG_CRYPTO_TWOFISH=m
		CONFIG_STACK_VALIDATION=y
		CONFIG_UNWINDER_ORC=y
	END
	mkdir "$work/ours"
	printf 'obj-m := ours.o\nours-y := a.o b.o\n' >"$work/ours/Kbuild"
	cat >"$work/ours/a.c" <<-END
		#include <linux/module.h>
		int ours(void);
		static int __init begin(void) { return ours(); }
		module_init(begin);
		MODULE_LICENSE("GPL");
	END
	cat >"$work/ours/b.c" <<-END
		#include <linux/printk.h>
		int ours(void);
		int ours(void) { pr_info("%s\n", __FILE__); return 0; }
	END
	export KBUILD_MODPOST_WARN=1 # of symbols of vmlinux, which is not there
	both modules "KCONFIG_ALLCONFIG=$work/modules.config allnoconfig" modules_prepare M=crypto \
		"!mkdir -p $out && cp -r $work/ours $out" "M=$out/ours" \
		"M=crypto modules_install INSTALL_MOD_PATH=$out/installed" \
		"M=$out/ours modules_install INSTALL_MOD_PATH=$out/installed"
	unset KBUILD_MODPOST_WARN
	[ "$(find "$work/farm/out/installed" -name '*.ko' | wc -l)" -ge 4 ] || fail "not all modules"
}

jobserver_exec() {
	cat >"$work/sphinx-build" <<-'END'
		#!/bin/sh
		echo "sphinx: $*"
	END
	chmod +x "$work/sphinx-build"
	both htmldocs "htmldocs SPHINXBUILD=$work/sphinx-build"
	grep -q "^sphinx: -j$slots " "$work/farm.out" || fail "tokens: $(cat "$work/farm.out")"
	# while jobs are away it may get what was lent, and all comes back
	slow_project "$work/slow" 12 2
	hear_nodes >>"$work/slow/Makefile"
	cat >>"$work/slow/Makefile" <<-END
		all: exec.1 exec.2
		exec.%:; +@$tree/scripts/jobserver-exec sh -c 'echo tokens \$\$PARALLELISM; sleep 1'
	END
	farm -C "$work/slow" >"$work/exec.out" 2>&1 || fail "jobserver-exec: $(tail -n 3 "$work/exec.out")"
	[ "$(grep -c '^tokens [1-9]' "$work/exec.out")" = 2 ] || fail "tokens: $(grep tokens "$work/exec.out")"
	note "beside compiles on nodes: $(grep tokens "$work/exec.out" | paste -sd,)"
	[ "$(in_report .summary.tokens.lost)" = 0 ] || fail "tokens were lost"
}

# seconds COMMAND...
seconds() {
	local begin=$EPOCHREALTIME
	"$@" >/dev/null 2>&1 || fail "$*"
	echo "$begin $EPOCHREALTIME" | awk '{ printf "%.2f\n", $2 - $1 }'
}

# pairs TARGET: by turns, five times each; the median of the ratios is 1.1 at most
pairs() {
	local plain farm
	seconds plain -C "$tree" "O=$out" "$1" >"$work/once"
	for _ in 1 2 3 4 5; do
		plain=$(seconds plain -C "$tree" "O=$out" "$1") || exit
		farm=$(seconds farm -C "$tree" "O=$out" "$1") || exit
		echo "$plain $farm"
	done >"$work/pairs"
	note "$1: $(paste -sd, "$work/pairs") s"
	awk '{ print $2 / $1 }' "$work/pairs" | sort -n | awk -v what="$1" 'NR == 3 { print "  " what ": " $1; exit $1 > 1.1 }' ||
		fail "$1 takes longer"
}

config() {
	local target
	for target in allmodconfig defconfig tinyconfig; do
		both $target "O=$out $target"
	done
	both olddefconfig "O=$out defconfig" "!sed -i '/MODULES/d; /CONFIG_SMP/d' $out/.config" "O=$out olddefconfig"
	both oldconfig "O=$out defconfig" "O=$out oldconfig"
	# which nobody answers: it says so, and takes the default
	both 'oldconfig, with a question' "O=$out defconfig" "!sed -i /CONFIG_SMP/d $out/.config" "O=$out oldconfig"
	pairs allmodconfig
	pairs olddefconfig
	pairs prepare
}

check() {
	both 'W=1 V=1' "O=$out tinyconfig" "W=1 V=1 C=0 O=$out lib/ kernel/time/"
	[ -s "$work/plain.err" ] || fail "there is nothing to warn of"
}

targets() {
	status=2 both targets "O=$out defconfig" "O=$out kernel/fork.o" "O=$out kernel/fork.s kernel/fork.i" \
		"-j8 O=$out lib/math/" "--trace O=$out lib/zlib_inflate/" \
		"-k O=$out lib/zlib_deflate/ CFLAGS_deftree.o='-include nonsuch.h'"
	# -n compiles nothing, so there is no pool that its words could name
	mv "$work/farm/out" "$out"
	diff <(make -C "$tree" "O=$out" -n block/ 2>&1) <(farm -C "$tree" "O=$out" -n block/ 2>&1) >"$work/words" ||
		fail "-n: $(head -n 5 "$work/words")"
	rm -r "$out"
	both clean tinyconfig lib/math/ clean
	both mrproper tinyconfig lib/math/ mrproper
}

for way; do
	case $way in
	whole | o | objtool | cross | llvm | modules | jobserver_exec | config | check | targets) "$way" ;;
	*) fail "no such way: $way" ;;
	esac
done
nothing_left
