#!/usr/bin/env bash
# identity.sh - the text that dtext makes compiles to the object that the source gives, byte for byte,
# for sources that are meant to make it fail; and what would not is refused.
. "$(dirname "$0")/lib.sh"
farm_begin

dtext_cat=$build/tests/integration/dtext_cat
major=$(gcc -dumpversion)
[ "${major%%.*}" -ge 11 ] || skip "gcc $major does not know a return to an unnamed file"
tree=$work/tree
mkdir -p "$tree/inc/deep" "$tree/sub" "$tree/a dir"
cd "$tree" || exit 1
same=0 refused=0

# text_of COMPILER SOURCE OPTION…: in $work/text; false when it is refused.
text_of() {
	local compiler=$1 source=$2
	shift 2
	$compiler "$@" -E -fdirectives-only "$source" >"$work/cpp" 2>"$work/cpp.err" &&
		[ ! -s "$work/cpp.err" ] && "$dtext_cat" <"$work/cpp" >"$work/text" 2>"$work/trap" &&
		"$dtext_cat" 7 <"$work/cpp" 2>/dev/null | cmp - "$work/text"
}

# Options of the preprocessor alone, which a node does not get.
for_cpp=()

# identical COMPILER SOURCE OPTION…: the text in the place of the source gives the same object.
identical() {
	local compiler=$1 source=$2
	shift 2
	$compiler "$@" "${for_cpp[@]}" -c "$source" -o "$work/plain.o" 2>"$work/plain.err" ||
		fail "$source does not compile: $(cat "$work/plain.err")"
	text_of "$compiler" "$source" "$@" "${for_cpp[@]}" ||
		fail "$source $*: refused: $(cat "$work/cpp.err" "$work/trap")"
	mv "$source" "$work/aside"
	cp "$work/text" "$source"
	$compiler "$@" -c "$source" -o "$work/text.o" 2>"$work/text.err"
	local status=$?
	mv "$work/aside" "$source"
	[ $status = 0 ] || fail "$source $*: the text does not compile: $(cat "$work/text.err")"
	cmp -s "$work/plain.o" "$work/text.o" || fail "$source $*: another object"
	same=$((same + 1))
}

# refuses WORDS COMPILER SOURCE OPTION…
refuses() {
	local words=$1
	shift
	: >"$work/trap"
	text_of "$@" && fail "$2 was not refused"
	grep -q -- "$words" "$work/trap" "$work/cpp.err" || fail "$2: refused for $(cat "$work/trap")"
	refused=$((refused + 1))
}

# --- what headers do
cat >inc/one.h <<'END'
#pragma once
#include "deep/two.h"
#define WHERE __FILE__, __LINE__
static inline int one(int x) { return two(x) + __LINE__; }
END
cat >inc/deep/two.h <<'END'
#ifndef TWO
#define TWO
static inline int two(int x)
{
	return x * __INCLUDE_LEVEL__;
}
#endif
END
printf '1, 2,\n3' >inc/list.h # no newline at its end
printf 'static int tail = __LINE__;' >inc/tail.h
printf '#define MACRO(x) (x + 1)\nint nothing;\n' >inc/macros.h
printf 'int before(void);\n#define BEFORE 1\n' >inc/before.h
printf '#pragma GCC system_header\n#pragma once\nstatic int sys(void) { return __LINE__; }\n' >inc/sys.h
sed 's/$/\r/' >inc/dos.h <<'END'
#define DOS(a) \
	(a)
static int dos = __LINE__;
END

# --- the main files
cat >sub/nasty.c <<'END'
/* a comment,
# 1 apple that is no line marker
*/
#include <assert.h>
#include <stdio.h>
#include "../inc/one.h"
#include "../inc/dos.h"
#include "../inc/sys.h"
#if 0
1
2
3
4
5
6
7
8
9
#endif
static const int list[] = {
	#include "../inc/list.h"
};
#define HEADER "../inc/tail.h"
#include HEADER
#define TWO_LINES(x) do { \
	printf("%s %d", __FILE__, x); \
} while (0)
extern int log_at(const char *file, int line);
int body(int n)
{
	static char buffer[100];
	assert(n > 0 && "a # 1 \"b\" in a string");
#   if 1
	#include "../inc/body.h"
#   endif
	TWO_LINES(__LINE__);
	log_at(WHERE);
#ifdef __OPTIMIZE__
	n++;
#else
	n--;
#endif
	return n + list[n] + tail + dos + sys() + DOS(1) + buffer[n] + one(__COUNTER__);
}
#line 500
int five_hundred = __LINE__;
#line 77 "elsewhere.y"
int elsewhere(void) { return log_at(WHERE); }
#include "../inc/deep/two.h"
int still(void) { return log_at(WHERE); }
#line 60 "sub/nasty.c"
int home(void) { return log_at(WHERE); }
int global_at_end[3] = {__LINE__};
#include "../inc/last.h"
END
echo 'n += __LINE__; { int in_body = n; n = in_body * 2; }' >inc/body.h
echo 'int last = __LINE__;' >inc/last.h
printf '#line 1 "sub/scan.c"\n\n#line 3 "sub/scan.c"\n#include <stdlib.h>\nint table[4] = {__LINE__};\nint scan(void) { return table[rand() & 3]; }\n#line 20 "sub/scan.l"\nint rule[2];\n' >sub/scan.c
printf '#include <stdio.h>\nint no_newline = __LINE__; // and a comment \\\n that goes on\nint g[2];' >sub/cut.c
printf 'int only;' >sub/only.c
: >sub/empty.c
cat >sub/raw.cc <<'END'
#include <string>
#include <vector>
#include <map>
#include "../inc/one.h"
static const char *text = R"x(
#include "nothing.h"
# define NOT
" )" ' don't
)x";
template <class T> struct Tree { std::map<std::string, std::vector<T>> leaves; T sum() const; };
template <class T> T Tree<T>::sum() const { T t{}; for (auto &l : leaves) for (auto &v : l.second) t += v; return t; }
int main() { Tree<long> t; t.leaves[text].push_back(1'000'000 + __LINE__); return (int)t.sum() + one(2); }
END
cp sub/nasty.c "a dir/it is \"odd\".c"
cp sub/nasty.c 'a dir/back\slash.c'
cp sub/only.c 'a dir/only one.c'

for options in -O2 -O0 '-O2 -g' '-O1 -g -gdwarf-5 -fno-common' '-g -gdwarf-4 -fsanitize=address' \
	'-O2 -g -fsanitize=kernel-address -fasan-shadow-offset=0xdffffc0000000000 --param asan-globals=1' \
	'-O2 -fsanitize=undefined' '-g -O2 -ffunction-sections -fPIC -fstack-protector-strong' \
	'-std=c99 -O2 -g' '-O2 -DNDEBUG'; do
	for source in sub/nasty.c "$tree/sub/nasty.c" ./sub/../sub/nasty.c sub/scan.c sub/cut.c sub/only.c \
		sub/empty.c "a dir/it is \"odd\".c" 'a dir/back\slash.c' 'a dir/only one.c'; do
		# shellcheck disable=SC2086
		identical gcc "$source" $options
	done
done
for_cpp=(-include inc/before.h -include inc/sys.h -I inc -isystem inc/deep -imacros inc/macros.h)
for options in '-O2 -g' '-g -fsanitize=address' ''; do
	# shellcheck disable=SC2086
	identical gcc sub/nasty.c $options
done
for_cpp=()
for options in '' '-O2 -g' '-std=c++17 -O1 -g -gdwarf-5' '-g -fsanitize=address'; do
	# shellcheck disable=SC2086
	identical g++ sub/raw.cc $options
done
note "$same objects are identical"

# --- what has to be refused
# refused WORDS TEXT: as a header, so that it is not only the main file that is looked at.
refused() {
	printf '%b\n' "$2" >inc/trap.h
	printf '#include "../inc/trap.h"\nint main_file;\n' >sub/trap.c
	refuses "$1" gcc sub/trap.c
}
refused __TIME__ 'const char *t = __TIME__;'
refused __DATE__ '#define BUILT __DATE__'
refused __TIMESTAMP__ 'const char *t = __TIMESTAMP__;'
refused .incbin '__asm__(".incbin \\"f\\"");'
refused .include '__asm__("\\t.include \\"f\\"");'
refused '#pragma message' '#pragma message "hello"'
refused redefine_extname '#pragma redefine_extname a b'
refused 'pragma omp' 'void f(void) {\n#pragma omp parallel\n;}'
refused pop_macro '#pragma push_macro("A")\n#pragma pop_macro("A")'
refused pop_macro '_Pragma("pop_macro(\\"A\\")")'
refused poison '#pragma GCC poison strcpy'
refused 'target changes' '#pragma GCC target("avx2")'
refused 'optimize changes' '#pragma GCC optimize("O3")'
refused dependency '#pragma GCC dependency "one.h"'
refused 'without its pair' "#if 0\ndon't\n#else\nint x; // it's\n#endif"
refused 'before the end' '/* a\\*/\n#include "one.h"\nint a; /* */'
refused 'carriage return' 'int a;\rint b;'
refused digraph '%:include "one.h"'
refused 'behind a comment' '/* c */ #include "one.h"'
refused 'comment holds' '/*\n# 1 "one.h" 1\n*/'
refused 'blanks at the end' 'int a; // \\ \nint b;'
refused 'COUNTER__ expanded' '#if __COUNTER__\n#endif'
printf 'struct { int include, includes; } x;\nint f(void) { x.include = 1; return x.includes; }\nint __TIMER__;\n' >sub/fine.c
identical gcc sub/fine.c -O2
note "$refused texts are refused"
