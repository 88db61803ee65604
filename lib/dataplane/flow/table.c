/* SPDX-License-Identifier: BSD-3-Clause */
#include "table.h"

#include <errno.h>

/* Asks for the line of each tuple's bucket. */
static void
start_probes(const struct sy_flow_table *table, const struct sy_tuple *const tuples[], uint32_t n,
	struct flow_probe probes[])
{
	for (uint32_t i = 0; i < n; i++)
		probe_start(&probes[i], &table->families[tuples[i]->family].index,
			key_hash(tuples[i], &table->seed));
}

/* Looks at one more bucket, and asks for the lines of the candidate found.  False: the search goes
 * on. */
static inline bool
seek(struct flow_probe *probe)
{
	const struct flow_family *family = probe_family(probe);
	const uint8_t *entry;

	if (unlikely(!probe_step(probe)))
		return false;
	if (unlikely(probe->slot == NO_SLOT))
		return true;
	entry = (const uint8_t *)family_entry(family, probe->slot >> 1);
	rte_prefetch0(entry);
	rte_prefetch0(entry + family->last_line);
	return true;
}

/* One round over the searches that have to go on, whose lines travel at the same time. */
static uint32_t
seek_pending(struct flow_probe probes[], uint8_t pending[], uint32_t n)
{
	uint32_t n_left = 0;

	for (uint32_t j = 0; j < n; j++) {
		if (!seek(&probes[pending[j]]))
			pending[n_left++] = pending[j];
	}
	return n_left;
}

/* Brings each search to its first candidate, or to its end. */
static void
seek_candidates(struct flow_probe probes[], uint32_t n)
{
	uint8_t pending[SY_FLOW_BURST];
	uint32_t n_pending = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (unlikely(!seek(&probes[i])))
			pending[n_pending++] = (uint8_t)i;
	}
	while (n_pending > 0)
		n_pending = seek_pending(probes, pending, n_pending);
}

/* Compares candidates until one is the tuple's. */
static inline struct sy_flow_hit
settle(const struct sy_tuple *tuple, struct flow_probe *probe)
{
	const struct flow_family *family = probe_family(probe);

	for (; likely(probe->slot != NO_SLOT); probe_continue(probe)) {
		struct sy_flow *flow = family_entry(family, probe->slot >> 1);
		uint8_t direction = probe->slot & 1;

		if (likely(key_matches(flow, direction, tuple)))
			return (struct sy_flow_hit){ .flow = flow, .direction = direction };
	}
	return (struct sy_flow_hit){ .flow = NULL };
}

/* After all searches have ended: one that is still under way relies on what it has seen. */
static void
draw_home(struct sy_flow_table *table, const struct sy_tuple *const tuples[],
	const struct flow_probe probes[], uint64_t displaced)
{
	for (; displaced != 0; displaced &= displaced - 1) {
		uint32_t i = (uint32_t)__builtin_ctzll(displaced);

		index_draw_home(&table->families[tuples[i]->family].index, &probes[i]);
	}
}

void
sy_flow_lookup(struct sy_flow_table *table, const struct sy_tuple *const tuples[], uint32_t n,
	struct sy_flow_hit hits[])
{
	struct flow_probe probes[SY_FLOW_BURST];
	uint64_t displaced = 0; /* a bit for each that was found away from home */

	start_probes(table, tuples, n, probes);
	seek_candidates(probes, n);
	for (uint32_t i = 0; i < n; i++) {
		hits[i] = settle(tuples[i], &probes[i]);
		if (unlikely(probes[i].distance > 0) && hits[i].flow != NULL)
			displaced |= UINT64_C(1) << i;
	}
	draw_home(table, tuples, probes, displaced);
}

static_assert(SY_FLOW_BURST <= 64, "draw_home keeps a bit for each");

static bool
is_known(const struct flow_family *family, const struct sy_tuple *tuple, uint64_t hash)
{
	struct flow_probe probe;

	probe_start(&probe, &family->index, hash);
	while (!probe_step(&probe))
		;
	return settle(tuple, &probe).flow != NULL;
}

static struct sy_flow *
take_entry(struct flow_family *family)
{
	struct sy_flow *flow;

	family->n_flows++;
	if (family->free_entry == NO_ENTRY)
		return family_entry(family, family->n_touched++);
	flow = family_entry(family, family->free_entry);
	family->free_entry = *entry_next(flow);
	/* The next creation's first read. */
	if (family->free_entry != NO_ENTRY)
		rte_prefetch0(family_entry(family, family->free_entry));
	return flow;
}

static void
return_entry(struct flow_family *family, struct sy_flow *flow)
{
	flow->state = SY_FLOW_FREE;
	*entry_next(flow) = family->free_entry;
	family->free_entry = family_number(family, flow);
	family->n_flows--;
}

static bool
same_tuple(const struct sy_tuple *a, const struct sy_tuple *b)
{
	return sy_addr_equal(&a->src, &b->src) && sy_addr_equal(&a->dst, &b->dst) &&
		a->src_port_be == b->src_port_be && a->dst_port_be == b->dst_port_be &&
		a->protocol == b->protocol;
}

/* An entry of the table, indexed under its original tuple. */
static struct sy_flow *
make_entry(struct flow_family *family, const struct sy_tuple *original, uint64_t hash, sy_ticks now)
{
	struct sy_flow *made = take_entry(family);

	*made = (struct sy_flow){
		.last_seen = now, .family = original->family, .protocol = original->protocol
	};
	key_store(made, SY_ORIGINAL, original);
	/* It finds room: the index has more slots than all entries can fill. */
	index_insert(&family->index, hash, family_number(family, made) << 1 | SY_ORIGINAL);
	return made;
}

static int
create_one_way(struct sy_flow_table *table, const struct sy_tuple *original, sy_ticks now,
	struct sy_flow **flow)
{
	struct flow_family *family = &table->families[original->family];
	uint64_t hash = key_hash(original, &table->seed);

	if (family->n_flows == family->max_flows)
		return -ENOSPC;
	if (is_known(family, original, hash))
		return -EEXIST;
	*flow = make_entry(family, original, hash, now);
	(*flow)->flags = SY_FLOW_ONE_WAY;
	key_store(*flow, SY_REPLY, &(const struct sy_tuple){ .family = original->family });
	return 0;
}

int
sy_flow_create(struct sy_flow_table *table, const struct sy_tuple *original,
	const struct sy_tuple *reply, sy_ticks now, struct sy_flow **flow)
{
	struct flow_family *family = &table->families[original->family];
	uint64_t hashes[2];

	if (reply == NULL)
		return create_one_way(table, original, now, flow);
	if (family->n_flows == family->max_flows)
		return -ENOSPC;
	hashes[SY_ORIGINAL] = key_hash(original, &table->seed);
	hashes[SY_REPLY] = key_hash(reply, &table->seed);
	/* The first bucket was looked at by the lookup that missed; the second is cold. */
	rte_prefetch0(&family->index.buckets[index_home(&family->index, hashes[SY_REPLY])]);
	if (is_known(family, original, hashes[SY_ORIGINAL]) ||
		is_known(family, reply, hashes[SY_REPLY]) || same_tuple(original, reply))
		return -EEXIST;
	*flow = make_entry(family, original, hashes[SY_ORIGINAL], now);
	key_store(*flow, SY_REPLY, reply);
	index_insert(
		&family->index, hashes[SY_REPLY], family_number(family, *flow) << 1 | SY_REPLY);
	return 0;
}

struct sy_tuple
sy_flow_tuple(const struct sy_flow *flow, uint8_t direction)
{
	enum sy_flow_party src = direction == SY_ORIGINAL ? SY_FLOW_CLIENT : SY_FLOW_BACKEND;
	enum sy_flow_party dst = direction == SY_ORIGINAL ? SY_FLOW_VIP : SY_FLOW_LOCAL;

	return (struct sy_tuple){ .src = sy_flow_address(flow, src),
		.dst = sy_flow_address(flow, dst),
		.src_port_be = flow->ports_be[src],
		.dst_port_be = flow->ports_be[dst],
		.family = flow->family,
		.protocol = flow->protocol };
}

/* The last direction that is indexed. */
static inline uint8_t
last_direction(const struct sy_flow *flow)
{
	return (flow->flags & SY_FLOW_ONE_WAY) != 0 ? SY_ORIGINAL : SY_REPLY;
}

/* The hashes of the flow, whose buckets are asked for. */
static void
start_end(const struct sy_flow_table *table, const struct sy_flow *flow, uint64_t hashes[2])
{
	const struct flow_index *index = &table->families[flow->family].index;

	for (uint8_t direction = SY_ORIGINAL; direction <= last_direction(flow); direction++) {
		struct sy_tuple tuple = sy_flow_tuple(flow, direction);

		hashes[direction] = key_hash(&tuple, &table->seed);
		rte_prefetch0(&index->buckets[index_home(index, hashes[direction])]);
	}
}

static void
finish_end(struct sy_flow_table *table, struct sy_flow *flow, const uint64_t hashes[2])
{
	struct flow_family *family = &table->families[flow->family];
	uint32_t slot = family_number(family, flow) << 1;

	for (uint8_t direction = SY_ORIGINAL; direction <= last_direction(flow); direction++)
		index_remove(&family->index, hashes[direction], slot | direction);
	return_entry(family, flow);
}

void
sy_flow_end(struct sy_flow_table *table, struct sy_flow *flow)
{
	sy_flow_end_burst(table, &flow, 1);
}

void
sy_flow_end_burst(struct sy_flow_table *table, struct sy_flow *const flows[], uint32_t n)
{
	uint64_t hashes[SY_FLOW_BURST][2];

	for (uint32_t i = 0; i < n; i++)
		start_end(table, flows[i], hashes[i]);
	for (uint32_t i = 0; i < n; i++)
		finish_end(table, flows[i], hashes[i]);
}

struct sy_flow_birth *
sy_flow_birth(const struct sy_flow_table *table, const struct sy_flow *flow)
{
	const struct flow_family *family = &table->families[flow->family];

	return &family->births[family_number(family, flow)];
}

uint32_t
sy_flow_count(const struct sy_flow_table *table, enum sy_family family)
{
	return table->families[family].n_flows;
}

uint32_t
sy_flow_capacity(const struct sy_flow_table *table, enum sy_family family)
{
	return table->families[family].max_flows;
}
