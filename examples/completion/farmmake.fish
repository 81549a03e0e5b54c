# Completion of farmmake, farmctl and farmnode for fish; the options are those that --help tells.

function __farm_options # COMMAND...
	# farmmake tells make's, too
	$argv --help 2>/dev/null | sed '/^Usage: make/,$d' | string replace -rf '^ *--([a-z][a-z-]*)(?: \S+)? *(.*)$' -- '--$1\t$2'
end

function __farm_verbs
	farmctl --help 2>/dev/null | string replace -rf '^  ([a-z]+) +(.*)$' '$1\t$2'
end

complete -c farmmake -w make
complete -c farmmake -n 'string match -q -- "--f*" (commandline -ct)' -a '(__farm_options farmmake)'
complete -c farmnode -f -a '(__farm_options farmnode)'
complete -c farmctl -f -n __fish_use_subcommand -a '(__farm_verbs)'
complete -c farmctl -f -n '__fish_seen_subcommand_from key' -a 'new show-id node rotate retire'
complete -c farmctl -n 'not __fish_use_subcommand; and string match -q -- "-*" (commandline -ct)' \
	-a '(__farm_options farmctl (commandline -opc)[2])'
