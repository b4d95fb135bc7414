/* SPDX-License-Identifier: MIT */
#include "policy/subjects.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>

#define UID_LIMIT 4294967295UL /* (uid_t)-1 is nobody's, credentials(7) */

struct element {
	const char *text;
	size_t length;
};

/* Where an element ends: at a comma, or with the list. */
static const char *find_end(const char *text)
{
	for (; *text != '\0' && *text != ','; text++)
		if (text[0] == '\\' && text[1] != '\0')
			text++;
	return text;
}

/* Cut the next element off a list. Returns false at its end. */
static bool next_element(const char **list, struct element *element)
{
	const char *end;

	if (!*list)
		return false;
	end = find_end(*list);
	*element = (struct element){*list, (size_t)(end - *list)};
	*list = *end == ',' ? end + 1 : NULL;
	return true;
}

static bool is_everyone(struct element element)
{
	return element.length == 1 && element.text[0] == '*';
}

static bool element_is(struct element element, const char *word)
{
	for (size_t i = 0; i < element.length; i++, word++) {
		if (element.text[i] == '\\' && i + 1 < element.length)
			i++;
		if (*word == '\0' || element.text[i] != *word)
			return false;
	}
	return *word == '\0';
}

/* Digits at the start of an element. Returns how many, 0 if there are none or too many. */
static size_t parse_uid(struct element element, unsigned long *uid)
{
	size_t i;

	*uid = 0;
	for (i = 0; i < element.length && element.text[i] >= '0' && element.text[i] <= '9'; i++) {
		*uid = *uid * 10 + (unsigned long)(element.text[i] - '0');
		if (*uid >= UID_LIMIT)
			return 0;
	}
	return i;
}

/* Whether it is made of digits and hyphens, the first a digit: then it has to be a uid or a range.
 */
static bool looks_like_uids(struct element element)
{
	if (element.length == 0 || element.text[0] < '0' || element.text[0] > '9')
		return false;
	for (size_t i = 0; i < element.length; i++)
		if ((element.text[i] < '0' || element.text[i] > '9') && element.text[i] != '-')
			return false;
	return true;
}

/* Of an element that looks like it. */
static bool parse_range(struct element element, unsigned long *first, unsigned long *last)
{
	size_t digits = parse_uid(element, first);

	*last = *first;
	if (digits == 0)
		return false;
	if (digits == element.length)
		return true;
	element.text += digits + 1; /* behind the hyphen */
	element.length -= digits + 1;
	digits = parse_uid(element, last);
	return digits != 0 && digits == element.length && *first <= *last;
}

/* The name of a group, from malloc. NULL with a code of 0 if it has none. */
static char *group_name(gid_t gid, int *code)
{
	struct group group, *found = NULL;
	size_t size = 1024;
	char *buffer = NULL, *name = NULL;

	do {
		char *larger = realloc(buffer, size);

		if (!larger) {
			*code = ENOMEM;
			break;
		}
		buffer = larger;
		*code = getgrgid_r(gid, &group, buffer, size, &found);
		size *= 2;
	} while (*code == ERANGE && size < (1 << 24));
	/* getgrgid(3): these may stand for "not found" too */
	if (*code == ENOENT || *code == ESRCH)
		*code = 0;
	if (*code == 0 && found) {
		name = strdup(group.gr_name);
		if (!name)
			*code = ENOMEM;
	}
	free(buffer);
	return name;
}

static int look_up_groups(struct login *login, struct error *error)
{
	int count = 64, code = 0;
	gid_t *gids = NULL;

	for (;;) {
		int room = count;
		gid_t *larger = realloc(gids, (size_t)room * sizeof(*gids));

		if (!larger) {
			code = ENOMEM;
			goto out;
		}
		gids = larger;
		if (getgrouplist(login->user, login->gid, gids, &count) != -1)
			break;
		count = count > room ? count
				     : room * 2; /* getgrouplist(3) says how many there are */
	}
	login->groups = calloc((size_t)count, sizeof(*login->groups));
	if (!login->groups)
		code = ENOMEM;
	for (int i = 0; i < count && code == 0; i++) {
		char *name = group_name(gids[i], &code);

		if (name)
			login->groups[login->group_count++] = name;
	}
out:
	free(gids);
	if (code != 0) {
		login_forget_groups(login);
		error_set(error, code, "look up the groups", NULL);
		if (!error->remedy)
			error->remedy = "see that the name service answers (getent group)";
		return -code;
	}
	login->groups_known = true;
	return 0;
}

static int is_in_group(struct element element, struct login *login, struct error *error)
{
	int result = login->groups_known ? 0 : look_up_groups(login, error);

	if (result < 0)
		return result;
	element.text++;
	element.length--;
	for (size_t i = 0; i < login->group_count; i++)
		if (element_is(element, login->groups[i]))
			return 1;
	return 0;
}

/* Whether one element names the login, or -EINVAL if it is not well-formed; NULL: that alone. */
static int match_element(
	struct element element, const char *list, struct login *login, struct error *error)
{
	unsigned long first, last;

	if (element.length == 0 || (element.length == 1 && element.text[0] == '@'))
		return error_word(error, list, "it is to be " SUBJECTS_RIGHT, NULL);
	if (element.text[0] == '@')
		return login ? is_in_group(element, login, error) : 0;
	if (!looks_like_uids(element))
		return login && (is_everyone(element) || element_is(element, login->user));
	if (!parse_range(element, &first, &last))
		return error_word(error, list,
			"a uid is a number below 4294967295, a range is two of them such as "
			"1000-1999",
			NULL);
	return login && login->uid >= first && login->uid <= last;
}

int subjects_match(const char *list, struct login *login, struct error *error)
{
	const char *at = list;
	struct element element;
	int found = 0;

	while (next_element(&at, &element)) {
		int result = match_element(element, list, found ? NULL : login, error);

		if (result < 0)
			return result;
		found |= result;
	}
	return found;
}

int services_match(const char *list, const char *service, struct error *error)
{
	const char *at = list;
	struct element element;
	int found = 0;

	while (next_element(&at, &element)) {
		if (element.length == 0 || element.text[0] == '@')
			return error_word(error, list,
				"it is to be *, or a list of names of files in /etc/pam.d, with "
				"commas between and no spaces",
				NULL);
		found |= is_everyone(element) || element_is(element, service);
	}
	return found;
}

int subjects_check(const char *list, struct error *error)
{
	return subjects_match(list, NULL, error);
}

void login_forget_groups(struct login *login)
{
	for (size_t i = 0; i < login->group_count; i++)
		free(login->groups[i]);
	free(login->groups);
	login->groups = NULL;
	login->group_count = 0;
	login->groups_known = false;
}
