#!/bin/sh
# size.sh TOP - files of at most 500 lines, headers of 150 (300 for fixtures); functions of 60 lines and 5 parameters,
# tests excepted, and callbacks whose parameters are a library's choice.
cd "$1" || exit 1

# shellcheck disable=SC2016  # the dollars are awk's
find src include tests -name '*.[ch]' | sort | xargs awk '
function complain(text) { print FILENAME ":" text; bad = 1 }

# How many parameters stand between the outermost parentheses; "..." is none.
function parameters(text,    i, c, depth, n, words) {
	for (i = 1; i <= length(text); i++) {
		c = substr(text, i, 1)
		if (c == "(")
			depth++
		else if (c == ")" && --depth == 0)
			break
		else if (c == "," && depth == 1)
			n++
		if (depth >= 1 && c ~ /[a-z]/)
			words = 1
	}
	return words ? n + 1 - (substr(text, 1, i) ~ /, *\.\.\.\)$/) : 0
}

function end_of_file() {
	if (lines > limit)
		print file ": " lines " lines, at most " limit, bad = 1
}

FNR == 1 {
	if (NR > 1)
		end_of_file()
	file = FILENAME
	test = file ~ /^tests/
	limit = file !~ /\.h$/ ? 500 : test ? 300 : 150
	reading = start = 0
}
{ lines = FNR }

# A declaration or definition begins in the first column and goes on until its parentheses close.
/^#/ { next }
/^[a-z_].*\(/ && !/^(Test|ParameterizedTest|TestSuite|extern "C"|typedef|else|enum|case)/ &&
	!/=.*\(/ { head = ""; open = 0; at = FNR; reading = 1 }
reading {
	head = head $0
	line = $0
	open += gsub(/\(/, "(", line) - gsub(/\)/, ")", line)
	if (open <= 0) {
		reading = 0
		n = parameters(head)
		if (n > 5 && !test && head !~ /^(static )?(_Static_assert|list_for_each|enum MHD_Result on_)/)
			complain(at ": " n " parameters, at most 5: " substr(head, 1, 60))
	}
}
/^\{/ { start = FNR }
/^\}/ && start {
	if (FNR - start - 1 > 60 && !test)
		complain(start ": a function of " FNR - start - 1 " lines, at most 60")
	start = 0
}
END { end_of_file(); exit bad }
'
