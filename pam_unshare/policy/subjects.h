/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_SUBJECTS_H
#define PAM_UNSHARE_SUBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/error.h"

/*
 * Who logs in, and the LISTs that name users: "alice,@staff,1000-1999". An element is a user
 * name, @ and a group's name, a uid, a range of uids, or * for everyone. A backslash before a
 * character takes it as it is, so that names may hold commas and spaces.
 */
#define SUBJECTS_RIGHT                                                                             \
	"a list of user names, @groups, uids and ranges such as 1000-1999, with commas between "   \
	"and no spaces"

struct login {
	const char *user;
	uid_t uid;
	gid_t gid; /* of the primary group */
	const char *service;
	char **groups; /* names of all groups; looked up when the first list needs them */
	size_t group_count;
	bool groups_known;
};

/*
 * subjects_check - whether a LIST is well-formed. It asks no database: a user or group that is
 * not there (yet) is no error.
 *
 * Returns 0 or -EINVAL with an error that quotes the list.
 */
int subjects_check(const char *list, struct error *error);

/*
 * subjects_match - whether a LIST names this login; all of it is checked, as by subjects_check.
 * @login: NULL to check the list alone.
 *
 * Looks the user's groups up at the first @group, through NSS; login_forget_groups frees them.
 * Returns 1, 0, -EINVAL with an error that quotes the list, or a negative errno if the groups
 * cannot be looked up.
 */
int subjects_match(const char *list, struct login *login, struct error *error);

/*
 * services_match - whether a list of PAM services names this one, or "*"; with backslashes as
 * above. Returns 1, 0, or -EINVAL with an error that quotes the list: an element is missing, or a
 * @group, as when SUBJECTS and SERVICES are the wrong way round.
 */
int services_match(const char *list, const char *service, struct error *error);

void login_forget_groups(struct login *login);

#endif
