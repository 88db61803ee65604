/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "private.h"

/* Devices may be told of memory that a reload takes later: no limit then, and no ipc_lock. */
static void
lift_memory_limit(void)
{
	const struct rlimit limit = { .rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY };

	setrlimit(RLIMIT_MEMLOCK, &limit);
}

int
sy_sandbox_enter(
	const struct sy_sandbox_params *params, struct sy_sandbox *sandbox, struct sy_error *error)
{
	uint64_t permitted;
	int status = sy_capabilities_permitted(&permitted);

	*sandbox = (struct sy_sandbox){ .filtered = false };
	lift_memory_limit();
	sandbox->capabilities = params->keep & permitted;
	if (status == 0)
		status = sy_capabilities_limit(sandbox->capabilities);
	if (status != 0)
		return sy_error_set(
			error, status, "capabilities cannot be given up: %s", strerror(-status));
	sy_threads_limit(sandbox->capabilities, sandbox);
	status = sy_filter_install();
	sandbox->filtered = status == 0;
	if (status != 0)
		snprintf(sandbox->unfiltered, sizeof(sandbox->unfiltered), "%s",
			status == -EBUSY ? "a thread has a filter of its own" : strerror(-status));
	return 0;
}
