/* SPDX-License-Identifier: BSD-3-Clause */
#include "sy/reason.h"

#include <assert.h>
#include <stdio.h>

struct description {
	const char *name;
	const char *help;
};

#define DESCRIPTION(symbol, name, help) [SY_REASON_##symbol] = { name, help },
static const struct description descriptions[SY_N_REASONS] = { SY_REASONS(DESCRIPTION) };

static_assert((int)SY_N_REASONS <= (int)SY_REASON_MASK, "a reason and its flags are one byte");

static const struct description *
describe(uint8_t why)
{
	static const struct description unknown = { "unknown", "not written down" };
	uint8_t reason = why & SY_REASON_MASK;

	return reason < SY_N_REASONS ? &descriptions[reason] : &unknown;
}

const char *
sy_reason_name(uint8_t why)
{
	return describe(why)->name;
}

const char *
sy_reason_help(uint8_t why)
{
	return describe(why)->help;
}

const char *
sy_reason_text(uint8_t why, char text[SY_REASON_TEXT])
{
	snprintf(text, SY_REASON_TEXT, "%s%s%s", sy_reason_name(why),
		(why & SY_REASON_SPARE) != 0 ? ", spare" : "",
		(why & SY_REASON_PANIC) != 0 ? ", panic" : "");
	return text;
}
