#!/bin/bash
# SPDX-License-Identifier: MIT
# The private /proc: what it hides, what it keeps.
. "$(dirname "$0")/../lib/libtest.sh"

# after SETUP COMMAND: what alice's login by su prints for COMMAND, where root has run SETUP on the mounts.
after() {
	local isolated="[ \$(readlink /proc/self/ns/pid) != '$host_pid_ns' ] || { echo no session; exit; }"
	unshare --mount bash -c 'mount --make-rshared / && eval "$0" || exit 90; exec su alice -c "$1"' \
		"$1" "$isolated; $2" 2>&1
}

# How many command lines on a procfs have a secret of the host's.
cat >/usr/bin/count-secrets <<'EOT'
#!/bin/bash
cat "${1:-/proc}"/[0-9]*/cmdline 2>/dev/null | tr "\0" "\n" | grep -c "[c]anary"
EOT
chmod 755 /usr/bin/count-secrets

check "on the host there is a secret to see" same 1 "$(count-secrets)"
check "alice sees the processes of her session, and no other" same 0 "$(su alice -c count-secrets)"
check "the private /proc is hers" same mine "$(su alice -c 'ps -p $$ -o pid= >/dev/null && [ -d /proc/$$ ] && [ /proc/self/root -ef / ] && echo mine')"
check "the sum of mounts is as before" same "$(grep -c ' ' /proc/self/mountinfo)" "$(su alice -c 'grep -c " " /proc/self/mountinfo')"
check "unmounting /proc reveals nothing" same "" \
	"$(after true 'sudo umount -l /proc; ls /proc')"
check "unmounting everything reveals nothing" same 0 "$(after true 'sudo umount -Al /proc; ls -d /proc/[0-9]* 2>/dev/null | wc -l')"

# --- what is mounted below it ------------------------------------------------------------------------

echo 'masked' >/srv/mask
check "a file mounted on one of /proc stays" same masked \
	"$(after 'mount --bind /srv/mask /proc/uptime' 'cat /proc/uptime')"
check "a device mounted on one of /proc stays, as in a container" same 0 \
	"$(after 'mount --bind /dev/null /proc/keys' 'cat /proc/keys | wc -c')"
check "a tmpfs on a directory of /proc stays" same 0 \
	"$(after 'mount -t tmpfs mask /proc/irq' 'ls -A /proc/irq | wc -l')"
check "a read-only /proc/sys stays read-only, as in a container" same refused \
	"$(after 'mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys' \
		'cat /proc/sys/kernel/hostname >/dev/null && sudo bash -c "echo new >/proc/sys/kernel/hostname" 2>/dev/null || echo refused')"
check "the upper of two mounts below /proc stays" same upper \
	"$(echo upper >/srv/upper; after 'mount --bind /srv/mask /proc/uptime && mount --bind /srv/upper /proc/uptime' \
		'cat /proc/uptime')"
check "a mount inside a mount below /proc stays" same inner \
	"$(after 'mount -t tmpfs mask /proc/irq && mkdir -p /proc/irq/a/b && mount -t tmpfs deep /proc/irq/a/b && echo inner >/proc/irq/a/b/file' \
		'cat /proc/irq/a/b/file')"
check "forty masks stay" same 40 "$(
	find /proc/sys/net/ipv4 -maxdepth 1 -type f | head -n 40 >/srv/forty
	after 'while read -r f; do mount --bind /srv/mask $f; done </srv/forty' \
		'while read -r f; do cat $f; done </srv/forty | grep -c masked')"
check "a mask on the host's own process directory hides nothing of the session" same 0 \
	"$(after 'mount -t tmpfs mask /proc/1/task' count-secrets)"
check "binfmt_misc stays" eval '
	mount -t binfmt_misc none /proc/sys/fs/binfmt_misc 2>/dev/null || { echo "no binfmt_misc here"; return 0; }
	found=$(su alice -c "cat /proc/sys/fs/binfmt_misc/status"); umount /proc/sys/fs/binfmt_misc; same enabled "$found"'

# --- its flags and options ---------------------------------------------------------------------------

# flags_after SETUP: the flags and options of the session's /proc.
flags_after() { after "$1" 'cat /proc/self/mountinfo' | awk '$5 == "/proc" { print " " $6 "," $NF }'; }

check "hidepid= of /proc is kept" grep -E 'hidepid=(2|invisible)' <(flags_after 'mount -o remount,hidepid=2 /proc')
check "gid= of /proc is kept" grep 'gid=63002' <(flags_after 'mount -o remount,gid=63002 /proc')
mount -o remount,hidepid=0,gid=0 /proc # they are the procfs's own, which outlives that mount
check "nosuid, nodev, noexec of /proc are kept" \
	grep ' rw,nosuid,nodev,noexec' <(flags_after 'mount -o remount,bind,nosuid,nodev,noexec /proc')
check "a read-only /proc is read-only" grep ' ro,' <(flags_after 'mount -o remount,bind,ro /proc')
check "an ordinary /proc has none of these" grep -x ' rw,relatime,rw' <(flags_after true)

# --- other procfs instances --------------------------------------------------------------------------

mkdir -p /srv/chroot/proc /srv/bound "/srv/a b" $'/srv/new\nline' '/srv/back\slash' /srv/spy /srv/chroot/kernel
for i in {1..20}; do sleep infinity & done # others enough to tell
count_in() { echo "set -- '$1'/[0-9]*; echo \$#"; }

# shows_few SETUP DIRECTORY
shows_few() {
	local found
	found=$(after "$1" "$(count_in "$2")")
	[ "$found" -ge 1 ] && [ "$found" -le 8 ] || same "1 to 8 processes" "$found"
}
check "the /proc of a chroot is replaced" shows_few 'mount -t proc proc /srv/chroot/proc' /srv/chroot/proc
check "/proc bound elsewhere is replaced" shows_few 'mount --bind /proc /srv/bound' /srv/bound
check "a procfs on a path with a space is replaced" shows_few 'mount -t proc proc "/srv/a b"' '/srv/a b'
check "a procfs on a path with a newline is replaced" shows_few "mount -t proc proc \$'/srv/new\\nline'" $'/srv/new\nline'
check "a procfs on a path with a backslash is replaced" shows_few 'mount -t proc proc "/srv/back\slash"' '/srv/back\slash'
check "a procfs on /proc on a procfs is replaced" shows_few 'mount -t proc proc /proc && mount -t proc proc /proc' /proc
check "unmounting one of them after the other reveals nothing" same 0 \
	"$(after 'mount -t proc proc /proc && mount -t proc proc /proc' 'sudo umount -l /proc; sudo umount -l /proc; ls -d /proc/[0-9]* 2>/dev/null | wc -l' | tail -n 1)"
check "twenty of them are replaced" eval '
	found=$(after "for i in {1..20}; do mkdir -p /srv/many/\$i; mount -t proc proc /srv/many/\$i; done" "ls -d /srv/many/*/[0-9]* | wc -l")
	[ "$found" -le 160 ] && [ "$found" -ge 20 ]'
options debug
check "with debug the log names each procfs that was replaced, and what was carried over" eval '
	forget_log
	after "mount -t proc proc /srv/chroot/proc && mount --bind /srv/mask /proc/uptime" true
	logged "^debug .*: the procfs on /srv/chroot/proc is replaced" && logged "^debug .*: the procfs on /proc is replaced" &&
		logged "^debug .*: the mount on /proc/uptime is carried over"'
options
check "a mask in the /proc of a chroot stays" same masked \
	"$(after 'mount -t proc proc /srv/chroot/proc && mount --bind /srv/mask /srv/chroot/proc/uptime' 'cat /srv/chroot/proc/uptime')"
check "a host process's directory that is mounted elsewhere shows nothing" same 0 \
	"$(after "mount --bind /proc/$canary /srv/spy" 'cat /srv/spy/cmdline 2>/dev/null | grep -c canary')"
check "nor does a file of a host process that is mounted elsewhere" same 0 \
	"$(: >/srv/spied; after "mount --bind /proc/$canary/cmdline /srv/spied" 'cat /srv/spied | grep -c canary')"
check "a part of /proc/sys mounted elsewhere stays" same copy \
	"$(after 'mount --bind /proc/sys/kernel /srv/chroot/kernel' 'cat /srv/chroot/kernel/hostname')"

# --- propagation -------------------------------------------------------------------------------------

mkdir -p /srv/late /srv/inner
check "what root mounts in a session is not mounted on the host" eval '
	su alice -c "sudo mount -t tmpfs inner /srv/inner && grep -q /srv/inner /proc/self/mountinfo" && not grep /srv/inner /proc/self/mountinfo'
check "what is mounted on the host later is there in the session" eval '
	su alice -c "timeout $((20 * PATIENCE)) bash -c \"until [ -e /srv/late/file ]; do sleep 0.02; done\" && echo seen >/home/alice/late" & login=$!
	wait_until 10 session_is_open && mount -t tmpfs late /srv/late && : >/srv/late/file && wait_until 10 test -s /home/alice/late
	seen=$?; wait $login; umount /srv/late; return $seen'
check "what the host unmounts is not kept by the session" eval '
	mount -t tmpfs late /srv/late && su alice -c "timeout $((20 * PATIENCE)) bash -c \"while grep -q /srv/late /proc/self/mountinfo; do sleep 0.02; done\" && echo gone >/home/alice/gone" & login=$!
	wait_until 10 session_is_open && umount /srv/late && wait_until 10 test -s /home/alice/gone; seen=$?; wait $login; return $seen'
check "nothing is left" nothing_left
# Since Linux 6.14 this file is each PID namespace's own, and what is mounted on it cannot be found from another.
echo masked >"$scratch/mask"
cat >/run/mask-pid-max <<'EOF'
mount --make-rprivate / && mount --bind "$1" /proc/sys/kernel/pid_max && su alice -c 'cat /proc/sys/kernel/pid_max'
EOF
check "a mask on a file that is each PID namespace's own is kept, or the login is refused" eval '
	said=$(unshare --mount bash /run/mask-pid-max "$scratch/mask" 2>/dev/null)
	[ "$said" = masked ] || { same "" "$said" && logged "alice: cannot carry over the mount on /proc/sys/kernel/pid_max: each PID or network namespace"; }'
rm /run/mask-pid-max
finish
