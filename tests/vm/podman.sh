#!/bin/bash
# SPDX-License-Identifier: MIT
# Rootless podman: in one login, in a second one, and what was made outside of a session.
. "$(dirname "$0")/lib/libvm.sh"

have "rootless podman" podman crun busybox newuidmap || finish
runtime=/run/user/$(id -u alice)
setting=/etc/containers/containers.conf.d/pam_unshare.conf

cat >"$scratch/image" <<'T'
#!/bin/bash
podman system reset -f >/dev/null 2>&1
mkdir -p ~/image/bin
cp "$(command -v busybox)" ~/image/bin
for name in sh cat echo sleep ps; do ln -sf busybox ~/image/bin/$name; done
tar -C ~/image -c . | podman import -q - base
T
cat >"$scratch/all" <<'T'
#!/bin/bash
# What users do, in one login.
set -e
podman run --rm --network=none localhost/base echo it runs
podman run -d --name one --network=none localhost/base sh -c 'echo it logs; exec sleep 1000'
podman exec one echo it executes
until podman logs one | grep 'it logs'; do sleep 0.2; done
podman ps --format '{{.Names}} {{.Status}}' | grep 'one Up'
printf 'FROM localhost/base\nRUN echo it is built >/built\n' >~/Containerfile
podman build -q --network=none -t built -f ~/Containerfile ~/image
podman run --rm --network=none built cat /built
podman stop -t 0 one
podman start one
podman rm -f -t 0 one
podman system service -t 60 "unix://$XDG_RUNTIME_DIR/test.socket" &
until [ -S "$XDG_RUNTIME_DIR/test.socket" ]; do sleep 0.2; done
podman --url "unix://$XDG_RUNTIME_DIR/test.socket" run --rm --network=none built echo it serves
T
chmod 644 "$scratch"/{image,all}

# pod COMMAND...: podman, alice's, in a login of her own.
pod() { by_ssh alice "podman $*" 2>&1; }
starts() { echo "run -d --name $1 --network=none localhost/base sleep 1000"; }
clean() {
	pkill -KILL -u alice
	loginctl terminate-user alice
	wait_until 20 eval 'not pgrep -u alice && no_session && [ ! -e $runtime ]'
}

# a_login_with COMMAND: alice is logged in, with this container, until log_out.
a_login_with() {
	rm -f "$scratch/open"
	by_ssh alice "podman $1 && echo && exec sleep 5000" >"$scratch/open" 2>&1 &
	open=$!
	wait_until 20 grep -q '^$' "$scratch/open" || { cat "$scratch/open"; return 1; }
}
log_out() {
	kill $open
	wait $open 2>/dev/null
}

clean >/dev/null 2>&1
check "an image can be imported" by_ssh alice "bash $scratch/image"
clean >/dev/null 2>&1
check "in one login containers are run, built, entered, stopped and served" by_ssh alice "bash $scratch/all"
clean >/dev/null 2>&1
check "podman sees no systemd there, and chooses cgroupfs and files" eval '
	same "cgroupfs file k8s-file" "$(by_ssh alice "podman info 2>/dev/null -f \"{{.Host.CgroupManager}} {{.Host.EventLogger}} {{.Host.LogDriver}}\"")"'
check "--memory has no effect there" eval '
	clean; same max "$(by_ssh alice "podman run --rm --network=none --memory=64m localhost/base cat /sys/fs/cgroup/memory.max 2>/dev/null")"'
check "with systemd as its cgroup manager no container starts" eval '
	clean; pod --cgroup-manager=systemd run --rm --network=none localhost/base echo | grep "No such process"'

# --- a second login ---

clean >/dev/null 2>&1
check "one login starts a container" a_login_with "$(starts first)"
check "in a second one podman does not work: the PIDs that it wrote down are others there" eval '
	pod ps | grep -E "invalid internal status|cannot set user namespace"'
log_out
clean >/dev/null 2>&1
check "when the user is gone from the machine, it works again" pod run --rm --network=none localhost/base echo

clean >/dev/null 2>&1
options scope=user
check "with scope=user, one login starts a container" a_login_with "$(starts shared)"
check "a second one enters it" pod exec shared echo
check "and starts another" pod run --rm --network=none localhost/base echo
log_out

clean >/dev/null 2>&1
options scope=user on_close=linger
check "with on_close=linger, too, a login starts a container and ends" pod "$(starts lingering)"
check "the next one finds it, and enters it" eval 'wait_until 10 eval "not pgrep -u alice -f ^sshd" && pod exec lingering echo'
check "and starts another" pod run --rm --network=none localhost/base echo

# --- inside and outside ---

clean >/dev/null 2>&1
options exempt=alice
check "a login that is left alone makes a container" pod create --name outside --network=none localhost/base echo started
clean >/dev/null 2>&1
options
check "in a session it does not start" eval 'pod start -a outside | grep "No such process"'
mkdir -p "${setting%/*}" && cp /usr/share/doc/pam_unshare/examples/containers.conf "$setting"
clean >/dev/null 2>&1
options exempt=alice
check "with the example as setting, a login that is left alone makes one" \
	pod create --name again --network=none localhost/base echo started
clean >/dev/null 2>&1
options
check "and in a session it starts" eval 'pod start -a again | grep started'
rm "$setting"

# What podman asks for if it is set to systemd. The PID is one of the host's.
move() { by_ssh alice "busctl --user call org.freedesktop.systemd1 /org/freedesktop/systemd1 \
	org.freedesktop.systemd1.Manager StartTransientUnit 'ssa(sv)a(sa(sv))' test-$1.scope fail 1 PIDs au 1 $1 0"; }
in_scope() { grep -q "test-$1.scope" "/proc/$1/cgroup"; }
clean >/dev/null 2>&1
for user in alice bob; do setpriv --reuid $user --regid $user --clear-groups sleep 5000 & pids+=($!); done
check "the user's systemd takes in a process of theirs on the host" eval 'move ${pids[0]} && wait_until 10 in_scope ${pids[0]}'
check "and none of another user's" eval 'move ${pids[1]}; move ${pids[0]}; not in_scope ${pids[1]}'
kill "${pids[@]}"

by_ssh alice 'podman system reset -f' >/dev/null 2>&1
clean >/dev/null 2>&1
finish
