/* SPDX-License-Identifier: BSD-3-Clause */
#include "fuzz.h"

#include "error_frame.h"
#include "fake_mbuf.h"
#include "packet_checks.h"
#include "spec.h"

/* ICMP errors about any packet: the first byte says what is done. */

#define HEADROOM 128

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t frame[SPEC_FRAME_MAX];
	struct sy_packet packet = { .flow = NULL };
	struct rte_mbuf mbuf;
	size_t length;

	if (size < ERROR_FRAME_HEADER || size > ERROR_FRAME_HEADER + ERROR_FRAME_QUOTED_MAX)
		return 0;
	length = error_frame_build(data, size, frame);
	if (fake_mbuf_init(&mbuf, frame, (uint16_t)length, HEADROOM) != 0)
		return 0;
	sy_packet_parse(&packet, &mbuf);
	packet_check_parsed(&packet);
	if (packet.verdict == SY_VERDICT_NONE)
		packet_check_action(&packet, data[0]);
	fake_mbuf_fini(&mbuf);
	return 0;
}
