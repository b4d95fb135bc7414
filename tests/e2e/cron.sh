#!/bin/bash
# SPDX-License-Identifier: MIT
# cron and at: jobs as sessions.
. "$(dirname "$0")/../lib/libtest.sh"

# The machine's own jobs are in the copy too.
rm -rf /etc/crontab /etc/cron.d/* /etc/anacrontab /var/spool/cron/crontabs/* /var/spool/cron/atjobs/[a-z]*

job_is_done() { grep -q ^ps: "/home/alice/$1"; }

# at_reboot COMMAND: a real cron whose only job is alice's; cron runs @reboot jobs when it starts.
at_reboot() {
	echo "@reboot $1" | crontab -u alice -
	cron -f &
	daemon=$!
}

end_daemon() {
	kill "$daemon"
	wait "$daemon" 2>/dev/null
	rm -f /run/crond.pid /run/crond.reboot /run/atd.pid
}

if have "a cron job" cron crontab; then
	at_reboot 'look-around >/home/alice/cron 2>&1'
	check "a cron job runs" wait_until 10 job_is_done cron
	check "a cron job lands in a private PID namespace and sees nothing of the host" \
		isolated cron alice /home/alice/cron
	check "a cron job that is done leaves no process" wait_until 10 none_left
	end_daemon

	at_reboot '(trap "" HUP TERM; sleep 1000 & echo ps: >/home/alice/back)'
	check "what a cron job leaves running is ended" eval 'wait_until 10 job_is_done back && wait_until 20 none_left'
	end_daemon
	check "cron's jobs leave nothing" nothing_left
fi

if have "an at job" atd at; then
	mkdir -p /var/spool/cron/atjobs /var/spool/cron/atspool
	atd -f &
	daemon=$!
	wait_until 10 test -e /run/atd.pid
	cd / # the job goes where at was called, and does not run where alice cannot
	check "at takes a job" eval 'echo "look-around >/home/alice/at 2>&1" |
		setpriv --reuid alice --regid alice --init-groups env HOME=/home/alice at now'
	check "an at job runs" wait_until 10 job_is_done at
	check "an at job lands in a private PID namespace and sees nothing of the host" isolated atd alice /home/alice/at
	end_daemon
	check "at's jobs leave nothing" nothing_left
fi
finish
