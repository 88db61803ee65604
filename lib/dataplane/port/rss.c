/* SPDX-License-Identifier: BSD-3-Clause */
#include "rss.h"

#include <errno.h>
#include <string.h>

#include <rte_errno.h>

#define GROUP RTE_ETH_RETA_GROUP_SIZE
#define MAX_GROUPS (RTE_ETH_RSS_RETA_SIZE_512 * 8 / GROUP)

struct table {
	struct rte_eth_rss_reta_entry64 groups[MAX_GROUPS];
};

void
sy_rss_configure(struct sy_port *port, uint64_t fields, struct rte_eth_conf *conf)
{
	conf->rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
	conf->rx_adv_conf.rss_conf.rss_hf = fields;
	if (port->rss.types == 0)
		return;
	conf->rx_adv_conf.rss_conf = (struct rte_eth_rss_conf){
		.rss_key = port->rss.key,
		.rss_key_len = port->rss.key_size,
		.rss_hf = port->rss.types,
	};
}

static void
select_all(struct table *table, uint16_t n_places)
{
	memset(table, 0, sizeof(*table));
	for (uint32_t i = 0; i < n_places; i++)
		table->groups[i / GROUP].mask |= UINT64_C(1) << (i % GROUP);
}

static int
refused(const struct sy_port *port, int status, const char *what, struct sy_error *error)
{
	return sy_error_set(error, status, "port %s (%s) %s: %s", port->name, port->driver, what,
		rte_strerror(-status));
}

static int
program_table(const struct sy_port *port, const struct table *wanted, struct sy_error *error)
{
	struct table set = *wanted, found;
	int status = rte_eth_dev_rss_reta_update(port->device, set.groups, port->rss.n_places);

	if (status != 0)
		return refused(port, status, "does not let its table of queues be set", error);
	select_all(&found, port->rss.n_places);
	status = rte_eth_dev_rss_reta_query(port->device, found.groups, port->rss.n_places);
	if (status != 0)
		return refused(port, status, "does not tell its table of queues", error);
	for (uint32_t i = 0; i < port->rss.n_places; i++)
		if (found.groups[i / GROUP].reta[i % GROUP] !=
			wanted->groups[i / GROUP].reta[i % GROUP])
			return sy_error_set(error, -EIO,
				"port %s (%s) has another table of queues than it was given",
				port->name, port->driver);
	return 0;
}

static int
check_hash(const struct sy_port *port, struct sy_error *error)
{
	uint8_t key[SY_PORT_RSS_KEY] = { 0 };
	struct rte_eth_rss_conf found = { .rss_key = key, .rss_key_len = port->rss.key_size };
	int status = rte_eth_dev_rss_hash_conf_get(port->device, &found);

	if (status == -ENOTSUP)
		return 0;
	if (status != 0)
		return refused(port, status, "does not tell its hash", error);
	if ((found.rss_hf & port->rss.types) != port->rss.types)
		return sy_error_set(error, -EIO,
			"port %s (%s) hashes 0x%lx, but was told to hash 0x%lx", port->name,
			port->driver, found.rss_hf, port->rss.types);
	if (found.rss_key_len != 0 && memcmp(key, port->rss.key, SY_TOEPLITZ_KEY) != 0)
		return sy_error_set(error, -EIO, "port %s (%s) has another key than it was given",
			port->name, port->driver);
	return 0;
}

int
sy_rss_program(
	const struct sy_port *port, uint32_t n_workers, unsigned int bits, struct sy_error *error)
{
	struct table table;
	int status;

	select_all(&table, port->rss.n_places);
	for (uint32_t i = 0; i < port->rss.n_places; i++)
		table.groups[i / GROUP].reta[i % GROUP] =
			(uint16_t)((i & ((1u << bits) - 1)) % n_workers);
	status = program_table(port, &table, error);
	return status == 0 ? check_hash(port, error) : status;
}
