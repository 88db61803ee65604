/* SPDX-License-Identifier: BSD-3-Clause */
#include "sy/stats.h"

#define COUNTER_DESCRIPTION(symbol, name, unit, help) [SY_COUNTER_##symbol] = { name, unit, help },
#define DROP_DESCRIPTION(symbol, name, help, cause, remedy) \
	[SY_DROP_##symbol] = { name, "packets", help },
#define DROP_EXPLANATION(symbol, name, help, cause, remedy) [SY_DROP_##symbol] = { cause, remedy },
#define STAGE_DESCRIPTION(symbol, name, help) [SY_STAGE_##symbol] = { name, "cycles", help },

const struct sy_counter_description sy_counter_descriptions[SY_N_COUNTERS] = { SY_COUNTERS(
	COUNTER_DESCRIPTION) };

const struct sy_counter_description sy_drop_descriptions[SY_N_DROPS] = {
	[SY_DROP_NONE] = { "none", "packets", "not dropped" }, SY_DROPS(DROP_DESCRIPTION)
};

const struct sy_drop_explanation sy_drop_explanations[SY_N_DROPS] = { [SY_DROP_NONE] = { "", "" },
	SY_DROPS(DROP_EXPLANATION) };

const struct sy_counter_description sy_stage_descriptions[SY_N_STAGES] = { SY_STAGES(
	STAGE_DESCRIPTION) };
