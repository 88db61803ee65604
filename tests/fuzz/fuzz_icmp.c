/* SPDX-License-Identifier: BSD-3-Clause */
#include "fuzz.h"

#include <stdlib.h>

#include "error_frame.h"
#include "fake_mbuf.h"
#include "packet_checks.h"
#include "spec.h"

/* ICMP errors about any packet: the first byte says what is done. */

#define HEADROOM 128
/* First bytes from here on: the sender of what is inside the quoted packet is told. */
#define TELL 0xc0

/* Whatever stands between the outer header and the packet inside: so many bytes do, an even number as
 * of all tunnels' headers, so that what is sent stands as frames do. */
static void
tell_sender(struct sy_packet *packet, uint32_t between)
{
	const struct sy_addr source = { .bytes = { 0x3d, 0x4e, 0x5f, 0x61 } };
	struct sy_quoted outer, inside;
	struct sy_complaint complaint;
	struct sy_packet fresh;

	if (!sy_packet_read_quoted(packet, packet->inner_l3, &outer) ||
		!sy_packet_read_quoted(packet, outer.l4 + between, &inside) ||
		!sy_packet_complaint(packet, &outer, &inside, &complaint))
		return;
	packet->verdict = SY_VERDICT_NONE;
	packet->flags &= (uint16_t)~SY_PACKET_HOST;
	if (sy_packet_answer_quoted(packet, &inside, &complaint, &source) != SY_DROP_NONE)
		return;
	sy_packet_parse(&fresh, packet->mbuf);
	packet_check_parsed(&fresh);
	if (fresh.verdict != SY_VERDICT_NONE) /* who is told has no address that anybody has */
		return;
	if (fresh.l3 != packet->l3 || fresh.l4 != packet->l4 || fresh.end != packet->end)
		abort();
}

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
	if (packet.inner_l4 != 0 && packet.verdict != SY_VERDICT_DROP && data[0] >= TELL)
		tell_sender(&packet, data[0] & 0x3e);
	else if (packet.verdict == SY_VERDICT_NONE)
		packet_check_action(&packet, data[0]);
	fake_mbuf_fini(&mbuf);
	return 0;
}
