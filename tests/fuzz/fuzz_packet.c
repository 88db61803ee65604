/* SPDX-License-Identifier: BSD-3-Clause */
#include "fuzz.h"

#include "fake_mbuf.h"
#include "packet_checks.h"

/*
 * Any frame: the first byte says what is done with whatever parses, the second how much room there
 * is before the frame, the rest is the frame.
 */

#define INPUT_HEADER 2
#define INPUT_MAX 4096
#define ROOM_MASK 0x7e /* bytes before the frame: even, as drivers have it */

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sy_packet packet = { .flow = NULL };
	struct rte_mbuf mbuf;

	if (size < INPUT_HEADER || size > INPUT_MAX)
		return 0;
	if (fake_mbuf_init(&mbuf, data + INPUT_HEADER, (uint16_t)(size - INPUT_HEADER),
		    data[1] & ROOM_MASK) != 0)
		return 0;
	sy_packet_parse(&packet, &mbuf);
	packet_check_parsed(&packet);
	if (packet.verdict == SY_VERDICT_NONE)
		packet_check_action(&packet, data[0]);
	fake_mbuf_fini(&mbuf);
	return 0;
}
