/* SPDX-License-Identifier: MIT */
#ifndef PAM_UNSHARE_INIT_NUMBER_H
#define PAM_UNSHARE_INIT_NUMBER_H

/* number_parse - the number that is written in decimal digits alone; -1 for anything else. */
long long number_parse(const char *text);

#endif
