/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_CTL_HUMAN_H
#define SY_CTL_HUMAN_H

/* Numbers as people read them: four figures at most, powers of a thousand.  All return text. */
#include <stdint.h>

#define HUMAN_TEXT 32

const char *human_count(uint64_t number, char text[HUMAN_TEXT]); /* 9999, 12.3k, 1.23M */
const char *human_duration(uint64_t seconds, char text[HUMAN_TEXT]); /* 59s, 3m12s, 2h05m, 4d03h */
const char *human_ms(uint64_t ms, char text[HUMAN_TEXT]); /* 999ms, 12.3s, then as a duration */

#endif /* SY_CTL_HUMAN_H */
