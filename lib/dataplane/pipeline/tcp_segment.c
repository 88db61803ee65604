/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_byteorder.h>
#include <rte_mbuf.h>
#include <rte_tcp.h>

#include "tcp_segment.h"

#define OPTION_END 0
#define OPTION_NOP 1
#define OPTION_WINDOW_SCALE 3
#define MAX_WINDOW_SHIFT 14 /* RFC 7323 section 2.3 */

/* The window scale option's shift, 0 where there is none (RFC 7323 section 2.2). */
static uint8_t
window_shift(const uint8_t *option, const uint8_t *end)
{
	while (option < end && *option != OPTION_END) {
		if (*option == OPTION_NOP) {
			option++;
			continue;
		}
		if (end - option < 2 || option[1] < 2 || option[1] > end - option)
			return 0;
		if (option[0] == OPTION_WINDOW_SCALE && option[1] == 3)
			return option[2] > MAX_WINDOW_SHIFT ? MAX_WINDOW_SHIFT : option[2];
		option += option[1];
	}
	return 0;
}

void
sy_tcp_segment_read(const struct sy_packet *packet, struct sy_tcp_segment *segment)
{
	const uint8_t *start = rte_pktmbuf_mtod(packet->mbuf, const uint8_t *);
	const struct rte_tcp_hdr *tcp = (const struct rte_tcp_hdr *)(start + packet->l4);

	segment->seq = rte_be_to_cpu_32(tcp->sent_seq);
	segment->ack = rte_be_to_cpu_32(tcp->recv_ack);
	segment->window = rte_be_to_cpu_16(tcp->rx_win);
	segment->flags = packet->tcp_flags;
	segment->length = (uint32_t)(packet->end - packet->payload);
	segment->window_shift = 0;
	if (unlikely((packet->tcp_flags & RTE_TCP_SYN_FLAG) != 0))
		segment->window_shift =
			window_shift((const uint8_t *)(tcp + 1), start + packet->payload);
}
