/* SPDX-License-Identifier: BSD-3-Clause */
#include "error_frame.h"

#include <netinet/in.h>
#include <string.h>

#include "spec.h"

#define ROUTER4 "203.0.113.1"
#define ROUTER6 "2001:db8:ffff::1"

enum choice {
	CHOICE_IPV6 = 1 << 0,
	CHOICE_FROM_END = 1 << 1, /* from whom the quoted packet was to, no router */
	CHOICE_TYPE_SHIFT = 2,
};

/* Where the quoted header has its addresses. */
struct layout {
	uint8_t src, dst, len;
};

static const struct layout layouts[SY_N_FAMILIES] = { { 12, 16, 4 }, { 8, 24, 16 } };
static const uint8_t types[SY_N_FAMILIES][4] = { { 3, 11, 12, 5 }, { 1, 2, 3, 4 } };

static void
set_checksum(uint8_t *at, uint16_t checksum)
{
	at[0] = (uint8_t)(checksum >> 8);
	at[1] = (uint8_t)checksum;
}

/* Puts the quotation's own addresses outside and mends the checksums. */
static void
finish(uint8_t *frame, size_t length, uint8_t family, bool is_from_end)
{
	const struct layout *layout = &layouts[family];
	uint8_t *ip = frame + 14;
	uint8_t *icmp = ip + (family == SY_IPV4 ? 20 : 40);
	uint8_t *quoted = icmp + 8;
	size_t message = length - (size_t)(icmp - frame);
	uint8_t pseudo[40] = {
		[34] = (uint8_t)(message >> 8), [35] = (uint8_t)message, [39] = IPPROTO_ICMPV6
	};

	if (message < 8u + layout->dst + layout->len)
		return;
	memcpy(ip + layout->dst, quoted + layout->src, layout->len);
	if (is_from_end)
		memcpy(ip + layout->src, quoted + layout->dst, layout->len);
	memcpy(pseudo, ip + layout->src, 2u * layout->len);
	set_checksum(icmp + 2, 0);
	set_checksum(icmp + 2,
		spec_checksum(pseudo, family == SY_IPV4 ? 0 : sizeof(pseudo), icmp, message));
	if (family == SY_IPV4) {
		set_checksum(ip + 10, 0);
		set_checksum(ip + 10, spec_checksum(ip, 20, NULL, 0));
	}
}

size_t
error_frame_build(const uint8_t *data, size_t size, uint8_t *frame)
{
	uint8_t family = data[1] & CHOICE_IPV6 ? SY_IPV6 : SY_IPV4;
	struct spec spec = {
		.src = family == SY_IPV4 ? ROUTER4 : ROUTER6,
		.dst = family == SY_IPV4 ? "192.0.2.80" : "2001:db8::80",
		.protocol = family == SY_IPV4 ? IPPROTO_ICMP : IPPROTO_ICMPV6,
		.type = types[family][data[1] >> CHOICE_TYPE_SHIFT & 3],
		.code = data[2],
		.rest = (uint32_t)data[3] << 24 | (uint32_t)data[4] << 16 | (uint32_t)data[5] << 8 |
			data[6],
		.payload = (uint16_t)(size - ERROR_FRAME_HEADER),
	};
	size_t length = spec_build(&spec, frame);

	memcpy(frame + length - spec.payload, data + ERROR_FRAME_HEADER, spec.payload);
	finish(frame, length, family, (data[1] & CHOICE_FROM_END) != 0);
	return length;
}
