/* SPDX-License-Identifier: MIT */
#include "init/settings.h"

#include <stdlib.h>
#include <string.h>

#include "common/facts.h"
#include "common/limits.h"
#include "init/number.h"

/* -1 if the fact is missing or no number. */
static long long read_number(const char *name)
{
	const char *fact = getenv(name);

	return fact ? number_parse(fact) : -1;
}

struct settings settings_read(void)
{
	const char *close = getenv(FACT_CLOSE);
	long long grace_ms = read_number(FACT_GRACE);

	return (struct settings){
		.protocol = read_number(FACT_PROTOCOL),
		.grace_ms =
			grace_ms < 0 || grace_ms > GRACE_MAX_MS ? GRACE_DEFAULT_MS : (int)grace_ms,
		.lingers = close && strcmp(close, "linger") == 0,
		.socket = getenv(FACT_SOCKET),
		.inode = read_number(FACT_INODE),
	};
}
