/* SPDX-License-Identifier: MIT */

#include "check/services.h"

#include <stddef.h>
#include <string.h>

#include "policy/policy.h"

static const char no_session[] = "it asks PAM who somebody is, and opens no session";

static const char sddm[] =
	"sddm 0.21 writes by way of /proc/self/fd in the session (0.19 does not)";

static const struct {
	const char *name;
	enum service_kind kind;
	const char *why;
} services[] = {
	{"su", SERVICE_LOGIN, NULL},
	{"su-l", SERVICE_LOGIN, NULL},
	{"sudo", SERVICE_LOGIN, NULL},
	{"sudo-i", SERVICE_LOGIN, NULL},
	{"doas", SERVICE_LOGIN, NULL},
	{"schroot", SERVICE_LOGIN, NULL},
	{"tigervnc", SERVICE_LOGIN, NULL},
	{"runuser", SERVICE_LOGIN, NULL},
	{"runuser-l", SERVICE_LOGIN, NULL},
	{"sshd", SERVICE_LOGIN, NULL},
	{"login", SERVICE_LOGIN, NULL},
	{"remote", SERVICE_LOGIN, NULL},
	{"cron", SERVICE_LOGIN, NULL},
	{"crond", SERVICE_LOGIN, NULL},
	{"atd", SERVICE_LOGIN, NULL},
	{"gdm-password", SERVICE_LOGIN, NULL},
	{"gdm-autologin", SERVICE_LOGIN, NULL},
	{"gdm-fingerprint", SERVICE_LOGIN, NULL},
	{"gdm-smartcard", SERVICE_LOGIN, NULL},
	{"greetd", SERVICE_LOGIN, NULL},
	{"lightdm", SERVICE_LOGIN, NULL},
	{"lightdm-autologin", SERVICE_LOGIN, NULL},
	{"xdm", SERVICE_LOGIN, NULL},
	{"nodm", SERVICE_LOGIN, NULL},
	{"wdm", SERVICE_LOGIN, NULL},
	{"slim", SERVICE_LOGIN, NULL},
	{"lxdm", SERVICE_LOGIN, NULL},
	{"ly", SERVICE_LOGIN, NULL},
	{"xrdp-sesman", SERVICE_LOGIN, NULL},
	{"vsftpd", SERVICE_LOGIN, NULL},
	{"cockpit", SERVICE_BREAKS, "cockpit-session opens /proc/self/fd in the session"},
	{"slurm", SERVICE_BREAKS, "slurmstepd starts threads in the session"},
	{"sddm", SERVICE_BREAKS, sddm},
	{"sddm-autologin", SERVICE_BREAKS, sddm},
	{"sddm-greeter", SERVICE_BREAKS, sddm},
	{"dovecot", SERVICE_OPEN, "it closes the session as soon as it has opened it"},
	{"proftpd", SERVICE_OPEN, "it serves its users itself, without a fork"},
	{"ftp", SERVICE_OPEN, "it serves its users itself, without a fork"},
	{"pure-ftpd", SERVICE_OPEN, "it has dropped the capabilities that a session needs"},
	{"samba", SERVICE_OPEN, "it closes the session as soon as it has opened it"},
	{"rlogin", SERVICE_NONE, "rlogind only asks by it who may log in, and runs login -h"},
	{"dropbear", SERVICE_NONE, "dropbear asks PAM for sshd, and opens no session"},
	{"chfn", SERVICE_NONE, no_session},
	{"chsh", SERVICE_NONE, no_session},
	{"passwd", SERVICE_NONE, no_session},
	{"chpasswd", SERVICE_NONE, no_session},
	{"newusers", SERVICE_NONE, no_session},
	{"groupmems", SERVICE_NONE, no_session},
	{"cups", SERVICE_NONE, no_session},
	{"radiusd", SERVICE_NONE, no_session},
	{"monit", SERVICE_NONE, no_session},
	{"ocserv", SERVICE_NONE, no_session},
	{"popa3d", SERVICE_NONE, no_session},
	{"pwauth", SERVICE_NONE, no_session},
	{"i3lock", SERVICE_NONE, no_session},
	{"physlock", SERVICE_NONE, no_session},
	{"gnome-screensaver", SERVICE_NONE, no_session},
	{"mate-screensaver", SERVICE_NONE, no_session},
	{"cinnamon-screensaver", SERVICE_NONE, no_session},
	{"kde", SERVICE_NONE, no_session},
	{"phosh", SERVICE_NONE, no_session},
	{"postgresql", SERVICE_NONE, no_session},
	{"openvpn", SERVICE_NONE, no_session},
	{"exim", SERVICE_NONE, no_session},
	{"hylafax", SERVICE_NONE, no_session},
	{"lsh", SERVICE_NONE, no_session},
	{"slock", SERVICE_NONE, no_session},
	{"swaylock", SERVICE_NONE, no_session},
	{"vlock", SERVICE_NONE, no_session},
	{"xscreensaver", SERVICE_NONE, no_session},
};

enum service_kind service_kind(const char *service, const char **why)
{
	if (why)
		*why = "it starts its program without a fork";
	if (!policy_service_forks(service))
		return SERVICE_STAYS;
	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
		if (strcmp(services[i].name, service) != 0)
			continue;
		if (why)
			*why = services[i].why;
		return services[i].kind;
	}
	return SERVICE_UNKNOWN;
}
