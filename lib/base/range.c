/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>

#include "sy/range.h"

static size_t
address_len(uint8_t family)
{
	return family == SY_IPV4 ? sizeof(uint32_t) : sizeof(struct sy_addr);
}

static int
compare(uint8_t family, const struct sy_addr *a, const struct sy_addr *b)
{
	return memcmp(a->bytes, b->bytes, address_len(family));
}

/* The prefix's address with all host bits of this value. */
static struct sy_addr
fill_host_bits(const struct sy_prefix *prefix, unsigned int bit)
{
	struct sy_addr addr = prefix->ip.addr;

	for (size_t i = prefix->length; i < 8 * address_len(prefix->ip.family); i++) {
		uint8_t mask = (uint8_t)(0x80 >> i % 8);

		addr.bytes[i / 8] =
			(uint8_t)(bit != 0 ? addr.bytes[i / 8] | mask : addr.bytes[i / 8] & ~mask);
	}
	return addr;
}

static int
parse_prefix(const char *text, struct sy_range *range)
{
	struct sy_prefix prefix;
	struct sy_addr first;

	if (sy_prefix_parse(text, &prefix) != 0)
		return -EINVAL;
	first = fill_host_bits(&prefix, 0);
	if (!sy_addr_equal(&first, &prefix.ip.addr))
		return -EINVAL;
	*range = (struct sy_range){ first, fill_host_bits(&prefix, 1), prefix.ip.family };
	return 0;
}

static int
parse_pair(const char *text, const char *dash, struct sy_range *range)
{
	char head[SY_IP_TEXT];
	size_t length = (size_t)(dash - text);
	struct sy_ip first, last;

	if (length >= sizeof(head))
		return -EINVAL;
	memcpy(head, text, length);
	head[length] = '\0';
	if (sy_ip_parse(head, &first) != 0 || sy_ip_parse(dash + 1, &last) != 0 ||
		first.family != last.family || compare(first.family, &first.addr, &last.addr) > 0)
		return -EINVAL;
	*range = (struct sy_range){ first.addr, last.addr, first.family };
	return 0;
}

int
sy_range_parse(const char *text, struct sy_range *range)
{
	const char *dash = strchr(text, '-');
	struct sy_ip ip;

	if (dash != NULL)
		return parse_pair(text, dash, range);
	if (strchr(text, '/') != NULL)
		return parse_prefix(text, range);
	if (sy_ip_parse(text, &ip) != 0)
		return -EINVAL;
	*range = (struct sy_range){ ip.addr, ip.addr, ip.family };
	return 0;
}

const char *
sy_range_text(const struct sy_range *range, char text[SY_RANGE_TEXT])
{
	char first[SY_IP_TEXT], last[SY_IP_TEXT];

	sy_addr_text(range->family, &range->first, first);
	if (sy_addr_equal(&range->first, &range->last))
		snprintf(text, SY_RANGE_TEXT, "%s", first);
	else
		snprintf(text, SY_RANGE_TEXT, "%s-%s", first,
			sy_addr_text(range->family, &range->last, last));
	return text;
}

/* The last four bytes, which are all that differ in a range worth counting. */
static uint32_t
low_word(uint8_t family, const struct sy_addr *addr)
{
	const uint8_t *bytes = addr->bytes + address_len(family) - sizeof(uint32_t);

	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
		bytes[3];
}

static void
set_low_word(uint8_t family, struct sy_addr *addr, uint32_t word)
{
	uint8_t *bytes = addr->bytes + address_len(family) - sizeof(uint32_t);

	for (int i = 0; i < 4; i++)
		bytes[i] = (uint8_t)(word >> (24 - 8 * i));
}

uint32_t
sy_range_size(const struct sy_range *range)
{
	uint32_t span =
		low_word(range->family, &range->last) - low_word(range->family, &range->first);
	size_t high = address_len(range->family) - sizeof(uint32_t);

	if (memcmp(range->first.bytes, range->last.bytes, high) != 0 || span == UINT32_MAX)
		return UINT32_MAX;
	return span + 1;
}

struct sy_ip
sy_range_at(const struct sy_range *range, uint32_t i)
{
	struct sy_ip ip = { .addr = range->first, .family = range->family };

	set_low_word(range->family, &ip.addr, low_word(range->family, &range->first) + i);
	return ip;
}

bool
sy_range_contains(const struct sy_range *range, const struct sy_ip *ip)
{
	return range->family == ip->family && compare(ip->family, &range->first, &ip->addr) <= 0 &&
		compare(ip->family, &ip->addr, &range->last) <= 0;
}

bool
sy_range_overlaps(const struct sy_range *a, const struct sy_range *b)
{
	return a->family == b->family && compare(a->family, &a->first, &b->last) <= 0 &&
		compare(a->family, &b->first, &a->last) <= 0;
}
