# shellcheck shell=bash
# contenders.sh - who builds.  Sourced by run.sh.
#
#   contender_start NAME      its daemons, once for each session
#   contender_build NAME SETTING    one build of $tree; make's words go to stdout
#   contender_settings NAME   what is tried before the best of it takes part; empty: nothing to try

# make_with PATH-PREFIX COMMAND...: the build, as the client would type it
make_with() {
	local path=$1
	shift
	# shellcheck disable=SC2046  # a list
	in_client timeout -k 10 3600 env PATH="${path:+$path:}/usr/bin:/bin" "$@" -C "$tree" $(workload_goals)
}

# Else distcc calls gcc by a longer name, and a kernel sees another compiler and configures again.
export DISTCC_NO_REWRITE_CROSS=1

# distcc_hosts SUFFIX
distcc_hosts() {
	local i
	for ((i = 1; i <= board_count; i++)); do
		echo "$(board_address "$i")$1"
	done | xargs
}

start_haproxy() {
	local i
	{
		cat <<-END
			global
			    maxconn 2000
			defaults
			    mode tcp
			    timeout connect 5s
			    timeout client 5m
			    timeout server 5m
			    timeout queue 5m
			listen farm
			    bind 127.0.0.1:3600
			    balance leastconn
		END
		for ((i = 1; i <= board_count; i++)); do
			echo "    server b$i $(board_address "$i"):3633 maxconn $((2 * board_cores[i]))"
		done
	} >"$work/haproxy.cfg"
	in_client haproxy -db -f "$work/haproxy.cfg" >"$work/haproxy.log" 2>&1 </dev/null &
	daemon_here+=($!)
	wait_listen client 3600 || fail "haproxy does not listen"
}

# icecream sends its compiler to the boards: an archive of the real one's parts, in which replay and
# the records take its place.
pack_compiler() {
	local dir=$work/ice/pack
	mkdir -p "$dir/records" "$dir/usr"
	ln -s /records "$dir/usr/records"
	(cd "$work/ice" && icecc --build-native) >"$work/ice/pack.log" 2>&1 &&
		tar -xzf "$work"/ice/*.tar.gz -C "$dir" && rm "$work"/ice/*.tar.gz &&
		cp "$bench/replay" "$dir/usr/bin/gcc" &&
		(cd "$records" && find . -name dep -prune -o -type f -print0 |
			xargs -0 cp --parents -t "$dir/records") &&
		tar -czf "$work/ice/compiler.tar.gz" -C "$dir" . && rm -rf "$dir"
}

# iceccd reports how busy its machine is, and the scheduler spares the busy ones. A board is as busy as
# its sleeping compilers make it, not as this machine.
look_idle='mount --bind "$0/stat" /proc/stat && mount --bind "$0/loadavg" /proc/loadavg && exec "$@"'

start_icecream() {
	local i
	mkdir -p -m 777 "$work/ice"
	cat /proc/stat >"$work/ice/stat"
	echo "0.00 0.00 0.00 1/100 100" >"$work/ice/loadavg"
	in_client icecc-scheduler -n bench -l "$work/ice/scheduler.log" </dev/null >/dev/null 2>&1 &
	daemon_here+=($!)
	export ICECC_TEST_SOCKET=$work/ice/socket ICECC_VERSION=$work/ice/compiler.tar.gz
	in_client iceccd -n bench -s 10.77.0.1 --no-remote -m "$(nproc)" -N client \
		-b "$work/ice/env" -l "$work/ice/client.log" </dev/null >/dev/null 2>&1 &
	daemon_here+=($!)
	for ((i = 1; i <= board_count; i++)); do
		board_daemon "$i" env -i PATH=/usr/sbin:/usr/bin:/bin TMPDIR="$work/b$i" \
			ICECC_TEST_SOCKET="$work/b$i/ice.socket" REPLAY_PACE="${board_slow[i]}" \
			unshare --mount sh -c "$look_idle" "$work/ice" iceccd -n bench -s 10.77.0.1 -m "${board_cores[i]}" -N "b$i" \
			-b "$work/b$i/ice" -l "$work/b$i/iceccd.log"
	done
	wait_for 20 test -S "$ICECC_TEST_SOCKET" || fail "iceccd does not listen"
	pack_compiler || fail "icecream's compiler cannot be packed: $(tail -n 1 "$work/ice/pack.log")"
	contender_build icecream "" >"$work/ice/first.log" 2>&1 || fail "icecream's first build failed"
}

contender_start() {
	case $1 in
	farmmake | farmmake-text | farmmake-counted)
		[ $1 != farmmake-counted ] || own_cpu_start
		[ -z "${started[farmnode]:-}" ] || return 0
		started[farmnode]=1
		start_farmnodes
		local name
		for name in cc gcc; do
			"$build/src/farmprobe/farmprobe" --cache "$XDG_CACHE_HOME/farmmake" "/usr/bin/$name" \
				>/dev/null || fail "$name cannot be measured"
		done
		;;
	farmmake-distccd) contender_start distcc ;;
	farmmake-haproxy) contender_start distcc-haproxy ;;
	distcc | distcc-default)
		[ -n "${started[distccd]:-}" ] || start_distccds 3632 "cores + 2"
		started[distccd]=1
		;;
	distcc-haproxy)
		[ -z "${started[haproxy]:-}" ] || return 0
		started[haproxy]=1
		start_distccds 3633 "2 * cores"
		start_haproxy
		;;
	icecream) start_icecream ;;
	ideal) ideal_set=$("$bench/replay" cores "$farm_cores") || fail "no semaphores" ;;
	esac
}

# As "JOBS/SLOTS": make's -j, and distcc's limit for a board in compiles above or below its cores.
contender_settings() {
	[ "$1" = distcc ] || return 0
	local jobs slots
	for jobs in $farm_cores $((farm_cores * 4 / 3)) $((farm_cores * 2)); do
		for slots in 0 2; do
			echo "$jobs/$slots"
		done
	done
}

build_distcc() {
	local jobs=${1%/*} i hosts=''
	for ((i = 1; i <= board_count; i++)); do
		hosts+=" $(board_address "$i")/$((board_cores[i] + ${1#*/})),lzo"
	done
	DISTCC_HOSTS="--localslots=$(nproc) --localslots_cpp=$((2 * $(nproc)))$hosts" \
		DISTCC_BACKOFF_PERIOD=0 DISTCC_PAUSE_TIME_MSEC=10 \
		make_with /usr/lib/distcc make -j"$jobs"
}

# Without a farmnode, on the same daemons: on each board as many compiles as cores and two more; or what haproxy lets
# through, which is twice the cores.
build_on_distccds() {
	local nodes=() i
	if [ "$1" = farmmake-haproxy ]; then
		nodes=(--farm-node="distcc://127.0.0.1:3600/$((2 * farm_cores)),lzo")
	else
		for ((i = 1; i <= board_count; i++)); do
			nodes+=(--farm-node="distcc://$(board_address "$i"):3632/$((board_cores[i] + 2)),lzo")
		done
	fi
	make_with "" "$farmmake" --farm-no-discovery --farm-report "$work/report.json" "${nodes[@]}"
}

# farmmake_with OPTION...
farmmake_with() {
	make_with "" "$farmmake" --farm-key "$key" --farm-interface eth0 --farm-report "$work/report.json" "$@"
}

contender_build() {
	case $1 in
	farmmake) farmmake_with ;;
	farmmake-text) farmmake_with --farm-direct=no ;;
	farmmake-counted) own_cpu_build ;;
	farmmake-distccd | farmmake-haproxy) build_on_distccds "$1" ;;
	distcc) build_distcc "$2" ;;
	distcc-default)
		# what its manual says of -j: twice the CPUs
		DISTCC_HOSTS=$(distcc_hosts "") make_with /usr/lib/distcc make -j$((2 * farm_cores))
		;;
	distcc-haproxy)
		DISTCC_HOSTS="--localslots_cpp=100 127.0.0.1:3600/100,lzo" DISTCC_PAUSE_TIME_MSEC=50 \
			DISTCC_BACKOFF_PERIOD=0 make_with /usr/lib/distcc make -j$((farm_cores * 5 / 2))
		;;
	icecream) make_with /usr/lib/icecc/bin make -j$((farm_cores * 2)) ;;
	make) make_with "" make -j"$(nproc)" ;;
	handout) make_with "$(toolchain 0)" make -j"$(nproc)" ;;
	ideal)
		REPLAY_CORES=$ideal_set make_with "$(toolchain 1)" make -j$((farm_cores * 4))
		;;
	record) make_with "$(toolchain record)" make -j"$(nproc)" ;;
	esac
}
