#!/bin/sh
# Dependency files: what the preprocessor half of a split command writes is, byte for byte and under
# the same name, what the whole command writes.
#
# usage: deps.sh SCAN
set -eu
scan=$1
command -v gcc >/dev/null || exit 77
cxx=$(command -v g++ || true)

top=$(mktemp -d)
trap 'rm -rf "$top"' EXIT
cd "$top"

mkdir -p tree/src tree/inc/sys tree/out tree/out.d
cat >tree/src/x.c <<'END'
#include "h.h"
#include <sys/s.h>
#include <stddef.h>
#if __has_include("late.h")
#include "late.h"
#endif
#ifdef EXTRA
#include "extra.h"
#endif
size_t x(void) { return HEIGHT + sizeof(struct s); }
END
cp tree/src/x.c tree/x.c
cp tree/src/x.c "tree/src/a b\$c#d.c"
cp tree/src/x.c tree/src/x.y.z.c
cp tree/src/x.c tree/src/text
cp tree/src/x.c tree/src/x.cc
echo '#include "deep.h"' >tree/inc/h.h
echo '#define HEIGHT 7' >tree/inc/deep.h
echo 'struct s { int a[3]; };' >tree/inc/sys/s.h
echo 'extern int late;' >tree/inc/late.h
echo 'extern int extra;' >tree/inc/extra.h
echo 'extern int first;' >tree/inc/first.h

failed=0 done=0

# check COMMAND...: both ways, each in its own copy of the tree; then everything that the whole
# command left behind except its object has to be there.
check()
{
	rm -rf whole split
	cp -r tree whole
	cp -r tree split
	(cd whole && timeout 60 "$@") 2>err.whole
	status=0
	(cd split && timeout 60 "$scan" -r "$@" >/dev/null) 2>err.split || status=$?
	"$scan" "$@" >how || true
	output=$(sed -n 's/^output //p' how)
	dwo=$(sed -n 's/^dwo //p' how)
	[ -f "whole/$output" ] || status="no $output"
	rm -f "whole/$output"
	if [ -n "$dwo" ]; then
		[ -f "whole/$dwo" ] || status="no $dwo"
		rm -f "whole/$dwo"
	fi
	done=$((done + 1))
	if [ "$status" != 0 ] || ! diff -r whole split >differences ||
		! cmp -s err.whole err.split; then
		echo "FAILED ($status): $*"
		sed -n 's/^reason \(.\)/\1/p' how
		cat differences err.split
		failed=$((failed + 1))
	fi
}

while read -r words; do
	eval "set -- -Iinc -Iinc/sys $words"
	check gcc "$@"
	[ -z "$cxx" ] || check g++ "$@"
done <<'END'
-c x.c
-MD -c x.c
-MMD -c x.c
-MD -c src/x.c
-MD -c ./src/../src/x.c
-MD -c src/x.y.z.c
-MD -S src/x.c
-MD -S -c src/x.c
-MD -S src/x.c -o out/x.s
-MD -c src/x.c -o out/x.o
-MMD -c src/x.c -o out/x.o
-MD -c src/x.c -oout/x.o
-MD -c src/x.c -o out/x
-MD -c src/x.c -o out.d/x
-MD -c src/x.c -o out/x.c.o
-MD -c src/x.c -o out/.o
-MD -c src/x.c -o out/x.
-MD -c src/x.c -o ./out/../out/x.o
-MD -c src/x.c -o 'out/a b$c#d:e.o'
-MD -c 'src/a b$c#d.c'
-MD -c 'src/a b$c#d.c' -o out/x.o
-MD -MP -c src/x.c -o out/x.o
-MMD -MP -MF out/f.dep -c src/x.c -o out/x.o
-MD -MF out/f.dep -c src/x.c
-MD -MFout/f.dep -c src/x.c -o out/x.o
-MD -MT target -c src/x.c -o out/x.o
-MD -MTtarget -c src/x.c -o out/x.o
-MD -MT '$(objs)/x.o' -c src/x.c -o out/x.o
-MD -MQ '$(objs)/x.o' -c src/x.c -o out/x.o
-MD -MQ one -MT two -MQ three -c src/x.c -o out/x.o
-MD -MT target -MF out/f.dep -MP -c src/x.c -o out/x.o
-MT target -MP -MF out/f.dep -MMD -c -o out/x.o src/x.c
-Wp,-MD,out/f.dep -c src/x.c -o out/x.o
-Wp,-MMD,out/.x.o.d -c src/x.c -o out/x.o
-Wp,-MMD,out/.x.o.d -c src/x.c
-Wp,-MMD,out/.x.o.d -MP -c src/x.c -o out/x.o
-Wp,-MMD,out/.x.o.d -MT target -c src/x.c -o out/x.o
-Wp,-MD,out/f.dep -Wp,-MT,target -c src/x.c -o out/x.o
-Wp,-MD,out/f.dep -Wp,-MP -Wp,-MQ,'$t' -c src/x.c -o out/x.o
-MD -include first.h -c src/x.c -o out/x.o
-MD -include inc/first.h -DEXTRA -iquote inc -c src/x.c -o out/x.o
-MD -D EXTRA -isystem inc -c src/x.c -o out/x.o
-MMD -isystem inc -c src/x.c -o out/x.o
-MD -g -O2 -Wall -fwrapv -w -c src/x.c -o out/x.o
-MD -g -gsplit-dwarf -c src/x.c -o out/x.o
-MD -g -gsplit-dwarf -c src/x.c
-MD -g -gsplit-dwarf -c src/x.c -o out/x.y.o
-MD -g -gsplit-dwarf -c src/x.c -o out/.x
-MD -x c -c src/text
-MD -x c -c src/text -o out/x.o
-xc++ -MD -c src/x.cc
-MD -fno-canonical-system-headers -c src/x.c -o out/x.o
-MD -ffile-prefix-map=src=/usr/src -g -c src/x.c -o out/x.o
-MD -c src/x.c -o out/x.o -lm -L. -Wl,-O1
-MD -pipe -Wp,-DEXTRA -c src/x.c -o out/x.o
END
echo "$done commands, $failed failed"
[ "$failed" = 0 ]
