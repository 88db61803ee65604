/* SPDX-License-Identifier: BSD-3-Clause */
/* What comes of a packet without a flow. */
#include <netinet/in.h>
#include <stdio.h>

#include "private.h"
#include "sy/reason.h"
#include "sy/stats.h"

void
explain_limits(struct explaining *e)
{
	const struct sy_inquiry *inquiry = e->inquiry;

	if (e->row->one_packet) {
		explain_say(e, "limits", "none: the service makes no flows ('one_packet')");
		return;
	}
	if (!inquiry->foretold)
		return;
	explain_say(e, "limits",
		"on this worker the service has %u of %u flows, %u of %u half-open ones%s; the flow "
		"table has %u of %u entries",
		inquiry->n_flows, e->row->max_flows, inquiry->n_half_open, e->row->max_half_open,
		e->row->protocol == IPPROTO_UDP ? " (no limit for UDP)" : "", inquiry->n_entries,
		inquiry->max_entries);
}

static void
mark_picked(struct explaining *e)
{
	for (uint32_t i = 0; i < e->out->n_candidates; i++)
		e->out->candidates[i].picked = e->out->candidates[i].backend == e->inquiry->backend;
}

/* How the one that is named was come to. */
static void
say_choice(struct explaining *e)
{
	const struct sy_inquiry *inquiry = e->inquiry;
	char name[NAME_TEXT];

	mark_picked(e);
	explain_backend(e, inquiry->backend, name);
	explain_say(e, "choice", "%s: %s (%s)%s", name, sy_reason_help(inquiry->why),
		sy_reason_name(inquiry->why),
		inquiry->why == SY_REASON_SCHEDULED &&
				(e->out->scheduler == NULL || !e->out->scheduler->is_consistent)
			? "; that is for the worker's next flow, and holds until it makes another"
			: "");
	e->out->backend = inquiry->backend;
	explain_forwarding(e, inquiry->backend, NULL);
	if (e->row->one_packet)
		explain_conclude(
			e, SY_EXPLAIN_STATELESS, "the packet would go to %s, without a flow", name);
	else
		explain_conclude(e, SY_EXPLAIN_NEW,
			"a first packet would make a flow to %s; any other packet is of no flow",
			name);
}

/* What to look at, for those refusals that an operator can do something about. */
static const char *
advice(enum sy_drop drop)
{
	switch (drop) {
	case SY_DROP_HALF_OPEN:
		return "'max_half_open' of the service; a flood of SYNs?";
	case SY_DROP_SERVICE_FULL:
		return "'max_flows' of the service";
	case SY_DROP_TABLE_FULL:
		return "'max_flows' of the file";
	case SY_DROP_BACKENDS_FULL:
		return "'max_flows' and 'max_new_per_s' of the backends below";
	case SY_DROP_NO_BACKEND:
		return "the backends below say why each cannot serve";
	case SY_DROP_TUPLE_TAKEN:
		return "the client is the only backend that could serve";
	default:
		return "'show drops'";
	}
}

/* What finds no room for a flow, but is served without one. */
static void
conclude_stateless(struct explaining *e, const char *drop)
{
	char name[NAME_TEXT];

	explain_backend(e, e->inquiry->backend, name);
	e->out->backend = e->inquiry->backend;
	mark_picked(e);
	explain_forwarding(e, e->inquiry->backend, NULL);
	explain_conclude(e, SY_EXPLAIN_STATELESS,
		"no flow is made (%s): the packet goes to %s without one, by its hash", drop, name);
}

static void
say_refusal(struct explaining *e)
{
	const enum sy_drop drop = (enum sy_drop)e->inquiry->drop;
	const struct sy_counter_description *description = &sy_drop_descriptions[drop];
	const bool is_answered = e->row->on_empty == SY_REFUSE_RESET &&
		(drop == SY_DROP_NO_BACKEND || drop == SY_DROP_BACKENDS_FULL);

	e->out->drop = description->name;
	explain_say(e, "choice", "none: %s (%s); look at %s", description->help, description->name,
		advice(drop));
	if (e->inquiry->backend != SY_NONE)
		conclude_stateless(e, description->name);
	else
		explain_conclude(e, SY_EXPLAIN_REFUSED, "a first packet is %s: %s (%s)",
			is_answered ? "refused, by RST or ICMP" : "dropped", description->help,
			description->name);
}

void
explain_first(struct explaining *e)
{
	if (e->inquiry->flow_is_over)
		explain_say(e, "reuse",
			"the flow is over: a first packet takes its place with a new one");
	if (!e->inquiry->foretold)
		return;
	if (e->inquiry->is_stateless)
		explain_say(e, "stateless",
			"the service had more flows than it may a moment ago: until those that may "
			"have begun without an entry are over, the hash alone picks");
	if (e->inquiry->drop == SY_DROP_NONE)
		say_choice(e);
	else
		say_refusal(e);
}

void
explain_stranger(struct explaining *e)
{
	const struct sy_tuple *tuple = e->tuple;
	const struct sy_counter_description *none = &sy_drop_descriptions[SY_DROP_NO_SERVICE];

	switch (sy_snapshot_address(e->snapshot, tuple->family, &tuple->dst)) {
	case SY_ADDRESS_HOST:
		explain_conclude(e, SY_EXPLAIN_HOST,
			"the packet goes to the host, by the port's twin in the kernel");
		break;
	case SY_ADDRESS_VIP:
		e->out->drop = none->name;
		explain_conclude(e, SY_EXPLAIN_REFUSED,
			"the packet is refused, by RST or ICMP: %s (%s)", none->help, none->name);
		break;
	case SY_ADDRESS_LOCAL:
		e->out->drop = sy_drop_descriptions[SY_DROP_NO_FLOW].name;
		explain_conclude(e, SY_EXPLAIN_REFUSED,
			"the packet is dropped: what comes to a local address is of a flow, and there "
			"is none");
		break;
	case SY_ADDRESS_OTHER:
		explain_conclude(e, SY_EXPLAIN_PASSED,
			"the packet is for nobody here: the kernel gets it, and routes it if it is told "
			"to (rules of 'snat' and backends' stray replies aside)");
		break;
	}
}
