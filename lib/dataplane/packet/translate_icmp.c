/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_common.h>

#include "embedded.h"
#include "translate.h"

#define NO_LIKE UINT8_MAX
#define IPV4_MTU_MIN 68u
#define GROWTH (IPV6_HEADER_LEN - IPV4_HEADER_LEN)

struct like {
	uint8_t type;
	uint8_t code;
};

enum {
	V4_PROTOCOL_UNREACHABLE = 2,
	V4_TOO_BIG = 4,
	V4_PARAMETER_OPTION_MISSING = 1,
	V4_PARAMETER_LENGTH = 2,
	V6_PARAMETER_NEXT_HEADER = 1,
	V6_NEXT_HEADER_AT = 6,
};

/* By the code of 'destination unreachable': section 4.2. */
static const struct like unreachable_to_v6[] = {
	[0] = { ICMP6_UNREACHABLE, 0 }, /* network */
	[1] = { ICMP6_UNREACHABLE, 0 }, /* host */
	[2] = { ICMP6_PARAMETER, V6_PARAMETER_NEXT_HEADER }, /* protocol */
	[3] = { ICMP6_UNREACHABLE, 4 }, /* port */
	[4] = { ICMP6_TOO_BIG, 0 },
	[5] = { ICMP6_UNREACHABLE, 0 }, /* source route failed */
	[6] = { ICMP6_UNREACHABLE, 0 }, /* unknown, or isolated */
	[7] = { ICMP6_UNREACHABLE, 0 },
	[8] = { ICMP6_UNREACHABLE, 0 },
	[9] = { ICMP6_UNREACHABLE, 1 }, /* prohibited */
	[10] = { ICMP6_UNREACHABLE, 1 },
	[11] = { ICMP6_UNREACHABLE, 0 }, /* for this type of service */
	[12] = { ICMP6_UNREACHABLE, 0 },
	[13] = { ICMP6_UNREACHABLE, 1 }, /* prohibited */
	[14] = { NO_LIKE, 0 }, /* host precedence violation */
	[15] = { ICMP6_UNREACHABLE, 1 }, /* precedence cut-off */
};

/* The same for section 5.2. */
static const struct like unreachable_to_v4[] = {
	[0] = { ICMP4_UNREACHABLE, 1 }, /* no route: host */
	[1] = { ICMP4_UNREACHABLE, 10 }, /* prohibited */
	[2] = { ICMP4_UNREACHABLE, 1 }, /* beyond scope */
	[3] = { ICMP4_UNREACHABLE, 1 }, /* address */
	[4] = { ICMP4_UNREACHABLE, 3 }, /* port */
};

/* Where the field that a pointer names stands in the other header: figures 3 and 6. */
static const uint8_t pointers_to_v6[IPV4_HEADER_LEN] = { 0, 1, 4, 4, NO_LIKE, NO_LIKE, NO_LIKE,
	NO_LIKE, 7, V6_NEXT_HEADER_AT, NO_LIKE, NO_LIKE, 8, 8, 8, 8, 24, 24, 24, 24 };
static const uint8_t pointers_to_v4[] = { 0, 1, NO_LIKE, NO_LIKE, 2, 2, 9, 8 };

/* What a router that tells no MTU may have meant (RFC 1191 section 7.1), where IPv6 can be less. */
static uint32_t
plateau_below(uint32_t length)
{
	static const uint16_t plateaus[] = { 32000, 17914, 8166, 4352, 2002, 1492 };

	for (size_t i = 0; i < RTE_DIM(plateaus); i++)
		if (plateaus[i] < length)
			return plateaus[i];
	return IPV6_MTU_MIN - GROWTH;
}

static uint32_t
mtu_to_v6(uint32_t mtu, const struct ip_fields *quoted, uint16_t next_hop_mtu)
{
	if (mtu == 0)
		mtu = plateau_below(IPV4_HEADER_LEN + quoted->payload);
	mtu = RTE_MIN(mtu + GROWTH, (uint32_t)next_hop_mtu);
	return RTE_MAX(mtu, IPV6_MTU_MIN);
}

static uint32_t
mtu_to_v4(uint32_t mtu, const struct ip_fields *quoted, uint16_t next_hop_mtu)
{
	uint32_t growth = GROWTH + (quoted->is_piece ? TRANSLATE_FRAGMENT_LEN : 0);

	if (mtu < IPV4_MTU_MIN + growth)
		return IPV4_MTU_MIN;
	return RTE_MIN(mtu - growth, (uint32_t)next_hop_mtu);
}

static bool
unreachable_v6(const struct icmp_error *v4, const struct ip_fields *quoted, uint16_t mtu,
	struct icmp_error *v6)
{
	if (v4->code >= RTE_DIM(unreachable_to_v6) || unreachable_to_v6[v4->code].type == NO_LIKE)
		return false;
	*v6 = (struct icmp_error){ .type = unreachable_to_v6[v4->code].type,
		.code = unreachable_to_v6[v4->code].code };
	if (v4->code == V4_TOO_BIG)
		v6->rest = mtu_to_v6(v4->rest & UINT16_MAX, quoted, mtu);
	else if (v4->code == V4_PROTOCOL_UNREACHABLE)
		v6->rest = V6_NEXT_HEADER_AT;
	return true;
}

static bool
parameter_v6(const struct icmp_error *v4, struct icmp_error *v6)
{
	uint32_t pointer = v4->rest >> 24;

	if (v4->code == V4_PARAMETER_OPTION_MISSING || v4->code > V4_PARAMETER_LENGTH ||
		pointer >= RTE_DIM(pointers_to_v6) || pointers_to_v6[pointer] == NO_LIKE)
		return false;
	*v6 = (struct icmp_error){ ICMP6_PARAMETER, 0, pointers_to_v6[pointer] };
	return true;
}

bool
sy_translate_icmp_to_v6(const struct icmp_error *v4, const struct ip_fields *quoted, uint16_t mtu,
	struct icmp_error *v6)
{
	switch (v4->type) {
	case ICMP4_UNREACHABLE:
		return unreachable_v6(v4, quoted, mtu, v6);
	case ICMP4_TIME_EXCEEDED:
		*v6 = (struct icmp_error){ ICMP6_TIME_EXCEEDED, v4->code, 0 };
		return true;
	case ICMP4_PARAMETER:
		return parameter_v6(v4, v6);
	default:
		return false;
	}
}

/* Behind the first eight bytes there are but the two addresses. */
static uint8_t
pointer_to_v4(uint32_t pointer)
{
	if (pointer < RTE_DIM(pointers_to_v4))
		return pointers_to_v4[pointer];
	if (pointer < 24)
		return 12;
	return pointer < IPV6_HEADER_LEN ? 16 : NO_LIKE;
}

static bool
parameter_v4(const struct icmp_error *v6, struct icmp_error *v4)
{
	uint8_t pointer = pointer_to_v4(v6->rest);

	if (v6->code == V6_PARAMETER_NEXT_HEADER) {
		*v4 = (struct icmp_error){ ICMP4_UNREACHABLE, V4_PROTOCOL_UNREACHABLE, 0 };
		return true;
	}
	if (v6->code != 0 || pointer == NO_LIKE)
		return false;
	*v4 = (struct icmp_error){ ICMP4_PARAMETER, 0, (uint32_t)pointer << 24 };
	return true;
}

bool
sy_translate_icmp_to_v4(const struct icmp_error *v6, const struct ip_fields *quoted, uint16_t mtu,
	struct icmp_error *v4)
{
	switch (v6->type) {
	case ICMP6_UNREACHABLE:
		if (v6->code >= RTE_DIM(unreachable_to_v4))
			return false;
		*v4 = (struct icmp_error){ unreachable_to_v4[v6->code].type,
			unreachable_to_v4[v6->code].code, 0 };
		return true;
	case ICMP6_TOO_BIG:
		*v4 = (struct icmp_error){ ICMP4_UNREACHABLE, V4_TOO_BIG,
			mtu_to_v4(v6->rest, quoted, mtu) };
		return true;
	case ICMP6_TIME_EXCEEDED:
		*v4 = (struct icmp_error){ ICMP4_TIME_EXCEEDED, v6->code, 0 };
		return true;
	case ICMP6_PARAMETER:
		return parameter_v4(v6, v4);
	default:
		return false;
	}
}
