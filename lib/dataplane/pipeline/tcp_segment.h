/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_TCP_SEGMENT_H
#define SY_TCP_SEGMENT_H

/* From the header in the packet to what the flow component wants to know.  Worker. */
#include <rte_byteorder.h>
#include <rte_mbuf.h>
#include <rte_tcp.h>

#include "sy/flow.h"
#include "sy/packet.h"

/* The window scale option's shift, 0 where there is none (RFC 7323 section 2.2). */
uint8_t sy_tcp_window_shift(const struct sy_packet *packet);

static inline struct sy_tcp_segment
tcp_segment_read(const struct sy_packet *packet)
{
	const struct rte_tcp_hdr *tcp =
		rte_pktmbuf_mtod_offset(packet->mbuf, const struct rte_tcp_hdr *, packet->l4);

	return (struct sy_tcp_segment){
		.seq = rte_be_to_cpu_32(tcp->sent_seq),
		.ack = rte_be_to_cpu_32(tcp->recv_ack),
		.window = rte_be_to_cpu_16(tcp->rx_win),
		.flags = packet->tcp_flags,
		.length = (uint32_t)(packet->end - packet->payload),
	};
}

#endif /* SY_TCP_SEGMENT_H */
