#!/bin/sh
# layers.sh TOP - base <- core <- io <- programs; programs never include each other, and the core
# touches neither descriptors nor clocks nor the environment.
cd "$1" || exit 1

status=0
complain() {
	echo "$1"
	status=1
}

# allowed LAYER: the directories of include/ that it may use
allowed() {
	case $1 in
	base) echo base ;;
	core) echo base core ;;
	*) echo base core io ;;
	esac
}

# Every #include "..." of the files of one layer, as FILE:LINE:NAME.
includes() {
	find "src/$1" "include/$1" -name '*.[ch]' 2>/dev/null | sort |
		xargs -r grep -nE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' /dev/null |
		sed 's/^\([^:]*:[0-9]*\):[^"]*"\([^"]*\)".*/\1:\2/'
}

check_layer() {
	layer=$1
	may=$(allowed "$layer")
	for row in $(includes "$layer"); do
		file=${row%%:*} name=${row##*:}
		case $name in
		*/*)
			case " $may " in
			*" ${name%%/*} "*) [ -e "include/$name" ] || complain "$row: no such header" ;;
			*) complain "$row: ${layer} may include only: $may" ;;
			esac
			;;
		*) [ -e "${file%/*}/$name" ] || complain "$row: not beside the file" ;;
		esac
	done
}

for dir in src/*/; do
	check_layer "$(basename "$dir")"
done

# No descriptor, clock or environment in the core; comments may speak of them.
banned='#include *[<"](uv\.h|openssl/|unistd\.h|fcntl\.h|sys/socket\.h)|(^|[^_[:alnum:]])(time|getenv|clock_gettime|gettimeofday) *\('
found=$(find src/core include/core -name '*.[ch]' | sort |
	xargs grep -nE "$banned" /dev/null | grep -vE '^[^:]*:[0-9]*:[[:space:]]*(/\*|\*|//)')
[ -z "$found" ] || complain "$found"

exit $status
