/* SPDX-License-Identifier: MIT */

#include "check/services.h"

#include <stddef.h>
#include <string.h>

#include "policy/policy.h"

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
	{"runuser", SERVICE_LOGIN, NULL},
	{"runuser-l", SERVICE_LOGIN, NULL},
	{"sshd", SERVICE_LOGIN, NULL},
	{"dropbear", SERVICE_LOGIN, NULL},
	{"login", SERVICE_LOGIN, NULL},
	{"remote", SERVICE_LOGIN, NULL},
	{"rlogin", SERVICE_LOGIN, NULL},
	{"rsh", SERVICE_LOGIN, NULL},
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
	{"sddm", SERVICE_LOGIN, NULL},
	{"sddm-autologin", SERVICE_LOGIN, NULL},
	{"xdm", SERVICE_LOGIN, NULL},
	{"xrdp-sesman", SERVICE_LOGIN, NULL},
	{"vsftpd", SERVICE_LOGIN, NULL},
	{"cockpit", SERVICE_BREAKS, "cockpit-session opens /proc/self/fd after the session"},
	{"slurm", SERVICE_BREAKS, "slurmstepd starts threads after it has opened the session"},
	{"proftpd", SERVICE_OPEN, "it has dropped the capabilities that a session needs"},
	{"pure-ftpd", SERVICE_OPEN, "it has dropped the capabilities that a session needs"},
	{"samba", SERVICE_OPEN, "it closes the session as soon as it has opened it"},
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
