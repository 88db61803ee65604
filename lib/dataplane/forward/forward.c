/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include <rte_common.h>

#include "modes.h"

const struct sy_forward *const sy_forward_modes[UINT8_MAX + 1] = {
	&sy_forward_nat,
};

#define NAMES_TEXT 128

uint8_t
sy_forward_find(const char *name)
{
	for (uint8_t row = 0; sy_forward_modes[row] != NULL; row++) {
		if (strcmp(sy_forward_modes[row]->name, name) == 0)
			return row;
	}
	return SY_NO_FORWARD;
}

bool
sy_forward_exists(const char *name)
{
	return sy_forward_find(name) != SY_NO_FORWARD;
}

bool
sy_forward_is_stateless(uint8_t row)
{
	return sy_forward_modes[row] != NULL && sy_forward_modes[row]->apply_stateless != NULL;
}

const char *
sy_forward_names(void)
{
	static char names[NAMES_TEXT];
	size_t length = 0;

	if (names[0] != '\0')
		return names;
	for (uint8_t row = 0; sy_forward_modes[row] != NULL; row++)
		length += (size_t)snprintf(names + length, sizeof(names) - length, "%s%s",
			row == 0 ? "" : ", ", sy_forward_modes[row]->name);
	return names;
}
