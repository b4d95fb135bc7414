#!/bin/bash
# SPDX-License-Identifier: MIT
# The two gaps that doc/limits.md says how to close: they are there, its commands close them, and what else these change.
. "$(dirname "$0")/lib/libvm.sh"

source=$(cd "$(dirname "$0")/../.." && pwd)
# What the page says to type, up to "What stays open".
commands() { sed -n '/^### Two gaps/,/^### What stays open/s/^    //p' "$source/doc/limits.md"; }

systemd-run -q --unit=secret --uid=alice bash -c 'exec -a hunter2-service sleep infinity'
loginctl enable-linger alice bob
wait_until 10 systemctl -q is-active user@"$(id -u bob)" >"$scratch/managers"
wait_until 10 pgrep -f '^hunter2-service' >"$scratch/service"
bus='busctl call org.freedesktop.systemd1 /org/freedesktop/systemd1'

# The ways to the command line of alice's service, for bob in his session.
by_manager() { by_ssh bob "systemd-run --user -q --pipe --wait sh -c 'cat /proc/[0-9]*/cmdline' 2>/dev/null" | grep -a '[h]unter2-service'; }
declare -A ways=(
	["systemctl status"]='systemctl status --no-pager -l secret'
	["GetUnitProcesses"]="$bus org.freedesktop.systemd1.Manager GetUnitProcesses s secret.service"
	["GetProcesses of a service"]="$bus/unit/secret_2eservice org.freedesktop.systemd1.Service GetProcesses"
	["GetProcesses of a slice"]="$bus/unit/system_2eslice org.freedesktop.systemd1.Slice GetProcesses"
	["systemctl status of all"]='systemctl status --no-pager -l'
)
# The process itself: the unit's description has a "sleep" in between, and no command of this test matches.
tells() { by_ssh bob "${ways[$1]}" | grep -a '[h]unter2-service infinity'; }

check "what bob's systemd starts sees alice's command line" by_manager
for way in "${!ways[@]}"; do check "$way tells bob alice's command line" tells "$way"; done

check "the page's commands succeed" bash -ec "$(commands)"
check "a user's systemd that runs already still shows it" by_manager
check "there systemd-cgls reads /proc by itself" by_ssh bob \
	'systemd-run --user -q --pipe --wait systemd-cgls --no-pager -l -u secret.service | grep "[h]unter2-service"'
for way in "${!ways[@]}"; do check "$way does not tell it any more" not tells "$way"; done
check "systemctl status still says whether a unit runs" by_ssh bob 'systemctl status --no-pager secret | grep "Active: active"'
root_may() { $bus org.freedesktop.systemd1.Manager GetUnitProcesses s secret.service | grep hunter2-service; }
check "root may still ask for the processes" root_may
systemctl restart user@"$(id -u bob)"
check "what bob's systemd starts from then on does not see it" not by_manager
check "a service cannot ask for another /proc" not by_ssh bob \
	"systemd-run --user -q --pipe --wait -p ProtectProc=default sh -c 'cat /proc/[0-9]*/cmdline' | grep -a '[h]unter2-service'"
check "nor mount one in a user namespace" not by_ssh bob \
	"systemd-run --user -q --pipe --wait unshare -Urm sh -c 'umount -l /proc; mount -t proc p /mnt; cat /proc/[0-9]*/cmdline /mnt/[0-9]*/cmdline' | grep -a '[h]unter2-service'"
sees_own() {
	by_ssh bob 'systemd-run --user -q --unit=own --pipe --wait sleep 1000 >/dev/null 2>&1 </dev/null &
		until systemctl --user -q is-active own; do sleep 0.2; done
		systemd-run --user -q --pipe --wait pgrep -x sleep; found=$?
		systemctl --user stop own; exit $found'
}
check "a service sees the processes of its own user" sees_own
check "a service may make user and PID namespaces, with a /proc of their own" by_ssh bob \
	'systemd-run --user -q --pipe --wait unshare -Urpf --mount-proc true'
if have "a service may run podman" podman; then
	check "a service may run podman" by_ssh bob 'systemd-run --user -q --pipe --wait podman unshare true'
fi
sees_no_mount() {
	by_ssh bob 'mkdir -p lower upper work mounted
		systemd-run --user -q --wait -p Type=forking fuse-overlayfs -o lowerdir=$HOME/lower,upperdir=$HOME/upper,workdir=$HOME/work $HOME/mounted >/dev/null 2>&1 </dev/null &
		until systemd-run --user -q --pipe --wait mountpoint -q $HOME/mounted; do sleep 0.2; done
		! mountpoint -q mounted' && not su bob -c 'mountpoint -q ~/mounted'
}
if have "what a service mounts is seen by the user's services alone" fuse-overlayfs; then
	check "what a service mounts is seen by the user's services alone" sees_no_mount
	pkill -x fuse-overlayfs
fi

rm -r /etc/systemd/system/user@.service.d /etc/dbus-1/system.d/pam_unshare.conf
systemctl daemon-reload
systemctl reload dbus
loginctl disable-linger alice bob
systemctl stop secret
finish
