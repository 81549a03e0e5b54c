#include "core/ccargs.h"
#include "core/ccflags.h"
#include "lib/words.h"

#include <criterion/criterion.h>
#include <string.h>

static void scan(const char *command, struct ccargs *ret)
{
	struct strv words = {0};
	words_split(command, &words);
	ccargs_scan(words.v[0], words.v + 1, ret);
	strv_fini(&words);
}

struct remote_case {
	const char *command, *source, *output, *flags, *cpp; /* cpp without what is put in front */
	enum lang lang;
	enum output_kind kind;
	const char *dwo; /* the only one there can be beside a text */
};

static const struct remote_case remotes[] = {
	{"gcc -c x.c", "x.c", "x.o", "", "x.c"},
	{"gcc -c d/x.c", "d/x.c", "x.o", "", "d/x.c"},
	{"/usr/bin/gcc -c ../x.y.c", "../x.y.c", "x.y.o", "", "../x.y.c"},
	{"gcc -O2 -c x.c -o x.o", "x.c", "x.o", "-O2", "-O2 x.c"},
	{"gcc -ox.o -c x.c -pipe", "x.c", "x.o", "", "x.c"},
	{"gcc -S x.c", "x.c", "x.s", "", "x.c", LANG_C, OUTPUT_ASSEMBLY},
	{"gcc -c -S x.c -o y", "x.c", "y", "", "x.c", LANG_C, OUTPUT_ASSEMBLY},
	{"gcc -S -c x.c", "x.c", "x.s", "", "x.c", LANG_C, OUTPUT_ASSEMBLY},
	{"g++ -c x.cc", "x.cc", "x.o", "", "x.cc", LANG_CXX},
	{"gcc -c x.cpp", "x.cpp", "x.o", "", "x.cpp", LANG_CXX},
	{"gcc -c x.C", "x.C", "x.o", "", "x.C", LANG_CXX},
	{"g++-12 -c x.c", "x.c", "x.o", "", "x.c", LANG_CXX},
	{"x86_64-linux-gnu-g++ -x c -c x.c", "x.c", "x.o", "", "-x c x.c", LANG_C},
	{"gcc -xc++ -c x.c", "x.c", "x.o", "", "-xc++ x.c", LANG_CXX},
	{"gcc -x c -c x.txt", "x.txt", "x.o", "", "-x c x.txt"},
	{"gcc -x c -c x", "x", "x.o", "", "-x c x"},
	{"gcc -x c++ -x none -c x.c", "x.c", "x.o", "", "-x c++ -x none x.c"},
	{"gcc -c x.c -x c++", "x.c", "x.o", "", "x.c -x c++"},
	/* order is kept: the later option wins */
	{"gcc -O2 -c x.c -O0 -DA -UA -D A=2", "x.c", "x.o", "-O2 -O0 -DA -UA -DA=2",
		"-O2 x.c -O0 -DA -UA -D A=2"},
	{"gcc -DA=-c -c x.c", "x.c", "x.o", "-DA=-c", "-DA=-c x.c"},
	{"gcc -D -c -c x.c", "x.c", "x.o", "-D-c", "-D -c x.c"},
	{"gcc -DX=\"y.c\" -c x.c", "x.c", "x.o", "-DX=\"y.c\"", "-DX=\"y.c\" x.c"},
	{"gcc -I. -I inc -iquote q -isystem s -idirafter a -include c.h -nostdinc -c x.c", "x.c",
		"x.o", "-nostdinc",
		"-I. -I inc -iquote q -isystem s -idirafter a -include c.h -nostdinc x.c"},
	{"gcc -I x.c -c y.c", "y.c", "y.o", "", "-I x.c y.c"},
	{"gcc --sysroot=/s --sysroot /t -isysroot /u -c x.c", "x.c", "x.o", "",
		"--sysroot=/s --sysroot /t -isysroot /u x.c"},
	{"gcc --param a-b=1 --param=c=2 -c x.c", "x.c", "x.o", "--param=a-b=1 --param=c=2",
		"--param a-b=1 --param=c=2 x.c"},
	{"clang -mllvm -asan-stack=1 -mllvm=-asan-globals=1 -c x.c", "x.c", "x.o",
		"-mllvm=-asan-stack=1 -mllvm=-asan-globals=1",
		"-mllvm -asan-stack=1 -mllvm=-asan-globals=1 x.c"},
	{"gcc -Wp,-U_F,-D_F=2 -c x.c", "x.c", "x.o", "-Wp,-U_F,-D_F=2", "-Wp,-U_F,-D_F=2 x.c"},
	{"gcc -Wl,-O1 -lm -L. -static -c x.c", "x.c", "x.o", "", "-Wl,-O1 -lm -L. -static x.c"},
	{"gcc -gsplit-dwarf -g -c d/x.c", "d/x.c", "x.o", "-gsplit-dwarf -g",
		"-gsplit-dwarf -g d/x.c", LANG_C, OUTPUT_OBJECT, "x.dwo"},
	{"gcc -gsplit-dwarf -c d/x.c -o e.f/x.c.o", "d/x.c", "e.f/x.c.o", "-gsplit-dwarf",
		"-gsplit-dwarf d/x.c", LANG_C, OUTPUT_OBJECT, "e.f/x.c.dwo"},
	{"gcc -gsplit-dwarf -c x.c -o e.f/x", "x.c", "e.f/x", "-gsplit-dwarf", "-gsplit-dwarf x.c",
		LANG_C, OUTPUT_OBJECT, "e.f/x.dwo"},
	{"gcc -gsplit-dwarf -c x.c -o .x", "x.c", ".x", "-gsplit-dwarf", "-gsplit-dwarf x.c",
		LANG_C, OUTPUT_OBJECT, ".x.dwo"},
	{"gcc -gsplit-dwarf -S x.c", "x.c", "x.s", "-gsplit-dwarf", "-gsplit-dwarf x.c", LANG_C,
		OUTPUT_ASSEMBLY},
	/* dependencies */
	{"gcc -MD -c d/x.c", "d/x.c", "x.o", "", "-MD d/x.c -MF x.d"},
	{"gcc -MMD -c d/x.c -o o/x.o", "d/x.c", "o/x.o", "", "-MMD d/x.c -MF o/x.d -MQ o/x.o"},
	{"gcc -MD -c x.c -o o.d/x", "x.c", "o.d/x", "", "-MD x.c -MF o.d/x.d -MQ o.d/x"},
	{"gcc -MD -c x.c -o .o", "x.c", ".o", "", "-MD x.c -MF .d -MQ .o"},
	{"gcc -MD -MP -MF f -c x.c -o x.o", "x.c", "x.o", "", "-MD -MP -MF f x.c -MQ x.o"},
	{"gcc -MD -MFf -MTt -MQ q -c x.c -o x.o", "x.c", "x.o", "", "-MD -MFf -MTt -MQ q x.c"},
	{"gcc -MD -S x.c", "x.c", "x.s", "", "-MD x.c -MF x.d", LANG_C, OUTPUT_ASSEMBLY},
	{"gcc -Wp,-MMD,.x.o.d -c x.c -o x.o", "x.c", "x.o", "", "-Wp,-MMD,.x.o.d x.c"},
	{"gcc -Wp,-MD,f -Wp,-MT,t -MP -c x.c", "x.c", "x.o", "", "-Wp,-MD,f -Wp,-MT,t -MP x.c"},
};

Test(ccargs, remote)
{
	for (size_t i = 0; i < sizeof remotes / sizeof *remotes; i++) {
		const struct remote_case *c = &remotes[i];
		struct ccargs a;
		scan(c->command, &a);
		cr_assert_eq(a.verdict, CCARGS_REMOTE, "%s: %s", c->command, a.reason);
		cr_expect_null(a.reason);
		cr_expect_str_eq(a.source, c->source, "%s", c->command);
		cr_expect_str_eq(a.output, c->output, "%s", c->command);
		cr_expect_eq(a.lang, c->lang, "%s", c->command);
		cr_expect_eq(a.output_kind, c->kind, "%s", c->command);
		cr_expect_eq(a.sides, c->dwo ? 1 << SIDE_DWO : 0, "%s", c->command);
		cr_expect_str_eq(a.side[SIDE_DWO] ? a.side[SIDE_DWO] : "", c->dwo ? c->dwo : "",
			"%s", c->command);

		_cleanup_free_ char *flags = words_join(&a.flags), *cpp = words_join(&a.cpp);
		_cleanup_free_ char *want =
			xasprintf("-E -fdirectives-only -fpch-preprocess %s", c->cpp);
		cr_expect_str_eq(flags, c->flags, "%s", c->command);
		cr_expect_str_eq(cpp, want, "%s", c->command);
		ccargs_fini(&a);
	}
}

static const struct {
	const char *command, *reason;
} locals[] = {
	{"gcc x.c", "compiles and links in one command"},
	{"gcc x.c -o x -lm -Wl,-z,now -qunknown", "compiles and links in one command"},
	{"gcc -c x.c y.c", "several sources in one command"},
	{"gcc x.c y.o -o x", "compiles and links in one command"},
	{"gcc -c x.c y.o", "object files have no place in a compile"},
	{"gcc -c x.c -o a.o -o b.o", "several outputs in one command"},
	{"gcc -c x.c -o /dev/null", "the output is no file"},
	{"gcc -c x.c -o -", "the output is no file"},
	{"gcc -c x.c -o/dev/stdout", "the output is no file"},
	{"gcc -x c -c -", "the source comes from standard input"},
	{"gcc -x c -c /dev/stdin", "the source is a device"},
	{"gcc -c @args", "a response file cannot be read"},
	{"gcc -c conftest.c", "a configure test is compiled here"},
	{"gcc -c d/conftest.cpp -g3", "a configure test is compiled here"},
	{"gcc -c tmp.conftest.c", "a configure test is compiled here"},
	{"cc -c -o /tmp/cgZ1k2aB/dummy.o /tmp/cgZ1k2aB/dummy.c",
		"a configure test is compiled here"},
	{"cc -o CMakeFiles/cmTC_3f2a1.dir/src.c.o -c /b/CMakeFiles/CMakeScratch/TryCompile-x/src.c",
		"a configure test is compiled here"},
	{"gcc /b/meson-private/tmpa1/testfile.c -o /b/meson-private/tmpa1/output.obj -c -O0",
		"a configure test is compiled here"},
	{"gcc -c x.s", "assembler sources are assembled here"},
	{"gcc -c x.S", "assembler sources are assembled here"},
	{"gcc -c x.i", "the source is preprocessed already"},
	{"g++ -c x.ii", "the source is preprocessed already"},
	{"gcc x.h", "headers are precompiled here"},
	{"gcc -c x.hpp -o x.gch", "headers are precompiled here"},
	{"gcc -c x.m", "the source is neither C nor C++"},
	{"gcc -x assembler -c x.c", "nodes compile only -x c and -x c++"},
	{"gcc -x c-header -c x.c", "nodes compile only -x c and -x c++"},
	{"gcc -foo -c x.c", "-foo is not known to the farm"},
	{"gcc -c x.c -fpch-deps -foo", "-fpch-deps uses precompiled headers"},
	{"gcc -g3 -gsplit-dwarf -c x.c", "-g3 records every macro"},
	{"clang -g -grecord-gcc-switches -c x.c",
		"-grecord-gcc-switches records the whole command in the object"},
	{"clang -MD -MF - -c x.c", "clang records its input in the object"},
	{"clang -Wl,-O1 -c x.c", "clang records its input in the object"},
	{"gcc -fplugin=p.so -c x.c", "-fplugin=p.so loads code into the compiler"},
	{"gcc -specs=f -c x.c", "-specs=f runs other programs"},
	{"gcc -B d -c x.c", "-B runs other programs"},
	{"gcc -wrapper gdb,--args -c x.c", "-wrapper runs other programs"},
	{"gcc -save-temps -c x.c", "-save-temps writes another file beside the object"},
	{"gcc --coverage -gsplit-dwarf -c x.c", "--coverage writes another file beside the object"},
	{"gcc -fcallgraph-info=su -c x.c",
		"-fcallgraph-info=su says more than nodes are asked for"},
	{"gcc -fprofile-use -c x.c", "-fprofile-use reads or writes profiles"},
	{"gcc -fdump-tree-all -c x.c", "-fdump-tree-all dumps what the compiler thinks"},
	{"gcc -da -c x.c", "-da dumps what the compiler thinks"},
	{"gcc -fltrans -c x.c", "-fltrans is a step of a link"},
	{"gcc -flto-report -c x.c", "-flto-report is not known to the farm"},
	{"gcc -Wa,-al=x -c x.c", "-Wa,-al=x speaks to the assembler"},
	{"gcc -Xassembler -al -c x.c", "-Xassembler speaks to the assembler"},
	{"gcc -Wp,-I/x -c x.c", "-Wp,-I/x speaks to the preprocessor alone"},
	{"gcc -Wp,-DX,-MD,f -c x.c", "-Wp,-DX,-MD,f has a value that nodes do not take"},
	{"gcc -fvisibility=/x -c x.c", "-fvisibility=/x has a value that nodes do not take"},
	{"gcc --param /x -c x.c", "--param=/x has a value that nodes do not take"},
	{"clang -mllvm -load=p -c x.c", "-mllvm=-load=p has a value that nodes do not take"},
	{"gcc -DT=__TIME__ -c x.c", "-DT=__TIME__ means something else on another machine"},
	{"gcc -D T=__DATE__ -c x.c", "-DT=__DATE__ means something else on another machine"},
	{"gcc -fsyntax-only -c x.c", "-fsyntax-only makes no object"},
	{"gcc -c x.c -o", "-o has no value"},
	{"gcc -c x.c -I", "-I has no value"},
	{"gcc -MG -MD -c x.c", "-MG is for -M and -MM"},
	{"gcc -MD -MMD -c x.c", "has a dependency option twice"},
	{"gcc -MD -MF a -MF b -c x.c", "has a dependency option twice"},
	{"gcc -Wp,-MD,a -Wp,-MMD,b -c x.c", "has a dependency option twice"},
	{"gcc -Wp,-MD,a,-MT,b -c x.c", "has several preprocessor options in one -Wp"},
	{"gcc -MD -Wp,-MMD,f -c x.c", "asks for dependencies in two ways"},
	{"gcc -MD -Wp,-MT,t -c x.c", "asks for dependencies in two ways"},
	{"gcc -MF f -c x.c", "says how to write dependencies, but not which"},
	{"gcc -MP -c x.c", "says how to write dependencies, but not which"},
	{"gcc -Wp,-MT,t -c x.c", "says how to write dependencies, but not which"},
};

Test(ccargs, local)
{
	for (size_t i = 0; i < sizeof locals / sizeof *locals; i++) {
		struct ccargs a;
		scan(locals[i].command, &a);
		cr_assert_eq(a.verdict, CCARGS_LOCAL, "%s", locals[i].command);
		cr_expect_str_eq(a.reason, locals[i].reason, "%s", locals[i].command);
		cr_expect_not_null(a.source, "%s", locals[i].command);
		cr_expect_eq(a.cpp.n + a.flags.n, 0);
		ccargs_fini(&a);
	}
}

/* Which of the two halves there can be: no_text and no_view, or NULL. */
static const struct {
	const char *command, *flags, *no_text, *no_view;
} inputs[] = {
	{"gcc -O2 -c x.c", "-O2", NULL, NULL},
	{"clang -c x.c", "", "clang records its input in the object", NULL},
	{"clang++-14 -c x.cc", "", "clang records its input in the object", NULL},
	{"gcc -g3 -c x.c", "-g3", "-g3 records every macro", NULL},
	{"gcc -Winvalid-pch -c x.c", "-Winvalid-pch", "-Winvalid-pch speaks of precompiled headers",
		NULL},
	{"gcc -ggdb3 -c x.c", "-ggdb3", "-ggdb3 records every macro", NULL},
	{"gcc -pedantic -Werror -c x.c", "-pedantic -Werror",
		"-pedantic with -Werror takes the line markers of preprocessed text for errors",
		NULL},
	{"gcc -pedantic-errors -c x.c", "-pedantic-errors",
		"-pedantic-errors takes the line markers of preprocessed text for errors", NULL},
	{"gcc -imacros m.h -c x.c", "", "-imacros brings in macros that the text does not show",
		NULL},
	{"gcc -gsplit-dwarf -c x.c", "-gsplit-dwarf", NULL,
		"-gsplit-dwarf makes gcc write where the output is"},
	{"clang -gsplit-dwarf -c x.c", "-gsplit-dwarf", "clang records its input in the object",
		NULL},
	{"gcc -fstack-usage -c x.c", "-fstack-usage",
		"-fstack-usage writes another file beside the object", NULL},
	{"gcc -fprofile-arcs -fprofile-update=atomic -c x.c",
		"-fprofile-arcs -fprofile-update=atomic",
		"-fprofile-arcs has the object name another file", NULL},
	{"gcc -MD -MF - -c x.c", "", NULL, "dependencies go to standard output"},
	{"gcc -Wl,-O1 -lm -c x.c", "", NULL, NULL},
};

Test(ccargs, text_or_view)
{
	for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
		struct ccargs a;
		scan(inputs[i].command, &a);
		cr_assert_eq(a.verdict, CCARGS_REMOTE, "%s", inputs[i].command);
		_cleanup_free_ char *flags = words_join(&a.flags);
		cr_expect_str_eq(flags, inputs[i].flags, "%s", inputs[i].command);
		cr_expect_str_eq(
			a.no_text ? a.no_text : "", inputs[i].no_text ? inputs[i].no_text : "");
		cr_expect_str_eq(
			a.no_view ? a.no_view : "", inputs[i].no_view ? inputs[i].no_view : "");
		ccargs_fini(&a);
	}
}

/* What a compile writes beside its output, and whether it has to know the output's name. */
static const struct {
	const char *command;
	bool names_output;
	const char *side[SIDE_COUNT];
} sides[] = {
	{"gcc -c x.c", false, {NULL}},
	{"gcc -fprofile-arcs -c x.c", true, {NULL}},
	{"gcc --coverage -c d/x.c", true, {[SIDE_NOTES] = "x.gcno"}},
	{"gcc -ftest-coverage -c d/x.c -o e.f/y.z.o", true, {[SIDE_NOTES] = "e.f/y.z.gcno"}},
	{"gcc -fstack-usage -S x.c", true, {[SIDE_STACK] = "x.su"}},
	{"gcc -fstack-usage -fcallgraph-info -coverage -c x.c -o .x", true,
		{[SIDE_NOTES] = ".x.gcno", [SIDE_STACK] = ".x.su", [SIDE_CALLS] = ".x.ci"}},
	{"clang -gsplit-dwarf -g -c x.c -o o/x.o", true, {[SIDE_DWO] = "o/x.dwo"}},
	{"clang -gsplit-dwarf -g -S x.c", true, {NULL}},
};

Test(ccargs, files_beside_the_output)
{
	for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
		struct ccargs a;
		scan(sides[i].command, &a);
		cr_assert_eq(a.verdict, CCARGS_REMOTE, "%s: %s", sides[i].command, a.reason);
		cr_expect_eq(a.names_output, sides[i].names_output, "%s", sides[i].command);
		for (size_t k = 0; k < SIDE_COUNT; k++) {
			const char *want = sides[i].side[k];
			cr_expect_str_eq(a.side[k] ? a.side[k] : "", want ? want : "", "%s",
				sides[i].command);
			cr_expect_eq(a.sides >> k & 1, want != NULL, "%s", sides[i].command);
		}
		ccargs_fini(&a);
	}
}

static const struct {
	const char *command;
	enum deps_kind kind;
	const char *file, *flags;
} deps[] = {
	{"gcc -c x.c", DEPS_NONE, NULL, ""},
	{"gcc -MD -c d/x.c", DEPS_ALL, "x.d", "-MQx.o"},
	{"gcc -MMD -c d/x.c -o o/x.o", DEPS_USER, "o/x.d", "-MQo/x.o"},
	{"gcc -MD -c x.c -o .o", DEPS_ALL, ".d", "-MQ.o"},
	{"gcc -MD -MP -MF f -c x.c -o x.o", DEPS_ALL, "f", "-MP -MQx.o"},
	{"gcc -MD -MFf -MTt -MQ q -c x.c -o x.o", DEPS_ALL, "f", "-MTt -MQq"},
	{"gcc -MD -S x.c", DEPS_ALL, "x.d", "-MQx.o"},
	{"gcc -Wp,-MMD,.x.o.d -c x.c -o x.o", DEPS_CPP_USER, ".x.o.d", ""},
	{"gcc -Wp,-MD,f -Wp,-MT,t -MP -c x.c", DEPS_CPP_ALL, "f", "-Wp,-MT,t -MP"},
	{"clang -Wp,-MMD,f -c d/x.c -o o/x.o", DEPS_USER, "f", "-MQo/x.o"},
	{"clang -Wp,-MD,f -Wp,-MT,t -c x.c -o x.o", DEPS_ALL, "f", "-Wp,-MT,t -MQx.o"},
	{"clang -MD -c d/x.c", DEPS_ALL, "x.d", "-MQx.o"},
};

Test(ccargs, dependencies_of_a_view)
{
	for (size_t i = 0; i < sizeof deps / sizeof *deps; i++) {
		struct ccargs a;
		scan(deps[i].command, &a);
		cr_assert_eq(a.verdict, CCARGS_REMOTE, "%s", deps[i].command);
		_cleanup_free_ char *flags = words_join(&a.deps_flags);
		cr_expect_eq(a.deps, deps[i].kind, "%s", deps[i].command);
		cr_expect_str_eq(a.deps_file ? a.deps_file : "", deps[i].file ? deps[i].file : "");
		cr_expect_str_eq(flags, deps[i].flags, "%s", deps[i].command);
		ccargs_fini(&a);
	}
}

Test(ccargs, local_names_what_it_can)
{
	struct ccargs a;
	scan("gcc x.c -lm", &a);
	cr_expect_str_eq(a.source, "x.c");
	cr_expect_str_eq(a.output, "a.out");
	ccargs_fini(&a);
	scan("clang -save-temps -c d/x.c", &a);
	cr_expect_str_eq(a.source, "d/x.c");
	cr_expect_str_eq(a.output, "x.o");
	ccargs_fini(&a);
}

Test(ccargs, pass)
{
	static const char *const commands[] = {"gcc", "gcc --version",
		"gcc -Werror -c -x c /dev/null -o x.o", "gcc -v -c x.c", "gcc -###",
		"gcc -dumpmachine", "gcc -dumpversion", "gcc -print-search-dirs", "gcc --help",
		"gcc -Q --help=optimizers", "gcc -E x.c", "gcc -E -dM -", "gcc -M x.c",
		"gcc -MM -MG x.c", "gcc -c -MM x.c", "gcc x.o y.o -o x -lm",
		"gcc -shared -o x.so x.o -Wl,-soname,x", "gcc -c x.o", "gcc -o x -q x.o",
		"clang -E x.c", "clang x.o", "gcc -c", "gcc -E x.S"};
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		struct ccargs a;
		scan(commands[i], &a);
		cr_expect_eq(a.verdict, CCARGS_PASS, "%s", commands[i]);
		cr_expect_null(a.reason);
		cr_expect_eq(a.cpp.n + a.flags.n, 0);
		ccargs_fini(&a);
	}
}

/* One object each of a kernel under allmodconfig, haproxy, Redis' and Lua's parts, CPython, and a
 * package under Debian's hardening. */
static const char *const real_commands[] = {
	"gcc -Wp,-MMD,lib/.x.o.d -nostdinc -I./arch/x86/include -I./include -I./include/uapi "
	"-include ./include/linux/compiler-version.h -include ./include/linux/kconfig.h "
	"-D__KERNEL__ -fmacro-prefix-map=./= -Wall -Wundef -Werror=strict-prototypes "
	"-Wno-trigraphs -fno-strict-aliasing -fno-common -fshort-wchar -fno-PIE "
	"-Werror=implicit-function-declaration -Werror=return-type -Wno-format-security "
	"-std=gnu11 -mno-sse -mno-mmx -mno-sse2 -mno-3dnow -mno-avx -fcf-protection=none -m64 "
	"-falign-jumps=1 -falign-loops=1 -mno-80387 -mno-fp-ret-in-387 "
	"-mpreferred-stack-boundary=3 -mskip-rax-setup -mtune=generic -mno-red-zone "
	"-mcmodel=kernel -Wno-sign-compare -fno-asynchronous-unwind-tables "
	"-mindirect-branch=thunk-extern -mindirect-branch-register -mindirect-branch-cs-prefix "
	"-mfunction-return=thunk-extern -fno-jump-tables -mharden-sls=all "
	"-fpatchable-function-entry=16,16 -fno-delete-null-pointer-checks "
	"-Wno-frame-address -Wno-format-truncation -O2 -fno-allow-store-data-races "
	"-Wframe-larger-than=2048 -fstack-protector-strong -Wno-main -fno-stack-clash-protection "
	"-mstack-protector-guard-reg=fs -mstack-protector-guard-symbol=__ref_stack_chk_guard "
	"-ftrivial-auto-var-init=zero -fzero-call-used-regs=used-gpr -pg -mrecord-mcount -mfentry "
	"-DCC_USING_FENTRY -fno-inline-functions-called-once -falign-functions=16 "
	"-Wdeclaration-after-statement -Wvla -Wno-pointer-sign -Wcast-function-type "
	"-fno-strict-overflow -fno-stack-check -fconserve-stack -Werror=date-time "
	"-Werror=incompatible-pointer-types -Werror=designated-init -Wno-packed-not-aligned "
	"-Wimplicit-fallthrough=5 -fstrict-flex-arrays=3 -femit-struct-debug-baseonly -g -gz=zlib "
	"-gdwarf-5 -fsanitize=kernel-address -fasan-shadow-offset=0xdffffc0000000000 "
	"--param asan-globals=1 --param asan-instrumentation-with-call-threshold=10000 "
	"--param asan-instrument-allocas=1 --param asan-stack=1 -fsanitize-coverage=trace-pc "
	"-fsanitize-coverage=trace-cmp -fsanitize=bounds -fsanitize=shift -DMODULE "
	"-DKBUILD_BASENAME=\"x\" -DKBUILD_MODFILE=\"lib/x\" -c -o lib/x.o lib/x.c",
	"gcc -O2 -g -fwrapv -Wall -Wextra -Wundef -Wdeclaration-after-statement -Wfatal-errors "
	"-Wtype-limits -Wshift-negative-value -Wshift-overflow=2 -Wduplicated-cond "
	"-Wnull-dereference -Wno-address-of-packed-member -Wno-unused-label -Wno-sign-compare "
	"-Wno-atomic-alignment -Iinclude -DUSE_EPOLL -DCONFIG_HAPROXY_VERSION=\"2.6\" "
	"-c -o src/ev_poll.o src/ev_poll.c",
	"cc -std=c99 -Wall -W -Wno-missing-field-initializers -Werror=deprecated-declarations "
	"-Wstrict-prototypes -O2 -g -ggdb -fno-omit-frame-pointer -I../deps/hiredis "
	"-DREDIS_STATIC= -MMD -o server.o -c server.c",
	"gcc -O2 -Wall -Wextra -DLUA_COMPAT_5_3 -DLUA_USE_LINUX -DLUA_USE_READLINE -std=gnu99 -c "
	"-o lapi.o lapi.c",
	"x86_64-linux-gnu-gcc -c -fno-strict-overflow -Wsign-compare -DNDEBUG -g -fwrapv -O2 -Wall "
	"-g -fstack-protector-strong -Wformat -Werror=format-security -Wdate-time "
	"-D_FORTIFY_SOURCE=2 -std=c11 -Wextra -Wno-unused-parameter "
	"-Wno-missing-field-initializers -fvisibility=hidden -I../Include/internal -I. "
	"-I../Include -fPIC -DPy_BUILD_CORE -o Objects/abstract.o ../Objects/abstract.c",
	"g++-12 -g -O2 -ffile-prefix-map=/build/x-1.0=. -fstack-protector-strong "
	"-fstack-clash-protection -fcf-protection -Wformat -Werror=format-security -Wdate-time "
	"-D_FORTIFY_SOURCE=3 -D_GLIBCXX_ASSERTIONS -std=gnu++20 -fPIE -pthread -MD -MT x.o -MF x.d "
	"-o x.o -c x.cpp",
};

Test(ccargs, real_commands_are_remote)
{
	for (size_t i = 0; i < sizeof real_commands / sizeof *real_commands; i++) {
		struct ccargs a;
		scan(real_commands[i], &a);
		cr_expect_eq(a.verdict, CCARGS_REMOTE, "%zu: %s", i, a.reason);
		for (size_t f = 0; f < a.flags.n; f++)
			cr_expect(ccflags_node_allows(a.flags.v[f]), "%s", a.flags.v[f]);
		ccargs_fini(&a);
	}
}

Test(ccargs, limits)
{
	struct strv words = {0};
	strv_push(&words, "-c");
	strv_push(&words, "x.c");
	for (size_t i = 0; i < JOB_FLAGS_MAX; i++)
		strv_push(&words, "-DX");
	struct ccargs a;
	ccargs_scan("gcc", words.v, &a);
	cr_expect_eq(a.verdict, CCARGS_REMOTE);
	ccargs_fini(&a);

	strv_push(&words, "-DX");
	ccargs_scan("gcc", words.v, &a);
	cr_expect_eq(a.verdict, CCARGS_LOCAL);
	cr_expect_str_eq(a.reason, "more options than a node takes");
	ccargs_fini(&a);
	strv_fini(&words);
}

Test(ccargs, long_words)
{
	char flag[JOB_FLAG_BYTES_MAX + 2], path[JOB_PATH_BYTES_MAX + 2];
	memset(flag, 'x', sizeof flag);
	memcpy(flag, "-D", 2);
	flag[JOB_FLAG_BYTES_MAX] = '\0';
	memset(path, 'x', sizeof path);
	memcpy(path + sizeof path - 3, ".c", 3);
	char *args[] = {"-c", "x.c", flag, NULL};
	struct ccargs a;
	ccargs_scan("gcc", args, &a);
	cr_expect_eq(a.verdict, CCARGS_REMOTE, "%s", a.reason);
	ccargs_fini(&a);

	flag[JOB_FLAG_BYTES_MAX] = 'x';
	flag[JOB_FLAG_BYTES_MAX + 1] = '\0';
	ccargs_scan("gcc", args, &a);
	cr_expect_eq(a.verdict, CCARGS_LOCAL);
	ccargs_fini(&a);

	char *long_path[] = {"-c", path, NULL};
	ccargs_scan("gcc", long_path, &a);
	cr_expect_str_eq(a.reason, "a path is longer than a node takes");
	ccargs_fini(&a);
}
