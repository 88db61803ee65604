/* SPDX-License-Identifier: BSD-3-Clause */
#include "sy/history.h"

#include <stdlib.h>

#define ALWAYS_KEPT 2 /* the version in force, and the one to go back to */

static void
forget_oldest(struct sy_history *history)
{
	struct sy_version *oldest = &history->versions[--history->n_versions];

	history->n_bytes -= oldest->length;
	free(oldest->text);
	oldest->text = NULL;
}

uint32_t
sy_history_add(struct sy_history *history, const struct sy_version *version)
{
	if (history->n_versions == SY_HISTORY_VERSIONS)
		forget_oldest(history);
	for (uint32_t i = history->n_versions; i > 0; i--)
		history->versions[i] = history->versions[i - 1];
	history->versions[0] = *version;
	history->versions[0].number = ++history->n_ever;
	history->n_versions++;
	history->n_bytes += version->length;
	while (history->n_bytes > SY_HISTORY_BYTES && history->n_versions > ALWAYS_KEPT)
		forget_oldest(history);
	return history->n_ever;
}

const struct sy_version *
sy_history_find(const struct sy_history *history, uint32_t number)
{
	for (uint32_t i = 0; i < history->n_versions; i++) {
		if (history->versions[i].number == number)
			return &history->versions[i];
	}
	return NULL;
}

const struct sy_version *
sy_history_previous(const struct sy_history *history)
{
	return history->n_versions < 2 ? NULL : &history->versions[1];
}

void
sy_history_fini(struct sy_history *history)
{
	while (history->n_versions > 0)
		forget_oldest(history);
}
