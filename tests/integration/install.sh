#!/bin/bash
# install.sh - what "meson install" puts where: every program, page, document and completion in its place, none of the
# tests, and links in the documents that lead to documents.
. "$(dirname "$0")/lib.sh"
farm_begin
DESTDIR=$work/dest meson install -C "$build" --no-rebuild --quiet >"$work/install.log" 2>&1 ||
	fail "meson install: $(tail -n 1 "$work/install.log")"
prefix=$work/dest$(meson introspect "$build" --buildoptions | jq -r '.[] | select(.name == "prefix").value')
[ -d "$prefix" ] || fail "nothing is below the prefix"

sed 's/^\t*//' <<-END | sort >"$work/expected"
	755 bin/farmcc
	755 bin/farmctl
	755 bin/farmmake
	755 bin/farmnode
	755 libexec/farmmake/farmjail
	755 libexec/farmmake/farmprobe
	644 lib/systemd/system/farmnode.service
	644 share/bash-completion/completions/farmmake
	777 share/bash-completion/completions/farmctl
	777 share/bash-completion/completions/farmnode
	644 share/fish/vendor_completions.d/farmmake.fish
	777 share/fish/vendor_completions.d/farmctl.fish
	777 share/fish/vendor_completions.d/farmnode.fish
	644 share/zsh/site-functions/_farmmake
	644 share/doc/farmmake/LICENSE
	644 share/doc/farmmake/README.md
	644 share/doc/farmmake/examples/apparmor/farmjail
	644 share/doc/farmmake/examples/apparmor/farmjail.abi-3.0
	644 share/doc/farmmake/examples/farm.json
	644 share/doc/farmmake/examples/kubernetes/farmnode.yaml
	644 share/doc/farmmake/examples/oci/Containerfile
	$(cd "$top/doc" && printf '644 share/doc/farmmake/doc/%s\n' *.md)
	$(cd "$top/doc/man" && for page in *; do echo "644 share/man/man${page##*.}/$page"; done)
END
(cd "$prefix" && find . ! -type d -printf '%m %P\n' | sort) >"$work/installed"
diff "$work/expected" "$work/installed" >"$work/differences" || fail "$(head -n 5 "$work/differences")"
note "$(wc -l <"$work/installed") files"
find -L "$prefix" -type l | grep . && fail "a link leads nowhere"

# every document that links to another one finds it
doc=$prefix/share/doc/farmmake
while IFS=: read -r page link; do
	[ -e "${page%/*}/$link" ] || fail "${page#"$doc/"}: there is no $link"
done < <(cd / && grep -roE '\]\([^)#:]+' "$doc" --include='*.md' | sed 's/\](//')

# The programs find each other where they are, wherever that is.
PATH=$prefix/bin:$PATH
grep -q "^ExecStart=${prefix#"$work/dest"}/bin/farmnode$" "$prefix/lib/systemd/system/farmnode.service" || fail "the unit starts another program"
farmnode=$prefix/bin/farmnode farmmake=$prefix/bin/farmmake
start_node anvil
wait_node anvil
printf 'a.o: a.c; sleep 1; $(CC) -c $<\n' >"$work/Makefile"
echo 'int a;' >"$work/a.c"
farm -s -C "$work" >"$work/build.out" 2>"$work/build.err" || fail "the build fails: $(head -n 1 "$work/build.err")"
[ "$(in_report '.jobs[0].node')" = anvil ] || fail "not compiled there: $(in_report '.jobs[0].reason')"
note "installed, a build finds its node"
