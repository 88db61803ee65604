/* SPDX-License-Identifier: BSD-3-Clause */
#include "outgoing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sy/hash.h"

/* There is no handshake to guard for strangers: a rule's own limits are what it has. */
#define NO_LIMIT INT32_MAX

static void
make_service(struct sy_service_config *service, const struct sy_snat_config *snat,
	const struct sy_config *config)
{
	*service = (struct sy_service_config){
		.mode = "snat",
		.outgoing = true,
		.address = { .family = snat->from[0].ip.family },
		.pool = SY_NO_POOL,
		.spare_pool = SY_NO_POOL,
		.on_full = SY_ON_FULL_DROP,
		.max_flows = sy_config_snat_flows(snat, config->max_flows),
		.max_half_open = NO_LIMIT,
		.mss_clamp = SY_MSS_OFF,
		.timeouts = snat->timeouts,
		.n_local_addresses = snat->n_to,
	};
	memcpy(service->name, snat->name, sizeof(service->name));
	memcpy(service->local_addresses, snat->to, sizeof(service->local_addresses));
}

/* The name is what tells them apart in their pool. */
static void
make_backend(struct sy_backend_config *backend, const struct sy_snat_config *snat)
{
	*backend = (struct sy_backend_config){
		.address = { .family = snat->from[0].ip.family },
		.weight = 1,
		.enabled = true,
	};
	memcpy(backend->name, snat->name, sizeof(backend->name));
}

int
sy_outgoing_init(struct sy_outgoing *outgoing, const struct sy_config *config)
{
	*outgoing = (struct sy_outgoing){
		.services = calloc(config->n_snats + 1, sizeof(*outgoing->services)),
		.pool = { .backends = calloc(config->n_snats + 1, sizeof(*outgoing->pool.backends)),
			.n_backends = config->n_snats },
	};
	if (outgoing->services == NULL || outgoing->pool.backends == NULL) {
		sy_outgoing_fini(outgoing);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < config->n_snats; i++) {
		make_service(&outgoing->services[i], &config->snats[i], config);
		make_backend(&outgoing->pool.backends[i], &config->snats[i]);
	}
	return 0;
}

void
sy_outgoing_fini(struct sy_outgoing *outgoing)
{
	free(outgoing->services);
	free(outgoing->pool.backends);
	*outgoing = (struct sy_outgoing){ .services = NULL };
}

uint64_t
sy_outgoing_identity(const struct sy_service_config *service)
{
	uint64_t hash = sy_hash_bytes(service->name, strlen(service->name));

	for (uint16_t i = 0; i < service->n_local_addresses; i++) {
		hash = sy_hash_pair(hash, sy_hash_addr(&service->local_addresses[i].first));
		hash = sy_hash_pair(hash, sy_hash_addr(&service->local_addresses[i].last));
	}
	return hash;
}
