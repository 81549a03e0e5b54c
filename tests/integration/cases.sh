#!/bin/bash
# cases.sh [WORDS] - whatever people's names, sources, commands and directories are, farmmake gives what the compiler
# gives: exit status, words, and every file with its kind, mode and contents. Each row of cases.txt is run by make and,
# in the same place, by farmmake with nodes that read sources and with nodes that get texts; where a row says that it
# is compiled, there it has to be. WORDS: only the cases whose names hold them. FARMMAKE_TEST_LONG=1: all of them,
# and every way to ask for dependencies with every way to name the output.
. "$(dirname "$0")/lib.sh"
wanted=${1:-}
clang=$(command -v clang) || echo "ok - clang # SKIP clang is not installed"

# A source in C that says where it is.
c() {
	printf '#include <assert.h>\nint f(int x);\nint f(int x) { assert(x > __LINE__); return x; }\n' >"$1"
}

# put FILE LINE...
put() {
	local file=$1
	shift
	printf '%s\n' "$@" >"$file"
}

# Where a .d file goes and what is in it: all ways to ask, all ways to name the output.
dependency_rows() {
	local how out
	for how in -MD -MMD '-MD -MP' '-MF f.d -MD' '-MMD -MF f.d' '-MD -MFf.d' '-MD -MT t' '-MD -MTt -MT u -MQ v\$w' \
		"-MMD -MQ 'a b\$c#d' -MP" '-MMD -MT "a b"' '-MD -MMD' '-MMD -MD' '-MD -MD' '-MD -MF f.d -MF g.d' '-MP' '-MF f.d' \
		'-MT t' '-MD -MG' -Wp,-MD,f.d -Wp,-MMD,f.d '-Wp,-MD,f.d -Wp,-MT,t' '-Wp,-MMD,f.d -Wp,-MP' '-Wp,-MMD,f.d -MP -MT t' \
		'-Wp,-MMD,f.d -MQ u' '-Wp,-MD,f.d -MD' '-Wp,-MD,f.d -Wp,-MMD,g.d' -Wp,-MD; do
		for out in '-c' '-c -o _N_.x.o' '-c -o_N_.o' '-c -o d.d/_N_' '-c -o d.d/._N_' '-S' '-S -o _N_.x.y' '-c -o ./_N_.'; do
			echo "$how with $out | .* | mkdir d.d; put h.h 'int h;'; put _N_.c '#include \"h.h\"' '#include <stddef.h>' | \$CC $how $out _N_.c"
		done
	done
}

# The rows that are run, numbered: NUMBER|NAME|WHERE|TREE|COMMAND
rows() {
	local row n=0
	{ grep '^[^#]' "$(dirname "$0")/cases.txt" && dependency_rows; } | while IFS= read -r row; do
		n=$((n + 1))
		[[ $row == '+ '* || -n ${FARMMAKE_TEST_LONG:-}$wanted ]] || continue
		[[ $row != *clang\ * || -n $clang ]] || continue
		row=${row#+ }
		[[ ${row%% | *} == *"$wanted"* ]] || continue
		row=${row//_N_/k${n}k}
		printf '%s | %s\n' "k${n}k" "$row"
	done
}

# for_each FUNCTION: of NUMBER NAME WHERE TREE COMMAND
for_each() {
	local row n name where tree
	while IFS= read -r row; do
		n=${row%% | *} row=${row#* | }
		name=${row%% | *} row=${row#* | }
		where=${row%% | *} row=${row#* | }
		tree=${row%% | *} row=${row#* | }
		"$1" "$n" "$name" "$where" "$tree" "$row" || return
	done <"$work/rows"
}

one_tree() {
	mkdir "$1"
	(cd "$1" && eval "$4") || fail "$2: cannot be made"
	printf '%s\n' 'before() { PATH=${FARMMAKE_BINDIR:+$FARMMAKE_BINDIR:}$PWD/$1:$PATH; }' "$5" >"$1.sh"
	printf 'all: %s.status\n%s.status: ; @(cd %s && exec sh ../%s.sh) >%s.out 2>%s.err </dev/null; echo $$? >$@\n' \
		"$1" "$1" "$1" "$1" "$1" "$1" >>Makefile
}

# Everything in $work/here, made anew.
trees() {
	rm -rf "$work/here" && mkdir "$work/here" && cd "$work/here" || exit 1
	hear_nodes >Makefile
	for_each one_tree
}

# Of everything that is there: name, kind, mode, names, and where it leads to.
picture() {
	find . -mindepth 2 ! -type d -printf '%p %y %m %n %l\n' -o -mindepth 2 -printf '%p %y %m\n' | sort
}

# pass NAME TOOL...: what is left of it is $work/NAME. Root could read and write what others cannot.
pass() {
	local name=$1
	shift
	trees
	"$@" -C "$work/here" >"$work/$name.make" 2>&1 || fail "$name: $(tail -n 3 "$work/$name.make")"
	picture >"$work/$name.picture"
	chmod -R u+rwX "$work/here"
	find . -type p -delete
	cd "$work" && rm -rf "${work:?}/$name" && mv here "$name"
}

# as_user COMMAND...
as_user() {
	if [ "$(id -u)" = 0 ]; then
		setpriv --bounding-set=-dac_override,-dac_read_search --inh-caps=-all "$@"
	else
		"$@"
	fi
}

farm_as_user() {
	as_user timeout -k 10 900 "$farmmake" "${farm_options[@]}" "$@" </dev/null
}

# outcomes REPORT: "CASE where input reason" for each compile
outcomes() {
	jq -r '.jobs[] | (((.source + "/" + .output) | capture("(?<n>k[0-9]+k)").n) // "-") + " " +
		(.input // "here") + " " + .reason' "$1"
}

# one_case NUMBER NAME WHERE TREE COMMAND, in pass $mode: says what is wrong
one_case() {
	local n=$1 name=$2 where=$3 seen good
	{
		for file in status out err; do
			cmp -s "$work/plain/$n.$file" "$work/$mode/$n.$file" || {
				echo "another $file:"
				diff "$work/plain/$n.$file" "$work/$mode/$n.$file" | head -n 6
			}
		done
		diff <(grep "^\./$n/" "$work/plain.picture") <(grep "^\./$n/" "$work/$mode.picture")
		diff -r --no-dereference "$work/plain/$n" "$work/$mode/$n" | head -n 6
		seen=$(sed -n "s/^$n //p" "$work/$mode.outcomes")
		case $where in
		none) [ -z "$seen" ] ;;
		node) ! grep -v "^${mode/direct/view}" <<<"${seen:--}" | grep -qvE "$overflow" ;;
		text) ! grep -v '^text' <<<"${seen:--}" | grep -qvE "$overflow" ;;
		direct) [ $mode = text ] || ! grep -v '^view' <<<"${seen:--}" | grep -qvE "$overflow" ;;
		'here '*) ! grep -qvE "^here .*${where#here }" <<<"${seen:--}" ;;
		esac || echo "not $where: ${seen:-nobody was told}"
	} >"$work/wrong" 2>&1
	[ -s "$work/wrong" ] || return 0
	echo "not ok - $mode: $name: $5"
	sed 's/^/    /' "$work/wrong"
	failed=$((failed + 1))
}

# A node would have had it.
overflow='^here (its compiler is being examined|no node|done here earlier|the farm is|the stage is|the last node)'
farm_begin
deps_install jq >/dev/null || skip "jq is missing"
rows >"$work/rows"
odd_compiler "$work/odd"
export CC=gcc CXX=g++ FARMCC=$build/src/farmcc/farmcc ODD=$work/odd
# shellcheck disable=SC2086  # none is none
nodes_find gcc ${FARMMAKE_TEST_LONG:+${clang:+clang}}
start_farm
measure_cc
modes=(direct)
[ -z "${FARMMAKE_TEST_LONG:-}$wanted" ] || modes+=(text)
declare -A direct=([direct]=yes [text]=no)
pass plain as_user make -k -j"$(nproc)"
failed=0
for mode in "${modes[@]}"; do
	pass "$mode" farm_as_user --farm-direct="${direct[$mode]}" -k
	outcomes "$report" >"$work/$mode.outcomes"
	for_each one_case
	nothing_left
	note "$mode: $(wc -l <"$work/rows") cases, $(cut -d ' ' -f 2 "$work/$mode.outcomes" | sort | uniq -c | xargs)"
done
[ $failed = 0 ] || fail "$failed cases"
