/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_EXPLAIN_PRIVATE_H
#define SY_EXPLAIN_PRIVATE_H

/* What the files of this component share: one explanation in the making. */
#include "sy/explain.h"

struct explaining {
	const struct sy_explain_context *context;
	const struct sy_snapshot *snapshot;
	const struct sy_inquiry *inquiry; /* the owner's, or of the worker that has the flow */
	const struct sy_tuple *tuple;
	const struct sy_service *service; /* NULL: none */
	const struct sy_service_row *row; /* likewise */
	struct sy_explanation *out;
};

#define NAME_TEXT (2 * SY_NAME_SIZE)
#define END_TEXT (SY_IP_TEXT + 10)

/* explain.c: one step more. */
void explain_say(struct explaining *e, const char *step, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* And the answer in a sentence. */
void explain_conclude(struct explaining *e, enum sy_explain_verdict verdict, const char *format,
	...) __attribute__((format(printf, 3, 4)));

/* "web/web2", or "backend 7" of one that has left. */
const char *explain_backend(const struct explaining *e, uint32_t id, char text[NAME_TEXT]);
/* "192.0.2.80:80", "[2001:db8::80]:80". */
const char *explain_end(
	uint8_t family, const struct sy_addr *address, uint16_t port_be, char text[END_TEXT]);

/* way.c: how a destination is reached: "port lan, next hop 10.0.0.12 (02:..), MTU 1500". */
#define WAY_TEXT 200
const char *explain_way(const struct explaining *e, uint8_t family, const struct sy_addr *address,
	char text[WAY_TEXT]);
void explain_arrival(struct explaining *e);
void explain_forwarding(struct explaining *e, uint32_t backend, const struct sy_flow_record *flow);

/* flow.c: what is known of the flow. */
void explain_flow(struct explaining *e);

/* backends.c: the pool's backends, and who is picked. */
void explain_candidates(struct explaining *e);
/* Why it gets no new flows; "": it does. */
#define EXCLUDED_TEXT 192
const char *explain_excluded(const struct sy_backend *backend, char text[EXCLUDED_TEXT]);

/* verdict.c: limits, and what comes of a first packet. */
void explain_limits(struct explaining *e);
void explain_first(struct explaining *e);
void explain_stranger(struct explaining *e); /* of no service */

#endif /* SY_EXPLAIN_PRIVATE_H */
