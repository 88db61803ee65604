/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_tcp.h>

#include "golden.h"
#include "sy/client_address.h"
#include "sy/segment.h"

/* Telling backends their client's address, one packet at a time. */

static enum sy_drop
put_in(struct sy_packet *packet, const struct sy_splice *splice)
{
	return sy_segment_splice(packet, splice) == 0 ? SY_DROP_NONE : SY_DROP_TOO_BIG;
}

static enum sy_drop
put_header(struct sy_packet *packet, const uint8_t *bytes, uint32_t length)
{
	const struct sy_splice splice = {
		.at = packet->payload, .n_in = (uint16_t)length, .in = bytes
	};

	return put_in(packet, &splice);
}

static enum sy_drop
put_option(struct sy_packet *packet, const struct sy_tuple *connection)
{
	uint8_t bytes[SY_TOA_MAX];
	const struct sy_splice splice = {
		.at = packet->l4 + sizeof(struct rte_tcp_hdr),
		.n_in = (uint16_t)sy_toa_write(connection, SY_TOA_KIND, bytes),
		.is_option = true,
		.in = bytes,
	};

	return put_in(packet, &splice);
}

static enum sy_drop
strip(struct sy_packet *packet)
{
	int length = sy_proxy_length(
		rte_pktmbuf_mtod_offset(packet->mbuf, const uint8_t *, packet->payload),
		(size_t)(packet->end - packet->payload));
	const struct sy_splice splice = { .at = packet->payload,
		.n_out = (uint16_t)(length > 0 ? length : 0) };

	sy_segment_blank(packet, SY_TOA_KIND);
	return put_in(packet, &splice);
}

static enum sy_drop
change_numbers(struct sy_packet *packet)
{
	const struct rte_tcp_hdr *tcp =
		rte_pktmbuf_mtod_offset(packet->mbuf, const struct rte_tcp_hdr *, packet->l4);
	struct sy_sack_change change = { .shift = GOLDEN_SHIFT };

	if ((packet->flags & SY_PACKET_ICMP_ERROR) != 0) {
		sy_segment_shift_quoted(packet, 0u - GOLDEN_SHIFT);
		return SY_DROP_NONE;
	}
	change.ack = rte_be_to_cpu_32(tcp->recv_ack) - GOLDEN_SHIFT;
	sy_segment_set_ack(packet, change.ack);
	sy_segment_change_sack(packet, &change);
	return SY_DROP_NONE;
}

enum sy_drop
golden_tell(struct sy_packet *packet, enum golden_step step, const struct sy_tuple *connection)
{
	uint8_t bytes[SY_PROXY_MAX];

	switch (step) {
	case GOLDEN_PROXY_V1:
		return put_header(packet, bytes, sy_proxy_write_v1(connection, bytes));
	case GOLDEN_PROXY_V2:
		return put_header(packet, bytes, sy_proxy_write_v2(connection, bytes));
	case GOLDEN_TOA:
		return put_option(packet, connection);
	case GOLDEN_STRIP:
		return strip(packet);
	default:
		return change_numbers(packet);
	}
}
