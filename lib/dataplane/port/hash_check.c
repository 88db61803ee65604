/* SPDX-License-Identifier: BSD-3-Clause */
#include "hash_check.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include <rte_errno.h>

#include "rss.h"
#include "rss_key.h"
#include "sy/forward.h"

struct type_row {
	uint64_t type;
	uint8_t family;
	uint8_t protocol;
	const char *name;
};

static const struct type_row type_rows[] = {
	{ RTE_ETH_RSS_NONFRAG_IPV4_TCP, SY_IPV4, IPPROTO_TCP, "TCP over IPv4" },
	{ RTE_ETH_RSS_NONFRAG_IPV4_UDP, SY_IPV4, IPPROTO_UDP, "UDP over IPv4" },
	{ RTE_ETH_RSS_NONFRAG_IPV6_TCP, SY_IPV6, IPPROTO_TCP, "TCP over IPv6" },
	{ RTE_ETH_RSS_NONFRAG_IPV6_UDP, SY_IPV6, IPPROTO_UDP, "UDP over IPv6" },
};

static const uint64_t side_types[] = {
	[SY_PORT_SIDE_CLIENTS] = RTE_ETH_RSS_L3_SRC_ONLY | RTE_ETH_RSS_L4_SRC_ONLY,
	[SY_PORT_SIDE_SERVERS] = RTE_ETH_RSS_L3_DST_ONLY | RTE_ETH_RSS_L4_DST_ONLY,
};

static void
add_types(struct sy_hash_wish *wish, uint8_t family, uint8_t protocol)
{
	for (uint32_t t = 0; t < RTE_DIM(type_rows); t++)
		if (type_rows[t].family == family && type_rows[t].protocol == protocol) {
			wish->types |= type_rows[t].type;
			wish->families[family] = true;
		}
}

/* Backends that are hidden behind may be of another family than their clients. */
static void
add_answers(struct sy_hash_wish *wish, const struct sy_config *config,
	const struct sy_service_config *service, uint32_t pool)
{
	if (pool >= config->n_pools)
		return;
	for (uint32_t i = 0; i < config->pools[pool].n_backends; i++)
		add_types(wish, config->pools[pool].backends[i].address.family, service->protocol);
}

void
sy_hash_wish_add(struct sy_hash_wish *wish, const struct sy_config *config,
	const struct sy_service_config *service)
{
	add_types(wish, service->address.family, service->protocol);
	if (sy_forward_has(service->mode, SY_MODE_LOCAL)) {
		add_answers(wish, config, service, service->pool);
		add_answers(wish, config, service, service->spare_pool);
	}
}

void
sy_hash_wish_init(struct sy_hash_wish *wish, const struct sy_config *config, uint32_t n_workers)
{
	*wish = (struct sy_hash_wish){ .n_workers = n_workers };
	for (uint32_t i = 0; i < config->n_services; i++)
		sy_hash_wish_add(wish, config, &config->services[i]);
	for (uint32_t i = 0; i < config->n_snats; i++) {
		add_types(wish, config->snats[i].from[0].ip.family, IPPROTO_TCP);
		add_types(wish, config->snats[i].from[0].ip.family, IPPROTO_UDP);
	}
}

static int
refuse(const struct sy_port *port, struct sy_error *error, const char *what)
{
	return sy_error_set(error, -ENOTSUP, "port %s (%s) %s", port->name, port->driver, what);
}

static int
check_types(const struct sy_port *port, uint64_t types, uint64_t can, struct sy_error *error)
{
	if (!port->profile->rss || (can & SY_RSS_FIELDS) == 0)
		return refuse(port, error, "has no RSS that can be told what to hash");
	for (uint32_t t = 0; t < RTE_DIM(type_rows); t++)
		if ((types & ~can & type_rows[t].type) != 0)
			return sy_error_set(error, -ENOTSUP,
				"port %s (%s) cannot hash the ports of %s", port->name,
				port->driver, type_rows[t].name);
	return 0;
}

int
sy_hash_check_told(const struct sy_port *port, uint64_t types, struct sy_error *error)
{
	return check_types(port, types, port->rss.types, error);
}

static int
check_table(
	const struct sy_port *port, uint16_t n_places, uint32_t n_workers, struct sy_error *error)
{
	if (n_places >= n_workers && rte_is_power_of_2(n_places) &&
		n_places <= RTE_ETH_RSS_RETA_SIZE_512 * 8)
		return 0;
	return sy_error_set(error, -ENOTSUP,
		"port %s (%s) has a table of queues of %u places, not of a power of two for %u "
		"workers",
		port->name, port->driver, n_places, n_workers);
}

int
sy_hash_check(struct sy_port *port, const struct sy_hash_wish *wish, struct sy_error *error)
{
	struct rte_eth_dev_info info;
	int status = rte_eth_dev_info_get(port->device, &info);

	if (status != 0)
		return refuse(port, error, "tells nothing");
	status = check_types(port, wish->types, info.flow_type_rss_offloads, error);
	if (status != 0)
		return status;
	if (port->n_rx_queues < wish->n_workers)
		return sy_error_set(error, -ENOTSUP,
			"port %s (%s) has %u receive queues for %u workers", port->name,
			port->driver, port->n_rx_queues, wish->n_workers);
	/* A driver that does not say takes the usual length. */
	port->rss.key_size = info.hash_key_size == 0 ? SY_TOEPLITZ_KEY : info.hash_key_size;
	if (port->rss.key_size < SY_TOEPLITZ_KEY || port->rss.key_size > SY_PORT_RSS_KEY)
		return refuse(port, error, "takes keys of an unknown length");
	port->rss.n_places = info.reta_size;
	return check_table(port, info.reta_size, wish->n_workers, error);
}

int
sy_hash_check_side(const struct sy_port *port, struct sy_error *error)
{
	if (port->rss.side != SY_PORT_SIDE_BOTH)
		return 0;
	return refuse(port, error,
		"leads to clients and to servers, or the file does not tell (\"side\" of the port)");
}

int
sy_hash_check_way(struct sy_port *port, const struct sy_hash_wish *wish, struct sy_error *error)
{
	uint64_t side = wish->way == SY_HASH_ONE_SIDE ? side_types[port->rss.side] : 0;
	struct rte_eth_dev_info info;

	if (rte_eth_dev_info_get(port->device, &info) != 0)
		return refuse(port, error, "tells nothing");
	if ((side & ~info.flow_type_rss_offloads) != 0)
		return refuse(port, error, "cannot leave one endpoint out of its hash");
	port->rss.types = (info.flow_type_rss_offloads & SY_RSS_FIELDS) | side;
	return 0;
}

unsigned int
sy_hash_bits(const struct sy_ports *ports)
{
	unsigned int bits = SY_OWNERS_BITS;

	for (uint32_t i = 0; i < ports->n_ports; i++)
		bits = RTE_MIN(bits, (unsigned int)rte_bsf32(ports->ports[i].rss.n_places));
	return bits;
}

void
sy_hash_give_keys(struct sy_ports *ports, const struct sy_hash_wish *wish, struct sy_random *random)
{
	const bool both = wish->families[SY_IPV4] && wish->families[SY_IPV6];
	uint8_t keys[SY_N_RSS_SIDES][SY_TOEPLITZ_KEY];
	unsigned int bits = sy_hash_bits(ports);

	if (wish->way == SY_HASH_ONE_SIDE) {
		sy_rss_key_periodic(bits, random, keys[SY_RSS_CLIENTS]);
		memcpy(keys[SY_RSS_SERVERS], keys[SY_RSS_CLIENTS], SY_TOEPLITZ_KEY);
	} else if (wish->way == SY_HASH_WHOLE) {
		sy_rss_key_whole(bits, random, keys[SY_RSS_CLIENTS]);
		memcpy(keys[SY_RSS_SERVERS], keys[SY_RSS_CLIENTS], SY_TOEPLITZ_KEY);
	} else
		sy_rss_key_pair(bits, wish->families[SY_IPV6] && !both ? SY_IPV6 : SY_IPV4, both,
			random, keys);
	for (uint32_t i = 0; i < ports->n_ports; i++) {
		struct sy_port_rss *rss = &ports->ports[i].rss;

		memset(rss->key, 0, sizeof(rss->key));
		memcpy(rss->key,
			keys[rss->side == SY_PORT_SIDE_SERVERS ? SY_RSS_SERVERS : SY_RSS_CLIENTS],
			SY_TOEPLITZ_KEY);
	}
	memcpy(ports->clients_key, keys[SY_RSS_CLIENTS], SY_TOEPLITZ_KEY);
}

int
sy_hash_try(struct sy_port *port, struct sy_error *error)
{
	struct rte_eth_conf conf = { .rxmode.mtu = port->mtu };
	int status;

	sy_rss_configure(port, 0, &conf);
	status = rte_eth_dev_configure(port->device, port->n_rx_queues, port->n_tx_queues, &conf);
	if (status == 0)
		return 0;
	return sy_error_set(error, status, "port %s (%s) refuses the hash that it says it can: %s",
		port->name, port->driver, rte_strerror(-status));
}
