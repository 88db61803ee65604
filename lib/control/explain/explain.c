/* SPDX-License-Identifier: BSD-3-Clause */
/* The steps, in the order that the pipeline takes them. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "private.h"

void
explain_say(struct explaining *e, const char *step, const char *format, ...)
{
	struct sy_explain_step *next;
	va_list args;

	if (e->out->n_steps == SY_EXPLAIN_STEPS)
		return;
	next = &e->out->steps[e->out->n_steps++];
	next->name = step;
	va_start(args, format);
	vsnprintf(next->text, sizeof(next->text), format, args);
	va_end(args);
}

void
explain_conclude(struct explaining *e, enum sy_explain_verdict verdict, const char *format, ...)
{
	va_list args;

	e->out->verdict = (uint8_t)verdict;
	va_start(args, format);
	vsnprintf(e->out->summary, sizeof(e->out->summary), format, args);
	va_end(args);
}

const char *
sy_explain_verdict_name(uint8_t verdict)
{
	static const char *const names[] = {
		[SY_EXPLAIN_FLOW] = "flow",
		[SY_EXPLAIN_NEW] = "new",
		[SY_EXPLAIN_STATELESS] = "stateless",
		[SY_EXPLAIN_REFUSED] = "refused",
		[SY_EXPLAIN_HOST] = "host",
		[SY_EXPLAIN_PASSED] = "passed",
	};

	return verdict < sizeof(names) / sizeof(names[0]) ? names[verdict] : "unknown";
}

const char *
explain_backend(const struct explaining *e, uint32_t id, char text[NAME_TEXT])
{
	const struct sy_backend *backend = sy_registry_backend(e->context->registry, id);

	if (backend == NULL)
		snprintf(text, NAME_TEXT, "backend %u", id);
	else
		snprintf(text, NAME_TEXT, "%s/%s", backend->pool_name, backend->config.name);
	return text;
}

const char *
explain_end(uint8_t family, const struct sy_addr *address, uint16_t port_be, char text[END_TEXT])
{
	char ip[SY_IP_TEXT];

	snprintf(text, END_TEXT, family == SY_IPV6 ? "[%s]:%u" : "%s:%u",
		sy_addr_text(family, address, ip), ntohs(port_be));
	return text;
}

static const char *
protocol_name(uint8_t protocol)
{
	if (protocol == IPPROTO_TCP)
		return "tcp";
	return protocol == IPPROTO_UDP ? "udp" : "sctp";
}

static void
explain_address(struct explaining *e)
{
	static const char *const kinds[] = {
		[SY_ADDRESS_OTHER] = "no service's and none of the host's own",
		[SY_ADDRESS_VIP] = "a virtual IP",
		[SY_ADDRESS_HOST] = "the host's own address on a port",
		[SY_ADDRESS_LOCAL] = "a local address, which backends see in clients' place",
	};
	const struct sy_tuple *tuple = e->tuple;
	char ip[SY_IP_TEXT];

	explain_say(e, "address", "%s is %s", sy_addr_text(tuple->family, &tuple->dst, ip),
		kinds[sy_snapshot_address(e->snapshot, tuple->family, &tuple->dst)]);
}

static void
explain_service(struct explaining *e)
{
	const struct sy_tuple *tuple = e->tuple;
	char ports[SY_PORTS_TEXT];

	if (e->service == NULL) {
		explain_say(e, "service", "no service has port %u/%s of this address",
			ntohs(tuple->dst_port_be), protocol_name(tuple->protocol));
		return;
	}
	if (e->inquiry->is_reply) {
		explain_say(e, "service", "%s, by its flow", e->service->config.name);
		return;
	}
	explain_say(e, "service",
		"%s, which has port%s %s of it (of several the narrowest counts)%s",
		e->service->config.name, e->row->many_ports ? "s" : "",
		sy_ports_text(&e->service->config.ports, ports),
		e->service->leaving ? "; it has left the file, and has only the flows that it had"
				    : "");
}

static void
explain_steering(struct explaining *e)
{
	const struct sy_inquiry *inquiry = e->inquiry;

	if (e->context->n_workers == 1)
		explain_say(e, "steering", "the one worker has all flows");
	else if (inquiry->has_flow && inquiry->owner != e->out->worker)
		explain_say(e, "steering",
			"worker %u has its flow, though its packets are worker %u's by steering (%s)",
			e->out->worker, inquiry->owner, e->context->steering);
	else
		explain_say(e, "steering",
			"worker %u of %u owns its flow by steering (%s); a packet that comes to another "
			"worker is handed over to it",
			e->out->worker, e->context->n_workers, e->context->steering);
}

/* The worker that has the flow; else the owner. */
static const struct sy_inquiry *
choose_inquiry(const struct sy_explain_context *context, uint32_t *worker)
{
	uint32_t owner = context->inquiries[0].owner;

	for (uint32_t w = 0; w < context->n_workers; w++) {
		if (context->inquiries[w].has_flow) {
			*worker = w;
			return &context->inquiries[w];
		}
	}
	*worker = owner < context->n_workers ? owner : 0;
	return &context->inquiries[*worker];
}

static void
begin(struct explaining *e)
{
	struct sy_explanation *out = e->out;

	memset(out, 0, sizeof(*out));
	e->inquiry = choose_inquiry(e->context, &out->worker);
	e->tuple = &e->inquiry->tuple;
	out->snapshot = e->inquiry->version;
	out->backend = SY_NONE;
	out->pool = SY_NONE;
	out->service = e->inquiry->has_flow ? e->inquiry->flow.service : e->inquiry->service;
	if (out->service == SY_NONE || out->service >= e->snapshot->n_services)
		return;
	e->service = sy_registry_service(e->context->registry, out->service);
	e->row = e->service != NULL ? &e->snapshot->services[out->service] : NULL;
}

void
sy_explain_build(const struct sy_explain_context *context, struct sy_explanation *explanation)
{
	struct explaining e = {
		.context = context,
		.snapshot = context->snapshot,
		.out = explanation,
	};

	begin(&e);
	explain_arrival(&e);
	explain_address(&e);
	explain_service(&e);
	explain_steering(&e);
	explain_flow(&e);
	if (e.service == NULL) {
		if (!e.inquiry->has_flow)
			explain_stranger(&e);
		return;
	}
	if (e.service->leaving || e.service->config.outgoing) {
		if (!e.inquiry->has_flow)
			explain_stranger(&e);
		return;
	}
	if (e.inquiry->is_reply)
		return; /* limits and the scheduler are asked by clients' packets alone */
	explain_limits(&e);
	explain_candidates(&e);
	if (!e.inquiry->has_flow || (e.inquiry->flow_is_over && !e.inquiry->is_lost))
		explain_first(&e);
}
