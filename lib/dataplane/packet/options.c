/* SPDX-License-Identifier: BSD-3-Clause */
/* The options of a TCP header: found, blanked, and the blocks of SACK in another side's numbers. */
#include <string.h>

#include <rte_byteorder.h>
#include <rte_tcp.h>

#include "checksum.h"
#include "frame.h"
#include "sy/segment.h"

#define OPTION_HEADER 2 /* kind and length */
#define SACK_BLOCK 8
#define SACK_BLOCKS_MAX 4

/* Options lie at any offset, odd ones too: their checksum is that of all of them, before and after. */
static uint16_t
options_sum(const struct sy_packet *packet)
{
	uint32_t start = packet->l4 + sizeof(struct rte_tcp_hdr);

	return rte_raw_cksum(frame_at(packet, start), packet->payload - start);
}

static void
update_checksum(struct sy_packet *packet, uint16_t before)
{
	struct rte_tcp_hdr *tcp = frame_at(packet, packet->l4);

	checksum_apply(&tcp->cksum, checksum_change16(before, options_sum(packet)));
}

uint16_t
sy_segment_option(const struct sy_packet *packet, uint8_t kind, uint8_t *length)
{
	const uint8_t *frame = frame_at(packet, 0);
	uint32_t at = packet->l4 + sizeof(struct rte_tcp_hdr);

	while (at + OPTION_HEADER <= packet->payload && frame[at] != SY_OPTION_END) {
		if (frame[at] == SY_OPTION_NOP) {
			at++;
			continue;
		}
		if (frame[at + 1] < OPTION_HEADER || at + frame[at + 1] > packet->payload)
			return 0;
		if (frame[at] == kind) {
			*length = frame[at + 1];
			return (uint16_t)at;
		}
		at += frame[at + 1];
	}
	return 0;
}

uint32_t
sy_segment_blank(struct sy_packet *packet, uint8_t kind)
{
	uint8_t length = 0;
	uint16_t at = sy_segment_option(packet, kind, &length);
	uint32_t n = 0;
	uint16_t before;

	if (likely(at == 0))
		return 0;
	before = options_sum(packet);
	for (; at != 0; at = sy_segment_option(packet, kind, &length)) {
		memset(frame_at(packet, at), SY_OPTION_NOP, length);
		n++;
	}
	update_checksum(packet, before);
	return n;
}

/* Where the segment size stands in the frame; NULL: nowhere. */
static uint8_t *
find_mss(struct sy_packet *packet)
{
	uint8_t length = 0;
	uint16_t at = sy_segment_option(packet, SY_OPTION_MSS, &length);

	if (at == 0 || length != OPTION_HEADER + sizeof(uint16_t))
		return NULL;
	return frame_at(packet, at + OPTION_HEADER);
}

uint16_t
sy_segment_mss(struct sy_packet *packet)
{
	const uint8_t *offered = find_mss(packet);

	return offered != NULL ? rte_be_to_cpu_16(load16(offered)) : 0;
}

void
sy_segment_clamp_mss(struct sy_packet *packet, uint16_t most)
{
	uint8_t *offered = find_mss(packet);
	uint16_t before;

	if (offered == NULL || rte_be_to_cpu_16(load16(offered)) <= most)
		return;
	before = options_sum(packet);
	store16(offered, rte_cpu_to_be_16(most));
	update_checksum(packet, before);
}

static bool
is_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static uint32_t
change_number(const struct sy_sack_change *change, const uint8_t *field)
{
	uint32_t number = rte_be_to_cpu_32(load32(field)) - change->shift;

	return change->has_floor && is_before(number, change->floor) ? change->floor : number;
}

/* Writes what becomes of a block; returns its length, which may be 0. */
static uint32_t
change_block(const struct sy_sack_change *change, const uint8_t *block, uint8_t *to)
{
	uint32_t left = change_number(change, block);
	uint32_t right = change_number(change, block + sizeof(left));
	rte_be32_t edges[2] = { rte_cpu_to_be_32(left), rte_cpu_to_be_32(right) };

	if (left == right || (!is_before(change->ack, left) && is_before(change->ack, right)))
		return 0;
	memcpy(to, edges, sizeof(edges));
	return sizeof(edges);
}

void
sy_segment_change_sack(struct sy_packet *packet, const struct sy_sack_change *change)
{
	uint8_t blocks[SACK_BLOCKS_MAX * SACK_BLOCK];
	uint8_t length = 0, kept = 0;
	uint16_t at = sy_segment_option(packet, SY_OPTION_SACK, &length);
	uint8_t *option = frame_at(packet, at);
	uint16_t before;

	if (at == 0)
		return;
	before = options_sum(packet);
	for (uint32_t i = OPTION_HEADER; i + SACK_BLOCK <= length; i += SACK_BLOCK)
		kept += change_block(change, option + i, blocks + kept);
	memset(option, SY_OPTION_NOP, length);
	if (kept > 0) {
		option[0] = SY_OPTION_SACK;
		option[1] = OPTION_HEADER + kept;
		memcpy(option + OPTION_HEADER, blocks, kept);
	}
	update_checksum(packet, before);
}
