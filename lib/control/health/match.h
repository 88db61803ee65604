/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_MATCH_H
#define SY_MATCH_H

/*
 * Finding a text in an answer that comes in pieces, without keeping the pieces
 * (Knuth, Morris and Pratt).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SY_MATCH_MAX 255

struct match {
	const char *text; /* the caller's, outlives the search */
	uint8_t length;
	uint8_t n_matched; /* of text, so far */
	uint8_t border[SY_MATCH_MAX + 1]; /* where to go on after a mismatch behind so many */
	bool found; /* an empty text is found at once */
};

void sy_match_start(struct match *match, const char *text); /* at most SY_MATCH_MAX long */
void sy_match_feed(struct match *match, const char *bytes, size_t length);

#endif /* SY_MATCH_H */
