/* SPDX-License-Identifier: BSD-3-Clause */
#include "tcp_segment.h"

#define OPTION_END 0
#define OPTION_NOP 1
#define OPTION_WINDOW_SCALE 3
#define MAX_WINDOW_SHIFT 14 /* RFC 7323 section 2.3 */

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

uint8_t
sy_tcp_window_shift(const struct sy_packet *packet)
{
	const uint8_t *start = rte_pktmbuf_mtod(packet->mbuf, const uint8_t *);

	return window_shift(
		start + packet->l4 + sizeof(struct rte_tcp_hdr), start + packet->payload);
}
