/* SPDX-License-Identifier: MIT */

/* Does clang have libFuzzer? */

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return data && size ? 0 : 0;
}
