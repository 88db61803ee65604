/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_SERVICE_OUTGOING_H
#define SY_SERVICE_OUTGOING_H

/*
 * Rules of snat in the registry's words: each is a service without an address
 * whose local addresses are what servers become, with one backend that stands
 * for all hosts outside.  So flows, limits, counters and what leaves with a
 * reload are theirs as they are a service's.  Management core.
 */
#include "sy/config.h"

struct sy_outgoing {
	struct sy_service_config *services; /* [n_snats] */
	struct sy_pool_config pool; /* of the backends, one for each */
};

int sy_outgoing_init(struct sy_outgoing *outgoing, const struct sy_config *config); /* or -ENOMEM */
void sy_outgoing_fini(struct sy_outgoing *outgoing);

/* What makes two rules the same: flows of one that has other addresses need those that they have. */
uint64_t sy_outgoing_identity(const struct sy_service_config *service);

#endif /* SY_SERVICE_OUTGOING_H */
