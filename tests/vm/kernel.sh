#!/bin/bash
# SPDX-License-Identifier: MIT
# What differs from kernel to kernel: the namespaces of with=, each by itself and all at once, in a session of one login
# and in a shared one.
. "$(dirname "$0")/lib/libvm.sh"

# of_their_own NAMES COMMAND...: a login that runs "readlink" is in other namespaces of these than the host.
of_their_own() {
	local names=$1 links
	shift
	links=$(printf '/proc/self/ns/%s ' pid mnt $names)
	"$@" "readlink $links" >"$scratch/saw" && cat "$scratch/saw" && same "$(wc -w <<<"$links")" "$(wc -l <"$scratch/saw")" &&
		! grep -Fxf <(readlink $links) "$scratch/saw"
}

for names in ipc uts cgroup net time 'ipc uts cgroup net time'; do
	options "with=${names// /,}"
	check "with=${names// /,} isolates a login by su" of_their_own "$names" su alice -c
	check "with=${names// /,} isolates a login by sudo" of_their_own "$names" sudo -u alice sh -c
	check "with=${names// /,} isolates a login by ssh" of_their_own "$names" by_ssh alice
done

options scope=user with=ipc,uts,cgroup,net,time
check "with= in a shared session: the second login joins it" eval '
	forget_log
	su alice -c "until [ -e /run/lock/joined ]; do sleep 0.1; done" & first=$!
	wait_until 10 log_matches "pam_unshare\(su:session\): session opened for alice"
	of_their_own "ipc uts cgroup net time" su alice -c && logged "pam_unshare\(su:session\): session joined for alice"
	joined=$?
	touch /run/lock/joined; wait $first; rm /run/lock/joined
	[ $joined = 0 ]'

options with=time
check "with=time changes no clock: the time since the boot is the host's" eval '
	before=$(cut -d . -f 1 /proc/uptime)
	inside=$(su alice -c "cut -d . -f 1 /proc/uptime") && after=$(cut -d . -f 1 /proc/uptime)
	echo "$before $inside $after"
	[ "$before" -le "$inside" ] && [ "$inside" -le "$after" ]'

options
check "nothing of them is left" wait_until 10 no_session
finish
