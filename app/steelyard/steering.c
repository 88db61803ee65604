/* SPDX-License-Identifier: BSD-3-Clause */
/* What the steering ladder came to: told in the log and on the surfaces, and watched. */
#include "daemon.h"

#define JUDGE_BEATS 10

static const char *
state_of(const struct sy_steering *steering, enum sy_steering_rung rung)
{
	if (rung == steering->rung)
		return "in use";
	return steering->rows[rung].possible ? "possible" : "no";
}

void
daemon_tell_steering(struct daemon *daemon)
{
	const struct sy_steering *steering = &daemon->ports->steering;

	sy_notice("steering: %s: %s", sy_steering_name(steering->rung), steering->reason);
	for (int i = 0; i < SY_N_STEERING_RUNGS; i++) {
		enum sy_steering_rung rung = (enum sy_steering_rung)i;

		daemon->surface_rungs[i] = (struct sy_surface_rung){
			.name = sy_steering_name(rung),
			.state = state_of(steering, rung),
			.reason = steering->rows[i].reason,
		};
		if (rung != steering->rung && rung != SY_STEERING_SINGLE && daemon->n_workers > 1)
			sy_info("steering: %s: %s: %s", daemon->surface_rungs[i].name,
				daemon->surface_rungs[i].state, daemon->surface_rungs[i].reason);
	}
	daemon->surface_context.steering = sy_steering_name(steering->rung);
	daemon->surface_context.steering_reason = steering->reason;
}

void
daemon_review_steering(struct daemon *daemon)
{
	const struct sy_steering *steering = &daemon->ports->steering;

	if (!sy_ports_review(daemon->ports, daemon->config))
		return;
	if (steering->note[0] != '\0')
		sy_warning("steering: %s", steering->note);
	else
		sy_notice("steering: the ports' hash follows all services again");
}

void
daemon_judge_steering(struct daemon *daemon)
{
	if (++daemon->beats % JUDGE_BEATS != 0)
		return;
	if (sy_ports_judge_steering(daemon->ports,
		    sy_stats_counter(daemon->stats, SY_COUNTER_TRANSMITTED),
		    sy_stats_counter(daemon->stats, SY_COUNTER_ASTRAY))) {
		if (daemon->ports->trial.failed)
			sy_warning("steering: %s", daemon->ports->steering.reason);
		daemon_tell_steering(daemon);
	}
}
