/* SPDX-License-Identifier: BSD-3-Clause */
#include "state.h"

#include <stdlib.h>

void
sy_scheduler_free(struct sy_scheduler_state *state)
{
	free(state);
}
