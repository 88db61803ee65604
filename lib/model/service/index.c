/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>

#include "index.h"
#include "rows.h"

static uint32_t
table_size(uint32_t n)
{
	uint32_t size = 4;

	while (size < 2 * n)
		size *= 2;
	return size;
}

uint64_t
sy_index_table_bytes(uint32_t n)
{
	return rows_bytes(
		1, sizeof(struct sy_index_table) + table_size(n) * sizeof(struct sy_index_entry));
}

struct sy_index_table *
sy_index_table_create(uint32_t n)
{
	struct sy_index_table *table = rows_alloc(1, sy_index_table_bytes(n));

	if (table != NULL)
		table->mask = table_size(n) - 1;
	return table;
}

void
sy_index_table_destroy(struct sy_index_table *table)
{
	free(table);
}

uint32_t
sy_index_table_add(struct sy_index_table *table, const struct sy_key *key, uint32_t value)
{
	uint32_t at = sy_key_hash(key) & table->mask;

	while (table->entries[at].used != 0) {
		if (sy_key_equal(&table->entries[at].key, key))
			return table->entries[at].value;
		at = (at + 1) & table->mask;
	}
	table->entries[at] = (struct sy_index_entry){ .key = *key, .value = value, .used = 1 };
	return value;
}
