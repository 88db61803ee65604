/* SPDX-License-Identifier: BSD-3-Clause */
#include "fuzz.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_tcp.h>

#include "fake_mbuf.h"
#include "spec.h"
#include "sy/client_address.h"
#include "sy/segment.h"

/*
 * What clients send of what tells of them: PROXY headers in the payload, options in the header.  Taken
 * out and put in, the segment keeps its checksum's residue, and its description is what parse finds.
 * First byte: IP version, option bytes in fours, room before the frame; options and payload follow.
 */

#define ROOM_MASK 0x7e
#define INPUT_HEADER 2
#define INPUT_MAX 1400

static void
check(bool holds)
{
	if (!holds)
		abort();
}

/* The description agrees with the bytes, and the TCP checksum is right. */
static void
check_packet(const struct sy_packet *packet)
{
	const uint8_t *frame = rte_pktmbuf_mtod(packet->mbuf, const uint8_t *);
	const uint8_t *ip = frame + packet->l3;
	uint32_t length = packet->end - packet->l4;
	uint8_t pseudo[40] = { 0 };
	struct sy_packet fresh = { .flow = NULL };
	struct rte_mbuf copy;
	bool is_v4 = ip[0] >> 4 == 4;

	memcpy(pseudo, ip + (is_v4 ? 12 : 8), is_v4 ? 8 : 32);
	pseudo[34] = (uint8_t)(length >> 8);
	pseudo[35] = (uint8_t)length;
	pseudo[39] = IPPROTO_TCP;
	check(spec_checksum(pseudo, sizeof(pseudo), frame + packet->l4, length) == 0);
	/* A frame that has grown by an odd number of bytes begins at an odd address: none is received so. */
	check(fake_mbuf_init(&copy, frame, packet->mbuf->data_len, 0) == 0);
	sy_packet_parse(&fresh, &copy);
	fake_mbuf_fini(&copy);
	check(fresh.verdict == SY_VERDICT_NONE && fresh.l3 == packet->l3 &&
		fresh.l4 == packet->l4 && fresh.payload == packet->payload &&
		fresh.end == packet->end);
}

static void
take_out(struct sy_packet *packet)
{
	const uint8_t *payload =
		rte_pktmbuf_mtod_offset(packet->mbuf, const uint8_t *, packet->payload);
	uint32_t n = packet->end - packet->payload;
	int length = sy_proxy_length(payload, n);
	struct sy_splice cut = { .at = packet->payload };

	check(length <= (int)n);
	if (length > 0) {
		cut.n_out = (uint16_t)length;
		check(sy_segment_splice(packet, &cut) == 0);
		check_packet(packet);
	}
	sy_segment_blank(packet, SY_TOA_KIND);
	check_packet(packet);
}

static void
put_in(struct sy_packet *packet, uint8_t kind)
{
	uint8_t bytes[SY_PROXY_MAX];
	struct sy_splice splice = { .at = packet->payload, .in = bytes };
	uint16_t payload = packet->payload, end = packet->end;

	if (kind % 3 == 0) {
		splice.is_option = true;
		splice.at = packet->l4 + sizeof(struct rte_tcp_hdr);
		splice.n_in = (uint16_t)sy_toa_write(&packet->tuple, SY_TOA_KIND, bytes);
	} else if (kind % 3 == 1) {
		splice.n_in = (uint16_t)sy_proxy_write_v1(&packet->tuple, bytes);
		check(sy_proxy_length(bytes, splice.n_in) == splice.n_in);
	} else {
		splice.n_in = (uint16_t)sy_proxy_write_v2(&packet->tuple, bytes);
		check(sy_proxy_length(bytes, splice.n_in) == splice.n_in);
	}
	if (sy_segment_splice(packet, &splice) != 0)
		check(packet->payload == payload && packet->end == end);
	check_packet(packet);
}

static void
change_numbers(struct sy_packet *packet, uint32_t shift)
{
	const struct sy_sack_change change = {
		.shift = shift, .ack = 1000, .floor = 900, .has_floor = (shift & 1) != 0
	};

	sy_segment_set_seq(packet, shift, (uint16_t)shift);
	sy_segment_set_ack(packet, change.ack);
	sy_segment_change_sack(packet, &change);
	check_packet(packet);
}

/* A segment with right lengths and checksum around the input's options and payload. */
static size_t
build(const uint8_t *data, size_t size, uint8_t *frame)
{
	char options[2 * 40 + 1] = "", head[2 * INPUT_MAX + 1] = "";
	size_t n_options = (size_t)(data[0] >> 4) % 11 * 4;
	bool is_v6 = (data[0] & 1) != 0;
	struct spec spec = {
		.src = is_v6 ? "2001:db8:c::7" : "198.51.100.7",
		.dst = is_v6 ? "2001:db8:5::80" : "192.0.2.80",
		.protocol = IPPROTO_TCP,
		.sport = 40000,
		.dport = 80,
		.tcp_flags = ACK | ((data[0] & 2) != 0 ? URG : 0),
		.tcp_options = options,
		.head = head,
	};

	size -= INPUT_HEADER;
	n_options = n_options < size ? n_options : size / 4 * 4;
	for (size_t i = 0; i < size; i++)
		snprintf(i < n_options ? options + 2 * i : head + 2 * (i - n_options), 3, "%02x",
			data[INPUT_HEADER + i]);
	return spec_build(&spec, frame);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t frame[SPEC_FRAME_MAX];
	struct sy_packet packet = { .flow = NULL };
	struct rte_mbuf mbuf;
	size_t length;

	if (size < INPUT_HEADER || size > INPUT_MAX)
		return 0;
	length = build(data, size, frame);
	if (fake_mbuf_init(&mbuf, frame, (uint16_t)length, data[1] & ROOM_MASK) != 0)
		return 0;
	sy_packet_parse(&packet, &mbuf);
	if (packet.verdict == SY_VERDICT_NONE) {
		take_out(&packet);
		put_in(&packet, data[1]);
		change_numbers(&packet, (uint32_t)data[1] * 0x01010101u);
	}
	fake_mbuf_fini(&mbuf);
	return 0;
}
