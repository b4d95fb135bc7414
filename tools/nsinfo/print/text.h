/* SPDX-License-Identifier: MIT */
#ifndef NSINFO_TEXT_H
#define NSINFO_TEXT_H

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

/*
 * Text that comes from processes, from the network and from configuration files holds any byte.
 * Nothing of it is printed but through these functions (or json.h's).
 */

/*
 * text_printable - TEXT without what a terminal obeys: control characters, characters that turn the
 * direction of writing, and bytes that are no character of the locale become \xNN.
 *
 * Returns a string that the caller frees. There is no failure but an abort without memory.
 */
char *text_printable(const char *text);

/* text_print - printf() of which the result goes through text_printable(); newlines are kept. */
void text_print(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_vprint(FILE *out, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

/* text_error - "nsinfo: ..." on standard error, as text_print() prints it. */
void text_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* text_width - columns that TEXT takes on a terminal; text_printable() first. */
size_t text_width(const char *text);

/*
 * text_wrap - print TEXT in lines of at most WIDTH columns, broken at blanks and newlines, each but
 * the first indented by INDENT columns; the first is taken to start there already.
 */
void text_wrap(FILE *out, const char *text, size_t indent, size_t width);

/* Times as a person reads them today: "10:32", "Tue 10:32", "Nov 24", "2024-11". Into BUFFER. */
const char *text_time_short(time_t t, time_t now, char *buffer, size_t size);

/* "2026-11-24 10:32:07 (2 h ago)" */
const char *text_time_long(time_t t, time_t now, char *buffer, size_t size);

/* ISO 8601, UTC: "2026-11-24T10:32:07Z" */
const char *text_time_iso(time_t t, char *buffer, size_t size);

#define TEXT_TIME 64 /* a buffer that holds any of these */

#endif
