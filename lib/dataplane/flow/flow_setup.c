/* SPDX-License-Identifier: BSD-3-Clause */
/* The management core's half: memory is taken and given back here, and nowhere else. */
#include "table.h"

#include <errno.h>

#include <rte_malloc.h>

static const uint32_t entry_shifts[SY_N_FAMILIES] = { [SY_IPV4] = 6, [SY_IPV6] = 7 };

static uint32_t
count_buckets(uint32_t max_flows)
{
	return (uint32_t)((2 * (uint64_t)max_flows + FULL_SLOTS_PER_BUCKET - 1) /
		FULL_SLOTS_PER_BUCKET);
}

static uint64_t
index_bytes(uint32_t max_flows)
{
	return count_buckets(max_flows) * (uint64_t)sizeof(struct flow_bucket);
}

static uint64_t
entries_bytes(uint32_t max_flows, enum sy_family family)
{
	return (uint64_t)max_flows << entry_shifts[family];
}

static uint64_t
births_bytes(uint32_t max_flows)
{
	return max_flows * (uint64_t)sizeof(struct sy_flow_birth);
}

uint64_t
sy_flow_table_bytes(const struct sy_flow_table_params *params)
{
	uint64_t bytes = sizeof(struct sy_flow_table);

	for (int f = 0; f < SY_N_FAMILIES; f++)
		bytes += index_bytes(params->max_flows[f]) +
			entries_bytes(params->max_flows[f], (enum sy_family)f) +
			births_bytes(params->max_flows[f]);
	return bytes;
}

static int
init_family(struct flow_family *family, enum sy_family which, uint32_t max_flows, int socket)
{
	family->max_flows = max_flows;
	family->free_entry = NO_ENTRY;
	family->entry_shift = entry_shifts[which];
	family->last_line = (1u << family->entry_shift) - RTE_CACHE_LINE_SIZE;
	family->index.n_buckets = count_buckets(max_flows);
	family->index.buckets = rte_zmalloc_socket(
		"sy_flow_index", index_bytes(max_flows), sizeof(struct flow_bucket), socket);
	/* Not zeroed, these two: they are written before they are read. */
	family->entries = rte_malloc_socket("sy_flow_entries", entries_bytes(max_flows, which),
		(unsigned int)1 << family->entry_shift, socket);
	family->births = rte_malloc_socket(
		"sy_flow_births", births_bytes(max_flows), RTE_CACHE_LINE_SIZE, socket);
	return family->index.buckets != NULL && family->entries != NULL && family->births != NULL
		? 0
		: -ENOMEM;
}

static bool
is_valid(const struct sy_flow_table_params *params)
{
	for (int f = 0; f < SY_N_FAMILIES; f++) {
		if (params->max_flows[f] < MIN_FLOWS || params->max_flows[f] > MAX_FLOWS)
			return false;
	}
	return true;
}

static void
init_seed(struct flow_seed *seed, uint64_t from)
{
	for (uint32_t i = 0; i < FLOW_SEEDS; i++)
		seed->words[i] = sy_hash_pair(from, i);
	seed->words[FLOW_SEEDS - 1] |= 1; /* a factor: never zero */
}

int
sy_flow_table_create(const struct sy_flow_table_params *params, struct sy_flow_table **table)
{
	struct sy_flow_table *made;

	if (!is_valid(params))
		return -EINVAL;
	made = rte_zmalloc_socket(
		"sy_flow_table", sizeof(*made), RTE_CACHE_LINE_SIZE, params->socket);
	if (made == NULL)
		return -ENOMEM;
	init_seed(&made->seed, params->seed);
	for (int f = 0; f < SY_N_FAMILIES; f++) {
		if (init_family(&made->families[f], (enum sy_family)f, params->max_flows[f],
			    params->socket) != 0) {
			sy_flow_table_destroy(made);
			return -ENOMEM;
		}
	}
	*table = made;
	return 0;
}

void
sy_flow_table_destroy(struct sy_flow_table *table)
{
	if (table == NULL)
		return;
	for (int f = 0; f < SY_N_FAMILIES; f++) {
		rte_free(table->families[f].index.buckets);
		rte_free(table->families[f].entries);
		rte_free(table->families[f].births);
	}
	rte_free(table);
}
