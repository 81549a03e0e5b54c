#!/bin/sh
# symbols.sh TOP BUILD - what an object file exports begins with its module's name: the first word of
# the file's, or one of those that its header introduces.
cd "$2" || exit 1

# Other prefixes that a file may export under, as its header says.
prefixes() {
	case $1 in
	buf) echo "buf_ rd_ wr_" ;;
	str) echo "str_ strv_ x" ;;
	job) echo "job_ toolchain_" ;;
	jaildesc) echo "jail_" ;;
	*) echo "${1%%[_.]*}_" ;;
	esac
}

command -v nm >/dev/null || { echo "SKIP: no nm (binutils)"; exit 77; }

status=0 seen=0
for object in src/*/*.p/*.c.o; do
	[ -e "$object" ] || continue
	seen=1
	module=$(basename "$object" .c.o)
	module=${module#meson-generated_.._}
	may=$(prefixes "$module")
	# names that begin with an underscore are the compiler's
	for symbol in $(nm -g --defined-only "$object" | awk '$2 ~ /[TDBRC]/ && $3 !~ /^_/ { print $3 }'); do
		for prefix in $may main; do
			case $symbol in
			"$prefix"*) continue 2 ;;
			esac
		done
		echo "${object#src/}: $symbol does not begin with: $may"
		status=1
	done
done
[ $seen = 1 ] || { echo "no object files in $2/src"; exit 1; }
exit $status
