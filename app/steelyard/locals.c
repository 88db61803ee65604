/* SPDX-License-Identifier: BSD-3-Clause */
/* Local ports: told on the surfaces, and in the log before they run out. */
#include <string.h>

#include "daemon.h"
#include "sy/time.h"

void
daemon_judge_locals(struct daemon *daemon)
{
	char text[SY_LOCAL_TEXT];

	switch (sy_local_alarm_judge(
		&daemon->local_alarm, daemon->workers, daemon->n_workers, sy_time_us(), text)) {
	case SY_LOCAL_NO_NEWS:
		break;
	case SY_LOCAL_TIGHT:
	case SY_LOCAL_NO_ROOM:
		sy_warning("%s", text);
		break;
	case SY_LOCAL_RELIEVED:
		sy_notice("%s", text);
		break;
	}
}

bool
daemon_next_local(void *context, struct sy_surface_walk *walk, struct sy_surface_local *local)
{
	const struct daemon *daemon = context;
	struct sy_local_walk at = { walk->at[0], walk->at[1] };
	struct sy_local_row row;
	bool found = sy_local_walk_next(&at, daemon->workers, daemon->n_workers, &row);

	walk->at[0] = at.worker;
	walk->at[1] = at.place;
	if (!found)
		return false;
	*local = (struct sy_surface_local){
		.local = row.end.local,
		.backend = row.end.backend,
		.backend_port_be = row.end.backend_port_be,
		.family = row.end.family,
		.protocol = row.end.protocol,
		.n_taken = row.n_taken,
		.n_ports = row.n_ports,
		.fullest = row.fullest,
		.fullest_percent = row.fullest_percent,
		.tight = row.tight,
	};
	return true;
}

uint32_t
daemon_local_figures(const struct daemon *daemon, struct sy_surface_figure figures[])
{
	const struct sy_local_ports_counters sum = sy_local_sum(daemon->workers, daemon->n_workers);
	const struct sy_surface_figure rows[] = {
		{ "local_ports_taken", NULL, sum.taken },
		{ "local_ports_exhausted", NULL, sum.exhausted },
		{ "local_ends", NULL, sum.n_ends },
		{ "local_ends_tight", NULL, sum.n_tight },
		{ "local_ends_refused", NULL, sum.refused },
	};

	memcpy(figures, rows, sizeof(rows));
	return RTE_DIM(rows);
}
