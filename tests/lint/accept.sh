#!/bin/bash
# accept.sh LIST - findings of an analyzer on stdin, "FILE:LINE:COLUMN: warning: TEXT [CHECK]": shows those
# that the list does not name, and fails when there is one.
status=0
while read -r finding; do
	[ -n "$finding" ] || continue
	file=$(sed 's/^\([^:]*\):.*/\1/; s,^.*/\(src/[^/]*/[^/]*\)$,\1,' <<<"$finding")
	check=$(sed -n 's/.*\[\([^][]*\)\]$/\1/p' <<<"$finding")
	grep -qF "$file ${check:-none} " "$1" && continue
	echo "$finding"
	status=1
done
exit $status
