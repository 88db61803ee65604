/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "golden.h"
#include "sy/forward.h"
#include "sy/quic.h"

/* Sending a QUIC packet to the backend that its connection ID names, by NAT, without a flow. */

#define BACKEND_PORT 5353
#define KEY \
	{ \
		0x8f, 0x95, 0xf0, 0x92, 0x45, 0x76, 0x5f, 0x80, 0x25, 0x69, 0x34, 0xe5, 0x0c, \
			0x66, 0x20, 0x7f \
	}

static const struct sy_quic_config configs[] = {
	{ .rotation = 0, .server_id_length = 3, .nonce_length = 4, .encrypted = true, .key = KEY },
	{ .rotation = 1, .server_id_length = 10, .nonce_length = 5, .encrypted = true, .key = KEY },
	{ .rotation = 2, .server_id_length = 8, .nonce_length = 8, .encrypted = true, .key = KEY },
	{ .rotation = 3, .server_id_length = 3, .nonce_length = 4 },
	{ .rotation = 4, .server_id_length = 9, .nonce_length = 9, .encrypted = true, .key = KEY },
};

/* By each configuration's length these begin the IDs of two servers. */
static const struct server {
	uint8_t id[SY_QUIC_SERVER_ID];
	const char *addresses[SY_N_FAMILIES];
} servers[] = {
	{ { 0xed, 0x79, 0x3a, 0x51, 0xd4, 0x9b, 0x8f, 0x5f, 0xab, 0x65 }, { BACKEND4, BACKEND6 } },
	{ { 0xc0, 0xff, 0xee, 0x51, 0xd4, 0x9b, 0x8f, 0x5f, 0xab, 0x65 },
		{ GOLDEN_SECOND4, GOLDEN_SECOND6 } },
};

static const struct server *
find_server(const struct sy_quic_server_id *id)
{
	for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
		if (memcmp(id->bytes, servers[i].id, id->length) == 0)
			return &servers[i];
	}
	return NULL;
}

static enum sy_drop
send_to(struct sy_packet *packet, const struct server *server)
{
	struct sy_forward_target target = { .port_be = htons(BACKEND_PORT) };
	struct sy_ip ip = { .family = packet->tuple.family };

	sy_ip_parse(server->addresses[packet->tuple.family], &ip);
	target.address = ip.addr;
	target.family = packet->tuple.family;
	packet->direction = SY_ORIGINAL;
	return sy_forward_at(sy_forward_find("nat"))->apply_stateless(packet, &target, NULL);
}

enum sy_drop
golden_follow_cid(struct sy_packet *packet)
{
	const struct server *server = NULL;
	struct sy_quic_server_id id;
	struct sy_quic_cid cid;
	struct sy_quic *quic;

	if (sy_quic_create(configs, sizeof(configs) / sizeof(configs[0]), 1, &quic) != 0)
		abort();
	if (sy_quic_find_cid(quic,
		    rte_pktmbuf_mtod_offset(packet->mbuf, const uint8_t *, packet->payload),
		    (size_t)(packet->end - packet->payload), &cid)) {
		sy_quic_decode(quic, 0, &cid, &id);
		server = find_server(&id);
	}
	sy_quic_release(quic);
	return server == NULL ? SY_DROP_NO_BACKEND : send_to(packet, server);
}
