/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_EXCHANGE_H
#define SY_EXCHANGE_H

/*
 * Probes of one question and one answer, over TCP or UDP: what they have in
 * common is in probe_exchange.c, what each says and takes for an answer is a
 * pair of pure functions in a file of its own.
 */
#include "probe.h"

#define EXCHANGE_QUESTION 512
#define EXCHANGE_ANSWER 2048 /* bytes of it that are looked at */

enum exchange_verdict {
	EXCHANGE_MORE, /* that is not all of it, or (UDP) not it: wait on */
	EXCHANGE_GOOD,
	EXCHANGE_BAD,
};

/* id: drawn anew for each question, where the protocol has a place for it. */
struct exchange {
	bool is_datagram;
	/* Returns the length. */
	size_t (*ask)(const struct sy_health_config *config, uint16_t id,
		uint8_t question[EXCHANGE_QUESTION]);
	/* TCP: all that has come so far; UDP: one datagram.  length is EXCHANGE_ANSWER or less.
	 * Writes a few words, but for EXCHANGE_MORE. */
	enum exchange_verdict (*judge)(const struct sy_health_config *config, uint16_t id,
		const uint8_t *answer, size_t length, char text[PROBE_TEXT]);
};

extern const struct exchange sy_exchange_udp;
extern const struct exchange sy_exchange_dns;
extern const struct exchange sy_exchange_redis;
extern const struct exchange sy_exchange_postgresql;

int sy_exchange_start(struct probe *probe, const struct exchange *exchange);
void sy_exchange_cancel(struct probe *probe);

/* Puts at most `most` bytes of what a backend said behind what stands in text, nothing that would
 * spoil a line of a log among them. */
void sy_exchange_quote(char text[PROBE_TEXT], const uint8_t *said, size_t length, size_t most);

#endif /* SY_EXCHANGE_H */
