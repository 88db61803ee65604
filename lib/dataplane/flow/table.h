/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_FLOW_TABLE_H
#define SY_FLOW_TABLE_H

/*
 * The table's insides, shared by the files of this component.
 *
 * Each family has its own index and its own array of entries.  Free entries
 * form a list through their own memory, last freed first; entries beyond
 * n_touched have never been used and their memory has never been written, so a
 * large table costs an idle host little, and a scan walks only what was used.
 */
#include "index.h"
#include "key.h"

#define NO_ENTRY UINT32_MAX

/*
 * Slots in use of a full table: 5 of 8.  Fewer would cost memory (16 bytes a
 * flow divided by the load); more would push more slots out of their own
 * bucket: 2 % here, 6 % at 6 of 8.
 */
#define FULL_SLOTS_PER_BUCKET 5
#define MIN_FLOWS 64
#define MAX_FLOWS (1u << 30) /* a slot has 31 bits for the entry number */

struct flow_family {
	struct flow_index index; /* the first: a probe knows its family by it */
	uint8_t *entries;
	struct sy_flow_birth *births; /* [max_flows], by entry number */
	uint32_t entry_shift; /* 6 or 7: entries of 64 or 128 bytes */
	uint32_t last_line; /* of an entry: IPv6's addresses stand there, IPv4's is the first */
	uint32_t max_flows;
	uint32_t n_flows;
	uint32_t n_touched;
	uint32_t free_entry; /* head of the list, or NO_ENTRY */
};

struct sy_flow_table {
	struct flow_family families[SY_N_FAMILIES];
	struct flow_seed seed;
	uint32_t scan_entry; /* visited next */
	uint8_t scan_family;
};

static inline const struct flow_family *
probe_family(const struct flow_probe *probe)
{
	return (const struct flow_family *)probe->index;
}

static_assert(offsetof(struct flow_family, index) == 0, "probe_family() relies on it");

static inline struct sy_flow *
family_entry(const struct flow_family *family, uint32_t number)
{
	return (struct sy_flow *)(family->entries + ((size_t)number << family->entry_shift));
}

static inline uint32_t
family_number(const struct flow_family *family, const struct sy_flow *flow)
{
	return (uint32_t)((size_t)((const uint8_t *)flow - family->entries) >> family->entry_shift);
}

/* Where a free entry keeps the number of the next one. */
static inline uint32_t *
entry_next(struct sy_flow *flow)
{
	return &flow->backend;
}

/* tcp_one_way.c: sy_tcp_track() of a flow of which the client's segments alone are seen. */
enum sy_tcp_verdict tcp_track_one_way(struct sy_flow *flow, const struct sy_tcp_segment *segment);

#endif /* SY_FLOW_TABLE_H */
