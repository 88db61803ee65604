/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_CONFIG_CLAIMS_H
#define SY_CONFIG_CLAIMS_H

/*
 * Which service an address and port belong to.
 *
 * A service claims each of its addresses with its protocol and ports.  Claims of
 * one kind (one port, a range, all ports) must not overlap; of different kinds
 * they may, since the narrower one is looked for first.
 */
#include "sy/config.h"

struct sy_config_claim {
	const struct sy_ip *address;
	struct sy_port_range ports;
	uint32_t service;
	uint8_t protocol;
	uint8_t kind; /* one port, a range, all: claims are sorted by it first */
};

struct sy_config_claims {
	struct sy_config_claim *rows;
	uint32_t n;
	uint32_t first[4]; /* of each kind, and behind the last */
};

/* 0 or -ENOMEM.  The configuration outlives the claims; fini() may follow any result. */
int sy_config_claims_init(struct sy_config_claims *claims, const struct sy_config *config);
void sy_config_claims_fini(struct sy_config_claims *claims);

/* Two claims that cannot both be: earlier is of the service that stands first.  False: none. */
bool sy_config_claims_clash(const struct sy_config_claims *claims,
	const struct sy_config_claim **earlier, const struct sy_config_claim **later);

/* Whose this is, by any protocol; port 0: any port.  NULL: nobody's. */
const struct sy_config_claim *sy_config_claims_find(
	const struct sy_config_claims *claims, const struct sy_ip *address, uint16_t port);

#endif /* SY_CONFIG_CLAIMS_H */
