#!/bin/bash
# completion.sh - what shells complete is what the programs take: every option of their help, every verb, every
# setting; and each help fits a screen.
. "$(dirname "$0")/lib.sh"
farm_begin
PATH=$build/src/farmmake:$build/src/farmctl:$build/src/farmnode:$PATH

# --- help
verbs=$(farmctl --help | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p')
[ "$(wc -w <<<"$verbs")" -ge 6 ] || fail "the verbs are: $verbs"
helps() { # COMMAND...
	"$@" --help >"$work/help" 2>&1 </dev/null || [ "$*" = 'farmctl key' ] || fail "$* --help: status $?"
	sed -i '/^Usage: make/,$d' "$work/help" # farmmake tells make's, too
	[ "$(wc -l <"$work/help")" -le 24 ] || fail "$* --help has $(wc -l <"$work/help") lines"
	[ "$(wc -L <"$work/help")" -le 80 ] || fail "$* --help is $(wc -L <"$work/help") wide: $(awk 'length > 80' "$work/help")"
}
helps farmmake
helps farmnode
helps farmctl
for verb in $verbs; do
	helps farmctl "$verb"
done

# --- bash: what it offers for a line
# shellcheck source=examples/completion/farmmake.bash
. "$top/examples/completion/farmmake.bash"
offers() { # WORD...: the last is what has been typed of it
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	COMPREPLY=()
	"_$1" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
	printf '%s\n' "${COMPREPLY[@]}" | sort | xargs
}
settings=$(sed -n 's/.*{ROW(\([a-z_]*\),.*/--farm-\1/p' "$top/src/core/conf_table.c" | tr _ -)
[ "$(offers farmmake --farm-)" = "$(printf '%s\n' $settings --farm-config --farm-run | sort | xargs)" ] ||
	fail "farmmake: $(offers farmmake --farm-)"
[ "$(offers farmmake --farm-ver)" = "--farm-verbose --farm-verify" ] || fail "farmmake: $(offers farmmake --farm-ver)"
[ "$(offers farmctl '')" = "$(printf '%s\n' $verbs --help --version | sort | xargs)" ] || fail "farmctl: $(offers farmctl '')"
[ "$(offers farmctl key ro)" = rotate ] || fail "key: $(offers farmctl key ro)"
[ "$(offers farmctl report --)" = "--compare --csv --html --trace" ] || fail "report: $(offers farmctl report --)"
options=$(sed -n 's/^	{"\([a-z-]*\)", [A-Z]*,.*/--\1/p' "$top/src/farmnode/opts.c" | grep -v foreground)
[ "$(offers farmnode --)" = "$(printf '%s\n' $options | sort | xargs)" ] || fail "farmnode: $(offers farmnode --)"
cd "$work" && : >some.key
[ "$(offers farmmake --farm-key so)" = some.key ] || fail "a file: $(offers farmmake --farm-key so)"
[ "$(offers farmnode --interface l)" = lo ] || fail "an interface: $(offers farmnode --interface l)"

# --- the others, where they are installed
for shell in zsh fish; do
	case $shell in
	zsh) file=_farmmake ;;
	fish) file=farmmake.fish ;;
	esac
	if command -v $shell >/dev/null; then
		$shell -n "$top/examples/completion/$file" || fail "$file: not for $shell"
	else
		note "SKIP: $shell: is not installed"
	fi
done
if command -v fish >/dev/null; then
	fish -c ". '$top/examples/completion/farmmake.fish'; complete -C 'farmctl rep'" | grep -q '^report' ||
		fail "fish does not complete a verb"
fi
