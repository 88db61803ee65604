/* SPDX-License-Identifier: BSD-3-Clause */
#include "flow_rule.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_errno.h>
#include <rte_flow.h>

struct sy_flow_rules {
	const struct sy_port *port;
	uint32_t n;
	struct rte_flow *flows[];
};

/* A rule as DPDK takes it: any Ethernet frame, an IP header with this destination, a queue. */
struct rule {
	struct rte_flow_attr attr;
	struct rte_flow_item items[3];
	struct rte_flow_action actions[2];
	struct rte_flow_action_queue queue;
	union {
		struct rte_flow_item_ipv4 v4;
		struct rte_flow_item_ipv6 v6;
	} spec, mask;
};

static void
write_rule(struct rule *rule, const struct sy_ip *address, uint16_t queue)
{
	bool v4 = address->family == SY_IPV4;

	memset(rule, 0, sizeof(*rule));
	rule->attr.ingress = 1;
	rule->items[0].type = RTE_FLOW_ITEM_TYPE_ETH;
	rule->items[1] = (struct rte_flow_item){
		.type = v4 ? RTE_FLOW_ITEM_TYPE_IPV4 : RTE_FLOW_ITEM_TYPE_IPV6,
		.spec = &rule->spec,
		.mask = &rule->mask,
	};
	rule->items[2].type = RTE_FLOW_ITEM_TYPE_END;
	if (v4) {
		rule->spec.v4.hdr.dst_addr = address->addr.v4_be;
		rule->mask.v4.hdr.dst_addr = UINT32_MAX;
	} else {
		memcpy(rule->spec.v6.hdr.dst_addr, address->addr.bytes, 16);
		memset(rule->mask.v6.hdr.dst_addr, 0xff, 16);
	}
	rule->queue.index = queue;
	rule->actions[0] = (struct rte_flow_action){
		.type = RTE_FLOW_ACTION_TYPE_QUEUE,
		.conf = &rule->queue,
	};
	rule->actions[1].type = RTE_FLOW_ACTION_TYPE_END;
}

static int
refused(const struct sy_port *port, int status, const struct rte_flow_error *flow_error,
	struct sy_error *error)
{
	return sy_error_set(error, status,
		"port %s (%s) takes no rule that sends an address to a queue: %s", port->name,
		port->driver,
		flow_error->message != NULL ? flow_error->message : rte_strerror(-status));
}

static int
validate(const struct sy_port *port, const struct sy_ip *address, uint16_t queue,
	struct sy_error *error)
{
	struct rte_flow_error flow_error = { .message = NULL };
	struct rule rule;
	int status;

	write_rule(&rule, address, queue);
	status = rte_flow_validate(port->device, &rule.attr, rule.items, rule.actions, &flow_error);
	return status == 0 ? 0 : refused(port, status, &flow_error, error);
}

int
sy_flow_rule_check(const struct sy_port *port, uint32_t n_workers, struct sy_error *error)
{
	/* An address for documentation (RFC 5737): nothing comes of it. */
	static const struct sy_ip address = { .addr.bytes = { 192, 0, 2, 1 }, .family = SY_IPV4 };

	if (port->rss.side == SY_PORT_SIDE_CLIENTS)
		return 0;
	if (!port->profile->flow_rules)
		return sy_error_set(error, -ENOTSUP, "port %s (%s) has no flow rules", port->name,
			port->driver);
	if (port->n_rx_queues < n_workers)
		return sy_error_set(error, -ENOTSUP,
			"port %s (%s) has %u receive queues for %u workers", port->name,
			port->driver, port->n_rx_queues, n_workers);
	return validate(port, &address, (uint16_t)(n_workers - 1), error);
}

static int
add_rule(struct sy_flow_rules *rules, const struct sy_ip *address, uint16_t queue,
	struct sy_error *error)
{
	struct rte_flow_error flow_error = { .message = NULL };
	struct rte_flow *flow;
	struct rule rule;

	write_rule(&rule, address, queue);
	flow = rte_flow_create(
		rules->port->device, &rule.attr, rule.items, rule.actions, &flow_error);
	if (flow == NULL)
		return refused(rules->port, rte_errno != 0 ? -rte_errno : -EIO, &flow_error, error);
	rules->flows[rules->n++] = flow;
	return 0;
}

int
sy_flow_rules_create(const struct sy_port *port, const struct sy_ip *addresses, uint32_t n_workers,
	struct sy_flow_rules **rules, struct sy_error *error)
{
	struct sy_flow_rules *made = calloc(1, sizeof(*made) + n_workers * sizeof(made->flows[0]));
	int status = 0;

	if (made == NULL)
		return sy_error_set(error, -ENOMEM, "flow rules: out of memory");
	made->port = port;
	for (uint32_t w = 0; w < n_workers && status == 0; w++) {
		status = validate(port, &addresses[w], (uint16_t)w, error);
		if (status == 0)
			status = add_rule(made, &addresses[w], (uint16_t)w, error);
	}
	if (status != 0) {
		sy_flow_rules_destroy(made);
		return status;
	}
	*rules = made;
	return 0;
}

void
sy_flow_rules_destroy(struct sy_flow_rules *rules)
{
	struct rte_flow_error flow_error;

	if (rules == NULL)
		return;
	while (rules->n > 0)
		rte_flow_destroy(rules->port->device, rules->flows[--rules->n], &flow_error);
	free(rules);
}
