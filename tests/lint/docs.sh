#!/bin/sh
# docs.sh TOP - the documents say what the code does: settings, messages, the report's fields, options
# and variables; and they name no directory of the machine on which they were written.
cd "$1" || exit 1

status=0
complain() {
	echo "$1"
	status=1
}

# expect FILE WORDS: the file holds the words, and not as a part of longer ones
expect() {
	grep -qsE -- "(^|[^[:alnum:]_-])$2([^[:alnum:]_-]|\$)" "$1" || complain "$1: $2 is missing"
}

settings() {
	sed -n 's/.*{ROW(\([a-z_]*\),.*/\1/p' src/core/conf_table.c
}

documented_settings() {
	sed -n 's/^\.It Ic \([^ ]*\).*/\1/p' doc/man/farm.json.5
}

# As rows "NAME CODE SENDER PHASE BYTES".
messages_in_code() {
	sed -n 's/.*XX(\([A-Z_]*\), \([0-9]*\), \([A-Z]*\), \([A-Z]*\), \([0-9]*\)).*/\1 \2 \3 \4 \5/p' \
		include/core/msg_map.h
}

messages_in_doc() {
	awk -F ' *[|] *' '/^[|] [A-Z_]+ [|] [0-9]+ [|]/ { print $2, $3, $4, $5, $6 }' doc/protocol.md
}

report_fields() {
	grep -oE '\{"[a-z_]+", [A-Z_]+' src/core/report_schema.c | sed 's/{"\([a-z_]*\)".*/\1/'
}

node_options() {
	sed -n 's/^	{"\([a-z-]*\)", [A-Z]*,.*/\1/p' src/farmnode/opts.c
}

ctl_options() {
	sed -n 's/^		{"\([a-z]*\)", [a-z]*_argument,.*/\1/p' src/farmctl/*.c | sort -u
}

# events, their fields and the phases
journal_words() {
	sed -n 's/^	\[JOURNAL_[A-Z_]*\] = {*"\([a-z-]*\)",.*/\1/p' src/core/journal.c
	grep -oE 'FIELD\("[a-z]+"' src/core/journal.c | cut -d '"' -f 2
}

vectors() {
	sed -n 's/^	{"\([^"]*\)", TOOL_.*/\1/p' tests/integration/escape_vectors.c | sed 's/|/\\|/g'
}

documented_vectors() {
	sed -n '/^## What was tried/,$s/^| \(.*\) | [^|]* | [^|]* | [^|]* |$/\1/p' doc/security.md | tail -n +2
}

variables() {
	grep -rhoE 'getenv\("FARMMAKE_[A-Z_]+' src | sed 's/getenv("//' | grep -v _TEST_ | sort -u
}

# An extraction that finds nothing would find nothing wrong.
for list in settings messages_in_code messages_in_doc report_fields node_options ctl_options journal_words \
	vectors documented_vectors variables; do
	[ -n "$($list)" ] || complain "$0: $list: found none"
done

for key in $(settings); do
	option=$(echo "$key" | tr _ -)
	variable=$(echo "$key" | tr '[:lower:]' '[:upper:]')
	expect doc/man/farm.json.5 "Ic $key"
	expect doc/man/farmmake.1 "It Fl -farm-$option"
	expect doc/man/farmmake.1 "It Ev FARMMAKE_$variable"
done
for key in $(documented_settings); do
	settings | grep -qx "$key" || complain "doc/man/farm.json.5: $key is no setting"
done

if [ "$(messages_in_code)" != "$(messages_in_doc)" ]; then
	complain "doc/protocol.md: its table of messages is not that of include/core/msg_map.h:"
	{
		messages_in_code
		messages_in_doc
	} | sort | uniq -u
fi
for name in $(messages_in_code | cut -d ' ' -f 1); do
	[ "$(grep -cw "$name" doc/protocol.md)" -ge 2 ] || complain "doc/protocol.md: $name is not described"
done

for field in $(report_fields); do
	grep -qE "^\| \`([a-z]+\.)?$field(\`|\.)" doc/report.md || complain "doc/report.md: $field is missing"
done

for word in $(journal_words); do
	grep -qF "\`$word\`" doc/journal.md || complain "doc/journal.md: $word is missing"
done

for option in $(node_options); do
	expect doc/man/farmnode.8 "Fl -$option"
done

for option in $(ctl_options); do
	expect doc/man/farmctl.1 "Fl -$option"
done

if [ "$(vectors)" != "$(documented_vectors)" ]; then
	complain "doc/security.md: its table of vectors is not that of tests/integration/escape_vectors.c:"
	{
		vectors
		documented_vectors
	} | sort | uniq -u
fi
count=$(vectors | wc -l)
expect doc/security.md "$count vectors"
expect README.md "$count ways out"
expect README.md "0 of $count"

for variable in $(variables); do
	grep -qw "$variable" doc/man/* || complain "doc/man: $variable is not documented"
done

# limits in doc/limits.md, as "NAME = VALUE", stand so in the code, and its tests are there
grep -o '`[A-Z_]* = [^`]*`' doc/limits.md | tr -d '`' | sort -u | while read -r limit; do
	grep -rqF -e "$limit," -e "$limit " -e "$limit;" include src || echo "doc/limits.md: the code has no $limit"
done | grep . && status=1
[ "$(grep -c '`[A-Z_]* = ' doc/limits.md)" -ge 20 ] || complain "doc/limits.md: found no limits"
for test in $(grep -o '`\(io\|unit\|integration\|fuzz\)/[a-z_]*`' doc/limits.md | tr -d '`' | sort -u); do
	[ -e "tests/$test.c" ] || [ -e "tests/$test.sh" ] || complain "doc/limits.md: there is no $test"
done

found=$(grep -rnE '(^|[^[:alnum:]_./~-])/(work|root|tmp/[a-z])(/|[^[:alnum:]_]|$)' README.md doc examples 2>/dev/null)
[ -z "$found" ] || complain "$found"

if command -v mandoc >/dev/null; then
	mandoc -Tlint -Wwarning doc/man/* || status=1
fi
exit $status
