/* SPDX-License-Identifier: MIT */
#ifndef NSINFO_JSON_H
#define NSINFO_JSON_H

#include <stdbool.h>
#include <stdio.h>

/*
 * Writes JSON that is valid whatever the strings hold (libsmartcols' is not: it has no nested
 * objects, and passes bytes on that are not UTF-8).
 */
struct json {
	FILE *out;
	int depth;
	bool first; /* of the innermost object or array */
};

#define JSON(stream)                                                                               \
	{                                                                                          \
		.out = (stream), .first = true                                                     \
	}

/* A NULL key is for an array's items and for the outermost value. */
void json_object(struct json *json, const char *key);
void json_array(struct json *json, const char *key);
void json_end_object(struct json *json);
void json_end_array(struct json *json);

/* json_string - a string, or null if VALUE is NULL. What is not UTF-8 becomes U+FFFD. */
void json_string(struct json *json, const char *key, const char *value);
void json_number(struct json *json, const char *key, long long value);
void json_bool(struct json *json, const char *key, bool value);
void json_null(struct json *json, const char *key);

/* json_known - the number, or null if it is not KNOWN. */
void json_known(struct json *json, const char *key, bool known, long long value);

#endif
