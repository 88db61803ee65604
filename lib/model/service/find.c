/* SPDX-License-Identifier: BSD-3-Clause */
/* The worker's half of the look-up tables: nothing here allocates. */
#include <rte_branch_prediction.h>
#include <rte_byteorder.h>
#include <rte_fib.h>
#include <rte_fib6.h>

#include "index.h"
#include "lpm.h"
#include "spans.h"

uint32_t
sy_index_table_find(const struct sy_index_table *table, const struct sy_key *key)
{
	uint32_t at = sy_key_hash(key) & table->mask;

	while (table->entries[at].used != 0) {
		if (sy_key_equal(&table->entries[at].key, key))
			return table->entries[at].value;
		at = (at + 1) & table->mask;
	}
	return UINT32_MAX;
}

/* The last span that begins at or before the port, or none, of those that do not overlap. */
static uint32_t
find_sorted(const struct sy_span *spans, uint32_t n, uint16_t port)
{
	uint32_t low = 0, high = n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (spans[middle].low <= port)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 && spans[low - 1].high >= port ? spans[low - 1].service : UINT32_MAX;
}

uint32_t
sy_spans_find(const struct sy_spans *spans, const struct sy_key *key, uint16_t port)
{
	const struct sy_key place = {
		.address = key->address,
		.protocol = key->protocol,
		.family = key->family,
	};
	uint32_t at = sy_index_table_find(spans->places, &place);
	const struct sy_span_list *list;
	uint32_t service;

	if (at == UINT32_MAX || port == 0)
		return UINT32_MAX;
	list = &spans->lists[at];
	service = find_sorted(&spans->spans[list->first], list->n, port);
	if (service == UINT32_MAX)
		service = list->all;
	for (uint32_t i = 0; service == UINT32_MAX && i < list->n_leaving; i++) {
		const struct sy_span *span = &spans->spans[list->first + list->n + i];

		if (port >= span->low && port <= span->high)
			service = span->service;
	}
	return service;
}

static uint32_t
scan(const struct sy_lpm_row *rows, uint32_t n, const struct sy_addr *address)
{
	for (uint32_t i = 0; i < n; i++) {
		const struct sy_lpm_row *row = &rows[i];
		uint64_t differs =
			((address->words[0] ^ row->network.words[0]) & row->mask.words[0]) |
			((address->words[1] ^ row->network.words[1]) & row->mask.words[1]);

		if (differs == 0)
			return row->route;
	}
	return SY_LPM_NONE;
}

static uint32_t
scan_v4(const struct sy_lpm_row *rows, uint32_t n, uint32_t address_be)
{
	for (uint32_t i = 0; i < n; i++) {
		if (((address_be ^ rows[i].network.v4_be) & rows[i].mask.v4_be) == 0)
			return rows[i].route;
	}
	return SY_LPM_NONE;
}

static uint32_t
find_in_fib(const struct sy_lpm *lpm, uint8_t family, const struct sy_addr *address)
{
	uint64_t route = SY_FIB_NONE;

	if (family == SY_IPV4) {
		uint32_t host = rte_be_to_cpu_32(address->v4_be);

		rte_fib_lookup_bulk(lpm->fib4, &host, &route, 1);
	} else {
		uint8_t bytes[1][RTE_FIB6_IPV6_ADDR_SIZE];

		memcpy(bytes[0], address->bytes, sizeof(bytes[0]));
		rte_fib6_lookup_bulk(lpm->fib6, bytes, &route, 1);
	}
	return route == SY_FIB_NONE ? SY_LPM_NONE : (uint32_t)route;
}

uint32_t
sy_lpm_find(const struct sy_lpm *lpm, uint8_t family, const struct sy_addr *address)
{
	if (unlikely(family == SY_IPV4 ? lpm->fib4 != NULL : lpm->fib6 != NULL))
		return find_in_fib(lpm, family, address);
	if (likely(family == SY_IPV4))
		return scan_v4(lpm->scan[SY_IPV4], lpm->n_scan[SY_IPV4], address->v4_be);
	return scan(lpm->scan[SY_IPV6], lpm->n_scan[SY_IPV6], address);
}
