#!/bin/bash
# distccd.sh - distccds as nodes: alone and without a key, behind haproxy; with FARMMAKE_TEST_LONG=1 beside a
# farmnode, what goes wrong with them, and real projects. The objects are those of make alone; under -g they differ in the compiler's own words and in nothing else.
. "$(dirname "$0")/lib.sh"
farm_begin
deps_install distcc haproxy jq binutils >/dev/null || skip "distcc and haproxy are missing"
distccd_log=$work/distccd.log one_port=$(free_port tcp) two_port=$(free_port tcp)
install -d -m 1777 "$work/far" && : >"$distccd_log" && chmod 666 "$distccd_log"

# A distccd that is killed leaves its children behind.
stop_distccds() {
	local status=$?
	pkill -KILL -f "^/usr/bin/distccd .*--port ($one_port|$two_port|${odd_port:-none}) "
	return $status
}
trap 'stop_distccds; farm_end' EXIT

listens() {
	grep -q " 0100007F:$(printf %04X "$1") 00000000:0000 0A " /proc/net/tcp
}

# start_distccd NAME PORT [PATH]: two compilers at once
start_distccd() {
	PATH=${3:-/usr/bin:/bin} TMPDIR=$work/far /usr/bin/distccd --daemon --no-detach --port "$2" \
		--listen 127.0.0.1 --allow 127.0.0.1 --jobs 2 --log-file "$distccd_log" --log-level notice \
		</dev/null >/dev/null 2>&1 &
	node_pid[$1]=$!
	wait_for 20 listens "$2" || skip "distccd does not start: $(tail -n 1 "$distccd_log")"
}

# far NODE ARGUMENT...: farmmake with that node, which is all that it knows of a farm
far() {
	timeout -k 10 "${farm_limit_s:-120}" "$farmmake" --farm-verbose --farm-no-discovery --farm-report "$report" --farm-node="$1" \
		"${@:2}" </dev/null
}

on_nodes() {
	in_report '[.jobs[] | select(.where == "node")] | length'
}

# build WHAT LEAST COMMAND...: in the tree; all succeeds, so many are on nodes, and the objects are the plain ones
build() {
	find "$tree" -name '*.o' -delete
	"${@:3}" -C "$tree" >"$work/build.out" 2>"$work/build.err" || fail "$1: $(tail -n 3 "$work/build.err")"
	[ "$(on_nodes)" -ge "$2" ] ||
		fail "$1: $(on_nodes) on nodes: $(in_report '.jobs[] | [.source, .reason] | @tsv' | head -n 4)"
	rm -rf "$work/farmed" && collect "$tree" "$work/farmed"
	same_trees "$work/plain" "$work/farmed" >/dev/null
	note "$1: $(on_nodes) of $(in_report '.jobs | length') on nodes, in $(in_report .build.wall_s) s"
	nothing_left
}

# plain ARGUMENT...: what make alone makes of the tree
plain() {
	find "$tree" -name '*.o' -delete
	WARM='' make -C "$tree" -j"$(nproc)" "$@" >/dev/null 2>"$work/plain.err" || fail "make alone: $(tail -n 3 "$work/plain.err")"
	rm -rf "$work/plain" && collect "$tree" "$work/plain"
}

# 12 sources that take a while, and some with what a text might change
tree=$work/tree
slow_project "$tree" 12 1
# a build begins with one compile, and goes on when farmmake has said what $WARM says
cat >>"$tree/Makefile" <<'END'
ready := $(shell [ -z "$$WARM" ] || { $(CC) -DNAME='"a"' -c names.c -o "$$TMPDIR/warm.o"; rm -f "$$TMPDIR/warm.o"; \
	for i in `seq 300`; do grep -q "$$WARM" "$$SAID" && break; sleep 0.1; done; })
END
export SAID=$work/build.err WARM="has this compiler"
sed -i 's/^CFLAGS = .*/CFLAGS = -O2 -Wall -DNAME="\\"a b.c\\"" $(MORE)/; s/\*\.c))$/*.c)) $(patsubst %.cc,%.o,$(wildcard *.cc))/' "$tree/Makefile"
printf '%%.o: %%.cc; $(CXX) $(CFLAGS) -c -o $@ $<\n' >>"$tree/Makefile"
mkdir "$tree/a dir" && echo 'static inline const char *where(void) { return __FILE__; }' >"$tree/a dir/where.h"
cat >"$tree/names.c" <<'END'
#include <assert.h>
#include <stdio.h>
#include "a dir/where.h"
const char *name(int n) { assert(n > 0 && NAME[0]); return n ? __FILE__ NAME : where(); }
int line(void) { return printf("%d %s %d", __LINE__, __func__, __COUNTER__); }
END
cat >"$tree/cxx.cc" <<'END'
#include <map>
#include <string>
namespace { struct quiet { std::map<std::string, int> m; }; quiet q; }
int count(const std::string &s) { return ++q.m[s + __FILE__]; }
END
plain
measure_cc c++

# --- alone, without a key: version 1, and packed
start_distccd one "$one_port"
one=distcc://127.0.0.1:$one_port
build "version 1" 10 far "$one/16"
[ "$(in_report '[.jobs[] | select(.promised | not)] | length')" = "$(on_nodes)" ] || fail "jobs of a distccd are not marked"
[ "$(in_report '.nodes[0].kind')" = distccd ] || fail "the report does not say that it is a distccd"
[ -n "$(in_report '.jobs[] | select(.source == "names.c" and .where == "node") | .id')" ] || fail "names.c was not there"
WARM="" build "left out" 0 far "$one/16" --farm-identical
[ "$(on_nodes)" = 0 ] || fail "--farm-identical uses a distccd"

"$farmctl" doctor --farm-no-discovery --farm-node "$one/16" >"$work/doctor.log" 2>&1
grep -q "distccd.*$one/16 answers" "$work/doctor.log" || fail "the doctor does not see it"
"$farmctl" doctor --farm-no-discovery --farm-node distcc://127.0.0.1:1/16 >"$work/doctor.log" 2>&1 && fail "the doctor sees what is not there"
grep -qi 'distccd.*127.0.0.1:1/16: connection refused' "$work/doctor.log" || fail "the doctor does not say what is wrong"

# --- under -g: the same but for the producer's name, which has a word more
find "$tree" -name '*.o' -delete
WARM="" make -C "$tree" -s -j"$(nproc)" MORE=-g && collect "$tree" "$work/g" || fail "make -g"
find "$tree" -name '*.o' -delete
far "$one/16,lzo" -s -C "$tree" MORE=-g 2>"$work/build.err" || fail "-g"
[ "$(on_nodes)" -ge 10 ] || fail "-g: $(on_nodes) on nodes"
# told OBJECT: its debugging information, without places in it
told() {
	readelf --debug-dump=info "$1" | sed -E 's/<[0-9a-f]+>//g; s/0x[0-9a-f]+//g; s/ -fdirectives-only//; s/offset: [^)]*//'
}
for o in "$work"/g/*.o; do
	cmp -s <(told "$o") <(told "$tree/${o##*/}") || fail "-g: ${o##*/} tells something else: $(diff <(told "$o") <(told "$tree/${o##*/}") | head -n 3)"
	for f in "$o" "$tree/${o##*/}"; do objcopy --strip-debug "$f" "$f.bare"; done
	cmp "$o.bare" "$tree/${o##*/}.bare" || fail "-g: other code in ${o##*/}"
done
note "-g: the same code, and the same debugging information but for -fdirectives-only"
plain MORE="-g -gno-record-gcc-switches"
build "-g without the compiler's words" 10 far "$one/16,lzo" MORE="-g -gno-record-gcc-switches"
if [ -n "${FARMMAKE_TEST_LONG:-}" ]; then
	build "the same, checked" 0 far "$one/16,lzo" MORE="-g -gno-record-gcc-switches" --farm-verify=100
	[ "$(in_report '[.jobs[] | select(.checked == "same")] | length')" -ge 10 ] || fail "too few are checked"
	[ "$(in_report '[.jobs[] | select(.checked == "differs")] | length')" = 0 ] || fail "checked, and different"
fi
plain

# --- what is said is the local compiler's: warnings, errors, exit status
mkdir "$work/bad"
printf '#include <stdio.h>\nint f(int x)\n{\n\tint unused;\n\treturn prin(x);\n}\n' >"$work/bad/a.c"
printf 'int f(void) { return nonsense; }\n' >"$work/bad/b.c"
printf 'all: a.o b.o\n%%.o: %%.c; $(CC) -Wall -c $<\n' >"$work/bad/Makefile"
make -k -C "$work/bad" >/dev/null 2>"$work/bad.plain"
rm -f "$work/bad/a.o"
far "$one/16" --farm-verbose=no -k -C "$work/bad" >/dev/null 2>"$work/bad.far"
[ $? = 2 ] || fail "the exit status of a build that fails"
same_words "$work/bad.plain" "$work/bad.far"

# --- two machines behind haproxy
start_distccd two "$two_port"
# start_haproxy NAME PORT...: before these distccds; its own port is $front
start_haproxy() {
	local name=$1 port
	shift
	front=$(free_port tcp)
	{
		printf '%s\n' global '    maxconn 200' defaults '    mode tcp' '    timeout connect 5s' '    timeout client 1m' \
			'    timeout server 1m' '    timeout queue 1m' 'listen farm' "    bind 127.0.0.1:$front" '    balance leastconn'
		for port; do
			echo "    server s$port 127.0.0.1:$port maxconn 3"
		done
	} >"$work/$name.cfg"
	haproxy -db -f "$work/$name.cfg" >"$work/$name.log" 2>&1 </dev/null &
	node_pid[$name]=$!
	wait_for 20 listens "$front" || fail "haproxy does not listen"
}
start_haproxy haproxy "$one_port" "$two_port"
build "behind haproxy" 10 far "distcc://localhost:$front/16,lzo"

# --- nobody there
WARM="" build "nobody" 0 far "distcc://127.0.0.1:1/16"
[ -n "${FARMMAKE_TEST_LONG:-}" ] || exit 0

# --- beside a farmnode, whose key has nothing to do with it
start_node anvil --slots 2
wait_node anvil
build "beside a farmnode" 10 farm --farm-verbose --farm-node "$one/16,lzo"
in_report '.nodes[] | select(.jobs > 0) | .kind' | sort | uniq >"$work/kinds"
[ "$(xargs <"$work/kinds")" = "distccd farmnode" ] || fail "only $(xargs <"$work/kinds") had jobs"
stop_node anvil

# --- a machine behind the same address that has another gcc: found out, and not used
odd_compiler "$work/odd"
for name in "$(gcc -dumpmachine)-gcc" "$(gcc -dumpmachine)-gcc-$(gcc -dumpversion)" "gcc-$(gcc -dumpversion)"; do
	ln -s gcc "$work/odd/$name"
done
odd_port=$(free_port tcp)
start_distccd odd "$odd_port" "$work/odd:/usr/bin:/bin"
start_haproxy mixed "$one_port" "$odd_port"
WARM="not all machines" build "another gcc behind the same address" 0 far "distcc://localhost:$front/16,lzo"
[ "$(on_nodes)" = 0 ] || fail "machines with different compilers are used"
grep -q 'not all machines there have the same' "$work/build.err" || fail "nobody is told: $(tail -n 3 "$work/build.err")"

# --- somebody else there; gone, and frozen, in the middle of a build
web=$(free_port tcp)
perl -MIO::Socket::INET -e '
	my $l = IO::Socket::INET->new(LocalAddr => "127.0.0.1:$ARGV[0]", Listen => 64, ReuseAddr => 1) or die;
	while (my $c = $l->accept) { print $c "HTTP/1.1 400 Bad Request\r\n\r\n"; close $c }' "$web" &
node_pid[web]=$!
wait_for 20 listens "$web"
WARM="no compiler" build "somebody else" 0 far "distcc://127.0.0.1:$web/16"
has_objects() {
	[ -n "$(find "$tree" -name 'slow*.o' -print -quit)" ]
}
# interrupted WHAT SIGNAL: the distccd gets it when the first results are there
interrupted() {
	find "$tree" -name '*.o' -delete
	far "$one/16" -C "$tree" >"$work/build.out" 2>"$work/build.err" &
	local build_pid=$!
	wait_for 30 has_objects || fail "$1: no object after 30 s"
	pkill "-$2" -f "^/usr/bin/distccd .*--port $one_port "
	wait $build_pid || fail "$1: $(tail -n 3 "$work/build.err")"
	rm -rf "$work/farmed" && collect "$tree" "$work/farmed"
	same_trees "$work/plain" "$work/farmed" >/dev/null
	note "$1: built in $(in_report .build.wall_s) s"
	nothing_left
}
interrupted frozen STOP
[ "$(in_report '.build.wall_s < 60')" = true ] || fail "a frozen distccd holds a build up for $(in_report .build.wall_s) s"
pkill -CONT -f "^/usr/bin/distccd .*--port $one_port "
interrupted killed KILL
farm_limit_s=1800

# --- real projects, without -g: every object and dependency file
deps_install "${DEPS_SOURCE[@]}" ninja-build python3 >/dev/null || skip "dpkg-dev, ninja or python3 is missing"
start_distccd one "$one_port"
export SOURCE_DATE_EPOCH=1
unpack() {
	rm -rf "$tree"
	case $1 in
	lua) deps_source lua5.4 "$tree" --skip-patches ;;
	redis) deps_source redis "$tree" ;;
	ninja)
		deps_source ninja-build "$tree" && (cd "$tree" && CXXFLAGS=-Wall python3 configure.py && ninja build/browse_py.h &&
			ninja -t compdb cxx >compiles.json && jq -r '"all: \([.[].output] | join(" "))",
				(.[] | "\(.output): \(.file); @mkdir -p $(@D); \(.command | gsub(" -(pipe|g)(?= )"; ""))")' compiles.json >Makefile) \
			>/dev/null 2>&1
		;;
	esac
}
words() {
	case $1 in
	lua) echo linux ;;
	redis) echo MALLOC=libc DEBUG= DEBUG_FLAGS= ;;
	ninja) echo all ;;
	esac
}
for project in lua redis ninja; do
	unpack $project || skip "Debian's sources of $project are out of reach"
	# shellcheck disable=SC2046  # words
	make -C "$tree" -j"$(nproc)" $(words $project) >/dev/null 2>"$work/plain.err" || fail "$project: make alone"
	rm -rf "$work/plain" "$work/farmed" && collect "$tree" "$work/plain"
	unpack $project
	# shellcheck disable=SC2046
	far "$one/100,lzo" -C "$tree" $(words $project) >/dev/null 2>"$work/build.err" || fail "$project: $(tail -n 3 "$work/build.err")"
	collect "$tree" "$work/farmed"
	same=$(same_trees "$work/plain" "$work/farmed") || exit 1
	note "$project: $same files are the same, $(on_nodes) of $(in_report '.jobs | length') compiles on nodes"
	in_report '.jobs[] | select(.where == "local") | "    here: \(.source): \(.reason)"'
	# the distccd has no cores but these, so idle slots here do much, the longer a compile takes the more
	case $project in
	lua) least=80 ;;
	redis) least=60 ;;
	ninja) least=40 ;;
	esac
	[ "$(share_of_nodes)" -ge $least ] || fail "$project: only $(share_of_nodes) % of what could be there"
done
