# SPDX-License-Identifier: MIT
#
# The machines of tests/vm. Sourced by run.
#
# machine NAME: sets distribution, suite, arch, kernel (the package), packages (what this machine has besides the usual
# ones), without (what of these its release has not), append (of the kernel's command line).

machines='bullseye-amd64 bookworm-amd64 trixie-amd64 sid-amd64 trixie-arm64 trixie-selinux jammy-amd64 noble-amd64'

machine() {
	distribution=debian suite=${1%%-*} arch=amd64 kernel=linux-image-cloud-amd64 packages='' without='' append=''
	case $1 in
	bullseye-amd64) # Linux 5.10, glibc 2.31, Linux-PAM 1.4: the floor
		without='util-linux-extra login-extra polkitd' packages=policykit-1 ;;
	bookworm-amd64 | sid-amd64) ;;
	trixie-amd64)
		packages='apparmor podman uidmap passt slirp4netns fuse-overlayfs mosh screen busybox-static e2fsprogs pkexec
			python3-gi gir1.2-polkit-1.0' ;;
	trixie-arm64) arch=arm64 kernel=linux-image-cloud-arm64 ;;
	trixie-selinux)
		packages='selinux-basics selinux-policy-default selinux-policy-dev policycoreutils auditd'
		append='security=selinux selinux=1 enforcing=1 audit=1' ;;
	jammy-amd64) distribution=ubuntu kernel=linux-image-kvm without='util-linux-extra polkitd' packages=policykit-1 ;;
	noble-amd64) distribution=ubuntu kernel=linux-image-virtual ;;
	*)
		echo "no machine $1; there are: $machines" >&2
		return 2
		;;
	esac
}

# What every machine has, besides what ./check installs. The compilers and tools of the suites that look at the code,
# not at a machine, are left out.
packages_machine='apt systemd-sysv systemd libpam-systemd dbus dbus-user-session polkitd initramfs-tools kmod udev zstd
	passwd psmisc less util-linux util-linux-extra python3 init-system-helpers netbase'
packages_left_out='clang libclang-rt-dev clang-tidy cppcheck valgrind'

packages_of_machine() {
	local all package
	all=" $packages_machine $packages_build $packages_copy $packages_test $packages $kernel "
	all=$(echo $all)
	for package in $all; do
		case " $(echo $without $packages_left_out) " in *" $package "*) ;; *) echo "$package" ;; esac
	done | sort -u
}
