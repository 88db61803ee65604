/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_WATCHED_H
#define SY_WATCHED_H

/*
 * Sources over HTTP: all is read once, and then changes are watched for from
 * there on.  What is different between them is one struct sy_watched_kind of
 * pure functions, which read what a peer has said; watched.c asks.
 */
#include <stddef.h>

#include "known.h"
#include "sy/error.h"

#define SY_WATCHED_PATH 640
#define SY_WATCHED_BODY 640
#define SY_WATCHED_TOKEN 4096
#define SY_WATCHED_WHOLE (8 * 1024 * 1024) /* bytes of an answer, at most */
#define SY_WATCHED_LINE (2 * 1024 * 1024) /* and of one line of a watch */

struct sy_watched_question {
	char path[SY_WATCHED_PATH]; /* behind the URL, with what follows the '?' */
	char body[SY_WATCHED_BODY]; /* empty: GET */
};

enum sy_line {
	SY_LINE_NOTHING, /* that is of interest */
	SY_LINE_CHANGED, /* known has changed */
	SY_LINE_AGAIN, /* all has to be read again */
	SY_LINE_BAD, /* error says what is wrong */
};

struct sy_watched_kind {
	const char *token_header; /* "X-Token: ", which the token follows */
	/* Whether a watch is one answer that comes late, with all of it, and not lines. */
	bool long_poll;
	const char *position_header; /* of answers that have their position there */

	void (*ask)(const struct sy_discovery_config *config, struct sy_watched_question *question);
	/* All that there is.  known is empty.  0, -EINVAL with error filled, or -ENOMEM. */
	int (*read)(const struct sy_discovery_config *config, const char *text, size_t length,
		struct sy_known *known, struct sy_error *error);
	void (*watch)(const struct sy_discovery_config *config, const char *position,
		struct sy_watched_question *question);
	/* One line of a watch's answer; not with long_poll. */
	enum sy_line (*read_line)(const struct sy_discovery_config *config, const char *text,
		size_t length, struct sy_known *known, struct sy_error *error);
	/* The position of a long poll after this one, from its header; not without. */
	void (*advance)(char position[SY_POSITION_SIZE], const char *header);

	/* Where the token file has what a token is got for; else NULL.  -EINVAL: not in that form. */
	int (*log_in)(const char *secret, struct sy_watched_question *question);
	int (*read_token)(const char *text, size_t length, char token[SY_WATCHED_TOKEN],
		struct sy_error *error);
};

extern const struct sy_watched_kind sy_watched_etcd;
extern const struct sy_watched_kind sy_watched_consul;
extern const struct sy_watched_kind sy_watched_kubernetes;

/* What a source's row in the table of kinds says for each of the three. */
int sy_watched_create(
	struct sy_source *source, const struct sy_watched_kind *kind, struct sy_error *error);
void sy_watched_ask(struct sy_source *source);
void sy_watched_cancel(struct sy_source *source);
void sy_watched_destroy(struct sy_source *source);

#endif /* SY_WATCHED_H */
