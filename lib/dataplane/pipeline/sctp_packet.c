/* SPDX-License-Identifier: BSD-3-Clause */
#include "sctp_packet.h"

#include <string.h>

#include <rte_byteorder.h>

#define CHUNK_HEADER_LEN 4u
#define CHUNKS_MAX 8 /* chunks that change a state stand in front of data (RFC 9260 section 6.10) */
#define TAG_OFFSET 4u
#define T_BIT 0x01

static uint32_t
load(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

/* left: bytes from the chunk's start to the end of what can be read. */
static void
read_chunk(struct sy_sctp_packet *told, const uint8_t *chunk, uint32_t left)
{
	if (chunk[0] >= 16)
		return;
	told->chunks |= (uint16_t)(1u << chunk[0]);
	if ((chunk[0] == SY_SCTP_INIT || chunk[0] == SY_SCTP_INIT_ACK) &&
		left >= CHUNK_HEADER_LEN + sizeof(told->init_tag))
		told->init_tag = load(chunk + CHUNK_HEADER_LEN);
	if (chunk[0] == SY_SCTP_ABORT || chunk[0] == SY_SCTP_SHUTDOWN_COMPLETE)
		told->reflected = (chunk[1] & T_BIT) != 0;
}

struct sy_sctp_packet
sy_sctp_read(const struct sy_packet *packet)
{
	const uint8_t *frame = rte_pktmbuf_mtod(packet->mbuf, const uint8_t *);
	uint32_t end = RTE_MIN((uint32_t)packet->end, rte_pktmbuf_data_len(packet->mbuf));
	struct sy_sctp_packet told = { .tag = load(frame + packet->l4 + TAG_OFFSET) };
	uint32_t at = packet->payload;

	for (int i = 0; i < CHUNKS_MAX && at + CHUNK_HEADER_LEN <= end; i++) {
		uint32_t length = (uint32_t)frame[at + 2] << 8 | frame[at + 3];

		read_chunk(&told, frame + at, end - at);
		if (length < CHUNK_HEADER_LEN)
			break;
		at += RTE_ALIGN_CEIL(length, 4u);
	}
	return told;
}
