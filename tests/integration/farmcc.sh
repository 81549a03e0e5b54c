#!/usr/bin/env bash
# farmcc.sh - farmcc alone, before a controller that does what it is told, right or wrong: whatever
# happens, what the user gets is what the plain compiler gives, and nothing stays behind.
. "$(dirname "$0")/lib.sh"
farm_begin

farmcc=$build/src/farmcc/farmcc
fake_ctl=$build/tests/integration/fake_ctl
bin=$work/bin socket=$work/run/socket
tree=$work/tree
mkdir "$bin" "$tree" "$tree/inc"
for name in gcc cc g++; do
	ln -s "$farmcc" "$bin/$name"
done
plain_path=$PATH
unset PWD # a directory reached by a link is a test of its own
cd "$tree" || exit 1

cat >inc/h.h <<'END'
#pragma once
static inline int twice(int x) { return 2 * x; }
END
cat >good.c <<'END'
#include <assert.h>
#include <stdio.h>
#include "inc/h.h"
int main(int argc, char **argv) { assert(argc > 0); return printf("%s:%d", argv[0], twice(__LINE__)); }
END
printf '#include "inc/h.h"\nint f(void) { int unused; return twice(2); }\n' >warns.c
printf '#include "inc/h.h"\nint f(void) { return nonsense; }\n' >fails.c
printf '#include "missing.h"\nint x;\n' >lacks.c
printf 'const char *when = __TIME__;\n' >clock.c
printf '#include "inc/h.h"\n#pragma message "hello"\nint y = __LINE__;\n' >message.c
printf '#include <string>\nstd::string s(int n) { return std::string(n, 0x41); }\n' >plus.cc
# longer than one block, and not to be packed away
{ echo 'const unsigned char big[] = {' && od -An -v -tx1 -N150000 /dev/urandom |
	sed 's/ \(..\)/0x\1,/g' && echo '};'; } >big.c

# serve SCRIPT [COUNT]: the controller, ready to be spoken to; its words are in $work/ctl.log.
serve() {
	: >"$work/ctl.log" # what the one before was ready for
	"$fake_ctl" "$socket" "$@" >"$work/ctl.log" 2>"$work/ctl.err" &
	ctl=$!
	wait_for 20 grep -q READY "$work/ctl.log" || fail "no controller"
}

# Everything but the sources, by name.
forget() {
	find . -type f ! -name '*.c' ! -name '*.cc' ! -name '*.h' ! -name '*.rsp' -delete
	find . -type l -delete
}

# through COMMAND…: as a recipe under farmmake would run it.
through() {
	FARMMAKE_SOCKET=$socket FARMMAKE_BINDIR=$bin PATH=$bin:$plain_path timeout 60 "$@" \
		>"$work/out" 2>"$work/err" </dev/null
}

plainly() {
	timeout 60 "$@" >"$work/plain.out" 2>"$work/plain.err" </dev/null
}

# State of the tree: names, modes, kinds, links and contents of all that a compile may have made.
picture() {
	find . -mindepth 1 ! -name '*.c' ! -name '*.cc' ! -name '*.h' -printf '%p %y %m %n %l\n' | sort
	find . -type f ! -name '*.c' ! -name '*.cc' ! -name '*.h' -exec cksum {} + | sort
}

# same_as_plain SCRIPT LOG COMMAND…: runs it both ways, over what `before` prepares; the results are
# equal, the controller was told something that matches LOG.
before=:
same_as_plain() {
	local script=$1 log=$2 status plain_status
	shift 2
	forget
	$before
	plainly "$@"
	plain_status=$?
	picture >"$work/plain.tree"
	forget
	$before
	serve "$script"
	through "$@"
	status=$?
	wait "$ctl" || fail "$script: the controller failed: $(cat "$work/ctl.err")"
	picture >"$work/farm.tree"
	[ $status = $plain_status ] || fail "$script, $*: exit status $status, plain $plain_status: $(cat "$work/err")"
	diff "$work/plain.tree" "$work/farm.tree" >&2 || fail "$script, $*: other files"
	diff "$work/plain.err" "$work/err" >&2 || fail "$script, $*: other words"
	diff "$work/plain.out" "$work/out" >&2 || fail "$script, $*: other output"
	grep -q -- "$log" "$work/ctl.log" || fail "$script, $*: said $(cat "$work/ctl.log"), not $log"
}

# --- the road there and back
flags='-O2 -g -Wall'
same_as_plain remote '^CC_DONE 0' gcc $flags -c good.c
same_as_plain remote '^CC_DONE 0' gcc $flags -MD -MP -c good.c -o sub.o
same_as_plain remote '^CC_DONE 0' gcc $flags -Wp,-MMD,dep.d -c ./good.c -o "a name.o"
same_as_plain remote '^CC_DONE 0' gcc $flags -S good.c
same_as_plain remote '^CC_DONE 0' g++ $flags -c plus.cc
same_as_plain remote '^CC_DONE 0' gcc -O1 -c big.c
same_as_plain remote '^CC_DONE 0' gcc $flags -c "$PWD/good.c" -o "$tree/absolute.o"
grep -q 'CC_BEGIN remote \[\] ' "$work/ctl.log" || fail "not offered: $(cat "$work/ctl.log")"
note "remote compiles equal plain ones"

# --- a result is compiled here, too: what is here stays, whatever came
same_as_plain check '^CC_CHECKED 0' gcc $flags -MD -c good.c -o sub.o
same_as_plain check '^CC_CHECKED 0' gcc $flags -c big.c
same_as_plain check-lie '^CC_CHECKED 1' gcc $flags -MD -c good.c -o sub.o
grep -qx 'CC_LOCAL what a node made of it is checked' "$work/ctl.log" || fail "not said: $(cat "$work/ctl.log")"
same_as_plain check-lie '^CC_CHECKED 1' gcc $flags -c big.c
same_as_plain check-lie '^CC_CHECKED 1' gcc $flags -S good.c
# a compiler that makes another object every other time
mkdir "$work/fickle"
cat >"$work/fickle/gcc" <<END
#!/bin/sh
rm "$work/fickle/odd" 2>/dev/null && exec $(command -v gcc) "\$@" -O0
touch "$work/fickle/odd"
exec $(command -v gcc) "\$@"
END
chmod +x "$work/fickle/gcc"
forget
serve check
plain_path=$work/fickle:$plain_path through gcc -O2 -c good.c || fail "exit status $?"
wait "$ctl"
grep -q '^CC_CHECKED 2' "$work/ctl.log" || fail "it is not unclear: $(cat "$work/ctl.log")"
[ -s good.o ] && [ -z "$(find . -name '*farmcc*')" ] || fail "there is $(ls)"
note "results are checked, and only what is certain is said to differ"

# --- cc1 is called as the driver would: asked once for a shape of command, and not about all others
patterns() {
	find "$work/run" -name 'cpp-*' "$@" | wc -l
}
rm -f "$work/run"/cpp-*
same_as_plain remote '^CC_DONE 0' gcc $flags -DA=1 -I inc -c good.c -o one.o
same_as_plain remote '^CC_DONE 0' gcc $flags '-DB="\\$ x"' -I . -c "$PWD/big.c" -o "b g.o"
same_as_plain remote '^CC_DONE 0' gcc $flags -DC -I "$tree" -c "$PWD/good.c" -o three.o
[ "$(patterns -size +0)" = 2 ] || fail "shapes: $(patterns -size +0)"
same_as_plain remote '^CC_DONE 0' g++ $flags -DA -I inc -c plus.cc
[ "$(patterns -size +0)" = 3 ] || fail "shapes with C++: $(patterns -size +0)"
mkdir "$work/script"
printf '#!/bin/sh\nexec %s "$@"\n' "$(command -v gcc)" >"$work/script/gcc"
chmod +x "$work/script/gcc"
plain_path=$work/script:$plain_path same_as_plain remote '^CC_DONE 0' gcc $flags -DA -c good.c
[ "$(patterns -size 0)" = 1 ] || fail "the words of a script are believed"
cat >"$work/wrapper.c" <<END
#include <unistd.h>
int main(int argc, char **argv) { argv[0] = "$(command -v gcc)"; return execv(argv[0], argv); }
END
gcc -o "$work/script/gcc" "$work/wrapper.c"
plain_path=$work/script:$plain_path same_as_plain remote '^CC_DONE 0' gcc $flags -DA -c good.c
[ "$(patterns -size 0)" = 2 ] || fail "the words of a wrapper are believed"
note "the driver is asked once for each shape of command"

# --- gcc uses a shorter name of a system header where there is one, and says so in the .d file
mkdir -p "$work/s" inc/system
ln -s "$work/s/s.h" inc/system/s.h
echo 'extern const char *s_h; static inline const char *s(void) { return __FILE__; }' >"$work/s/s.h"
printf '#include <s.h>\nconst char *name(void) { return s(); }\n' >short.c

for said in 'CC_LOCAL a system header has a shorter name' '^CC_STAGED'; do
	before="ln -s $work/s/s.h inc/system/s.h" same_as_plain remote "$said" \
		gcc $flags -MD -isystem "$tree/inc/../inc/system" -c short.c
done
note "system headers have the names that gcc gives them"

# --- in the way of nobody, and never without anything: nice 19
mkdir "$work/shy"
cat >"$work/shy/gcc" <<END
#!/bin/sh
cut -d ' ' -f 19 "/proc/\$\$/stat" >"$work/nice"
exec $(command -v gcc) "\$@"
END
chmod +x "$work/shy/gcc"
for script in local idle; do
	serve $script
	plain_path=$work/shy:$plain_path through gcc $flags -c good.c || fail "$script: $(cat "$work/err")"
	wait "$ctl" || fail "$script: the controller failed: $(cat "$work/ctl.err")"
	case $script:$(cat "$work/nice") in
	"local:$(nice)" | idle:19) ;;
	*) fail "$script: the compiler's nice value is $(cat "$work/nice")" ;;
	esac
done

# --- every way in which it can come to nothing
for script in local idle late-local failed-result corrupt too-much half drop-begin drop-text drop-staged \
	garbage wrong; do
	same_as_plain "$script" '^CC_BEGIN remote' gcc $flags -MD -c good.c
	same_as_plain "$script" '^CC_BEGIN remote' gcc $flags -c big.c -o sub.o
done
note "eleven kinds of failure end in a plain compile"

# --- what the compiler has to say itself
same_as_plain late-local '^CC_BEGIN remote' gcc $flags -c warns.c
same_as_plain remote '^CC_BEGIN remote' gcc -Wall -c fails.c
same_as_plain remote '^CC_LOCAL the preprocessor had' gcc -MD -c lacks.c
same_as_plain remote '^CC_LOCAL #pragma message' gcc -g -c message.c
forget
serve remote
through gcc -c clock.c || fail "clock.c"
wait "$ctl"
grep -q '^CC_LOCAL __TIME__' "$work/ctl.log" || fail "a trap was not met: $(cat "$work/ctl.log")"
same_as_plain remote '^CC_BEGIN local' gcc $flags good.c -o program
same_as_plain remote '^CC_BEGIN local' gcc -c good.c warns.c
note "warnings, errors and traps are the local compiler's"

# --- response files
printf -- "-O2\n'-DX=a b' @more.rsp\n" >args.rsp
printf -- '-g\n' >more.rsp
same_as_plain remote '^CC_DONE 0' gcc @args.rsp -c good.c
same_as_plain remote '^CC_BEGIN' gcc @none.rsp -c good.c
printf '@loop.rsp\n' >loop.rsp
forget
through gcc @loop.rsp -c good.c && fail "a response file without end was accepted"
rm -f ./*.rsp

# --- outputs that are there already, in every kind
existing() {
	case $kind in
	full) echo old >out.o ;;
	empty) : >out.o ;;
	executable) echo old >out.o && chmod 755 out.o ;;
	readonly) echo old >out.o && chmod 444 out.o ;;
	hardlink) echo old >other.o && ln other.o out.o ;;
	symlink) echo old >target.o && ln -s target.o out.o ;;
	symlink-empty) : >target.o && ln -s target.o out.o ;;
	dangling) ln -s target.o out.o ;;
	esac
}
before=existing
for kind in full empty executable readonly hardlink symlink symlink-empty dangling; do
	same_as_plain remote '^CC_BEGIN' gcc $flags -c good.c -o out.o
	same_as_plain remote '^CC_BEGIN' gcc $flags -S good.c -o out.o
done
before=:
same_as_plain remote '^CC_BEGIN' gcc -c good.c -o missing/dir/out.o
same_as_plain remote '^CC_BEGIN local' gcc -c good.c -o /dev/null
(umask 027 && same_as_plain remote '^CC_DONE 0' gcc -c good.c) || exit 1
note "outputs that exist are treated as the compiler treats them"

# --- the directory, as the compiler records it
ln -s "$tree" "$work/alias"
for pwd in "$work/alias" "$tree" /nonexistent relative; do
	PWD=$pwd same_as_plain remote '^CC_DONE 0' env PWD="$pwd" gcc -g -c good.c
done

# --- the environment: ours leaves no trace in the compiler's
mkdir "$work/other"
cat >"$work/other/gcc" <<'END'
#!/bin/sh
echo "$0 $PATH ${FARMMAKE_SOCKET-none} ${FARMMAKE_BINDIR-none} $*"
END
chmod +x "$work/other/gcc"
plain_path=$work/other:$PATH
through gcc --version
[ "$(cat "$work/out")" = "$work/other/gcc $plain_path none none --version" ] ||
	fail "the compiler saw $(cat "$work/out")"
plain_path=$PATH
FARMMAKE_BINDIR=$bin PATH=$bin:$PATH timeout 20 gcc -c good.c || fail "without a controller"
FARMMAKE_SOCKET=$work/none PATH=$bin:$PATH timeout 20 gcc -c good.c || fail "with a dead controller"
timeout 20 "$farmcc" gcc -c good.c || fail "farmcc gcc"
timeout 20 "$farmcc" "$bin/gcc" -c good.c || fail "a link to ourselves"
"$farmcc" --version | grep -q '^farmcc [0-9]' || fail "--version"
"$farmcc" --help | grep -q Usage || fail "--help"
"$farmcc" no-such-compiler -c x.c 2>"$work/err"
[ $? = 127 ] && grep -q 'not found' "$work/err" || fail "no compiler: $(cat "$work/err")"
serve probe
FARMMAKE_HELPER_DIR=$build/src through gcc -c good.c || fail "after a probe"
wait "$ctl"
grep -q '^CC_TOOLCHAIN kind gcc' "$work/ctl.log" || fail "no toolchain: $(cat "$work/ctl.log")"
GCC_COMPARE_DEBUG=-gtoggle same_as_plain remote '^CC_BEGIN local \[GCC_COMPARE_DEBUG' gcc -c good.c
note "the compiler is found, and sees its own environment"

# --- signals
dies_by_signal() {
	local script=$1 log=$2 signal=$3 pid
	forget
	serve "$script"
	FARMMAKE_SOCKET=$socket FARMMAKE_BINDIR=$bin "$bin/gcc" -g -c big.c -o sig.o &
	pid=$!
	wait_for 20 grep -q "$log" "$work/ctl.log" || fail "$script: never came to $log"
	kill "-$signal" $pid
	wait $pid
	[ $? = $((128 + $(kill -l "$signal"))) ] || fail "$script: did not die by $signal"
	wait "$ctl"
	[ -z "$(find . -name 'sig.o*')" ] || fail "$script, $signal: left $(find . -name 'sig.o*')"
}
for signal in TERM HUP; do
	dies_by_signal hang '^CC_BEGIN' $signal
	dies_by_signal hang-staged '^CC_STAGED' $signal
	dies_by_signal hang-result '^HALF' $signal
done
cat >"$work/other/gcc" <<'END'
#!/bin/sh
case $1 in
kill) kill -SEGV $$ ;;
sleep) echo $$ >"$2" && exec sleep 60 ;;
esac
END
plain_path=$work/other:$PATH
{ "$farmcc" "$work/other/gcc" kill; } 2>/dev/null
[ $? = 139 ] || fail "the compiler's signal was lost"
# a compiler does not outlive a farmcc that was killed
serve local
cat >"$work/other/gcc" <<END
#!/bin/sh
echo \$\$ >"$work/child" && exec sleep 60
END
FARMMAKE_SOCKET=$socket "$farmcc" "$work/other/gcc" -c good.c &
pid=$!
wait_for 20 test -s "$work/child" || fail "the compiler did not start"
kill -KILL $pid
wait $pid 2>/dev/null
child_is_gone() { ! kill -0 "$(cat "$work/child")" 2>/dev/null; }
wait_for 20 child_is_gone || fail "the compiler outlived farmcc"
wait "$ctl"
plain_path=$PATH
note "signals reach the compiler, and the caller sees them"

nothing_left_here() {
	[ -z "$(find "$tree" -name '*.farmcc*')" ] || fail "temporary files: $(find "$tree" -name '*.farmcc*')"
}
nothing_left_here
exit 0
