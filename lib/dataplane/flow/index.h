/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_FLOW_INDEX_H
#define SY_FLOW_INDEX_H

/*
 * From hash to slot: buckets of eight, one cache line each.
 *
 * A slot whose own bucket is full goes to the next bucket with room, and every
 * bucket that it passed counts it (as F14 does: Bronson and Shi, 2019).  A search
 * goes on only while that count is not zero.  Removal counts down again, so
 * there are no tombstones; and a slot that is looked up moves home when there is
 * room again, so that a table that churns for a year searches like a new one.
 *
 * The next bucket is the neighbour in memory: the cache brings it along.
 */
#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include <rte_branch_prediction.h>
#include <rte_prefetch.h>

#include "sy/hash.h"

#ifdef __SSE2__
#include "tags_sse2.h"
#define tags_match tags_match_sse2
#else
#include "tags_scalar.h"
#define tags_match tags_match_scalar
#endif

#define BUCKET_SLOTS 8
#define NO_SLOT UINT32_MAX

struct flow_bucket {
	uint16_t tags[BUCKET_SLOTS]; /* 0: no slot in use here */
	uint32_t slots[BUCKET_SLOTS]; /* entry number * 2 + direction */
	uint32_t n_passed; /* slots that would be here or before, but stand further on */
	uint32_t spare[3];
} __attribute__((aligned(64)));

static_assert(sizeof(struct flow_bucket) == 64, "a bucket is one cache line");

struct flow_index {
	struct flow_bucket *buckets;
	uint32_t n_buckets; /* any number */
};

/* A search under way. */
struct flow_probe {
	const struct flow_index *index;
	const struct flow_bucket *bucket; /* looked at next, or holding the match */
	uint32_t distance; /* buckets passed */
	uint32_t slot; /* candidate, or NO_SLOT */
	uint16_t matches; /* positions in the bucket whose tags agree, not tried yet */
	uint16_t tag;
};

static inline uint16_t
index_tag(uint64_t hash)
{
	uint16_t tag = (uint16_t)hash;

	return (uint16_t)(tag + (tag == 0));
}

static inline uint32_t
index_home(const struct flow_index *index, uint64_t hash)
{
	return sy_hash_range((uint32_t)(hash >> 32), index->n_buckets);
}

static inline uint32_t
index_after(const struct flow_index *index, uint32_t bucket)
{
	return bucket + 1 == index->n_buckets ? 0 : bucket + 1;
}

/* Starts a search and asks for the bucket's line. */
static inline void
probe_start(struct flow_probe *probe, const struct flow_index *index, uint64_t hash)
{
	probe->index = index;
	probe->bucket = &index->buckets[index_home(index, hash)];
	probe->distance = 0;
	probe->matches = 0;
	probe->tag = index_tag(hash);
	rte_prefetch0(probe->bucket);
}

/* Takes the next of the matches in the bucket. */
static inline void
probe_take(struct flow_probe *probe, uint32_t matches)
{
	probe->slot = probe->bucket->slots[__builtin_ctz(matches)];
	probe->matches = (uint16_t)(matches & (matches - 1));
}

/* Whether the search goes on in the next bucket, whose line is then asked for; else it is over. */
static inline bool
probe_advance(struct flow_probe *probe)
{
	const struct flow_index *index = probe->index;

	probe->slot = NO_SLOT;
	/* A full turn ends the search of an index in which slots passed every bucket. */
	if (probe->bucket->n_passed == 0 || ++probe->distance == index->n_buckets)
		return false;
	if (++probe->bucket == index->buckets + index->n_buckets)
		probe->bucket = index->buckets;
	rte_prefetch0(probe->bucket);
	return true;
}

/* Looks at one bucket.  True: the search is at a candidate, or over (NO_SLOT).  False: it goes on
 * at the next bucket. */
static inline bool
probe_step(struct flow_probe *probe)
{
	uint32_t matches = tags_match(probe->bucket->tags, probe->tag);

	if (likely(matches != 0)) {
		probe_take(probe, matches);
		return true;
	}
	return !probe_advance(probe);
}

/* The candidate was another tuple's: goes on to the next one, or to the end. */
static inline void
probe_continue(struct flow_probe *probe)
{
	if (probe->matches != 0) {
		probe_take(probe, probe->matches);
		return;
	}
	if (!probe_advance(probe))
		return;
	while (!probe_step(probe))
		;
}

/* False: every bucket is full. */
static inline bool
index_insert(struct flow_index *index, uint64_t hash, uint32_t slot)
{
	uint32_t home = index_home(index, hash);
	uint32_t at = home;
	uint32_t room;

	while ((room = tags_match(index->buckets[at].tags, 0)) == 0) {
		at = index_after(index, at);
		if (at == home)
			return false;
	}
	for (uint32_t passed = home; passed != at; passed = index_after(index, passed))
		index->buckets[passed].n_passed++;
	room = (uint32_t)__builtin_ctz(room);
	index->buckets[at].tags[room] = index_tag(hash);
	index->buckets[at].slots[room] = slot;
	return true;
}

/* Position of the slot in the bucket, or BUCKET_SLOTS. */
static inline uint32_t
bucket_position(const struct flow_bucket *bucket, uint16_t tag, uint32_t slot)
{
	for (uint32_t left = tags_match(bucket->tags, tag); left != 0; left &= left - 1) {
		uint32_t position = (uint32_t)__builtin_ctz(left);

		if (bucket->slots[position] == slot)
			return position;
	}
	return BUCKET_SLOTS;
}

/* The slot is in the index under this hash: that is the caller's to know. */
static inline void
index_remove(struct flow_index *index, uint64_t hash, uint32_t slot)
{
	uint32_t at = index_home(index, hash);
	uint16_t tag = index_tag(hash);
	uint32_t position;

	while ((position = bucket_position(&index->buckets[at], tag, slot)) == BUCKET_SLOTS) {
		index->buckets[at].n_passed--;
		at = index_after(index, at);
	}
	index->buckets[at].tags[position] = 0;
}

/*
 * The search has found its slot away from home.  Slots that left made room since, perhaps: then it
 * moves back, as far as it can.  Without this a full table that churns would get slower: after a
 * hundred changes of all slots, one in eight would stand away from home instead of one in forty.
 */
static inline void
index_draw_home(struct flow_index *index, const struct flow_probe *probe)
{
	uint32_t found = (uint32_t)(probe->bucket - index->buckets);
	uint32_t to = found >= probe->distance ? found - probe->distance
					       : found + index->n_buckets - probe->distance;
	struct flow_bucket *from = &index->buckets[found];
	uint32_t room = 0, position = bucket_position(from, probe->tag, probe->slot);

	while (to != found && (room = tags_match(index->buckets[to].tags, 0)) == 0)
		to = index_after(index, to);
	/* No room, or another search of this burst has moved it. */
	if (to == found || position == BUCKET_SLOTS)
		return;
	from->tags[position] = 0;
	room = (uint32_t)__builtin_ctz(room);
	index->buckets[to].tags[room] = probe->tag;
	index->buckets[to].slots[room] = probe->slot;
	for (; to != found; to = index_after(index, to))
		index->buckets[to].n_passed--;
}

#endif /* SY_FLOW_INDEX_H */
