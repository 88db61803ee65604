/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Work that goes over the whole flow table: ending what is too old, resetting
 * flows whose backend is gone, and writing down flows for whoever asks.
 *
 * Each turn visits what is due so that the table is seen once a second, and no
 * more than a bounded number of entries, so that no turn is long.  A worker with
 * more than SWEEP_MOST entries sees its table less often: its flows stay a few
 * seconds too long (four, of ten million), and packets keep the quarter of the core
 * that looking at all of them each second would take.  Resets and dumps are
 * urgent: until the table has been seen once, each turn does the most.
 */
#include <netinet/in.h>

#include "worker.h"

#define SWEEP_MS 1000
#define SWEEP_MOST 2500000u /* entries in SWEEP_MS */
static_assert(SY_RECORD_AGES == SY_FLOW_BIRTH_SECONDS, "what is kept is what is shown");
static_assert(SY_RECORD_VERSIONS == SY_FLOW_BIRTH_VERSIONS, "likewise");

#define MOST_ENTRIES 256
#define MOST_ENTRIES_IDLE 2048 /* who sleeps long has much to make up for, and the time for it */

static uint32_t
timeout_of(const struct sy_timeouts *timeouts, uint8_t state)
{
	switch (state) {
	case SY_FLOW_ECHO:
		return timeouts->echo;
	case SY_FLOW_UDP_NEW:
		return timeouts->udp_new > 0 ? timeouts->udp_new : timeouts->udp;
	case SY_FLOW_QUIC:
	case SY_FLOW_UDP:
		return timeouts->udp;
	case SY_FLOW_SYN_SENT:
	case SY_FLOW_SYN_RECEIVED:
	case SY_FLOW_ADOPTED:
		return timeouts->syn;
	case SY_FLOW_FIN_CLIENT:
	case SY_FLOW_FIN_BACKEND:
		return timeouts->fin;
	case SY_FLOW_TIME_WAIT:
		return timeouts->time_wait;
	case SY_FLOW_CLOSED:
		return timeouts->closed;
	default:
		return timeouts->established;
	}
}

static const char *
state_word(uint8_t state)
{
	static const char *const words[] = {
		[SY_FLOW_FREE] = "free",
		[SY_FLOW_UDP_NEW] = "udp-new",
		[SY_FLOW_QUIC] = "quic",
		[SY_FLOW_UDP] = "udp",
		[SY_FLOW_ECHO] = "echo",
		[SY_FLOW_SYN_SENT] = "syn-sent",
		[SY_FLOW_SYN_RECEIVED] = "syn-received",
		[SY_FLOW_ADOPTED] = "adopted",
		[SY_FLOW_OPEN] = "established",
		[SY_FLOW_ESTABLISHED] = "established",
		[SY_FLOW_FIN_CLIENT] = "fin-client",
		[SY_FLOW_FIN_BACKEND] = "fin-backend",
		[SY_FLOW_TIME_WAIT] = "time-wait",
		[SY_FLOW_CLOSED] = "closed",
	};

	return state < RTE_DIM(words) ? words[state] : "unknown";
}

/* What the backend sees in the client's place. */
static void
write_local(const struct sy_flow *flow, struct sy_flow_record *record)
{
	struct sy_tuple reply = sy_flow_tuple(flow, SY_REPLY);

	if ((sy_forward_at(flow->mode)->flags & SY_FORWARD_LOCAL) == 0)
		return;
	reply = sy_tuple_unmap(&reply);
	record->local = reply.dst;
	record->local_port_be = reply.dst_port_be;
	record->backend_address = reply.src;
	record->backend_port_be = reply.src_port_be;
}

static void
write_birth(
	const struct sy_worker *worker, const struct sy_flow *flow, struct sy_flow_record *record)
{
	const struct sy_flow_birth *birth = sy_flow_birth(worker->flows, flow);

	record->why = birth->why;
	record->version = birth->version;
	record->age_s = ((uint32_t)(worker->uptime_ms / 1000) - birth->second) % SY_RECORD_AGES;
}

void
sy_flow_write_record(
	const struct sy_worker *worker, const struct sy_flow *flow, struct sy_flow_record *record)
{
	const struct sy_backend_row *backend = &worker->snapshot->backends[flow->backend];
	struct sy_tuple original = sy_flow_tuple(flow, SY_ORIGINAL);

	original = sy_tuple_unmap(&original);
	*record = (struct sy_flow_record){
		.client = original.src,
		.vip = original.dst,
		.backend_address = backend->address,
		.service = flow->service,
		.backend = flow->backend,
		.idle_ms = sy_ticks_since(worker->now, flow->last_seen),
		.client_port_be = original.src_port_be,
		.vip_port_be = original.dst_port_be,
		.backend_port_be = backend->port_be,
		.family = original.family,
		.backend_family = backend->family,
		.protocol = flow->protocol,
		.state = state_word(flow->state),
	};
	write_birth(worker, flow, record);
	write_local(flow, record);
}

static void
write_if_wanted(
	const struct sy_worker *worker, const struct sy_flow *flow, struct sy_request *request)
{
	if (request->n == request->room ||
		(request->service != SY_NONE && request->service != flow->service) ||
		(request->backend != SY_NONE && request->backend != flow->backend))
		return;
	sy_flow_write_record(worker, flow, &request->records[request->n++]);
}

/* Whether the flow, which has shown too little to be kept while room is scarce, is to make some. */
static bool
must_make_room(const struct sy_worker *worker, const struct sy_flow *flow, uint32_t idle)
{
	return sy_flow_is_embryonic(flow) &&
		idle > worker->snapshot->services[flow->service].timeouts.attack &&
		sy_is_pressed(worker, flow);
}

static void
shed(struct sy_worker *worker, struct sy_flow *flow)
{
	count(worker, SY_COUNTER_FLOWS_EXPIRED, 1);
	count(worker, SY_COUNTER_FLOWS_SHED, 1);
	worker->stats->loads[flow->service].flows_shed++;
	sy_flow_expire(worker, flow);
}

static void
visit(struct sy_flow_table *table, struct sy_flow *flow, void *context)
{
	struct sy_worker *worker = context;
	const struct sy_service_row *service = &worker->snapshot->services[flow->service];
	uint32_t idle = sy_ticks_since(worker->now, flow->last_seen);

	(void)table;
	if (worker->snapshot->backends[flow->backend].generation != flow->generation) {
		sy_reset_flow(worker, flow);
		return;
	}
	if (idle > timeout_of(&service->timeouts, flow->state)) {
		sy_note_expired(worker, flow);
		count(worker, SY_COUNTER_FLOWS_EXPIRED, 1);
		sy_flow_expire(worker, flow);
		return;
	}
	if (unlikely(must_make_room(worker, flow, idle))) {
		shed(worker, flow);
		return;
	}
	if (worker->sweep.request != NULL)
		write_if_wanted(worker, flow, worker->sweep.request);
}

/* What a turn cannot visit is owed to the next ones: a table of a million entries is due a thousand
 * a millisecond, which may be all in one turn of many. */
static uint32_t
entries_due(struct sy_worker *worker, bool busy)
{
	struct sweep *sweep = &worker->sweep;
	uint64_t length = sy_flow_scan_length(worker->flows);
	uint64_t most = busy ? MOST_ENTRIES : MOST_ENTRIES_IDLE;
	uint64_t due;

	sweep->owed += RTE_MIN(length, SWEEP_MOST) * sy_ticks_since(worker->now, sweep->last);
	sweep->last = worker->now;
	if (sweep->owed > length * SWEEP_MS)
		sweep->owed = length * SWEEP_MS;
	due = (sweep->owed + SWEEP_MS - 1) / SWEEP_MS;
	due = RTE_MAX(due, (uint64_t)RTE_MAX(sweep->urgent, sweep->unwritten));
	due = RTE_MIN(due, most);
	/* A dump sees no entry twice. */
	if (sweep->request != NULL)
		due = RTE_MIN(due, (uint64_t)sweep->unwritten);
	sweep->owed -= RTE_MIN(sweep->owed, due * SWEEP_MS);
	return (uint32_t)due;
}

static void
finish_request(struct sweep *sweep)
{
	struct sy_request *request = sweep->request;

	sweep->request = NULL;
	sweep->unwritten = 0;
	atomic_store_explicit(&request->done, true, memory_order_release);
}

static void
take_request(struct sy_worker *worker)
{
	struct sweep *sweep = &worker->sweep;

	sweep->request = sy_mailbox_take_request(worker->mailboxes[worker->index]);
	if (likely(sweep->request == NULL))
		return;
	if (sweep->request->kind == SY_REQUEST_EXPLAIN) {
		sy_explain(worker, sweep->request->inquiry);
		finish_request(sweep);
		return;
	}
	sweep->unwritten = sy_flow_scan_length(worker->flows);
}

static void
notice_urgent(struct sy_worker *worker)
{
	struct sweep *sweep = &worker->sweep;

	if (sweep->reset_epoch != worker->snapshot->reset_epoch) {
		sweep->reset_epoch = worker->snapshot->reset_epoch;
		sweep->urgent = sy_flow_scan_length(worker->flows);
	}
	if (sweep->request == NULL)
		take_request(worker);
}

bool
sy_sweep_is_behind(const struct sy_worker *worker)
{
	return worker->sweep.urgent > 0 || worker->sweep.unwritten > 0 || worker->sweep.owed > 0;
}

void
sy_sweep(struct sy_worker *worker, bool busy)
{
	struct sweep *sweep = &worker->sweep;
	uint32_t n;

	notice_urgent(worker);
	n = entries_due(worker, busy);
	if (n > 0)
		sy_flow_scan(worker->flows, n, visit, worker);
	if (sweep->n_expired > 0)
		sy_flow_end_expired(worker);
	sweep->urgent -= RTE_MIN(n, sweep->urgent);
	sweep->unwritten -= RTE_MIN(n, sweep->unwritten);
	if (sweep->request != NULL &&
		(sweep->unwritten == 0 || sweep->request->n == sweep->request->room))
		finish_request(sweep);
}
