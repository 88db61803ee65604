/* SPDX-License-Identifier: BSD-3-Clause */
/* What has changed since the last snapshot, in words, for those who ask later. */
#include <stdio.h>

#include "registry.h"

void
sy_registry_changed(
	struct sy_registry *registry, const struct sy_backend *backend, const char *what)
{
	registry->version++;
	if (registry->n_causes++ > 0)
		return;
	if (backend == NULL)
		snprintf(registry->cause, sizeof(registry->cause), "%s", what);
	else
		snprintf(registry->cause, sizeof(registry->cause), "%s/%s %s", backend->pool_name,
			backend->config.name, what);
}

const char *
sy_registry_take_cause(struct sy_registry *registry, char text[SY_CAUSE_TEXT])
{
	if (registry->n_causes == 0)
		snprintf(text, SY_CAUSE_TEXT, "routes, neighbours or links");
	else if (registry->n_causes == 1)
		snprintf(text, SY_CAUSE_TEXT, "%s", registry->cause);
	else
		snprintf(text, SY_CAUSE_TEXT, "%s, and %u changes more", registry->cause,
			registry->n_causes - 1);
	registry->n_causes = 0;
	return text;
}
