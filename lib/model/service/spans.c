/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "spans.h"

/* Lists are runs of equal keys, live claims before leaving ones. */
static int
compare_claims(const void *first, const void *second)
{
	const struct sy_span_claim *a = first, *b = second;
	int order =
		memcmp(a->key.address.bytes, b->key.address.bytes, sizeof(a->key.address.bytes));

	if (order == 0)
		order = a->key.family - b->key.family;
	if (order == 0)
		order = a->key.protocol - b->key.protocol;
	if (order == 0)
		order = a->leaving - b->leaving;
	return order != 0 ? order : a->span.low - b->span.low;
}

static bool
is_all(const struct sy_span *span)
{
	return span->low == 1 && span->high == UINT16_MAX;
}

static void
add_claim(struct sy_spans *spans, struct sy_span_list *list, const struct sy_span_claim *claim)
{
	if (is_all(&claim->span) && !claim->leaving) {
		list->all = claim->span.service;
		return;
	}
	spans->spans[list->first + list->n + list->n_leaving] = claim->span;
	if (claim->leaving)
		list->n_leaving++;
	else
		list->n++;
}

struct sy_spans *
sy_spans_create(struct sy_span_claim *claims, uint32_t n)
{
	struct sy_spans *spans = calloc(1, sizeof(*spans));
	struct sy_span_list *list = NULL;
	uint32_t n_lists = 0;

	if (spans == NULL)
		return NULL;
	spans->places = sy_index_table_create(n);
	spans->lists = calloc(n + 1, sizeof(*spans->lists));
	spans->spans = calloc(n + 1, sizeof(*spans->spans));
	if (spans->places == NULL || spans->lists == NULL || spans->spans == NULL) {
		sy_spans_destroy(spans);
		return NULL;
	}
	qsort(claims, n, sizeof(*claims), compare_claims);
	for (uint32_t i = 0; i < n; i++) {
		if (i == 0 || !sy_key_equal(&claims[i].key, &claims[i - 1].key)) {
			list = &spans->lists[n_lists];
			*list = (struct sy_span_list){ .first = i, .all = UINT32_MAX };
			sy_index_table_add(spans->places, &claims[i].key, n_lists++);
		}
		add_claim(spans, list, &claims[i]);
	}
	return spans;
}

void
sy_spans_destroy(struct sy_spans *spans)
{
	if (spans == NULL)
		return;
	sy_index_table_destroy(spans->places);
	free(spans->lists);
	free(spans->spans);
	free(spans);
}
