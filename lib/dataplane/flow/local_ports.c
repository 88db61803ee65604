/* SPDX-License-Identifier: BSD-3-Clause */
#include "local_ports.h"

#include <errno.h>
#include <string.h>

#define WORD_BITS 64

static uint32_t
find_end(const struct sy_local_ports *ports, const struct sy_local_end *of)
{
	uint32_t i = ports->buckets[bucket_of(ports, of)];

	while (i != NO_END && !same_end(&ports->ends[i].of, of))
		i = ports->ends[i].next;
	return i;
}

/* Idle ends keep their bitmap, so that one that is used now and then need not clear it each time. */
static void
become_idle(struct sy_local_ports *ports, uint32_t i)
{
	ports->ends[i].newer = NO_END;
	ports->ends[i].older = ports->newest_idle;
	if (ports->newest_idle != NO_END)
		ports->ends[ports->newest_idle].newer = i;
	else
		ports->oldest_idle = i;
	ports->newest_idle = i;
	ports->counters.n_ends--;
}

static void
become_busy(struct sy_local_ports *ports, uint32_t i)
{
	const struct end *end = &ports->ends[i];

	if (end->newer != NO_END)
		ports->ends[end->newer].older = end->older;
	else
		ports->newest_idle = end->older;
	if (end->older != NO_END)
		ports->ends[end->older].newer = end->newer;
	else
		ports->oldest_idle = end->newer;
	ports->counters.n_ends++;
}

static void
leave_bucket(struct sy_local_ports *ports, uint32_t i)
{
	uint32_t *at = &ports->buckets[bucket_of(ports, &ports->ends[i].of)];

	while (*at != i)
		at = &ports->ends[*at].next;
	*at = ports->ends[i].next;
}

/* An unused end, or the one that has been idle for longest; NO_END: all have ports taken. */
static uint32_t
spare_end(struct sy_local_ports *ports)
{
	uint32_t i = ports->first_free;

	if (i != NO_END) {
		ports->first_free = ports->ends[i].next;
		ports->counters.n_ends++;
		return i;
	}
	i = ports->oldest_idle;
	if (i != NO_END) {
		become_busy(ports, i);
		leave_bucket(ports, i);
	}
	return i;
}

static uint32_t
base_of(const struct sy_local_ports *ports, const struct sy_local_end *of)
{
	if (ports->hash == NULL)
		return 0;
	if (ports->one_sided)
		return sy_toeplitz_source(ports->hash, of->family, &of->local, 0);
	return sy_toeplitz_source(ports->hash, of->family, &of->backend, of->backend_port_be) ^
		sy_toeplitz_destination(ports->hash, of->family, &of->local, 0);
}

static void
begin_change(struct sy_local_ports *ports)
{
	uint32_t version = atomic_load_explicit(&ports->version, memory_order_relaxed);

	atomic_store_explicit(&ports->version, version + 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
}

static void
end_change(struct sy_local_ports *ports)
{
	uint32_t version = atomic_load_explicit(&ports->version, memory_order_relaxed);

	atomic_store_explicit(&ports->version, version + 1, memory_order_release);
}

static uint32_t
add_end(struct sy_local_ports *ports, const struct sy_local_end *of)
{
	uint32_t bucket = bucket_of(ports, of);
	uint32_t i = spare_end(ports);
	struct end *end;

	if (i == NO_END)
		return i;
	end = &ports->ends[i];
	begin_change(ports);
	*end = (struct end){
		.of = *of,
		.base = base_of(ports, of),
		.cursor = sy_hash_range((uint32_t)sy_hash_pair(ports->seed++, i), ports->n_slots),
		.next = ports->buckets[bucket],
	};
	ports->buckets[bucket] = i;
	end_change(ports);
	memset(&ports->bitmaps[(uint64_t)i * ports->n_words], 0,
		ports->n_words * sizeof(*ports->bitmaps));
	return i;
}

static uint16_t
port_of_slot(const struct sy_local_ports *ports, const struct end *end, uint32_t slot)
{
	const struct port_family *family = &ports->families[end->of.family];
	uint32_t value = slot & ((1u << ports->free_bits) - 1);
	uint32_t place = ports->places[slot >> ports->free_bits];
	uint16_t port = family->spread[0][value & 0xff] | family->spread[1][value >> 8];
	uint32_t wanted = place ^ end->base ^ port_adds(ports, end->of.family, port);

	return port | family->solutions[wanted & ports->mask];
}

static uint32_t
slot_of_port(const struct sy_local_ports *ports, const struct end *end, uint16_t port)
{
	const struct port_family *family = &ports->families[end->of.family];
	uint32_t place = (end->base ^ port_adds(ports, end->of.family, port)) & ports->mask;

	return (uint32_t)ports->ranks[place] << ports->free_bits | family->gathered[0][port >> 8] |
		family->gathered[1][port & 0xff];
}

/* The first slot from the cursor on that is not set; there is one. */
static uint32_t
next_slot(const struct sy_local_ports *ports, const uint64_t *bitmap, uint32_t cursor)
{
	uint32_t word = cursor / WORD_BITS;
	uint64_t unset = ~bitmap[word] & (UINT64_MAX << cursor % WORD_BITS);

	while (unset == 0) {
		word = word + 1 < ports->n_words ? word + 1 : 0;
		unset = ~bitmap[word];
	}
	return word * WORD_BITS + (uint32_t)__builtin_ctzll(unset);
}

static uint16_t
take_slot(struct sy_local_ports *ports, struct end *end, uint64_t *bitmap)
{
	uint32_t slot = next_slot(ports, bitmap, end->cursor);

	bitmap[slot / WORD_BITS] |= UINT64_C(1) << slot % WORD_BITS;
	end->cursor = slot + 1 < ports->n_slots ? slot + 1 : 0;
	end->n_used++;
	return port_of_slot(ports, end, slot);
}

/* 0: none is left.  A slot whose port is not to be given out stays taken. */
static uint16_t
take_port(struct sy_local_ports *ports, struct end *end, uint64_t *bitmap)
{
	while (end->n_used < ports->n_slots) {
		uint16_t port = take_slot(ports, end, bitmap);

		if (port >= ports->first && port <= ports->last)
			return port;
		end->n_barred++;
	}
	return 0;
}

int
sy_local_ports_take(struct sy_local_ports *ports, const struct sy_local_end *of, uint16_t *port_be)
{
	uint32_t i = find_end(ports, of);
	struct end *end;
	uint16_t port;
	bool tight;

	if (i == NO_END)
		i = add_end(ports, of);
	else if (ports->ends[i].n_used == ports->ends[i].n_barred)
		become_busy(ports, i);
	if (i == NO_END) {
		ports->counters.refused++;
		return -ENOMEM;
	}
	end = &ports->ends[i];
	tight = is_tight(ports, end);
	port = take_port(ports, end, &ports->bitmaps[(uint64_t)i * ports->n_words]);
	ports->counters.n_tight += is_tight(ports, end) && !tight;
	if (port != 0) {
		ports->counters.taken++;
		*port_be = __builtin_bswap16(port);
		return 0;
	}
	if (end->n_used == end->n_barred)
		become_idle(ports, i);
	ports->counters.exhausted++;
	return -ENOSPC;
}

void
sy_local_ports_give(struct sy_local_ports *ports, const struct sy_local_end *of, uint16_t port_be)
{
	uint32_t i = find_end(ports, of);
	struct end *end = &ports->ends[i];
	uint32_t slot = slot_of_port(ports, end, __builtin_bswap16(port_be));
	bool tight = is_tight(ports, end);

	ports->bitmaps[(uint64_t)i * ports->n_words + slot / WORD_BITS] &=
		~(UINT64_C(1) << slot % WORD_BITS);
	end->n_used--;
	ports->counters.n_tight -= tight && !is_tight(ports, end);
	if (end->n_used == end->n_barred)
		become_idle(ports, i);
}

struct sy_local_ports_counters
sy_local_ports_counters(const struct sy_local_ports *ports)
{
	return ports->counters;
}
