/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_PACKET_TRANSPORT_H
#define SY_PACKET_TRANSPORT_H

/* Which TCP flags a packet may carry. */
#include <stdbool.h>
#include <stdint.h>

#include <rte_tcp.h>

#define TCP_JUDGED_FLAGS \
	(RTE_TCP_URG_FLAG | RTE_TCP_ACK_FLAG | RTE_TCP_RST_FLAG | RTE_TCP_SYN_FLAG | \
		RTE_TCP_FIN_FLAG)
#define SET(flags) (UINT64_C(1) << (flags))

/*
 * The sets of flags that some stack sends, as a bitmap over URG, ACK, RST, SYN and FIN (PSH, ECE
 * and CWR go with any).  Not there: none at all, SYN or RST with FIN, SYN with RST, and a FIN or
 * URG with no ACK (RFC 9293 section 3.10.7.4: from SYN-SENT on, all but RST acknowledge).
 */
#define TCP_SANE_FLAGS \
	(SET(RTE_TCP_SYN_FLAG) | SET(RTE_TCP_SYN_FLAG | RTE_TCP_URG_FLAG) | \
		SET(RTE_TCP_SYN_FLAG | RTE_TCP_ACK_FLAG) | SET(RTE_TCP_RST_FLAG) | \
		SET(RTE_TCP_RST_FLAG | RTE_TCP_ACK_FLAG) | SET(RTE_TCP_ACK_FLAG) | \
		SET(RTE_TCP_ACK_FLAG | RTE_TCP_URG_FLAG) | \
		SET(RTE_TCP_FIN_FLAG | RTE_TCP_ACK_FLAG) | \
		SET(RTE_TCP_FIN_FLAG | RTE_TCP_ACK_FLAG | RTE_TCP_URG_FLAG))

static inline bool
transport_flags_are_sane(uint8_t flags)
{
	return (TCP_SANE_FLAGS >> (flags & TCP_JUDGED_FLAGS) & 1) != 0;
}

#endif /* SY_PACKET_TRANSPORT_H */
