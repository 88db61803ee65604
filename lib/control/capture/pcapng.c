/* SPDX-License-Identifier: BSD-3-Clause */
#include "pcapng.h"

#include <assert.h>
#include <string.h>

enum block {
	INTERFACE = 1,
	STATISTICS = 5,
	PACKET = 6,
	SECTION = 0x0a0d0d0a,
};

enum option {
	END = 0,
	COMMENT = 1,
	SECTION_APPLICATION = 4,
	INTERFACE_NAME = 2,
	INTERFACE_DESCRIPTION = 3,
	INTERFACE_RESOLUTION = 9,
	INTERFACE_FILTER = 11,
	PACKET_FLAGS = 2,
	PACKET_QUEUE = 6,
	STATISTICS_BEGUN = 2,
	STATISTICS_ENDED = 3,
	STATISTICS_RECEIVED = 4,
	STATISTICS_DROPPED = 5,
};

#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define LINK_ETHERNET 1
#define NANOSECONDS 9 /* 10 to the power of minus this */
#define FILTER_IS_TEXT 0

static uint8_t *
append(struct pcapng_out *out, const void *bytes, size_t n)
{
	uint8_t *at = out->bytes + out->n;

	assert(out->n + n <= out->room);
	if (bytes != NULL)
		memcpy(at, bytes, n);
	out->n += n;
	return at;
}

static void
append_u16(struct pcapng_out *out, uint16_t value)
{
	append(out, &value, sizeof(value));
}

static void
append_u32(struct pcapng_out *out, uint32_t value)
{
	append(out, &value, sizeof(value));
}

/* Times and 64-bit words that stand apart: the high half first. */
static void
append_halves(struct pcapng_out *out, uint64_t value)
{
	append_u32(out, (uint32_t)(value >> 32));
	append_u32(out, (uint32_t)value);
}

/* Everything begins at a multiple of four. */
static void
pad(struct pcapng_out *out, size_t n)
{
	static const uint8_t zeros[4];

	append(out, zeros, (4 - n % 4) % 4);
}

static void
option(struct pcapng_out *out, enum option code, const void *bytes, size_t n)
{
	append_u16(out, (uint16_t)code);
	append_u16(out, (uint16_t)n);
	append(out, bytes, n);
	pad(out, n);
}

static void
option_text(struct pcapng_out *out, enum option code, const char *text)
{
	option(out, code, text, strnlen(text, PCAPNG_TEXT));
}

static void
option_u32(struct pcapng_out *out, enum option code, uint32_t value)
{
	option(out, code, &value, sizeof(value));
}

static void
option_u64(struct pcapng_out *out, enum option code, uint64_t value)
{
	option(out, code, &value, sizeof(value));
}

static void
option_time(struct pcapng_out *out, enum option code, uint64_t time_ns)
{
	append_u16(out, (uint16_t)code);
	append_u16(out, sizeof(time_ns));
	append_halves(out, time_ns);
}

static size_t
begin_block(struct pcapng_out *out, enum block type)
{
	size_t start = out->n;

	append_u32(out, (uint32_t)type);
	append_u32(out, 0); /* end_block() knows */
	return start;
}

/* The length stands at both ends, so that a file can be read backwards. */
static void
end_block(struct pcapng_out *out, size_t start)
{
	uint32_t length = (uint32_t)(out->n - start + sizeof(length));

	memcpy(out->bytes + start + 4, &length, sizeof(length));
	append_u32(out, length);
}

void
pcapng_section(struct pcapng_out *out, const char *application, const char *comment)
{
	size_t start = begin_block(out, SECTION);

	append_u32(out, BYTE_ORDER_MAGIC);
	append_u16(out, 1); /* version 1.0 */
	append_u16(out, 0);
	append_u32(out, UINT32_MAX); /* the section's length is not known */
	append_u32(out, UINT32_MAX);
	option_text(out, SECTION_APPLICATION, application);
	option_text(out, COMMENT, comment);
	option(out, END, NULL, 0);
	end_block(out, start);
}

void
pcapng_interface(struct pcapng_out *out, const char *name, const char *description,
	const char *expression, uint32_t snaplen)
{
	static const uint8_t resolution = NANOSECONDS;
	char filter[1 + PCAPNG_TEXT] = { FILTER_IS_TEXT };
	size_t start = begin_block(out, INTERFACE);

	append_u16(out, LINK_ETHERNET);
	append_u16(out, 0);
	append_u32(out, snaplen);
	option_text(out, INTERFACE_NAME, name);
	option_text(out, INTERFACE_DESCRIPTION, description);
	option(out, INTERFACE_RESOLUTION, &resolution, sizeof(resolution));
	if (expression != NULL) {
		size_t length = strnlen(expression, PCAPNG_TEXT);

		memcpy(filter + 1, expression, length);
		option(out, INTERFACE_FILTER, filter, 1 + length);
	}
	option(out, END, NULL, 0);
	end_block(out, start);
}

uint8_t *
pcapng_packet(struct pcapng_out *out, const struct pcapng_packet *packet)
{
	size_t start = begin_block(out, PACKET);
	uint8_t *bytes;

	append_u32(out, packet->interface);
	append_halves(out, packet->time_ns);
	append_u32(out, packet->captured);
	append_u32(out, packet->length);
	bytes = append(out, NULL, packet->captured);
	pad(out, packet->captured);
	option_text(out, COMMENT, packet->comment);
	option_u32(out, PACKET_FLAGS, packet->direction);
	option_u32(out, PACKET_QUEUE, packet->queue);
	option(out, END, NULL, 0);
	end_block(out, start);
	return bytes;
}

void
pcapng_statistics(struct pcapng_out *out, const struct pcapng_statistics *statistics)
{
	size_t start = begin_block(out, STATISTICS);

	append_u32(out, statistics->interface);
	append_halves(out, statistics->ended_ns);
	option_time(out, STATISTICS_BEGUN, statistics->begun_ns);
	option_time(out, STATISTICS_ENDED, statistics->ended_ns);
	option_u64(out, STATISTICS_RECEIVED, statistics->received);
	option_u64(out, STATISTICS_DROPPED, statistics->dropped);
	option(out, END, NULL, 0);
	end_block(out, start);
}
