/* SPDX-License-Identifier: MIT */
#include "bus.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

/* Under this name the PAM handle keeps that the variable is ours. */
static const char data_name[] = "pam_unshare_bus";

/* As sd_booted(3) has it. */
static bool systemd_runs(void)
{
	struct stat directory;

	return lstat("/run/systemd/system", &directory) == 0 && S_ISDIR(directory.st_mode);
}

int bus_put(pam_handle_t *pamh, struct error *error)
{
	if (!systemd_runs() || pam_getenv(pamh, BUS_VARIABLE))
		return 0;
	if (pam_set_data(pamh, data_name, (void *)(uintptr_t)data_name, NULL) != PAM_SUCCESS ||
		pam_putenv(pamh, BUS_VARIABLE "=1") != PAM_SUCCESS)
		return error_set(
			error, ENOMEM, "put SYSTEMCTL_FORCE_BUS into the environment", NULL);
	return 0;
}

void bus_take_back(pam_handle_t *pamh)
{
	const void *data = NULL;

	if (pam_get_data(pamh, data_name, &data) != PAM_SUCCESS || !data)
		return;
	pam_set_data(pamh, data_name, NULL, NULL);
	if (pam_getenv(pamh, BUS_VARIABLE))     /* libpam logs an error if it is gone already */
		pam_putenv(pamh, BUS_VARIABLE); /* without a "=" it deletes, pam_putenv(3) */
}
