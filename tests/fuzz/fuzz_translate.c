/* SPDX-License-Identifier: BSD-3-Clause */
#include "fuzz.h"

#include <netinet/in.h>
#include <string.h>

#include "error_frame.h"
#include "fake_mbuf.h"
#include "packet_checks.h"
#include "spec.h"
#include "translate_checks.h"

/*
 * Packets that full NAT may see, to the other IP version and back.  First byte, its last bit: 0, a frame
 * follows; 1, what error_frame.h makes an ICMP error of; the rest: room before the frame.
 */

#define INPUT_MAX 4096
#define ROOM_MASK 0xfe

static bool
has_ports(uint8_t protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP;
}

static size_t
make_frame(const uint8_t *data, size_t size, uint8_t *frame)
{
	if ((data[0] & 1) == 0) {
		memcpy(frame, data + 1, size - 1);
		return size - 1;
	}
	if (size < ERROR_FRAME_HEADER || size > ERROR_FRAME_HEADER + ERROR_FRAME_QUOTED_MAX)
		return 0;
	return error_frame_build(data, size, frame);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t frame[SPEC_FRAME_MAX];
	struct sy_packet packet = { .flow = NULL };
	struct rte_mbuf mbuf;
	size_t length;

	if (size < 1 || size > INPUT_MAX)
		return 0;
	length = make_frame(data, size, frame);
	if (fake_mbuf_init(&mbuf, frame, (uint16_t)length, data[0] & ROOM_MASK) != 0)
		return 0;
	sy_packet_parse(&packet, &mbuf);
	if (packet.verdict == SY_VERDICT_NONE && has_ports(packet.tuple.protocol)) {
		translate_check(&packet);
		translate_check(&packet);
	}
	fake_mbuf_fini(&mbuf);
	return 0;
}
