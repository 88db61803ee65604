/* SPDX-License-Identifier: BSD-3-Clause */
/* The flow that there is, and what is remembered of its beginning. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "private.h"
#include "sy/reason.h"
#include "sy/stats.h"
#include "sy/time.h"

#define ROWS 32 /* candidates that are told of a version */

static void
write_time(uint64_t wall_us, char text[32])
{
	time_t seconds = (time_t)(wall_us / 1000000);
	struct tm parts;

	gmtime_r(&seconds, &parts);
	strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

static void
write_duration(uint32_t seconds, char text[32])
{
	if (seconds >= 86400)
		snprintf(text, 32, "%u d %u h", seconds / 86400, seconds / 3600 % 24);
	else if (seconds >= 3600)
		snprintf(text, 32, "%u h %u min", seconds / 3600, seconds / 60 % 60);
	else
		snprintf(text, 32, "%u min %u s", seconds / 60, seconds % 60);
}

/* "web/web1 (weight 1), web/web2 (weight 5)": those that fit. */
static void
write_candidates(const struct explaining *e, uint32_t backend, char *text, size_t size)
{
	struct sy_version_row rows[ROWS];
	const struct sy_backend *of = sy_registry_backend(e->context->registry, backend);
	size_t length = 0;
	uint32_t n;
	char name[NAME_TEXT];

	text[0] = '\0';
	n = of == NULL ? 0
		       : sy_versions_candidates(e->context->versions, e->out->made.number,
				 of->pool_name, rows, ROWS);
	for (uint32_t i = 0; i < n && length + NAME_TEXT + 20 < size; i++)
		length += (size_t)snprintf(text + length, size - length, "%s%s (weight %u)",
			i > 0 ? ", " : "", explain_backend(e, rows[i].backend, name),
			rows[i].weight);
}

static void
explain_version(struct explaining *e, const struct sy_flow_record *flow, uint64_t made_us)
{
	struct sy_version_note *made = &e->out->made;
	char when[32], candidates[400];

	if (e->context->versions == NULL ||
		!sy_versions_find(
			e->context->versions, flow->version, SY_RECORD_VERSIONS, made_us, made)) {
		explain_say(e, "version", "the snapshot that it was made under is not remembered");
		return;
	}
	write_time(made->wall_us, when);
	write_candidates(e, flow->backend, candidates, sizeof(candidates));
	explain_say(e, "version",
		"made under snapshot %llu, published %s for: %s; the scheduler could choose from %s",
		(unsigned long long)made->number, when, made->cause,
		candidates[0] != '\0' ? candidates : "candidates that are not remembered");
}

static void
conclude_lost(struct explaining *e, const char *name)
{
	e->out->drop = sy_drop_descriptions[SY_DROP_NO_FLOW].name;
	explain_say(e, "lost",
		"%s is gone since, or another by now: the flow ends by its next packet, if not before, "
		"and both sides of TCP are told by RST unless the backend's flows end silently",
		name);
	explain_conclude(e, SY_EXPLAIN_REFUSED,
		"the packet is dropped, and its flow ends: %s is gone since it was made", name);
}

static void
conclude_reply(struct explaining *e, const struct sy_flow_record *flow, const char *age)
{
	char client[END_TEXT], vip[END_TEXT], way[WAY_TEXT];

	explain_end(flow->family, &flow->client, flow->client_port_be, client);
	explain_end(flow->family, &flow->vip, flow->vip_port_be, vip);
	explain_say(e, "forwarding", "to the client %s, from %s; it leaves by %s", client, vip,
		explain_way(e, flow->family, &flow->client, way));
	explain_conclude(e, SY_EXPLAIN_FLOW,
		"the packet goes to the client %s, from %s, with its flow (%s; made %s ago)",
		client, vip, flow->state, age);
}

void
explain_flow(struct explaining *e)
{
	const struct sy_flow_record *flow = &e->inquiry->flow;
	char name[NAME_TEXT], age[32], when[32], why[SY_REASON_TEXT];
	uint64_t made_us;

	if (!e->inquiry->has_flow) {
		explain_say(e, "flow", "none: no worker has one of these addresses and ports");
		return;
	}
	made_us = sy_time_wall_us() - (uint64_t)flow->age_s * 1000000;
	e->out->has_flow = true;
	e->out->flow = *flow;
	e->out->backend = flow->backend;
	write_duration(flow->age_s, age);
	write_time(made_us, when);
	explain_backend(e, flow->backend, name);
	explain_say(e, "flow", "there is one%s: %s, made %s ago (%s), silent for %u ms, to %s",
		e->inquiry->is_reply ? ", of which this is a packet back to the client" : "",
		flow->state, age, when, flow->idle_ms, name);
	explain_say(e, "reason", "%s got it because %s (%s)%s%s", name, sy_reason_help(flow->why),
		sy_reason_text(flow->why, why),
		(flow->why & SY_REASON_SPARE) != 0 ? "; no other than spares could serve" : "",
		(flow->why & SY_REASON_PANIC) != 0
			? "; it was not well, but too few of its pool were"
			: "");
	explain_version(e, flow, made_us);
	if (e->inquiry->is_lost) {
		conclude_lost(e, name);
		return;
	}
	if (e->inquiry->is_reply) {
		conclude_reply(e, flow, age);
		return;
	}
	if (e->inquiry->would_move)
		explain_say(e, "move",
			"a SYN moves it to another backend, if one has room: %s has not answered, or "
			"takes none now",
			name);
	explain_conclude(e, SY_EXPLAIN_FLOW,
		"the packet goes to %s, with its flow (%s; made %s ago)%s", name, why, age,
		e->inquiry->would_move ? "; a SYN moves the flow" : "");
	if (e->row != NULL)
		explain_forwarding(e, flow->backend, flow);
}
