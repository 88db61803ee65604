/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include <rte_common.h>

#include "modes.h"

static const struct sy_forward *const modes[] = {
	&sy_forward_nat,
};

#define NAMES_TEXT 128

uint8_t
sy_forward_find(const char *name)
{
	for (uint8_t row = 0; row < RTE_DIM(modes); row++) {
		if (strcmp(modes[row]->name, name) == 0)
			return row;
	}
	return SY_NO_FORWARD;
}

bool
sy_forward_exists(const char *name)
{
	return sy_forward_find(name) != SY_NO_FORWARD;
}

const struct sy_forward *
sy_forward_at(uint8_t row)
{
	return row < RTE_DIM(modes) ? modes[row] : NULL;
}

const char *
sy_forward_names(void)
{
	static char names[NAMES_TEXT];
	size_t length = 0;

	if (names[0] != '\0')
		return names;
	for (uint8_t row = 0; row < RTE_DIM(modes); row++)
		length += (size_t)snprintf(names + length, sizeof(names) - length, "%s%s",
			row == 0 ? "" : ", ", modes[row]->name);
	return names;
}
