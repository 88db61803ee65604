/* SPDX-License-Identifier: BSD-3-Clause */
#include "tcp_segment.h"

#include "sy/segment.h"

#define MAX_WINDOW_SHIFT 14 /* RFC 7323 section 2.3 */
#define WINDOW_SCALE_LEN 3

uint8_t
sy_tcp_window_shift(const struct sy_packet *packet)
{
	uint8_t length = 0;
	uint16_t at = sy_segment_option(packet, SY_OPTION_WINDOW_SCALE, &length);
	uint8_t shift;

	if (at == 0 || length != WINDOW_SCALE_LEN)
		return 0;
	shift = *rte_pktmbuf_mtod_offset(packet->mbuf, const uint8_t *, at + 2);
	return shift > MAX_WINDOW_SHIFT ? MAX_WINDOW_SHIFT : shift;
}
