#!/bin/bash
# SPDX-License-Identifier: MIT
#
# nsinfo list against lsns -t pid, side by side, with 100, 250 and 500 logins open: medians of
# interleaved runs. Prints; asserts nothing. Its logins are su's, in a throw-away copy of the machine.
#
#     PAM_UNSHARE_BUILD=DIR tests/bench/nsinfo.sh [SESSIONS...]
set -u
lib=$(cd "$(dirname "${BASH_SOURCE[0]}")/../lib" && pwd)
if [ -z "${IN_COPY-}" ]; then
	exec "$lib/copy.sh" --build "${PAM_UNSHARE_BUILD:-$lib/../../build-check}" bash "$0" "$@"
fi
[ $# -gt 0 ] || set -- 100 250 500
rounds=25

# microseconds COMMAND...
microseconds() {
	local start=$EPOCHREALTIME
	"$@" >/dev/null
	echo $((${EPOCHREALTIME/[.,]/} - ${start/[.,]/}))
}

median() { sort -n | sed -n "$(((rounds + 1) / 2))p"; }

milliseconds() { echo "$(($1 / 1000)).$(printf %02d $(($1 % 1000 / 10)))"; }

open=0
printf '%8s %9s %12s %12s %6s\n' SESSIONS PROCESSES 'NSINFO (ms)' 'LSNS (ms)' RATIO
for sessions; do
	while [ $open -lt "$sessions" ]; do
		su alice -c 'sleep infinity' >/dev/null 2>&1 </dev/null &
		open=$((open + 1))
		[ $((open % 20)) != 0 ] || sleep 0.3
	done
	for ((try = 0; try < 100; try++)); do
		[ "$(nsinfo list -nro PROCS | grep -c '^[2-9]')" != "$sessions" ] || break
		sleep 0.2
	done
	: >/run/nsinfo.us
	: >/run/lsns.us
	for ((i = 0; i < rounds; i++)); do
		microseconds nsinfo list >>/run/nsinfo.us
		microseconds lsns -t pid >>/run/lsns.us
	done
	nsinfo=$(median </run/nsinfo.us)
	lsns=$(median </run/lsns.us)
	processes=$(printf '%s\n' /proc/[0-9]* | wc -l)
	printf '%8d %9d %12s %12s %6s\n' "$(nsinfo list -nro NS | wc -l)" "$processes" \
		"$(milliseconds "$nsinfo")" "$(milliseconds "$lsns")" "0.$(printf %03d $((nsinfo * 1000 / lsns)))"
done
