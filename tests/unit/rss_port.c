/* SPDX-License-Identifier: BSD-3-Clause */
#include "rss_port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_flow.h>
#include <rte_thash.h>

#define MAX_RULES 64
#define INPUT 36

struct rte_flow {
	struct sy_addr destination;
	uint16_t queue;
	bool used;
};

struct device {
	uint64_t types;
	uint8_t key[64] __attribute__((aligned(4)));
	uint16_t queues[RTE_ETH_RSS_RETA_SIZE_512];
	struct rte_flow rules[MAX_RULES];
};

/* The linker's names for the functions that are replaced, and for their replacements. */
int __real_rte_eth_dev_info_get(uint16_t port, struct rte_eth_dev_info *info);
int __wrap_rte_eth_dev_info_get(uint16_t port, struct rte_eth_dev_info *info);
int __real_rte_eth_dev_configure(
	uint16_t port, uint16_t n_rx, uint16_t n_tx, const struct rte_eth_conf *conf);
int __wrap_rte_eth_dev_configure(
	uint16_t port, uint16_t n_rx, uint16_t n_tx, const struct rte_eth_conf *conf);
int __wrap_rte_eth_dev_rss_hash_conf_get(uint16_t port, struct rte_eth_rss_conf *conf);
int __wrap_rte_eth_dev_rss_reta_update(
	uint16_t port, struct rte_eth_rss_reta_entry64 *groups, uint16_t n);
int __wrap_rte_eth_dev_rss_reta_query(
	uint16_t port, struct rte_eth_rss_reta_entry64 *groups, uint16_t n);
int __wrap_rte_flow_validate(uint16_t port, const struct rte_flow_attr *attr,
	const struct rte_flow_item pattern[], const struct rte_flow_action actions[],
	struct rte_flow_error *error);
struct rte_flow *__wrap_rte_flow_create(uint16_t port, const struct rte_flow_attr *attr,
	const struct rte_flow_item pattern[], const struct rte_flow_action actions[],
	struct rte_flow_error *error);
int __wrap_rte_flow_destroy(uint16_t port, struct rte_flow *flow, struct rte_flow_error *error);

struct rss_nature rss_nature;
static struct device devices[RTE_MAX_ETHPORTS];

void
rss_port_reset(void)
{
	memset(devices, 0, sizeof(devices));
	rss_nature = (struct rss_nature){
		.types = RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP |
			RTE_ETH_RSS_L3_SRC_ONLY | RTE_ETH_RSS_L3_DST_ONLY |
			RTE_ETH_RSS_L4_SRC_ONLY | RTE_ETH_RSS_L4_DST_ONLY,
		.n_places = 128,
		.key_size = 40,
		.n_rules = UINT32_MAX,
	};
}

int
__wrap_rte_eth_dev_info_get(uint16_t port, struct rte_eth_dev_info *info)
{
	int status = __real_rte_eth_dev_info_get(port, info);

	info->flow_type_rss_offloads = rss_nature.types;
	info->reta_size = rss_nature.n_places;
	info->hash_key_size = rss_nature.key_size;
	return status;
}

int
__wrap_rte_eth_dev_configure(
	uint16_t port, uint16_t n_rx, uint16_t n_tx, const struct rte_eth_conf *conf)
{
	const struct rte_eth_rss_conf *rss = &conf->rx_adv_conf.rss_conf;
	struct rte_eth_conf plain = *conf;
	struct device *device = &devices[port];

	if ((rss->rss_hf & ~rss_nature.types) != 0 || (rss->rss_key != NULL && rss_nature.refuses))
		return -EINVAL;
	device->types = rss->rss_hf;
	if (rss->rss_key != NULL && !rss_nature.own_key)
		memcpy(device->key, rss->rss_key, rss->rss_key_len);
	for (uint32_t i = 0; i < RTE_DIM(device->queues); i++)
		device->queues[i] = (uint16_t)(i % n_rx);
	plain.rxmode.mq_mode = RTE_ETH_MQ_RX_NONE;
	memset(&plain.rx_adv_conf.rss_conf, 0, sizeof(plain.rx_adv_conf.rss_conf));
	return __real_rte_eth_dev_configure(port, n_rx, n_tx, &plain);
}

int
__wrap_rte_eth_dev_rss_hash_conf_get(uint16_t port, struct rte_eth_rss_conf *conf)
{
	if (rss_nature.mute)
		return -ENOTSUP;
	conf->rss_hf = devices[port].types;
	memcpy(conf->rss_key, devices[port].key, conf->rss_key_len);
	return 0;
}

int
__wrap_rte_eth_dev_rss_reta_update(
	uint16_t port, struct rte_eth_rss_reta_entry64 *groups, uint16_t n)
{
	if (rss_nature.fixed_table)
		return -ENOTSUP;
	for (uint32_t i = 0; i < n; i++)
		if ((groups[i / 64].mask >> i % 64 & 1) != 0)
			devices[port].queues[i] = groups[i / 64].reta[i % 64];
	return 0;
}

int
__wrap_rte_eth_dev_rss_reta_query(
	uint16_t port, struct rte_eth_rss_reta_entry64 *groups, uint16_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if ((groups[i / 64].mask >> i % 64 & 1) != 0)
			groups[i / 64].reta[i % 64] = devices[port].queues[i];
	return 0;
}

/* Ethernet, an IP header with a destination, a queue: nothing else is known here. */
int
__wrap_rte_flow_validate(uint16_t port, const struct rte_flow_attr *attr,
	const struct rte_flow_item pattern[], const struct rte_flow_action actions[],
	struct rte_flow_error *error)
{
	bool known = attr->ingress && pattern[0].type == RTE_FLOW_ITEM_TYPE_ETH &&
		(pattern[1].type == RTE_FLOW_ITEM_TYPE_IPV4 ||
			pattern[1].type == RTE_FLOW_ITEM_TYPE_IPV6) &&
		pattern[2].type == RTE_FLOW_ITEM_TYPE_END &&
		actions[0].type == RTE_FLOW_ACTION_TYPE_QUEUE &&
		actions[1].type == RTE_FLOW_ACTION_TYPE_END;

	if (known && rss_port_rules(port) < rss_nature.n_rules)
		return 0;
	error->message = known ? "the table of rules is full" : "unknown pattern";
	return known ? -ENOSPC : -ENOTSUP;
}

struct rte_flow *
__wrap_rte_flow_create(uint16_t port, const struct rte_flow_attr *attr,
	const struct rte_flow_item pattern[], const struct rte_flow_action actions[],
	struct rte_flow_error *error)
{
	struct rte_flow *rule = devices[port].rules;

	rte_errno = -__wrap_rte_flow_validate(port, attr, pattern, actions, error);
	if (rte_errno != 0)
		return NULL;
	while (rule->used)
		rule++;
	memset(rule, 0, sizeof(*rule));
	if (pattern[1].type == RTE_FLOW_ITEM_TYPE_IPV4)
		rule->destination.v4_be =
			((const struct rte_flow_item_ipv4 *)pattern[1].spec)->hdr.dst_addr;
	else
		memcpy(rule->destination.bytes,
			((const struct rte_flow_item_ipv6 *)pattern[1].spec)->hdr.dst_addr, 16);
	rule->queue = ((const struct rte_flow_action_queue *)actions[0].conf)->index;
	rule->used = true;
	return rule;
}

int
__wrap_rte_flow_destroy(uint16_t port, struct rte_flow *flow, struct rte_flow_error *error)
{
	(void)port;
	(void)error;
	flow->used = false;
	return 0;
}

uint32_t
rss_port_rules(uint16_t device)
{
	uint32_t n = 0;

	for (int i = 0; i < MAX_RULES; i++)
		n += devices[device].rules[i].used;
	return n;
}

/* One side's field of the input: left out when the hash is of the other side alone. */
static void
put(uint8_t input[INPUT], uint32_t *end, const void *field, uint32_t size, bool counts)
{
	if (counts)
		memcpy(input + *end, field, size);
	if (counts || !rss_nature.packs)
		*end += size;
}

static uint32_t
hash_of(const struct device *device, const struct sy_tuple *tuple, bool ports)
{
	const uint32_t n = tuple->family == SY_IPV4 ? 4 : 16;
	uint8_t input[INPUT] = { 0 };
	uint32_t words[INPUT / 4], end = 0;

	put(input, &end, &tuple->src, n, (device->types & RTE_ETH_RSS_L3_DST_ONLY) == 0);
	put(input, &end, &tuple->dst, n, (device->types & RTE_ETH_RSS_L3_SRC_ONLY) == 0);
	if (ports) {
		put(input, &end, &tuple->src_port_be, 2,
			(device->types & RTE_ETH_RSS_L4_DST_ONLY) == 0);
		put(input, &end, &tuple->dst_port_be, 2,
			(device->types & RTE_ETH_RSS_L4_SRC_ONLY) == 0);
	}
	memcpy(words, input, sizeof(input));
	for (uint32_t i = 0; i < INPUT / 4; i++)
		words[i] = ntohl(words[i]);
	return rte_softrss(words, INPUT / 4, device->key);
}

static uint64_t
type_of(const struct sy_tuple *tuple)
{
	if (tuple->protocol == IPPROTO_TCP)
		return tuple->family == SY_IPV4 ? RTE_ETH_RSS_NONFRAG_IPV4_TCP
						: RTE_ETH_RSS_NONFRAG_IPV6_TCP;
	return tuple->family == SY_IPV4 ? RTE_ETH_RSS_NONFRAG_IPV4_UDP
					: RTE_ETH_RSS_NONFRAG_IPV6_UDP;
}

uint16_t
rss_port_queue(uint16_t port, const struct sy_tuple *tuple)
{
	const struct device *device = &devices[port];

	for (int i = 0; i < MAX_RULES; i++)
		if (device->rules[i].used &&
			sy_addr_equal(&device->rules[i].destination, &tuple->dst))
			return device->rules[i].queue;
	if (rss_nature.one_queue || device->types == 0)
		return 0;
	return device->queues[hash_of(device, tuple, (device->types & type_of(tuple)) != 0) %
		rss_nature.n_places];
}

void
rss_port_send(uint16_t device, const struct sy_tuple *tuple, struct rte_mbuf *mbuf)
{
	if (rte_eth_tx_burst(device, rss_port_queue(device, tuple), &mbuf, 1) != 1)
		abort();
}
