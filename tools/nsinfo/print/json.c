/* SPDX-License-Identifier: MIT */

#include "print/json.h"

#include <stdint.h>

static void write_string(FILE *out, const char *text);

static void begin(struct json *json, const char *key)
{
	if (json->depth > 0)
		fprintf(json->out, "%s\n%*s", json->first ? "" : ",", json->depth * 3, "");
	json->first = false;
	if (key) {
		write_string(json->out, key);
		fputs(": ", json->out);
	}
}

static void open_with(struct json *json, const char *key, char bracket)
{
	begin(json, key);
	fputc(bracket, json->out);
	json->depth++;
	json->first = true;
}

static void close_with(struct json *json, char bracket)
{
	json->depth--;
	if (!json->first)
		fprintf(json->out, "\n%*s", json->depth * 3, "");
	fputc(bracket, json->out);
	if (json->depth == 0)
		fputc('\n', json->out);
	json->first = false;
}

void json_object(struct json *json, const char *key)
{
	open_with(json, key, '{');
}

void json_array(struct json *json, const char *key)
{
	open_with(json, key, '[');
}

void json_end_object(struct json *json)
{
	close_with(json, '}');
}

void json_end_array(struct json *json)
{
	close_with(json, ']');
}

/*
 * The length of the UTF-8 character at TEXT and its code point, 0 if it is none (RFC 3629: no
 * overlong form, no surrogate, nothing beyond U+10FFFF).
 */
static int decode(const unsigned char *text, uint32_t *code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	int length = text[0] < 0x80             ? 1
		     : (text[0] & 0xe0) == 0xc0 ? 2
		     : (text[0] & 0xf0) == 0xe0 ? 3
		     : (text[0] & 0xf8) == 0xf0 ? 4
						: 0;

	if (length == 0)
		return 0;
	*code = length == 1 ? text[0] : text[0] & (0xffU >> (length + 1));
	for (int i = 1; i < length; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (text[i] & 0x3f);
	}
	if (*code < least[length] || *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff))
		return 0;
	return length;
}

/* JSON asks for the first 32 to be escaped; the others would reach a terminal and be obeyed. */
static bool must_escape(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x200e && code <= 0x200f) ||
	       (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) ||
	       code == 0x061c;
}

static void write_string(FILE *out, const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	fputc('"', out);
	while (*p) {
		uint32_t code = 0;
		int length = decode(p, &code);

		if (length == 0)
			fputs("\\ufffd", out);
		else if (code == '"' || code == '\\')
			fprintf(out, "\\%c", (int)code);
		else if (must_escape(code))
			fprintf(out, "\\u%04x", (unsigned int)code);
		else
			fwrite(p, 1, (size_t)length, out);
		p += length ? length : 1;
	}
	fputc('"', out);
}

void json_string(struct json *json, const char *key, const char *value)
{
	if (!value) {
		json_null(json, key);
		return;
	}
	begin(json, key);
	write_string(json->out, value);
}

void json_number(struct json *json, const char *key, long long value)
{
	begin(json, key);
	fprintf(json->out, "%lld", value);
}

void json_bool(struct json *json, const char *key, bool value)
{
	begin(json, key);
	fputs(value ? "true" : "false", json->out);
}

void json_null(struct json *json, const char *key)
{
	begin(json, key);
	fputs("null", json->out);
}

void json_known(struct json *json, const char *key, bool known, long long value)
{
	if (known)
		json_number(json, key, value);
	else
		json_null(json, key);
}
