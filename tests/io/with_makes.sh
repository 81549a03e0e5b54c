#!/bin/bash
# with_makes.sh VERSION TEST... - runs a test with the makes that it is about: FARMMAKE_TEST_MAKES are
# all that can be had, FARMMAKE_TEST_MAKE is the one of VERSION. "any" asks for none in particular;
# "4.3-fds" is a 4.3 that is told of its jobserver as a 4.1 is.
. "$(dirname "$0")/../lib/deps.sh"
want=$1
shift
makes=
for version in 4.1 4.2 4.3 4.4; do
	program=$(deps_make $version) || continue
	makes+=$program:
	[ "${want%-fds}" != $version ] || export FARMMAKE_TEST_MAKE=$program
done
if [ "$want" != any ] && [ -z "${FARMMAKE_TEST_MAKE:-}" ]; then
	echo "1..0 # SKIP: GNU make $want cannot be had here"
	exit 0
fi
[ "$want" = "${want%-fds}" ] || export FARMMAKE_TEST_STYLE=fds
export FARMMAKE_TEST_MAKES=$makes FARMMAKE_TEST_NINJA
FARMMAKE_TEST_NINJA=$(deps_ninja) || unset FARMMAKE_TEST_NINJA
exec "$@"
