/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include <rte_common.h>

#include "modes.h"

const struct sy_forward *const sy_forward_modes[UINT8_MAX + 1] = {
	&sy_forward_nat,
	&sy_forward_fullnat,
	&sy_forward_dr,
	&sy_forward_ipip,
	&sy_forward_gre,
	&sy_forward_gue,
	&sy_forward_vxlan,
	&sy_forward_l3dsr,
	&sy_forward_snat,
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

static bool
is_outgoing(uint8_t row)
{
	return (sy_forward_modes[row]->flags & SY_FORWARD_OUTGOING) != 0;
}

bool
sy_forward_exists(const char *name)
{
	uint8_t row = sy_forward_find(name);

	return row != SY_NO_FORWARD && !is_outgoing(row);
}

bool
sy_forward_is_stateless(uint8_t row)
{
	return sy_forward_modes[row] != NULL && sy_forward_modes[row]->apply_stateless != NULL;
}

bool
sy_forward_replies_apart(uint8_t row)
{
	return sy_forward_modes[row] != NULL &&
		(sy_forward_modes[row]->flags & (SY_FORWARD_ONE_WAY | SY_FORWARD_LOCAL)) != 0;
}

bool
sy_forward_has(const char *name, enum sy_mode_trait trait)
{
	static const uint8_t flags[] = {
		[SY_MODE_MIXED] = SY_FORWARD_MIXED,
		[SY_MODE_ONE_WAY] = SY_FORWARD_ONE_WAY,
		[SY_MODE_ON_LINK] = SY_FORWARD_ON_LINK,
		[SY_MODE_MARKS] = SY_FORWARD_MARKS,
		[SY_MODE_LOCAL] = SY_FORWARD_LOCAL,
	};
	uint8_t row = sy_forward_find(name);

	return row != SY_NO_FORWARD && (sy_forward_modes[row]->flags & flags[trait]) != 0;
}

const char *
sy_forward_names(void)
{
	static char names[NAMES_TEXT];
	size_t length = 0;

	if (names[0] != '\0')
		return names;
	for (uint8_t row = 0; sy_forward_modes[row] != NULL; row++) {
		if (is_outgoing(row))
			continue;
		length += (size_t)snprintf(names + length, sizeof(names) - length, "%s%s",
			row == 0 ? "" : ", ", sy_forward_modes[row]->name);
	}
	return names;
}
