/* SPDX-License-Identifier: BSD-3-Clause */
/* The management core's half: memory, and the arithmetic of ports. */
#include "local_ports.h"

#include <errno.h>
#include <string.h>

#include <rte_common.h>
#include <rte_malloc.h>

#define WORD_BITS 64

static uint32_t
count_places(const struct sy_local_ports_params *params)
{
	uint32_t n = 0;

	if (params->bits == 0)
		return 1;
	for (uint32_t place = 0; place < 1u << params->bits; place++)
		n += params->workers[place] == params->worker;
	return n;
}

static uint64_t
count_slots(const struct sy_local_ports_params *params)
{
	return (uint64_t)count_places(params) << (PORT_BITS - params->bits);
}

static uint32_t
count_buckets(const struct sy_local_ports_params *params)
{
	return rte_align32pow2(params->max_ends);
}

uint64_t
sy_local_ports_bytes(const struct sy_local_ports_params *params)
{
	return sizeof(struct sy_local_ports) + count_buckets(params) * sizeof(uint32_t) +
		params->max_ends * (sizeof(struct end) + count_slots(params) / 8);
}

static bool
is_valid(const struct sy_local_ports_params *params)
{
	return params->bits <= SY_OWNERS_BITS && params->first != 0 &&
		params->first <= params->last && params->max_ends != 0 && count_places(params) != 0;
}

static void
find_places(struct sy_local_ports *ports, const struct sy_local_ports_params *params)
{
	for (uint32_t place = 0; place <= ports->mask; place++) {
		if (params->bits > 0 && params->workers[place] != params->worker)
			continue;
		ports->ranks[place] = ports->n_places;
		ports->places[ports->n_places++] = (uint16_t)place;
	}
}

/* Elimination over the port's bits, from the lowest: a bit whose sum is new becomes a pivot, and
 * with it each solution so far gets a twin.  Returns the pivots, or 0 with `ok` false. */
static uint16_t
solve(const struct sy_local_ports *ports, uint8_t family, uint16_t solutions[], bool *ok)
{
	bool known[1 << SY_OWNERS_BITS] = { true };
	uint32_t n_known = 1;
	uint16_t pivots = 0;

	solutions[0] = 0;
	for (uint32_t bit = 0; bit < PORT_BITS && n_known <= ports->mask; bit++) {
		uint16_t port = (uint16_t)(1u << bit);
		uint32_t adds = port_adds(ports, family, port) & ports->mask;

		if (known[adds])
			continue;
		for (uint32_t sum = 0; sum <= ports->mask; sum++) {
			if (!known[sum] || (solutions[sum] & port) != 0)
				continue;
			known[sum ^ adds] = true;
			solutions[sum ^ adds] = solutions[sum] | port;
		}
		pivots |= port;
		n_known *= 2;
	}
	*ok = n_known == ports->mask + 1;
	return pivots;
}

static uint16_t
spread_bits(uint16_t pivots, uint16_t value)
{
	uint16_t port = 0;

	for (uint32_t bit = 0; bit < PORT_BITS; bit++) {
		if ((pivots >> bit & 1) != 0)
			continue;
		port |= (uint16_t)((value & 1) << bit);
		value >>= 1;
	}
	return port;
}

static uint16_t
gather_bits(uint16_t pivots, uint16_t port)
{
	uint16_t value = 0;
	uint32_t n = 0;

	for (uint32_t bit = 0; bit < PORT_BITS; bit++)
		if ((pivots >> bit & 1) == 0)
			value |= (uint16_t)((port >> bit & 1) << n++);
	return value;
}

static bool
init_family(struct sy_local_ports *ports, uint8_t which)
{
	struct port_family *family = &ports->families[which];
	bool ok;
	uint16_t pivots = solve(ports, which, family->solutions, &ok);

	for (uint32_t byte = 0; byte < 256; byte++) {
		family->spread[0][byte] = spread_bits(pivots, (uint16_t)byte);
		family->spread[1][byte] = spread_bits(pivots, (uint16_t)(byte << 8));
		family->gathered[0][byte] = gather_bits(pivots, (uint16_t)(byte << 8));
		family->gathered[1][byte] = gather_bits(pivots, (uint16_t)byte);
	}
	return ok;
}

static int
create_tables(struct sy_local_ports *ports, const struct sy_local_ports_params *params)
{
	ports->n_buckets = count_buckets(params);
	ports->buckets = rte_malloc_socket(
		"sy_port_buckets", ports->n_buckets * sizeof(*ports->buckets), 64, params->socket);
	ports->ends = rte_zmalloc_socket(
		"sy_port_ends", params->max_ends * sizeof(*ports->ends), 64, params->socket);
	/* Not zeroed: an end's bitmap is when it gets one. */
	ports->bitmaps = rte_malloc_socket("sy_port_bitmaps",
		(uint64_t)params->max_ends * ports->n_words * sizeof(*ports->bitmaps), 64,
		params->socket);
	if (ports->buckets == NULL || ports->ends == NULL || ports->bitmaps == NULL)
		return -ENOMEM;
	memset(ports->buckets, 0xff, ports->n_buckets * sizeof(*ports->buckets));
	for (uint32_t i = 0; i < params->max_ends; i++)
		ports->ends[i].next = i + 1 < params->max_ends ? i + 1 : NO_END;
	return 0;
}

int
sy_local_ports_create(const struct sy_local_ports_params *params, struct sy_local_ports **ports)
{
	struct sy_local_ports *made;
	int status = 0;

	if (!is_valid(params))
		return -EINVAL;
	made = rte_zmalloc_socket("sy_local_ports", sizeof(*made), 64, params->socket);
	if (made == NULL)
		return -ENOMEM;
	made->hash = params->hash;
	made->one_sided = params->one_sided;
	made->mask = (1u << params->bits) - 1;
	made->free_bits = PORT_BITS - params->bits;
	made->first = params->first;
	made->last = params->last;
	made->max_ends = params->max_ends;
	made->seed = params->seed;
	made->oldest_idle = made->newest_idle = NO_END;
	made->n_slots = (uint32_t)count_slots(params);
	made->n_words = made->n_slots / WORD_BITS;
	find_places(made, params);
	for (uint8_t family = 0; family < SY_N_FAMILIES && status == 0; family++)
		status = init_family(made, family) ? 0 : -EINVAL;
	if (status == 0)
		status = create_tables(made, params);
	if (status != 0) {
		sy_local_ports_destroy(made);
		return status;
	}
	*ports = made;
	return 0;
}

void
sy_local_ports_destroy(struct sy_local_ports *ports)
{
	if (ports == NULL)
		return;
	rte_free(ports->buckets);
	rte_free(ports->ends);
	rte_free(ports->bitmaps);
	rte_free(ports);
}
