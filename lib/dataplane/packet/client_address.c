/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <rte_byteorder.h>

#include "sy/client_address.h"

#define V1_START "PROXY "
#define V1_START_LEN 6
#define V1_END "\r\n"

/* Section 2.2. */
#define V2_SIGNATURE_LEN 12
#define V2_HEADER_LEN 16
#define V2_LENGTH_OFFSET 14
#define V2_VERSION 2
#define V2_PROXY (V2_VERSION << 4 | 1)
#define V2_TCP4 0x11
#define V2_TCP6 0x21

#define V6_GROUPS 8
#define TOA_HEADER_LEN 4 /* kind, length, port */

static const uint8_t v2_signature[V2_SIGNATURE_LEN] = { 0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a,
	0x51, 0x55, 0x49, 0x54, 0x0a };

/* The two addresses as they are told. */
struct ends {
	bool is_v4;
	uint8_t length; /* of an address */
	const uint8_t *src;
	const uint8_t *dst;
};

static struct ends
ends_of(const struct sy_tuple *connection)
{
	const uint8_t *src = connection->src.bytes, *dst = connection->dst.bytes;

	if (connection->family == SY_IPV4)
		return (struct ends){ true, 4, src, dst };
	if (sy_addr_is_mapped(&connection->src) && sy_addr_is_mapped(&connection->dst))
		return (struct ends){ true, 4, src + 12, dst + 12 };
	return (struct ends){ false, 16, src, dst };
}

/* Workers print no text but this: the C library's ways to are not for them. */
static uint8_t *
put_text(uint8_t *at, const char *text)
{
	size_t length = strlen(text);

	memcpy(at, text, length);
	return at + length;
}

/* Without leading zeros; base 10 or 16. */
static uint8_t *
put_number(uint8_t *at, uint32_t number, uint32_t base)
{
	uint32_t unit = 1;

	while (number / unit >= base)
		unit *= base;
	for (; unit > 0; unit /= base)
		*at++ = (uint8_t) "0123456789abcdef"[number / unit % base];
	return at;
}

static uint8_t *
put_v4(uint8_t *at, const uint8_t *address)
{
	for (int i = 0; i < 4; i++) {
		if (i > 0)
			*at++ = '.';
		at = put_number(at, address[i], 10);
	}
	return at;
}

static uint32_t
group_of(const uint8_t *address, int i)
{
	return (uint32_t)address[2 * i] << 8 | address[2 * i + 1];
}

/* The first of the longest run of zero groups, and its length: only one of two or more counts. */
static int
find_zeros(const uint8_t *address, int *length)
{
	int first = -1;

	*length = 1;
	for (int i = 0; i < V6_GROUPS; i++) {
		int end = i;

		while (end < V6_GROUPS && group_of(address, end) == 0)
			end++;
		if (end - i > *length) {
			first = i;
			*length = end - i;
		}
	}
	return first;
}

/* RFC 5952 section 4. */
static uint8_t *
put_v6(uint8_t *at, const uint8_t *address)
{
	int n_zeros;
	int zeros = find_zeros(address, &n_zeros);

	for (int i = 0; i < V6_GROUPS; i++) {
		if (i == zeros) {
			at = put_text(at, i + n_zeros == V6_GROUPS ? "::" : ":");
			i += n_zeros - 1;
			continue;
		}
		if (i > 0)
			*at++ = ':';
		at = put_number(at, group_of(address, i), 16);
	}
	return at;
}

static uint8_t *
put_address(uint8_t *at, const struct ends *ends, const uint8_t *address)
{
	at = ends->is_v4 ? put_v4(at, address) : put_v6(at, address);
	*at++ = ' ';
	return at;
}

uint32_t
sy_proxy_write_v1(const struct sy_tuple *connection, uint8_t out[SY_PROXY_MAX])
{
	const struct ends ends = ends_of(connection);
	uint8_t *at = put_text(out, ends.is_v4 ? V1_START "TCP4 " : V1_START "TCP6 ");

	at = put_address(at, &ends, ends.src);
	at = put_address(at, &ends, ends.dst);
	at = put_number(at, rte_be_to_cpu_16(connection->src_port_be), 10);
	*at++ = ' ';
	at = put_number(at, rte_be_to_cpu_16(connection->dst_port_be), 10);
	at = put_text(at, V1_END);
	return (uint32_t)(at - out);
}

uint32_t
sy_proxy_write_v2(const struct sy_tuple *connection, uint8_t out[SY_PROXY_MAX])
{
	const struct ends ends = ends_of(connection);
	uint8_t *at = out + V2_HEADER_LEN;
	size_t port = sizeof(connection->src_port_be);

	memcpy(out, v2_signature, V2_SIGNATURE_LEN);
	out[V2_SIGNATURE_LEN] = V2_PROXY;
	out[V2_SIGNATURE_LEN + 1] = ends.is_v4 ? V2_TCP4 : V2_TCP6;
	out[V2_LENGTH_OFFSET] = 0;
	out[V2_LENGTH_OFFSET + 1] = (uint8_t)(2 * (ends.length + port));
	memcpy(at, ends.src, ends.length);
	memcpy(at + ends.length, ends.dst, ends.length);
	memcpy(at + 2 * ends.length, &connection->src_port_be, port);
	memcpy(at + 2 * ends.length + port, &connection->dst_port_be, port);
	return V2_HEADER_LEN + out[V2_LENGTH_OFFSET + 1];
}

uint32_t
sy_toa_write(const struct sy_tuple *connection, uint8_t kind, uint8_t out[SY_TOA_MAX])
{
	const struct ends ends = ends_of(connection);

	out[0] = kind;
	out[1] = TOA_HEADER_LEN + ends.length;
	memcpy(out + 2, &connection->src_port_be, sizeof(connection->src_port_be));
	memcpy(out + TOA_HEADER_LEN, ends.src, ends.length);
	return out[1];
}

/* Whether bytes begin with start, as far as there are any. */
static bool
begins_with(const uint8_t *bytes, size_t n, const void *start, size_t length)
{
	return memcmp(bytes, start, n < length ? n : length) == 0;
}

static int
v1_length(const uint8_t *bytes, size_t n)
{
	size_t most = n < SY_PROXY_MAX ? n : SY_PROXY_MAX;
	const uint8_t *end = most > 0 ? memchr(bytes, '\n', most) : NULL;

	if (end == NULL)
		return n < SY_PROXY_MAX ? -EAGAIN : 0;
	return end[-1] == '\r' ? (int)(end - bytes) + 1 : 0;
}

static int
v2_length(const uint8_t *bytes, size_t n)
{
	size_t length;

	if (n > V2_SIGNATURE_LEN && bytes[V2_SIGNATURE_LEN] >> 4 != V2_VERSION)
		return 0;
	if (n < V2_HEADER_LEN)
		return -EAGAIN;
	length = V2_HEADER_LEN + ((size_t)bytes[V2_LENGTH_OFFSET] << 8) +
		bytes[V2_LENGTH_OFFSET + 1];
	return length <= n ? (int)length : -EAGAIN;
}

int
sy_proxy_length(const uint8_t *bytes, size_t n)
{
	if (n == 0)
		return -EAGAIN;
	if (begins_with(bytes, n, V1_START, V1_START_LEN))
		return n < V1_START_LEN ? -EAGAIN : v1_length(bytes, n);
	if (begins_with(bytes, n, v2_signature, V2_SIGNATURE_LEN))
		return v2_length(bytes, n);
	return 0;
}
