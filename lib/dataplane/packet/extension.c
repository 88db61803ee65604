/* SPDX-License-Identifier: BSD-3-Clause */
#include <netinet/in.h>

#include <rte_byteorder.h>
#include <rte_ip.h>

#include "frame.h"
#include "parse.h"

/* Every extension header starts so; the length leaves out the first 8 bytes (RFC 8200 section 4). */
struct extension {
	uint8_t protocol; /* of the next header */
	uint8_t n_more_words; /* of 8 bytes; the fragment header's has to be taken as 0 */
	uint8_t type; /* of a routing header */
	uint8_t n_segments_left;
	uint8_t rest[4];
};

#define FRAGMENT_OFFSET_MASK 0xfff8
#define FRAGMENT_MORE 0x0001

static bool
is_extension(uint8_t protocol)
{
	return protocol == IPPROTO_HOPOPTS || protocol == IPPROTO_ROUTING ||
		protocol == IPPROTO_DSTOPTS || protocol == IPPROTO_FRAGMENT;
}

/* A fragment header on a whole packet means nothing (RFC 6946). */
static void
note_fragment(struct extension_walk *walk, const struct extension *extension)
{
	uint16_t bits = rte_be_to_cpu_16(load16(&extension->type));

	walk->fragment_at = walk->offset;
	walk->tail = (bits & FRAGMENT_OFFSET_MASK) != 0;
	walk->fragment = walk->tail || (bits & FRAGMENT_MORE) != 0;
}

static void
step(struct extension_walk *walk, const struct extension *extension)
{
	uint32_t n_words = 1;

	if (walk->protocol == IPPROTO_FRAGMENT)
		note_fragment(walk, extension);
	else
		n_words += extension->n_more_words;
	if (walk->protocol == IPPROTO_ROUTING && extension->n_segments_left != 0)
		walk->routed = true;
	walk->offset += 8 * n_words;
	walk->protocol = extension->protocol;
	walk->has_extensions = true;
}

enum sy_drop
sy_packet_walk_extensions(
	const struct sy_packet *packet, uint32_t limit, struct extension_walk *walk)
{
	for (int i = 0; is_extension(walk->protocol) && !walk->tail; i++) {
		if (i == SY_MAX_EXTENSIONS)
			return SY_DROP_BAD_EXTENSION;
		if (walk->protocol == IPPROTO_HOPOPTS && i > 0)
			return SY_DROP_BAD_EXTENSION;
		if (walk->offset + sizeof(struct extension) > limit)
			return SY_DROP_TOO_SHORT;
		step(walk, frame_at(packet, walk->offset));
	}
	return walk->offset <= limit ? SY_DROP_NONE : SY_DROP_TOO_SHORT;
}
