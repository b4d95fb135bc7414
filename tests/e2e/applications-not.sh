#!/bin/bash
# SPDX-License-Identifier: MIT
# Applications that cannot work behind our line, or are not isolated by it: pure-ftpd, proftpd, samba, rsh, cockpit, slurm.
. "$(dirname "$0")/../lib/libtest.sh"
. "$lib/applications.sh"

echo alice:secret | chpasswd

# namespaces PROCESS: of alice's process of this name: its PID namespace, that of its children, its mount namespace.
cat >/usr/bin/namespaces <<'EOT'
#!/bin/bash
cd "/proc/$(pgrep -n -u alice "$1")/ns" && echo "namespaces=$(readlink pid pid_for_children mnt | xargs)"
EOT
chmod 755 /usr/bin/namespaces

# --- pure-ftpd: it has dropped what a session needs, and lets in whom PAM refuses ----------------------

install pure-ftpd rsh-redone-server rsh-redone-client socat
if has_application pure-ftpd pure-ftpd; then
	set_up_stacks pure-ftpd
	start pure-ftpd -l pam -S 127.0.0.1,2121
	wait_until 10 listens 2121
	forget_log
	ftp 'namespaces pure-ftpd' >"$scratch/ftp" 2>&1
	check "pure-ftpd: no session can be opened, and alice is let in all the same, not isolated" eval '
		cat "$scratch/ftp"; refusal_is_logged pure-ftpd && same "$host_pid_ns $host_pid_ns $host_mnt_ns" "$(saw "$scratch/ftp" namespaces)" &&
			saw "$scratch/ftp" sees | grep -qw $canary'
	check "pure-ftpd: nothing is left" session_left_nothing
	check "pure-ftpd: nsinfo check calls the line there a problem" says problem pure-ftpd 'cannot work behind'
	stop
fi

# --- rsh: this one opens no session -------------------------------------------------------------------

if has_application rsh-redone in.rshd rsh-redone-rsh socat; then
	set_up_stacks rsh
	echo 'localhost root' >/home/alice/.rhosts
	chown alice /home/alice/.rhosts && chmod 600 /home/alice/.rhosts
	start socat TCP-LISTEN:514,bind=127.0.0.1,reuseaddr,fork EXEC:in.rshd,nofork
	wait_until 10 listens 514
	forget_log
	timeout 10 rsh-redone-rsh -l alice localhost look-around >"$scratch/look" 2>&1 </dev/null
	check "rsh: it opens no session, and alice is not isolated" eval 'not_isolated "$scratch/look" && log_holds 0 "\(rsh:session\)"'
	stop
fi

# --- proftpd: it serves alice itself, without a fork --------------------------------------------------

DEBIAN_FRONTEND=noninteractive dpkg -P pure-ftpd pure-ftpd-common >/dev/null 2>&1 # it conflicts with the next
install proftpd-core
if has_application proftpd proftpd; then
	set_up_stacks proftpd
	printf '%s\n' 'ServerType standalone' 'Port 2121' 'DefaultAddress 127.0.0.1' 'User nobody' 'Group nogroup' \
		'AuthPAM on' 'AuthPAMConfig proftpd' 'AuthOrder mod_auth_pam.c* mod_auth_unix.c' 'PidFile /run/proftpd.pid' \
		'ScoreboardFile /run/proftpd.scores' 'UseReverseDNS off' 'ModulePath /usr/lib/proftpd' >/run/proftpd.conf
	for module in mod_xfer mod_ls; do # since Debian 13 they are files
		[ ! -e /usr/lib/proftpd/$module.so ] || echo "LoadModule $module.c" >>/run/proftpd.conf
	done
	start proftpd -n -c /run/proftpd.conf
	wait_until 10 listens 2121
	forget_log
	ftp 'namespaces proftpd' >"$scratch/ftp" 2>&1
	check "proftpd: the process that serves alice stays in the PID namespace of the host, and sees the session's /proc" eval '
		cat "$scratch/ftp"; set -- $(saw "$scratch/ftp" namespaces)
		same 1 "$(saw "$scratch/ftp" sees)" && same "$host_pid_ns" "$1" && [ "$2" != "$host_pid_ns" ] && [ "$3" != "$host_mnt_ns" ]'
	check "proftpd: it has no right to leave the session at its end, and the log says so" \
		logged '^err .*pam_unshare\(proftpd:session\): alice: cannot go back'
	check "proftpd: nothing is left" session_left_nothing
	check "proftpd: nsinfo check calls the line there a problem" says problem proftpd 'cannot work behind'
	stop
fi

# --- samba: closes the session as soon as it has opened it --------------------------------------------

install samba python3-samba
if ! python3 -c 'import samba' 2>/dev/null; then
	skip "samba is as the list says" "no python3-samba on this machine"
elif has_application samba smbd smbpasswd; then
	set_up_stacks samba
	printf '%s\n' '[global]' 'obey pam restrictions = yes' 'bind interfaces only = yes' 'interfaces = lo' \
		'log file = /run/smbd.log' '[proc]' 'path = /proc' >/etc/samba/smb.conf
	printf 'secret\nsecret\n' | smbpasswd -a -s alice >/dev/null 2>&1
	start smbd -F # in a process group of its own, which it ends
	wait_until 20 listens 445
	forget_log
	timeout 60 python3 - >"$scratch/smb" 2>&1 <<-'EOT'
		import subprocess
		from samba import credentials
		from samba.samba3 import libsmb_samba_internal, param
		settings = param.get_context()
		settings.load("/etc/samba/smb.conf")
		alice = credentials.Credentials()
		alice.guess(settings)
		alice.set_username("alice")
		alice.set_password("secret")
		share = libsmb_samba_internal.Conn("localhost", "proc", lp=settings, creds=alice)
		names = [entry["name"] for entry in share.list("")]
		print("sees=" + " ".join(name for name in names if name.isdigit()), flush=True)
		subprocess.run(["namespaces", "smbd"])
	EOT
	check "samba: the session is opened and ended at once, and alice is not isolated" eval '
		cat "$scratch/smb"; logged "pam_unshare\(samba:session\): session opened for alice" && logged "session closed for alice" &&
			same "$host_pid_ns $host_pid_ns $host_mnt_ns" "$(saw "$scratch/smb" namespaces)" && saw "$scratch/smb" sees | grep -qw $canary'
	stop
	check "samba: nothing is left" session_left_nothing
	check "samba: nsinfo check calls the line there a problem" says problem samba 'cannot work behind'
fi

# --- cockpit: looks into /proc/self behind the line ---------------------------------------------------

# ask_cockpit: cockpit-session lets alice in, and its bridge says its first word: "init".
ask_cockpit() {
	timeout 30 python3 - <<-'EOT'
		import base64, json, subprocess, sys
		session = subprocess.Popen(["/usr/lib/cockpit/cockpit-session", "localhost"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

		def read():
		    length = session.stdout.readline()
		    return json.loads(session.stdout.read(int(length))) if length else None

		def answer(question, response):
		    words = {"command": "authorize", "cookie": question["cookie"], "response": response}
		    text = b"\n" + json.dumps(words, separators=(",", ":")).encode()
		    session.stdin.write(b"%d\n%s" % (len(text), text))
		    session.stdin.flush()

		answer(read(), "Basic " + base64.b64encode(b"alice:secret").decode())
		said = read()
		print(said)
		session.stdin.close()
		sys.exit(0 if said and said["command"] == "init" and "problem" not in said else 1)
	EOT
}

install cockpit-ws cockpit-bridge
if has_application cockpit /usr/lib/cockpit/cockpit-session cockpit-bridge; then
	check "cockpit: without the line alice is let in" ask_cockpit
	set_up_stacks cockpit
	forget_log
	check "cockpit: with it she is not, though the session was opened" eval '
		not ask_cockpit && logged "pam_unshare\(cockpit:session\): session opened for alice"'
	pkill -u alice # what cockpit-session has started without the line
	check "cockpit: nothing is left" session_left_nothing
	check "cockpit: nsinfo check calls the line there a problem" says problem cockpit 'cannot work behind'
fi

# --- slurm: starts threads behind the line ------------------------------------------------------------

as_alice() { cd / && exec timeout 30 setpriv --reuid alice --regid alice --init-groups "$@"; } # in a subshell
is_idle() { sinfo -h -o %t | grep -qx idle; }

install slurmd slurmctld slurm-client munge
if has_application slurm slurmd slurmctld srun munged; then
	ip addr add 10.63.0.1/32 dev lo # slurm wants an address other than 127.0.0.1
	printf '%s\n' ClusterName=copy "SlurmctldHost=copy(10.63.0.1)" UsePAM=1 ProctrackType=proctrack/linuxproc \
		TaskPlugin=task/none JobAcctGatherType=jobacct_gather/none SlurmUser=root SlurmdUser=root StateSaveLocation=/run/slurmctld \
		SlurmdSpoolDir=/run/slurmd SlurmctldPidFile=/run/slurmctld.pid SlurmdPidFile=/run/slurmd.pid SlurmdDebug=debug \
		SlurmctldLogFile=/run/slurmctld.log SlurmdLogFile=/run/slurmd.log "NodeName=copy NodeAddr=10.63.0.1 State=UNKNOWN" \
		"PartitionName=main Nodes=copy Default=YES State=UP" >/etc/slurm/slurm.conf
	mkdir -p /run/slurmctld /run/slurmd /run/munge /run/cgroup
	printf '%s\n' CgroupPlugin=cgroup/v1 CgroupMountpoint=/run/cgroup >/etc/slurm/cgroup.conf
	[ -s /etc/munge/munge.key ] || head -c 1024 /dev/urandom >/etc/munge/munge.key
	chown -R munge: /etc/munge /run/munge && chmod 400 /etc/munge/munge.key && chmod 755 /run/munge
	printf '%s\n' 'auth required pam_permit.so' 'account required pam_permit.so' 'session required pam_limits.so' >/etc/pam.d/slurm
	setpriv --reuid munge --regid munge --clear-groups munged
	slurmctld >/dev/null 2>&1
	start slurmd -D
	check "slurm: it is ready" wait_until 30 is_idle
	check "slurm: without the line a job of alice's runs" same alice "$(as_alice srun -N1 id -un)"
	set_up_stacks slurm
	as_alice srun -N1 id -un >"$scratch/srun" 2>&1 &
	job=$!
	check "slurm: with it slurmstepd cannot start a thread, and the job does not run" eval '
		wait_until 20 grep -q "pthread_create error Invalid argument" /run/slurmd.log && ! grep -qx alice "$scratch/srun"'
	{
		pkill -KILL -u alice srun # else it waits for the job
		wait $job
	} 2>/dev/null
	check "slurm: nothing is left of the session" session_left_nothing
	check "slurm: nsinfo check calls the line there a problem" says problem slurm 'cannot work behind'
	stop
	kill $(cat /run/slurmctld.pid) $(pgrep -x munged)
fi
finish
