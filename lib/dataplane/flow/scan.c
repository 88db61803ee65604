/* SPDX-License-Identifier: BSD-3-Clause */
#include "table.h"

uint32_t
sy_flow_scan_length(const struct sy_flow_table *table)
{
	return table->families[SY_IPV4].n_touched + table->families[SY_IPV6].n_touched;
}

/* The entry visited next, which is then the one behind it; there is one at least. */
static struct sy_flow *
scan_next(struct sy_flow_table *table)
{
	while (table->scan_entry >= table->families[table->scan_family].n_touched) {
		table->scan_entry = 0;
		table->scan_family = table->scan_family == SY_IPV4 ? SY_IPV6 : SY_IPV4;
	}
	return family_entry(&table->families[table->scan_family], table->scan_entry++);
}

void
sy_flow_scan(struct sy_flow_table *table, uint32_t n, sy_flow_visit visit, void *context)
{
	if (sy_flow_scan_length(table) == 0)
		return;
	for (uint32_t i = 0; i < n; i++) {
		struct sy_flow *flow = scan_next(table);

		if (flow->state != SY_FLOW_FREE)
			visit(table, flow, context);
	}
}
