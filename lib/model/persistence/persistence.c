/* SPDX-License-Identifier: BSD-3-Clause */
/* What workers do with the table. */
#include <stddef.h>

#include "sy/hash.h"
#include "table.h"

#define BACKEND_BITS 24
#define GENERATION_BITS 16
#define TIME_BITS 23 /* wraps after 97 days */
#define LONGEST_S (24 * 3600) /* timeout: what seems to have more left is over for long */
#define TIME_SHIFT (BACKEND_BITS + GENERATION_BITS)
#define CONFIRMED (UINT64_C(1) << 63)
#define MASK(bits) ((UINT64_C(1) << (bits)) - 1)
#define ATTEMPTS 4 /* each that fails has seen another worker succeed */

static uint64_t
pack(const struct sy_persistent *backend, uint32_t expires_s)
{
	return ((uint64_t)expires_s & MASK(TIME_BITS)) << TIME_SHIFT |
		(uint64_t)backend->generation << BACKEND_BITS |
		(backend->backend & MASK(BACKEND_BITS));
}

static struct sy_persistent
unpack(uint64_t value)
{
	return (struct sy_persistent){
		.backend = (uint32_t)(value & MASK(BACKEND_BITS)),
		.generation = (uint16_t)(value >> BACKEND_BITS),
	};
}

static bool
is_over(uint64_t value, uint32_t now_s)
{
	uint64_t left = ((value >> TIME_SHIFT) - now_s) & MASK(TIME_BITS);

	return left == 0 || left > LONGEST_S;
}

static struct slot *
slot_at(struct sy_persistence *table, uint64_t tag, uint32_t i)
{
	/* By a secret, else strangers could fill a client's places on purpose. */
	uint32_t bucket = (uint32_t)(sy_hash_mix(tag ^ table->secret) >> 32) & table->mask;

	return &table->slots[(size_t)(bucket ^ i / SLOTS) * SLOTS + i % SLOTS];
}

/* The value that stands with the tag; false: another tag does, or did meanwhile. */
static bool
read_slot(struct slot *slot, uint64_t tag, uint64_t *value)
{
	if (atomic_load_explicit(&slot->tag, memory_order_acquire) != tag)
		return false;
	*value = atomic_load_explicit(&slot->value, memory_order_acquire);
	return atomic_load_explicit(&slot->tag, memory_order_relaxed) == tag;
}

/* Of the places before `end`, the first where the tag is known. */
static struct slot *
search(struct sy_persistence *table, uint64_t tag, uint32_t now_s, uint32_t end, uint64_t *value)
{
	for (uint32_t i = 0; i < end; i++) {
		struct slot *slot = slot_at(table, tag, i);

		if (read_slot(slot, tag, value) && !is_over(*value, now_s))
			return slot;
	}
	return NULL;
}

static bool
swap(struct slot *slot, rte_int128_t seen, rte_int128_t next)
{
	return rte_atomic128_cmp_exchange(
		       &slot->both, &seen, &next, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED) != 0;
}

static struct slot *
renew(struct sy_persistence *table, uint64_t tag, uint32_t now_s, uint32_t timeout_s, uint64_t more,
	struct sy_persistent *found)
{
	uint64_t value, fresh;
	struct slot *slot = search(table, tag, now_s, NEAR, &value);

	if (slot == NULL)
		return NULL;
	*found = unpack(value);
	fresh = pack(found, now_s + timeout_s) | (value & CONFIRMED) | more;
	/* Once a second at most; if another worker has written meanwhile, its word stays.  A place that
	 * another tag has taken may have the same value: that one is not to be confirmed. */
	if ((fresh & ~value & CONFIRMED) != 0)
		swap(slot, (rte_int128_t){ .val = { tag, value } },
			(rte_int128_t){ .val = { tag, fresh } });
	else if (fresh != value)
		atomic_compare_exchange_strong_explicit(
			&slot->value, &value, fresh, memory_order_relaxed, memory_order_relaxed);
	return slot;
}

bool
sy_persistence_find(struct sy_persistence *table, uint64_t tag, uint32_t now_s, uint32_t timeout_s,
	struct sy_persistent *found)
{
	return renew(table, tag, now_s, timeout_s, 0, found) != NULL;
}

bool
sy_persistence_peek(
	struct sy_persistence *table, uint64_t tag, uint32_t now_s, struct sy_persistent *found)
{
	uint64_t value;

	if (search(table, tag, now_s, NEAR, &value) == NULL)
		return false;
	*found = unpack(value);
	return true;
}

/* A free place, or one whose tag has expired, as it was seen; else one whose client has shown nothing
 * yet; -1: there is none. */
static int
find_room(struct sy_persistence *table, uint64_t tag, uint32_t now_s, rte_int128_t *seen)
{
	rte_int128_t each;
	int place = -1;

	for (uint32_t i = 0; i < NEAR; i++) {
		struct slot *slot = slot_at(table, tag, i);

		each.val[0] = atomic_load_explicit(&slot->tag, memory_order_relaxed);
		each.val[1] = atomic_load_explicit(&slot->value, memory_order_relaxed);
		if (each.val[0] == 0 || is_over(each.val[1], now_s)) {
			*seen = each;
			return (int)i;
		}
		if (place < 0 && (each.val[1] & CONFIRMED) == 0) {
			*seen = each;
			place = (int)i;
		}
	}
	return place;
}

/* The entry is in its place.  An earlier place may have become free while another worker looked for
 * one, so that the tag stands twice: the earlier is found first, by all. */
static bool
was_first(struct sy_persistence *table, uint64_t tag, uint32_t now_s, int place, uint64_t value,
	struct sy_persistent *backend)
{
	const rte_int128_t mine = { .val = { tag, value } }, none = { .val = { 0, 0 } };
	uint64_t other;

	if (search(table, tag, now_s, (uint32_t)place, &other) == NULL)
		return true;
	swap(slot_at(table, tag, (uint32_t)place), mine, none);
	*backend = unpack(other);
	return false;
}

static bool
is_refused(const struct sy_persistent *refused, uint64_t value)
{
	struct sy_persistent known = unpack(value);

	return refused != NULL && known.backend == refused->backend &&
		known.generation == refused->generation;
}

enum sy_persistence_put
sy_persistence_put(struct sy_persistence *table, uint64_t tag, uint32_t now_s, uint32_t timeout_s,
	const struct sy_persistent *refused, struct sy_persistent *backend)
{
	uint64_t value = pack(backend, now_s + timeout_s);
	const rte_int128_t next = { .val = { tag, value } };

	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		uint64_t known;
		struct slot *slot = search(table, tag, now_s, NEAR, &known);
		rte_int128_t seen;
		int place;

		if (slot != NULL && !is_refused(refused, known)) {
			*backend = unpack(known);
			return SY_PERSISTENCE_LOST;
		}
		if (slot != NULL) {
			if (swap(slot, (rte_int128_t){ .val = { tag, known } }, next))
				return SY_PERSISTENCE_MADE;
			continue;
		}
		place = find_room(table, tag, now_s, &seen);
		/* The last place may have gone to this very tag, by another worker. */
		if (place < 0 && search(table, tag, now_s, NEAR, &known) == NULL)
			return SY_PERSISTENCE_FULL;
		if (place < 0)
			continue;
		if (!swap(slot_at(table, tag, (uint32_t)place), seen, next))
			continue;
		if (!was_first(table, tag, now_s, place, value, backend))
			return SY_PERSISTENCE_LOST;
		return seen.val[0] != 0 && is_over(seen.val[1], now_s) ? SY_PERSISTENCE_REPLACED
								       : SY_PERSISTENCE_MADE;
	}
	return SY_PERSISTENCE_FULL;
}

void
sy_persistence_confirm(struct sy_persistence *table, uint64_t tag, uint32_t now_s,
	uint32_t timeout_s, const struct sy_persistent *backend)
{
	struct sy_persistent known = *backend;

	if (renew(table, tag, now_s, timeout_s, CONFIRMED, &known) != NULL)
		return;
	/* Others have taken its place meanwhile. */
	if (sy_persistence_put(table, tag, now_s, timeout_s, NULL, &known) != SY_PERSISTENCE_FULL)
		renew(table, tag, now_s, timeout_s, CONFIRMED, &known);
}
