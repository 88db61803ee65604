/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_SPANS_H
#define SY_SPANS_H

/*
 * Services on ranges of ports: asked when no service has the very port.
 *
 * For each address and protocol the ranges of live services, which do not
 * overlap, sorted; the one service on all ports; and what is left of services
 * that have gone from the file, whose flows go on.
 */
#include "index.h"

struct sy_span {
	uint16_t low; /* host order */
	uint16_t high;
	uint32_t service;
};

/* Of one address and protocol. */
struct sy_span_list {
	uint32_t first; /* of spans, sorted by low */
	uint32_t n;
	uint32_t n_leaving; /* behind them, in no order; these may overlap */
	uint32_t all; /* the service of all other ports, UINT32_MAX: none */
};

struct sy_spans {
	struct sy_index_table *places; /* address, protocol -> list */
	struct sy_span_list *lists;
	struct sy_span *spans;
};

/* What a service with more than one port claims of an address. */
struct sy_span_claim {
	struct sy_key key; /* without port */
	struct sy_span span;
	bool leaving;
};

/* Management core.  Sorts the claims.  NULL: out of memory. */
struct sy_spans *sy_spans_create(struct sy_span_claim *claims, uint32_t n);
void sy_spans_destroy(struct sy_spans *spans); /* NULL is no error */

/* Worker.  The service, or UINT32_MAX; the key's port does not count. */
uint32_t sy_spans_find(const struct sy_spans *spans, const struct sy_key *key, uint16_t port);

#endif /* SY_SPANS_H */
