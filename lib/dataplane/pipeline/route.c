/* SPDX-License-Identifier: BSD-3-Clause */
/* The way to a next hop, from the snapshot; who is unknown is asked of the kernel, and who cannot go
 * his way is told so. */
#include "worker.h"

static void
ask_kernel(struct sy_worker *worker, uint8_t port, const struct sy_ip *gateway)
{
	struct sy_event event = {
		.kind = SY_EVENT_UNRESOLVED,
		.port = port,
		.family = gateway->family,
		.address = gateway->addr,
	};

	/* The next packet asks again when the ring is full or the tokens are spent. */
	if (sy_token_take(&worker->event_tokens, worker->tsc))
		sy_mailbox_post_event(worker->mailboxes[worker->index], &event);
}

static enum sy_drop
check_hop(struct sy_worker *worker, uint32_t next_hop)
{
	const struct sy_next_hop *hop = &worker->snapshot->next_hops[next_hop];

	if (unlikely(!hop->resolved)) {
		ask_kernel(worker, hop->port, &hop->address);
		return SY_DROP_UNRESOLVED;
	}
	return worker->snapshot->ports[hop->port].link_up ? SY_DROP_NONE : SY_DROP_LINK_DOWN;
}

enum sy_drop
sy_route(struct sy_worker *worker, uint8_t family, const struct sy_addr *destination,
	uint32_t *next_hop)
{
	struct sy_path path = sy_snapshot_route(worker->snapshot, family, destination);

	if (unlikely(path.port == UINT8_MAX))
		return SY_DROP_NO_ROUTE;
	if (unlikely(path.next_hop == SY_NONE)) {
		ask_kernel(worker, path.port, &path.gateway);
		return SY_DROP_UNRESOLVED;
	}
	*next_hop = path.next_hop;
	return check_hop(worker, path.next_hop);
}

void
sy_refuse_way(struct sy_worker *worker, struct sy_packet *packet, const struct sy_ip *destination,
	int overhead)
{
	enum sy_drop reason =
		sy_route(worker, destination->family, &destination->addr, &packet->next_hop);
	uint16_t mtu;

	if (reason != SY_DROP_NONE) {
		mark_drop(packet, reason);
		return;
	}
	mtu = worker->snapshot->next_hops[packet->next_hop].mtu;
	if (packet->ttl <= 1)
		sy_answer_icmp(worker, packet, SY_ICMP_TIME_EXCEEDED, 0, SY_DROP_TTL_EXPIRED);
	else
		sy_answer_icmp(worker, packet, SY_ICMP_TOO_BIG, (uint32_t)(mtu - overhead),
			SY_DROP_TOO_BIG);
}
