/* SPDX-License-Identifier: BSD-3-Clause */
#include "policy.h"

#include <string.h>

static const struct policy *const policies[] = {
	&sy_policy_static,
};

const struct policy *
sy_policy_find(const char *name)
{
	for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
		if (strcmp(policies[i]->name, name) == 0)
			return policies[i];
	}
	return NULL;
}
