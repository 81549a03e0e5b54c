#include "core/ccflags.h"

#include "base/str.h"

#include <criterion/criterion.h>
#include <string.h>

static bool takes_joined_value(const struct ccflag *row)
{
	return row->form == CCFLAG_JOINED || row->form == CCFLAG_EITHER;
}

Test(ccflags, rows_are_sorted_and_whole)
{
	for (size_t i = 0; ccflags_row(i); i++) {
		const struct ccflag *row = ccflags_row(i), *next = ccflags_row(i + 1);
		cr_assert(!next || strcmp(row->spelling, next->spelling) < 0, "%s", row->spelling);
		bool has_reason = row->use == CCFLAG_LOCAL || row->use == CCFLAG_SOURCE;
		cr_assert_eq(has_reason, row->reason != NULL, "%s", row->spelling);
		bool takes_value = row->value != CCFLAG_VALUE_NONE;
		bool has_value = row->form != CCFLAG_EXACT && row->form != CCFLAG_SWITCH;
		bool reaches_node = row->use == CCFLAG_BOTH || row->use == CCFLAG_NATIVE ||
				    (row->use == CCFLAG_SOURCE && row->form != CCFLAG_EITHER);
		cr_assert_eq(takes_value, reaches_node && has_value, "%s", row->spelling);
	}
	cr_assert_null(ccflags_row((size_t)-1));
}

Test(ccflags, every_row_is_reached)
{
	for (size_t i = 0; ccflags_row(i); i++) {
		const struct ccflag *row = ccflags_row(i);
		size_t words;
		cr_expect_eq(ccflags_find(row->spelling, &words), row, "%s", row->spelling);
		bool has_next = row->form == CCFLAG_SEPARATE || row->form == CCFLAG_EITHER;
		cr_expect_eq(words, has_next ? 2 : 1, "%s", row->spelling);
		if (takes_joined_value(row)) {
			_cleanup_free_ char *joined = xasprintf("%s\001", row->spelling);
			cr_expect_eq(ccflags_find(joined, &words), row, "%s", row->spelling);
			cr_expect_eq(words, 1);
		}
		if (row->form == CCFLAG_SWITCH) {
			_cleanup_free_ char *no =
				xasprintf("%.2sno-%s", row->spelling, row->spelling + 2);
			cr_expect_eq(ccflags_find(no, &words), row, "%s", no);
		}
	}
}

Test(ccflags, longest_spelling_wins)
{
	static const struct {
		const char *arg, *spelling;
	} cases[] = {
		{"-include", "-include"},
		{"-includefoo.h", "-include"},
		{"-isystem", "-isystem"},
		{"-isysroot", "-isysroot"},
		{"-iquote/x", "-iquote"},
		{"-I/x", "-I"},
		{"-Wl,-O1", "-Wl,"},
		{"-Wp,-MMD,x.d", "-Wp,-MMD,"},
		{"-Wp,-MD,x.d", "-Wp,-MD,"},
		{"-Wp,-DX", "-Wp,-D"},
		{"-Wp,-I/x", "-Wp,"},
		{"-Wa,--noexecstack", "-Wa,--noexecstack"},
		{"-Wa,--noexecstack,-a=x", "-Wa,"},
		{"-Wa,-march=armv7-a", "-Wa,-m"},
		{"-Wa,-al=m", "-Wa,"},
		{"-Wall", "-W"},
		{"-Wpedantic", "-W"},
		{"-Wno-pedantic", "-W"},
		{"-march=native", "-march=native"},
		{"-march=nocona", "-m"},
		{"-mtune=native", "-mtune=native"},
		{"-fno-lto", "-fno-lto"},
		{"-flto", "-flto"},
		{"-flto=auto", "-flto="},
		{"-fno-builtin-memcpy", "-fno-builtin-"},
		{"-fno-builtin", "-fbuiltin"},
		{"-fno-strict-aliasing", "-fstrict-aliasing"},
		{"-fno-PIE", "-fPIE"},
		{"-gno-column-info", "-gcolumn-info"},
		{"-gdwarf-4", "-gdwarf-4"},
		{"-dM", "-d"},
		{"-dumpmachine", "-dumpmachine"},
		{"-dumpbase", "-dumpbase"},
		{"-print-search-dirs", "-print-"},
		{"-static-libgcc", "-static-libgcc"},
		{"-s", "-s"},
		{"-std=gnu11", "-std="},
		{"--param", "--param"},
		{"--param=a=1", "--param="},
		{"-fstack-protector-strong", "-fstack-protector-strong"},
		{"-fsanitize=address", "-fsanitize="},
		{"-fsanitize-recover=all", "-fsanitize-recover="},
		{"-fmodulo-sched", "-fmodulo-sched"},
		{"-fmodules-ts", "-fmodule"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		size_t words;
		const struct ccflag *row = ccflags_find(cases[i].arg, &words);
		cr_assert(row, "%s", cases[i].arg);
		cr_expect_str_eq(row->spelling, cases[i].spelling, "%s", cases[i].arg);
	}
}

Test(ccflags, unknown_is_null)
{
	static const char *const words[] = {"", "-", "x.c", "-fno-such-thing", "-fno-", "-f",
		"-fno", "-g9", "-fstrict-aliasing=1", "-q", "--frobnicate", "-gno-gdwarf", "-MJ",
		"-Fdir",
		"-fno-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		size_t n = 7;
		cr_expect_null(ccflags_find(words[i], &n), "%s", words[i]);
		cr_expect_eq(n, 1);
		cr_expect_not(ccflags_node_allows(words[i]), "%s", words[i]);
	}
}

/* Options that run programs, load code, read or write files, or swallow the next word. */
Test(ccflags, nodes_refuse)
{
	static const char *const words[] = {"-wrapper", "-wrapper,./w.sh", "-B", "-Bdir", "-B.",
		"-specs=f", "-specs", "--specs=f", "--specs", "-fmodule-mapper=|cmd",
		"-fmodules-ts", "-fmodule-header", "-fmodules", "-fplugin=./p.so",
		"-fplugin-arg-p-x=1", "-fpass-plugin=p", "-Xclang", "-load", "-mllvm",
		"-mllvm=-load=p", "-mllvm=-info-output-file=f", "-mllvm=", "-mllvm=-asan-",
		"-mllvm=-asan-x=/f", "-mllvm=-dfsan-abilist=f", "-mllvm -asan-stack=1",
		"-mplugin=x", "-Wa,-al=F", "-Wa,--MD,F", "-Wa,-o,x", "-Wa,@f", "-Wa,-I/", "-Wa,f.s",
		"-Wa,--noexecstack,--MD,F", "-Wa,-march=x,--MD,F", "-Wa,-m/x", "-Wa,-MD",
		"-Wp,-MD,F", "-Wp,-MMD,F", "-Wp,-DX,-MD,F", "-Wp,-DX=1,-include,/etc/passwd",
		"-Wp,-UX,-o", "-Wp,-D", "-Wp,-DX,", "-Wp,-DX,-D", "-Wp,-I/", "-Wp,@f", "-Wl,-o,x",
		"-MF", "-MFx", "-MD", "-MMD", "-MP", "-MT", "-MQ", "-M", "-MM", "-MG", "-MJ",
		"-aux-info", "-aux-info=F", "-fdump-tree-all=F", "-fdump-go-spec=F",
		"-fdump-final-insns=F", "-fdump-ada-spec", "-fopt-info", "-fopt-info-all=F",
		"-time=F", "-time", "-dumpdir", "-dumpbase", "-dumpbase-ext", "-da", "-dD", "-dM",
		"-fproc-stat-report=F", "--serialize-diagnostics", "-foptimization-record-file=F",
		"-info-output-file=F", "-stats-file=F", "-dependency-dot", "-include",
		"-include/etc/passwd", "-imacros", "-imacrosF", "-include-pch", "@F", "@",
		"--config", "-fauto-profile=F", "-fauto-profile", "-fprofile-use=F",
		"-fprofile-use", "-fprofile-generate", "-fprofile-instr-use=F",
		"-fprofile-sample-use=F", "-fprofile-arcs", "-fsanitize-ignorelist=F",
		"-fsanitize-blacklist=F", "-fsanitize-coverage-allowlist=F",
		"-fxray-always-instrument=F", "-ivfsoverlay", "-fstack-usage", "-fcallgraph-info",
		"-fcallgraph-info=su", "-ftest-coverage", "--coverage", "-coverage",
		"-fsave-optimization-record", "-ftime-trace", "-save-temps", "-save-temps=obj",
		"-save-stats", "-fwpa", "-flto", "-flto=auto", "-flto=/x", "-flto-report",
		"-fltrans", "-iplugindir=d", "-fuse-ld=/x/ld", "-fuse-ld=", "-T", "-Tf", "-Xlinker",
		"-Xassembler", "-Xpreprocessor", "-isysroot", "-isysrootd", "--sysroot",
		"--sysroot=/", "-I", "-I/", "-iquote", "-iquoted", "-isystem", "-isystemd",
		"-idirafter", "-idirafterd", "-iprefix", "-iprefixd", "-iwithprefix", "-imultilib",
		"-print-search-dirs", "-v", "-###", "--version", "--help",
		"-fdiagnostics-format=json-file", "-fdiagnostics-format=sarif-file",
		"-fdiagnostics-add-output=sarif", "-fdiagnostics-set-output=sarif",
		"-fmodules-cache-path=d", "-fmodule-file=f", "-fmodule-map-file=f",
		"-fmodule-output=f", "-fprebuilt-module-path=d", "-index-store-path",
		"-fcrash-diagnostics-dir=d", "-fthinlto-index=f", "-fembed-offload-object=f",
		"-foffload=x", "-foffload-options=-specs=f", "--ptxas-path=f", "--gcc-toolchain=d",
		"-resource-dir", "-ccc-install-dir", "-cc1", "-cc1as", "--driver-mode=cl", "-x",
		"-xf95", "-xc", "-o", "-of", "-c", "-S", "-E", "-pipe", "-l", "-lm", "-L", "-Lx",
		"-u", "-z", "-e", "-march=native,x", "-D", "-U", "--param", "-A", "-Ax=y",
		"-fcompare-debug", "-fdbg-cnt=x:1", "-fdisable-tree-x", "-fenable-tree-x",
		"-fself-test=d", "-fpch-preprocess", "-fpreprocessed", "-fdirectives-only",
		"-fno-directives-only", "-fsyntax-only", "-fverbose-asm", "-finput-charset=x",
		"-std=../x", "-m/x", "-mx,y", "-W,x", "-Wno-attributes=x,y", "-fvisibility=/x",
		"-fexec-charset=UTF-8//TRANSLIT", "-fpatchable-function-entry=a/b", "--param=a=/b",
		"-fmax-errors=x/y", "-O2 -B.", "-Wall\n-B.", "-std=c11\t", "-fPIC=1",
		"-frandom-seed=", "-fdebug-prefix-map=", "x.c", "/etc/passwd", "", "-"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		cr_expect_not(ccflags_node_allows(words[i]), "%s", words[i]);
}

Test(ccflags, nodes_take_only_both)
{
	for (size_t i = 0; ccflags_row(i); i++) {
		const struct ccflag *row = ccflags_row(i);
		const char *value = row->value == CCFLAG_VALUE_LLVM ? "-asan-stack=1" : "1";
		_cleanup_free_ char *word =
			xasprintf("%s%s", row->spelling, takes_joined_value(row) ? value : "");
		bool is_single = row->form != CCFLAG_SEPARATE;
		bool is_both = row->use == CCFLAG_BOTH || row->use == CCFLAG_NATIVE;
		cr_expect_eq(ccflags_node_allows(word), is_both && is_single, "%s", word);
	}
}

/* What kernels, distributions and large programs compile with. */
Test(ccflags, nodes_take)
{
	static const char *const words[] = {"-O", "-O0", "-O2", "-O3", "-Os", "-Oz", "-Og",
		"-Ofast", "-g", "-ggdb", "-ggdb2", "-gdwarf-4", "-gdwarf-5", "-gsplit-dwarf", "-gz",
		"-gz=zlib", "-gno-record-gcc-switches", "-gstrict-dwarf",
		"-gno-statement-frontiers", "-W", "-w", "-Wall", "-Wno-format-truncation",
		"-Werror=format-security", "-Wformat=2", "-Werror",
		"-Wno-error=implicit-function-declaration", "-Wimplicit-fallthrough=5",
		"-Wframe-larger-than=2048", "-Wc++11-compat", "-Wp,-D_FORTIFY_SOURCE=2",
		"-Wp,-U_FORTIFY_SOURCE,-D_FORTIFY_SOURCE=3", "-Wp,-D_GLIBCXX_ASSERTIONS", "-ansi",
		"-std=gnu11", "-std=c++20", "-std=iso9899:1999", "-pthread", "-pg", "-nostdinc",
		"-nostdinc++", "-DX", "-DX=1", "-D X", "-DX=\"a b\"\n", "-DX(a,b)=a##b", "-UX",
		"-D-B/x", "--param=asan-instrumentation-with-call-threshold=0",
		"-fmacro-prefix-map=./=", "-ffile-prefix-map=/home/me/x y=.",
		"-fdebug-prefix-map=/a=/b", "-fno-PIE", "-fPIC", "-fpie", "-mcmodel=kernel",
		"-mindirect-branch=thunk-extern", "-mindirect-branch-register",
		"-mindirect-branch-cs-prefix", "-mfunction-return=thunk-extern", "-fno-jump-tables",
		"-mharden-sls=all", "-fcf-protection=none", "-fcf-protection",
		"-fpatchable-function-entry=16,16", "-mstack-protector-guard-reg=fs",
		"-mstack-protector-guard-symbol=__stack_chk_guard", "-fsanitize=kernel-address",
		"-fasan-shadow-offset=0xdffffc0000000000", "-fsanitize-coverage=trace-pc",
		"-fsanitize=address,undefined", "-fno-sanitize=all", "-fconserve-stack",
		"-fzero-call-used-regs=used-gpr", "-ftrivial-auto-var-init=zero", "-mrecord-mcount",
		"-mfentry", "-mno-fp-ret-in-387", "-mpreferred-stack-boundary=3",
		"-mskip-rax-setup", "-fno-allow-store-data-races", "-fstrict-flex-arrays=3",
		"-femit-struct-debug-baseonly", "-march=armv8.2-a+crypto", "-mcpu=cortex-a72",
		"-mno-sse", "-m32", "-falign-functions=16:11:8", "-falign-jumps=1",
		"-fno-strict-aliasing", "-fno-delete-null-pointer-checks", "-fno-common",
		"-ffixed-x18", "-fno-stack-protector", "-fstack-protector-strong",
		"-fstack-clash-protection", "-fno-asynchronous-unwind-tables",
		"-fno-builtin-wcslen", "-fno-ipa-sra", "-fwrapv", "-fno-semantic-interposition",
		"-fvisibility=hidden", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics",
		"-fdiagnostics-color=always", "-fmax-errors=5", "-ftemplate-depth=900", "-fopenmp",
		"-frandom-seed=lib/x.c", "-fno-lto", "-flto-partition=none",
		"-fno-use-linker-plugin", "-ffat-lto-objects", "-Wa,--noexecstack",
		"-mllvm=-asan-mapping-offset=0xdffffc0000000000", "-mllvm=-asan-globals=1",
		"-mllvm=-msan-disable-checks=1", "-mllvm=-tsan-distinguish-volatile=1",
		"-Wa,-mrelax-relocations=no", "-Wa,-march=armv8.5-a", "-Wa,-mno-relax",
		"-Wa,-misa-spec=2.2", "-Wa,-msoft-float", "-Wa,--trap", "-mhotpatch=0,3",
		"-fsplit-lto-unit",
		"-enable-trivial-auto-var-init-zero-knowing-it-will-be-removed-from-clang",
		"-fno-addrsig", "-fsanitize=kcfi",
		"-fsanitize-cfi-icall-experimental-normalize-integers",
		"-fsanitize-undefined-ignore-overflow-pattern=all",
		"-fsanitize-memory-param-retval", "-fuse-ld=gold", "-ftls-model=initial-exec",
		"-ffast-math", "-fexcess-precision=standard", "-fsignaling-nans", "-funsigned-char",
		"-fshort-wchar", "-frecord-gcc-switches", "-fno-omit-frame-pointer",
		"-ftree-vectorize", "-fvect-cost-model=dynamic", "-finstrument-functions",
		"-fno-canonical-system-headers"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		cr_expect(ccflags_node_allows(words[i]), "%s", words[i]);
}

Test(ccflags, native_ones_are_found)
{
	static const struct {
		const char *words[4], *found;
	} cases[] = {
		{{"-O2", "-march=native"}, "-march=native"},
		{{"-mcpu=native+crypto", "-g", "-mtune=native"}, "-mcpu=native+crypto"},
		{{"-mtune=native", "-mtune=generic"}, "-mtune=native"},
		{{"-march=nocona", "-DX=-march=native", "-fverbose-native"}, NULL},
		{{NULL}, NULL},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct strv flags = {0};
		for (size_t k = 0; k < 4 && cases[i].words[k]; k++)
			strv_push(&flags, cases[i].words[k]);
		const char *found = ccflags_native(&flags);
		cr_expect_str_eq(found ? found : "none", cases[i].found ? cases[i].found : "none");
		strv_fini(&flags);
	}
}
