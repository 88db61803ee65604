/* SPDX-License-Identifier: BSD-3-Clause */
/* The worker's half of the look-up tables: nothing here allocates. */
#include <rte_branch_prediction.h>
#include <rte_byteorder.h>
#include <rte_fib.h>
#include <rte_fib6.h>

#include "index.h"
#include "lpm.h"

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
