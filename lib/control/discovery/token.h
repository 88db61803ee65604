/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_TOKEN_H
#define SY_TOKEN_H

/* What a source over HTTP shows to be let in, of its token_file. */
#include "watched.h"

/* The token itself, empty where there is none: the file's text, or what log_in() got for it.  0, or a
 * negative errno with error filled. */
int sy_token_read(const struct sy_watched_kind *kind, const struct sy_discovery_config *config,
	const char *got, char token[SY_WATCHED_TOKEN], struct sy_error *error);
/* What a token is got for.  Likewise. */
int sy_token_ask(const struct sy_watched_kind *kind, const struct sy_discovery_config *config,
	struct sy_watched_question *question, struct sy_error *error);

#endif /* SY_TOKEN_H */
