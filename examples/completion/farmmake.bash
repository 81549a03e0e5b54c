# Completion of farmmake, farmctl and farmnode for bash; the options are those that --help tells.

# _farm_words COMMAND [VERB]: the options in its help
_farm_words() {
	"$@" --help 2>/dev/null | command sed -n 's/^ *\(--[a-z][a-z-]*\).*/\1/p'
}

_farm_complete() {
	local cur=$2 prev=$3
	COMPREPLY=()
	case $prev in
	--farm-key | --farm-report | --farm-config | --farm-make | --key | --html | --trace | --csv | --compare | --report | --port-file)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return 0
		;;
	--state-dir | --store | --bind)
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		return 0
		;;
	--interface | --farm-interface)
		mapfile -t COMPREPLY < <(compgen -W "$(command ls /sys/class/net 2>/dev/null)" -- "$cur")
		return 0
		;;
	--led)
		mapfile -t COMPREPLY < <(compgen -W "$(command ls /sys/class/leds 2>/dev/null)" -- "$cur")
		return 0
		;;
	esac
	return 1
}

_farmmake() {
	_farm_complete "$@" && return
	if [[ $2 == --farm* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_farm_words farmmake | command grep '^--farm-')" -- "$2")
		return
	fi
	# targets and options of make
	declare -F _make >/dev/null || { declare -F _completion_loader >/dev/null && _completion_loader make; }
	if declare -F _make >/dev/null; then
		_make "$@"
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$2")
	fi
}

_farmctl() {
	_farm_complete "$@" && return
	if ((COMP_CWORD == 1)); then
		mapfile -t COMPREPLY < <(compgen -W "$(farmctl --help 2>/dev/null | command sed -n 's/^  \([a-z][a-z]*\) .*/\1/p') --help --version" -- "$2")
	elif [[ ${COMP_WORDS[1]} == key ]] && ((COMP_CWORD == 2)); then
		mapfile -t COMPREPLY < <(compgen -W "new show-id node rotate retire" -- "$2")
	elif [[ $2 == --farm* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_farm_words farmmake | command grep '^--farm-')" -- "$2")
	elif [[ $2 == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_farm_words farmctl "${COMP_WORDS[1]}")" -- "$2")
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$2")
	fi
}

_farmnode() {
	_farm_complete "$@" && return
	mapfile -t COMPREPLY < <(compgen -W "$(_farm_words farmnode) --help --version" -- "$2")
}

complete -o filenames -F _farmmake farmmake
complete -o filenames -F _farmctl farmctl
complete -o filenames -F _farmnode farmnode
