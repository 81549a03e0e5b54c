#!/bin/bash
# containers.sh - the manifest is what Kubernetes takes; the image is built, step by step, on a Debian of this machine's
# archive; and the container of the manifest, with that image, no privilege and the init container's key, compiles.
#
# There is no cluster: crun makes the container from what the manifest says of it.
. "$(dirname "$0")/lib.sh"
[ -n "${FARMMAKE_TEST_LONG:-}" ] || skip "takes long (FARMMAKE_TEST_LONG=1 or run.sh --long)"
[ "$(id -u)" = 0 ] || skip "only for root"
deps_install mmdebstrap buildah crun jq >/dev/null 2>&1 || skip "mmdebstrap, buildah, crun or jq is missing"
farm_begin
containerfile=$top/examples/oci/Containerfile
manifest=$top/examples/kubernetes/farmnode.yaml

# --- what is written
mkdir "$work/npm" && cp "$top/tests/integration/kubernetes.mjs" "$work/npm" && echo '{"private": true}' >"$work/npm/package.json"
command -v npm >/dev/null || skip "npm is missing"
(cd "$work/npm" && timeout 600 npm install --no-audit --no-fund --ignore-scripts kubernetes-models@5 @kubernetes/client-node@1.4 \
	dockerfile-utils@0.16 js-yaml@4) >"$work/npm.log" 2>&1 </dev/null || skip "the validators cannot be had: $(tail -n 1 "$work/npm.log")"
valid() {
	(cd "$work/npm" && node kubernetes.mjs "$1") >"$work/manifest.json" 2>"$work/node.err"
}
wrong() { # SED: the manifest, changed by it, is refused
	sed "$1" "$manifest" >"$work/wrong.yaml"
	! cmp -s "$manifest" "$work/wrong.yaml" || fail "the manifest has nothing for $1"
	! valid "$work/wrong.yaml" || fail "the validator takes $1"
}
wrong 's/readOnlyRootFilesystem/readonlyRootFilesystem/'
wrong 's/periodSeconds: 5/periodSeconds: "5"/'
valid "$manifest" || fail "the manifest: $(grep -m 1 Error "$work/node.err")"
"$work/npm/node_modules/.bin/dockerfile-utils" lint "$containerfile" >"$work/lint.log" 2>&1 || fail "the Containerfile: $(cat "$work/lint.log")"
pod() { # FILTER: of the pods' specification
	jq -r ".[] | select(.kind == \"DaemonSet\").spec.template.spec | $1" "$work/manifest.json"
}
[ "$(pod '[.volumes[] | select(.secret).secret.defaultMode] | @csv')" = 256 ] || fail "the keys are not mounted 0400"
note "manifest: $(jq -r '[.[].kind] | join(", ")' "$work/manifest.json")"

# --- what is built
storage=(--root "$work/storage" --runroot "$work/storage-run" --storage-driver vfs)
tar=$(deps_sources)/bookworm.tar
deps_system bookworm "$work/base" 2>"$work/system.log" || skip "no clean system: $(cat "$work/system.log")"
buildah "${storage[@]}" from --name base scratch >"$work/image.log" 2>&1 && buildah "${storage[@]}" add base "$tar" / >>"$work/image.log" 2>&1 &&
	buildah "${storage[@]}" commit --rm base localhost/base >>"$work/image.log" 2>&1 || skip "buildah does not work here: $(tail -n 1 "$work/image.log")"
rm -rf "$work/base"
mkdir "$work/context"
tar -C "$top" --exclude='./build*' --exclude=./.git -c . | tar -C "$work/context" -x
timeout 2400 buildah "${storage[@]}" build --isolation chroot --network host --build-arg BASE=localhost/base \
	-f "$work/context/examples/oci/Containerfile" -t farmnode "$work/context" >"$work/image.log" 2>&1 </dev/null ||
	fail "the image cannot be built: $(grep -m 1 -i error "$work/image.log")"
image() {
	buildah "${storage[@]}" inspect --type image --format "{{$1}}" farmnode
}
[ "$(image .OCIv1.Config.User)" = "$(pod '"\(.securityContext.runAsUser):\(.securityContext.runAsGroup)"')" ] || fail "the image's user is $(image .OCIv1.Config.User)"
buildah "${storage[@]}" from --name box farmnode >/dev/null && rootfs=$(buildah "${storage[@]}" mount box) || fail "no container"
[ ! -e "$rootfs/usr/bin/meson" ] || fail "the image has in it what only its build needs"
note "image: $(du -sh "$rootfs" | cut -f 1)"

# --- what runs: the init container's command, then the container, each with what the manifest allows
"$farmctl" key node box "$key" >"$work/node.key"
chmod 400 "$work/node.key"
mkdir -m 2777 "$work/keys" && chown :3634 "$work/keys"
mkdir "$work/init" "$work/main"
# container FILTER DIR MOUNTS: a bundle of the first container that FILTER finds
container() {
	(cd "$2" && rm -f config.json && crun spec) && pod "$1" >"$2/spec.json" &&
		jq --slurpfile c "$2/spec.json" --argjson pod "$(pod .securityContext)" --argjson mounts "$3" --arg root "$rootfs" '
		$c[0] as $c | ($pod + $c.securityContext) as $s | [($s.capabilities.add // [])[] | "CAP_" + .] as $caps |
		.root = {path: $root, readonly: $s.readOnlyRootFilesystem} |
		.process.terminal = false | .process.cwd = "/" | .process.rlimits = [] |
		.process.args = (($c.command // ["/usr/bin/farmnode"]) + ($c.args // [])) |
		.process.env += [($c.env // [])[] | select(.value) | .name + "=" + .value] |
		.process.user = {uid: $s.runAsUser, gid: $s.runAsGroup, additionalGids: [$s.fsGroup]} |
		.process.noNewPrivileges = ($s.allowPrivilegeEscalation | not) |
		.process.capabilities = {bounding: $caps, effective: $caps, permitted: $caps} |
		.mounts += $mounts | del(.linux.resources) |
		.linux.namespaces |= map(select(.type != "network"))' "$2/config.json" >"$2/new.json" && mv "$2/new.json" "$2/config.json"
}
bind() { # FROM TO OPTION
	printf '{"source": "%s", "destination": "%s", "type": "bind", "options": ["rbind", "%s"]}' "$@"
}
memory() { # TO
	printf '{"source": "tmpfs", "destination": "%s", "type": "tmpfs", "options": ["mode=1777"]}' "$1"
}
container '.initContainers[0]' "$work/init" "[$(bind "$work/node.key" /secret/key ro), $(bind "$work/keys" /key rw)]" || fail "no init container"
container '.containers[0]' "$work/main" "[$(bind "$work/keys" /key ro), $(memory /var/lib/farmnode), $(memory /run/farmnode), $(memory /tmp)]" || fail "no container"
slow_project "$work/project" 16 1
make -s -C "$work/project" -j2 && mkdir "$work/plain" && mv "$work/project"/*.o "$work/plain" || fail "plain make"
# The farm's client is of another Debian than the image, perhaps, but its gcc has to be the same.
cat >"$work/pod" <<-END
	#!/bin/bash
	mount --make-rprivate /
	umount -R /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup # crun takes none of two kinds
	ip link set lo up
	crun() { command crun --root $work/crun --cgroup-manager=disabled "\$@" </dev/null; }
	crun run -b $work/init init-\$\$ || exit 10
	[ "\$(stat -c %u:%a $work/keys/key)" = 3634:400 ] || exit 11
	crun run -b $work/main farmnode-\$\$ >$work/node.log 2>&1 &
	for i in \$(seq 1200); do
		! grep -q 'listens on' $work/node.log || break
		sleep 0.1
	done
	metrics=\$(perl -MIO::Socket::INET -e 'my \$s = IO::Socket::INET->new("127.0.0.1:9363") or exit 1;
		print \$s "GET /metrics HTTP/1.0\\r\\n\\r\\n"; print <\$s>')
	[[ \$metrics == *" 200 "* ]] || exit 12
	$farmmake -s -C $work/project --farm-key $key --farm-report $report
	status=\$?
	crun kill farmnode-\$\$ TERM && wait %1 || exit 13
	exit \$status
END
chmod 755 "$work/pod"
timeout 600 unshare --mount --net --pid --fork --kill-child --mount-proc "$work/pod" >"$work/pod.log" 2>&1 </dev/null ||
	fail "the pod ends with status $?: $(tail -n 1 "$work/node.log")"
grep -qE 'box listens on.*jail level [23],' "$work/node.log" || fail "no jail"
for object in "$work/plain"/*.o; do
	cmp "$object" "$work/project/${object##*/}" || fail "another object"
done
[ "$(in_report '[.jobs[] | select(.node == "box")] | length')" -ge 4 ] || fail "not compiled there: $(in_report '[.jobs[].reason]')"
note "$(in_report .summary.remote) of $(in_report .summary.jobs) compiles in the container; $(sed -n 's/.*\(jail level [0-9]\).*/\1/p;q' "$work/node.log")"
buildah "${storage[@]}" rm --all >/dev/null
