/* SPDX-License-Identifier: BSD-3-Clause */
#include "source.h"

#include <stddef.h>

/* The table of kinds. */
static const struct sy_source_kind *const kinds[] = {
	&sy_source_file,
	&sy_source_dns,
	&sy_source_etcd,
	&sy_source_consul,
	&sy_source_kubernetes,
};

const struct sy_source_kind *
sy_source_find(uint8_t type)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (kinds[i]->type == type)
			return kinds[i];
	}
	return NULL;
}
