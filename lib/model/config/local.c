/* SPDX-License-Identifier: BSD-3-Clause */
/* Arithmetic of local addresses. */
#include "sy/config.h"

#define LEAST_ENDS 64
#define MOST_ENDS 10000000 /* of max_local_ends in the table */

uint32_t
sy_config_local_count(const struct sy_range *ranges, uint16_t n_ranges, uint8_t family)
{
	uint32_t n = 0;

	for (uint16_t i = 0; i < n_ranges; i++)
		if (ranges[i].family == family)
			n += sy_range_size(&ranges[i]);
	return n;
}

/* Pairs that the service can make with one of its pools. */
static uint64_t
pairs(const struct sy_config *config, const struct sy_service_config *service, uint32_t pool)
{
	const struct sy_range *ranges;
	uint16_t n_ranges = sy_config_local_ranges(config, service, &ranges);
	uint32_t counts[SY_N_FAMILIES];
	uint64_t n = 0;

	if (n_ranges == 0 || pool == SY_NO_POOL)
		return 0;
	for (uint8_t family = 0; family < SY_N_FAMILIES; family++)
		counts[family] = sy_config_local_count(ranges, n_ranges, family);
	for (uint32_t i = 0; i < config->pools[pool].n_static; i++)
		n += counts[config->pools[pool].backends[i].address.family];
	if (config->pools[pool].discovery.type != SY_DISCOVERY_NONE)
		n += (uint64_t)config->pools[pool].discovery.expect *
			(counts[SY_IPV4] > counts[SY_IPV6] ? counts[SY_IPV4] : counts[SY_IPV6]);
	return n;
}

/* Each address of a rule has its ports for all hosts outside, of each protocol, and for those that
 * it has used these up for, ends of their own. */
#define ENDS_OF_SNAT_ADDRESS 64

static uint64_t
snat_ends(const struct sy_config *config)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < config->n_snats; i++) {
		const struct sy_snat_config *snat = &config->snats[i];

		n += sy_config_local_count(snat->to, snat->n_to, snat->from[0].ip.family);
	}
	return n * ENDS_OF_SNAT_ADDRESS;
}

uint32_t
sy_config_local_ends(const struct sy_config *config)
{
	uint64_t n = snat_ends(config);

	if (config->max_local_ends > 0)
		return config->max_local_ends;
	for (uint32_t i = 0; i < config->n_services; i++) {
		n += pairs(config, &config->services[i], config->services[i].pool);
		n += pairs(config, &config->services[i], config->services[i].spare_pool);
	}
	n = 2 * n; /* what a reload may add */
	/* An end without a flow is given to another. */
	if (n > config->max_flows)
		n = config->max_flows;
	if (n > MOST_ENDS)
		n = MOST_ENDS;
	return n < LEAST_ENDS ? LEAST_ENDS : (uint32_t)n;
}
