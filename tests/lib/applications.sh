# SPDX-License-Identifier: MIT
#
# For tests of applications that come in packages of their own. Sourced after libtest.sh.

. "$lib/beside.sh" # put_in_copy_if_there, says

# install PACKAGE...: those that the release has. Whether an application is there, has_application says.
install() {
	put_in_copy_if_there "$@"
	mounts_and_files | sort >"$scratch/before" # and what the packages have put into /run
}

# has_application NAME PROGRAM...: otherwise it is skipped, in one sentence.
has_application() { have "$1 is as the list says" "${@:2}"; }

# start COMMAND...: a daemon, until stop. What it prints is in $scratch/daemon.
start() {
	"$@" >"$scratch/daemon" 2>&1 </dev/null &
	daemon=$!
}
stop() {
	kill "$daemon" 2>/dev/null
	wait "$daemon" 2>/dev/null
	:
}
ended() { ! kill -0 "$daemon" 2>/dev/null; }

listens() { (: <>"/dev/tcp/localhost/$1") 2>/dev/null; }

# session_left_nothing: as nothing_left, but for the files that the daemon itself keeps.
mounts() { cut -d ' ' -f 4,5,6,9- /proc/self/mountinfo | sort; }
session_left_nothing() {
	wait_until 10 none_left || {
		leftover_processes
		return 1
	}
	diff "$scratch/mounts" <(mounts) && no_application
}
mounts >"$scratch/mounts"

# without_session COMMAND...: while no session can be opened.
without_session() {
	local init
	init=$(ls /usr/libexec/pam_unshare/*/session-init)
	mv "$init" "$init.away"
	"$@"
	local status=$?
	mv "$init.away" "$init"
	return $status
}
refusal_is_logged() { logged "^err .*pam_unshare\($1:session\): alice: "; }

# ftp COMMAND...: alice's connection to the FTP server on port 2121, and what it sees of /proc: "sees=PID PID...".
# The commands run meanwhile.
ftp() {
	python3 - "$@" <<-'EOT'
		import ftplib, subprocess, sys
		server = ftplib.FTP()
		server.connect("127.0.0.1", 2121)
		server.login("alice", "secret")
		names = []
		server.retrlines("NLST /proc", names.append)
		names = [name.split("/")[-1] for name in names]
		print("sees=" + " ".join(name for name in names if name.isdigit()), flush=True)
		for command in sys.argv[1:]:
		    subprocess.run(["bash", "-c", command])
		server.quit()
	EOT
}
