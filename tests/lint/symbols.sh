#!/bin/sh
# symbols.sh TOP BUILD - what an object file exports begins with its module's name: the first word of
# the file's, or one of those that its header introduces.
cd "$2" || exit 1
command -v nm >/dev/null || { echo "SKIP: no nm (binutils)"; exit 77; }

# FILE:ADDRESS TYPE NAME
nm -A -g --defined-only src/*/*.p/*.c.o | awk -F '[: ]' '
	BEGIN { # other prefixes that a file may export under, as its header says
		may["buf"] = "buf_ rd_ wr_"
		may["str"] = "str_ strv_ x"
		may["job"] = "job_ toolchain_"
		may["jaildesc"] = "jail_"
	}
	{ seen++ }
	# names that begin with an underscore are the compiler'\''s
	$3 !~ /^[TDBRC]$/ || $4 ~ /^_/ || $4 ~ /^main/ { next }
	{
		module = $1
		sub(/.*\//, "", module)
		sub(/^meson-generated_.._/, "", module)
		sub(/\.c\.o$/, "", module)
		word = module
		sub(/[_.].*/, "", word)
		prefixes = module in may ? may[module] : word "_"
		n = split(prefixes, prefix, " ")
		for (i = 1; i <= n; i++)
			if (index($4, prefix[i]) == 1)
				next
		print $1 ": " $4 " does not begin with: " prefixes
		bad = 1
	}
	END {
		if (!seen)
			print "no object files in src"
		exit bad || !seen
	}'
