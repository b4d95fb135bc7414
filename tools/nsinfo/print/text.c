/* SPDX-License-Identifier: MIT */

#include "print/text.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "base/cleanup.h"
#include "base/memory.h"

/*
 * Explicit directional formatting (Unicode's bidirectional algorithm, UAX #9) makes "exe.txt" of
 * "txt.exe" on the screen: a way to disguise a command. Line and paragraph separators break lines.
 */
static bool turns_direction(wchar_t c)
{
	return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0x200e ||
	       c == 0x200f || c == 0x061c || c == 0x2028 || c == 0x2029;
}

static bool is_printable(wchar_t c)
{
	return iswprint((wint_t)c) && !turns_direction(c);
}

static bool is_plain(const char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

static char *printable(const char *text, bool keep_newline)
{
	size_t left = strlen(text);
	char *result = memory_check(malloc(left * 4 + 1));
	char *to = result;
	mbstate_t state = {0};

	if (is_plain(text)) /* nearly all is, and the locale's functions are slow */
		return strcpy(result, text);
	while (left > 0) {
		wchar_t c;
		size_t length = mbrtowc(&c, text, left, &state);

		if (length == (size_t)-1 || length == (size_t)-2 || length == 0) {
			memset(&state, 0, sizeof(state));
			length = 1;
			c = 0;
		}
		if (is_printable(c) || (keep_newline && c == L'\n')) {
			memcpy(to, text, length);
			to += length;
		} else {
			for (size_t i = 0; i < length; i++)
				to += sprintf(to, "\\x%02x", (unsigned char)text[i]);
		}
		text += length;
		left -= length;
	}
	*to = '\0';
	return result;
}

char *text_printable(const char *text)
{
	return printable(text, false);
}

void text_vprint(FILE *out, const char *format, va_list args)
{
	_cleanup_free_ char *raw = NULL;
	_cleanup_free_ char *safe = NULL;

	if (vasprintf(&raw, format, args) == -1)
		memory_check(raw = NULL);
	safe = printable(raw, true);
	fputs(safe, out);
}

void text_error(const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fputs("nsinfo: ", stderr);
	va_start(args, format);
	text_vprint(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

void text_print(FILE *out, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	text_vprint(out, format, args);
	va_end(args);
}

size_t text_width(const char *text)
{
	size_t width = 0;
	mbstate_t state = {0};

	while (*text) {
		wchar_t c;
		size_t length = mbrtowc(&c, text, strlen(text), &state);
		int columns;

		if (length == (size_t)-1 || length == (size_t)-2 || length == 0)
			return width + strlen(text);
		columns = wcwidth(c);
		width += columns > 0 ? (size_t)columns : 0;
		text += length;
	}
	return width;
}

static void wrap_line(FILE *out, char *line, size_t indent, size_t width)
{
	char *state = NULL;
	size_t column = indent;

	for (char *word = strtok_r(line, " ", &state); word; word = strtok_r(NULL, " ", &state)) {
		size_t length = text_width(word);

		if (column > indent && column + 1 + length > width) {
			fprintf(out, "\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			fputc(' ', out);
			column++;
		}
		fputs(word, out);
		column += length;
	}
	fputc('\n', out);
}

void text_wrap(FILE *out, const char *text, size_t indent, size_t width)
{
	_cleanup_free_ char *copy = printable(text, true);
	char *state = NULL;

	for (char *line = strtok_r(copy, "\n", &state); line; line = strtok_r(NULL, "\n", &state)) {
		if (line != copy)
			fprintf(out, "%*s", (int)indent, "");
		wrap_line(out, line, indent, width);
	}
}

const char *text_time_short(time_t t, time_t now, char *buffer, size_t size)
{
	struct tm tm, today;

	if (!localtime_r(&t, &tm) || !localtime_r(&now, &today))
		return "?";
	if (tm.tm_year == today.tm_year && tm.tm_yday == today.tm_yday)
		strftime(buffer, size, "%H:%M", &tm);
	else if (t <= now && now - t < 6 * 24 * 3600)
		strftime(buffer, size, "%a %H:%M", &tm);
	else if (t <= now && now - t < 300L * 24 * 3600)
		strftime(buffer, size, "%b %d", &tm);
	else
		strftime(buffer, size, "%Y-%m", &tm);
	return buffer;
}

const char *text_time_long(time_t t, time_t now, char *buffer, size_t size)
{
	struct tm tm;
	size_t length;
	long long ago = (long long)(now - t);

	if (!localtime_r(&t, &tm))
		return "?";
	length = strftime(buffer, size, "%Y-%m-%d %H:%M:%S", &tm);
	if (ago < 0)
		;
	else if (ago < 120)
		snprintf(buffer + length, size - length, " (%lld s ago)", ago);
	else if (ago < 7200)
		snprintf(buffer + length, size - length, " (%lld min ago)", ago / 60);
	else if (ago < 48 * 3600)
		snprintf(buffer + length, size - length, " (%lld h ago)", ago / 3600);
	else
		snprintf(buffer + length, size - length, " (%lld days ago)", ago / 86400);
	return buffer;
}

const char *text_time_iso(time_t t, char *buffer, size_t size)
{
	struct tm tm;

	if (!gmtime_r(&t, &tm))
		return "?";
	strftime(buffer, size, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return buffer;
}
