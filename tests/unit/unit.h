/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_TESTS_UNIT_H
#define PAM_UNSHARE_TESTS_UNIT_H

/* What cmocka.h needs before it, in the order that it wants. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* A test under a name that says what holds; cmocka_unit_test takes the function's. */
#define TEST(sentence, function)                                                                   \
	{                                                                                          \
		.name = (sentence), .test_func = (function)                                        \
	}

#endif
