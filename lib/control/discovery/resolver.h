/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_RESOLVER_H
#define SY_RESOLVER_H

/* c-ares in the event loop: questions to DNS that nobody waits for.  Management core. */
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "sy/config.h"
#include "sy/error.h"

struct sy_resolver;

/* What came of a question: status is one of ares.h; message is the whole answer, NULL unless it is
 * ARES_SUCCESS.  May be called from within sy_resolver_ask(). */
typedef void sy_resolver_answered(void *context, int status, const uint8_t *message, size_t length);

/* Asks the configuration's servers, or those of /etc/resolv.conf, each question for timeout_ms at most.
 * 0 or a negative errno with error filled. */
int sy_resolver_create(uv_loop_t *loop, const struct sy_discovery_config *config,
	struct sy_resolver **resolver, struct sy_error *error);
/* name as it is, without search domains. */
void sy_resolver_ask(struct sy_resolver *resolver, const char *name, uint16_t type,
	sy_resolver_answered *answered, void *context);
/* Open questions end with ARES_ECANCELLED, at once. */
void sy_resolver_cancel(struct sy_resolver *resolver);
/* Likewise; frees it when the loop has closed its handles. */
void sy_resolver_destroy(struct sy_resolver *resolver);

#endif /* SY_RESOLVER_H */
