/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_WORKER_PRIVATE_H
#define SY_WORKER_PRIVATE_H

/* What the stages share.  Everything here belongs to one worker, which alone writes it. */
#include <stdatomic.h>

#include <rte_cycles.h>

#include "sy/flow.h"
#include "sy/forward.h"
#include "sy/local_ports.h"
#include "sy/owner.h"
#include "sy/packet.h"
#include "sy/reason.h"
#include "sy/worker.h"

/* Packets that wait for a port, or for another worker, until the turn's end. */
struct out_queue {
	uint32_t n;
	struct rte_mbuf *mbufs[SY_BURST * 2];
};

/* A limit on what a turn may do for strangers: tokens come with time. */
struct token_bucket {
	uint64_t cycles_per_token;
	uint64_t cycles_limit; /* a full bucket */
	uint64_t cycles; /* unspent */
	uint64_t last_tsc;
};

/* Packets for the host, by what would be lost with them. */
enum punt_kind {
	PUNT_NEIGHBOUR, /* ARP, neighbour discovery */
	PUNT_BACKEND, /* from a backend's address: answers to probes */
	PUNT_LIVENESS, /* BFD, VRRP: nodes and routers that do not hear them turn away */
	PUNT_ROUTING, /* BGP, OSPF */
	PUNT_OTHER,
	N_PUNT_KINDS,
};

/* Who is answered: path MTU discovery of known flows must not wait for what strangers ask. */
enum asker {
	ASKER_STRANGER,
	ASKER_FLOW,
	N_ASKERS,
};

/* Work that goes over the whole table, a bounded number of entries a turn. */
struct sweep {
	sy_ticks last; /* when entries were last due */
	uint64_t owed; /* due and not visited yet: entries times SWEEP_MS */
	uint32_t reset_epoch; /* of the snapshot that urgent was set for */
	uint32_t urgent; /* entries still to visit at once: flows to reset */
	struct sy_request *request; /* a dump in progress */
	uint32_t unwritten; /* entries that it has still to see, each once */
	uint32_t n_expired;
	struct sy_flow *expired[SY_FLOW_BURST]; /* found in this turn, to be ended together */
};

/* When a service was last served without flows, so that what began without one goes on.  Times are
 * uptime_ms: nothing looks at a window that nobody asks for, so that ticks would wrap unseen. */
struct stateless_window {
	uint64_t began; /* the last first packet without room */
	uint64_t last; /* the same, or a backend's word that it has such a connection */
	uint32_t generation; /* of the service */
	bool was_opened; /* ever */
};

/* What a QUIC packet's connection ID says, by its service's configurations. */
struct cid_look {
	const struct sy_service_row *service; /* NULL: nobody has looked yet */
	struct sy_quic_cid cid;
	uint64_t hash;
	uint32_t backend; /* or SY_NONE */
	bool has_cid; /* else nothing of the above holds */
	bool is_decoded; /* else backend does not */
};

/* Flows to the outside by source, in two rows of sums: a source's own count is no more than the smaller
 * of its two, of which another source shares both by a rare chance. */
#define SNAT_SOURCES_BITS 12
struct snat_sources {
	uint64_t seed;
	uint32_t flows[2][1 << SNAT_SOURCES_BITS];
};

/* What a capture has of the burst in hand. */
struct tap_work {
	struct rte_mbuf *copies[SY_BURST]; /* of packets as they came; NULL: not wanted */
	uint32_t n_dropped; /* so far, but for those that a queue had no room for */
	uint8_t from; /* the worker that handed the burst over */
};

struct sy_worker {
	const struct sy_snapshot *snapshot; /* of this turn */
	struct sy_tap *tap; /* of this turn; NULL: nobody captures */
	struct sy_flow_table *flows;
	struct sy_local_ports *local_ports; /* NULL: not set up */
	uint32_t n_mapped; /* flows of IPv4 clients in IPv6's table */
	struct sy_worker_stats *stats;
	struct sy_live_view live;
	uint64_t uptime_ms;
	sy_ticks now; /* the same, in the table's unit */
	const struct sy_owners *owners; /* NULL: there is one worker */
	bool sorted; /* the burst in hand belongs to this worker, whatever is in it */
	bool handed; /* the burst in hand comes from another worker */
	bool pieces_ready; /* first pieces have come that tails had waited for */
	bool measured; /* this turn's stages are */
	bool flows_made; /* in this burst: earlier look-ups may have missed them */
	bool flows_changed; /* a flow ended in this burst: earlier look-ups may be stale */
	uint64_t tsc;
	uint64_t stage_tsc; /* the last stage's end, when measured */
	uint64_t first_tsc;
	uint64_t cycles_per_ms;
	uint32_t index;
	int socket;
	uint32_t n_workers;
	uint32_t n_ports;
	struct sy_publication *publication;
	struct sy_mailbox **mailboxes;
	struct sy_persistence *persistence; /* all workers'; NULL: nobody is remembered */
	struct rte_mempool *pool;
	struct sy_port_io ports[SY_MAX_PORTS];
	struct out_queue to_port[SY_MAX_PORTS];
	struct out_queue to_worker[SY_MAX_WORKERS]; /* handover */
	uint64_t handovers; /* a bit for each of them that is not empty */
	struct out_queue to_kernel;
	struct token_bucket punt_tokens[N_PUNT_KINDS];
	struct token_bucket answer_tokens[N_ASKERS]; /* resets and ICMP errors */
	struct token_bucket event_tokens;
	struct sweep sweep;
	struct sy_random random;
	uint32_t *cursors; /* [max_pools] */
	struct stateless_window *windows; /* [max_services] */
	struct fragments *fragments;
	struct snat_sources *snat_sources;
	uint32_t pieces_held;
	uint32_t avoided; /* the backend that did not answer the packet in hand; or SY_NONE */
	bool foresees; /* nothing comes of the pick in hand: it is not counted and not remembered */
	uint8_t why; /* the packet in hand got its backend: enum sy_reason */
	uint64_t *full_ms; /* [max_services]: uptime_ms + 1 when all backends were full */
	uint8_t idle_mode;
	uint64_t idle_after_cycles;
	uint64_t idle_since;
	uint32_t idle_sleep_us;
	uint32_t idle_longest_us;
	bool armed; /* the interrupts are on */
	struct sy_worker_interrupts interrupts; /* without functions: there are none */
	uint16_t next_id;
	uint16_t next_piece_id;
	_Atomic uint64_t seen_version;
	_Atomic bool stop;
	struct sy_packet packets[SY_BURST];
	struct cid_look looks[SY_BURST]; /* at packets, when the snapshot has a QUIC service */
	struct tap_work tap_work;
};

static inline void
count(struct sy_worker *worker, enum sy_counter counter, uint64_t n)
{
	worker->stats->counters[counter] += n;
}

/* The time since the last stage's end was that of this stage, for n packets. */
static inline void
end_stage(struct sy_worker *worker, enum sy_stage stage, uint32_t n)
{
	struct sy_stage_time *time = &worker->stats->stages[stage];
	uint64_t now;

	if (likely(!worker->measured))
		return;
	now = rte_rdtsc();
	time->cycles += now - worker->stage_tsc;
	time->packets += n;
	worker->stage_tsc = now;
}

/* The verdicts that end a packet's way through the stages. */
static inline void
mark_drop(struct sy_packet *packet, enum sy_drop reason)
{
	packet->verdict = SY_VERDICT_DROP;
	packet->drop = (uint8_t)reason;
}

/*
 * Identifications of IPv4 packets that leave with an address of ours.  Packets in pieces have the upper
 * half for themselves, so that those sent whole, which may be many, do not use it up: a host puts pieces
 * together that come up to a minute apart.  Workers take turns in both.
 */
#define SY_ID_HALF 0x8000u

static inline uint16_t
next_turn(const struct sy_worker *worker, uint16_t last)
{
	uint32_t next = last + worker->n_workers;

	return (uint16_t)(next < SY_ID_HALF ? next : worker->index);
}

static inline uint16_t
sy_next_id(struct sy_worker *worker)
{
	worker->next_id = next_turn(worker, worker->next_id);
	return worker->next_id;
}

static inline uint16_t
sy_next_piece_id(struct sy_worker *worker)
{
	worker->next_piece_id = next_turn(worker, worker->next_piece_id);
	return worker->next_piece_id | SY_ID_HALF;
}

/* Takes a token if there is one. */
bool sy_token_take(struct token_bucket *bucket, uint64_t tsc);

/* receive.c: one burst from each source; they return the number of packets. */
uint32_t sy_receive_port(struct sy_worker *worker, uint32_t port);
uint32_t sy_receive_handover(struct sy_worker *worker, uint32_t from);
uint32_t sy_receive_finished(struct sy_worker *worker);

/* The stages, in order, over worker->packets. */
void sy_stage_classify(struct sy_worker *worker, uint32_t n);
void sy_stage_steer(struct sy_worker *worker, uint32_t n);
void sy_stage_track(struct sy_worker *worker, uint32_t n);
void sy_stage_known(struct sy_worker *worker, struct sy_packet *const packets[],
	const struct sy_flow_hit hits[], uint32_t n); /* the second half of track */
void sy_stage_cids(struct sy_worker *worker, struct sy_packet *const packets[],
	const struct sy_flow_hit hits[], uint32_t n); /* between the two, with QUIC services */
void sy_stage_finish(struct sy_worker *worker, uint32_t n);

/* track.c: a flow that ended in this burst may be what an earlier look-up of the burst points to,
 * or its entry may belong to another flow by now. */
void sy_track_again(struct sy_worker *worker, struct sy_packet *packet);

/* steer.c: gives the packet to the worker that owns its flow; false: that is this one. */
bool sy_steer(struct sy_worker *worker, struct sy_packet *packet);
uint32_t sy_owner_of_packet(const struct sy_worker *worker, const struct sy_packet *packet);
void sy_flush_handovers(struct sy_worker *worker);

/* classify.c: the service of a packet, SY_NONE: none. */
#define SY_UNCLASSIFIED (SY_NONE - 1)
void sy_classify(struct sy_worker *worker, struct sy_packet *packet);

/* admit.c: a packet that belongs to no known flow. */
void sy_admit(struct sy_worker *worker, struct sy_packet *packet);

/* The same of TCP, SCTP and others: a packet that opens a flow. */
bool sy_is_first(const struct sy_packet *packet);
/* Makes packet->flow by its tuples; the reply's is NULL where replies do not come here.  Errors are
 * sy_flow_create()'s. */
int sy_create_flow(struct sy_worker *worker, struct sy_packet *packet,
	const struct sy_tuple *original, const struct sy_tuple *reply);
/* The same of a client's packet, to a backend. */
int sy_create_flow_to(struct sy_worker *worker, struct sy_packet *packet,
	const struct sy_forward *forward, uint32_t backend);

/* adopt.c: a packet to a service that has no flow and opens none: makes one where the service adopts
 * connections of other nodes; false: it does not, or not by this packet.  And whether a packet is a
 * segment of an open connection. */
bool sy_adopt(struct sy_worker *worker, struct sy_packet *packet);
bool sy_is_midstream(const struct sy_packet *packet);

/* What a first packet would get, or SY_NONE and the reason: as long as worker->foresees.  packet->flow:
 * one that is over, which the packet's flow would replace; or NULL. */
uint32_t sy_foresee(struct sy_worker *worker, struct sy_packet *packet, enum sy_drop *reason);

/* explain.c: answers all of the inquiry, in one go. */
void sy_explain(struct sy_worker *worker, struct sy_inquiry *inquiry);

/*
 * snat.c: what servers send of their own.
 *
 * admit: a packet of no flow and no service; false: no rule has it.  end: a flow of a rule ends.
 */
bool sy_snat_admit(struct sy_worker *worker, struct sy_packet *packet);
void sy_snat_end(struct sy_worker *worker, const struct sy_flow *flow);

/* known.c: a packet of packet->flow, travelling in packet->direction.  False: the flow has ended and
 * the packet is to be admitted like a first one. */
bool sy_pass(struct sy_worker *worker, struct sy_packet *packet);

/* The same for a tail, which has no L4 header: it changes nothing. */
void sy_pass_tail(struct sy_worker *worker, struct sy_packet *packet);

/* The last step of both: the packet goes its way, with the flow's state as it is, or is answered. */
void sy_send_on(struct sy_worker *worker, struct sy_packet *packet);

/* divide.c: sends a packet of a flow that is too big for its way, to where the family is, in pieces;
 * false: it may not be divided. */
bool sy_divide(
	struct sy_worker *worker, struct sy_packet *packet, uint8_t family, uint32_t next_hop);

/* fragments.c: pieces of packets.  first: of a known flow.  admit: any other, and all tails; false:
 * the piece has gone, or its verdict is set. */
void sy_fragment_first(struct sy_worker *worker, const struct sy_packet *packet);
/* The identification that all pieces of its packet shall have, behind first() or admit(). */
uint16_t sy_fragment_id(const struct sy_packet *packet);
bool sy_fragment_admit(struct sy_worker *worker, struct sy_packet *packet);
void sy_fragments_release(struct sy_worker *worker); /* pieces_ready: when its burst is finished */
void sy_fragments_expire(struct sy_worker *worker); /* pieces_held */

/* The same for a packet whose segment is as told: in the numbers of the flow; NULL: an ICMP error,
 * which changes no state.  Returns whether it goes its way, with addresses exchanged; else its verdict
 * is set, or it has no flow any more. */
bool sy_pass_segment(
	struct sy_worker *worker, struct sy_packet *packet, struct sy_tcp_segment *segment);

/*
 * introduce.c: flows whose backend is told the client's address.
 *
 * consider: a flow has begun whose service wants that.  introduce: a packet of such a flow; what
 * sy_pass_segment() says of the end holds.  reset_seq: the backend's number of what it has acknowledged.
 */
void sy_introduction_consider(struct sy_worker *worker, struct sy_flow *flow);
void sy_introduce(struct sy_worker *worker, struct sy_packet *packet);
uint32_t sy_introduction_reset_seq(const struct sy_flow *flow);

/* flows.c: the beginning and end of a flow, with all that counts it; it begins for worker->why. */
void sy_flow_begin(
	struct sy_worker *worker, struct sy_flow *flow, uint32_t service, uint32_t backend);
void sy_flow_forget(struct sy_worker *worker, struct sy_flow *flow);
/* The same for a flow that the sweep has found too old: it is in the table until end_expired(). */
void sy_flow_expire(struct sy_worker *worker, struct sy_flow *flow);
void sy_flow_end_expired(struct sy_worker *worker);
void sy_flow_leave_embryonic(struct sy_worker *worker, const struct sy_flow *flow);

/* persist.c: what a scheduler may know of a client; its choice, or the hash's; and the backend of one
 * whom the service keeps, or SY_NONE: none can serve, or (reason is told) all are full. */
struct sy_pick sy_pick_for(struct sy_worker *worker, const struct sy_service_row *service,
	const struct sy_tuple *tuple);
uint32_t sy_persist_choose(
	struct sy_worker *worker, const struct sy_service_row *service, struct sy_pick *pick);
uint32_t sy_persist_pick(struct sy_worker *worker, uint32_t service, const struct sy_tuple *tuple,
	struct sy_pick *pick, enum sy_drop *reason);
/* The client of the packet, who was kept at one backend, is kept at another from now on. */
void sy_persist_move(
	struct sy_worker *worker, const struct sy_packet *packet, uint32_t from, uint32_t to);
void sy_persist_confirm(struct sy_worker *worker, const struct sy_flow *flow);

/* cid.c: the backend that the packet's QUIC connection ID names, or SY_NONE: none, or none that may get
 * a flow; notes that the client's own connection ID made the packet's flow, wherever that went; and whether the flow's backend is the one that
 * the connection ID names, if it names one that can be reached. */
uint32_t sy_cid_backend(struct sy_worker *worker, const struct sy_packet *packet);
void sy_cid_note(struct sy_worker *worker, const struct sy_packet *packet);
bool sy_cid_agrees(struct sy_worker *worker, const struct sy_packet *packet);

/* room.c: the backend picked if it has room for a flow of the service, else another, or SY_NONE with
 * the reason: all are full; and any one but these, that has room, or SY_NONE. */
uint32_t sy_room_or_other(struct sy_worker *worker, uint32_t service, struct sy_pick *pick,
	uint32_t backend, enum sy_drop *reason);
uint32_t sy_pick_other(struct sy_worker *worker, const struct sy_packet *packet,
	const uint32_t backends[], uint32_t n);
bool sy_backend_has_room(const struct sy_worker *worker, uint32_t id); /* a limited one */

/*
 * unanswered.c: connections that their backend does not answer.
 *
 * may_move: a client's SYN that its flow's backend will not answer, while another one may: repeated to
 * a backend that is silent or takes no more flows, or sent anew, from a port used before, on the flow of
 * one that is down.  leave_backend: ends its flow; the packet is to be admitted like a first one, but not to
 * worker->avoided, if there is another.  would_move: whether a client's SYN, if it came now, may move his
 * TCP flow; draws a random number, and changes nothing else.
 *
 * note_*: a flow's backend has refused it by RST; it has expired; an ICMP error is about it.
 */
bool sy_may_move(struct sy_worker *worker, const struct sy_packet *packet);
bool sy_would_move(struct sy_worker *worker, const struct sy_flow *flow);
void sy_leave_backend(struct sy_worker *worker, struct sy_packet *packet);
void sy_note_refusal(struct sy_worker *worker, const struct sy_flow *flow);
void sy_note_expired(struct sy_worker *worker, struct sy_flow *flow);
void sy_note_error(struct sy_worker *worker, const struct sy_packet *packet);

/* limits.c: what a service may have. */
enum sy_drop sy_check_limits(const struct sy_worker *worker, uint32_t service);
/* Whether flows like this one are to make room. */
bool sy_is_pressed(const struct sy_worker *worker, const struct sy_flow *flow);

/*
 * stateless.c: packets of no flow, when there is no room for one.
 *
 * begins: a first packet has found no room; false: nor can it be served without.  goes_on: whether
 * the packet, of no flow, may be one of what began so.
 */
bool sy_stateless_begins(struct sy_worker *worker, struct sy_packet *packet);
bool sy_stateless_goes_on(struct sy_worker *worker, struct sy_packet *packet);
void sy_one_packet(struct sy_worker *worker, struct sy_packet *packet); /* to such a service */
/* The backends that a whole packet would get there, and one that is served without a flow. */
uint32_t sy_one_packet_pick(struct sy_worker *worker, const struct sy_packet *packet);
uint32_t sy_stateless_pick(struct sy_worker *worker, const struct sy_packet *packet);
bool sy_stateless_reply(struct sy_worker *worker, struct sy_packet *packet);
bool sy_stateless_is_recent(struct sy_worker *worker, uint32_t service);

/*
 * local.c: what backends see in place of clients.
 *
 * take: 0 with target's local address and port, or -EADDRNOTAVAIL; give: of a flow that ends, or of
 * one that was not made; note: of one that was.  find_mapped: whether an IPv4 packet without a flow has
 * one in IPv6's table, which is then the packet's.  admit: a packet to a local address that has no
 * flow.
 */
int sy_local_take(struct sy_worker *worker, const struct sy_service_row *service,
	const struct sy_tuple *tuple, struct sy_forward_target *target);
void sy_local_note(struct sy_worker *worker, const struct sy_flow *flow);
void sy_local_give(struct sy_worker *worker, const struct sy_flow *flow);
bool sy_local_is_tight(const struct sy_worker *worker, const struct sy_flow *flow); /* of ports */
/* For whom the port of a reply is taken; shared: for all hosts that may answer. */
struct sy_local_end sy_local_end_of(const struct sy_tuple *reply, bool shared);
void sy_local_give_back(struct sy_worker *worker, const struct sy_tuple *reply);
bool sy_local_find_mapped(struct sy_worker *worker, struct sy_packet *packet);
void sy_local_admit(struct sy_worker *worker, struct sy_packet *packet);

/* answer.c: the packet becomes an answer to its sender, or is dropped. */
void sy_answer_reset(struct sy_worker *worker, struct sy_packet *packet, enum sy_drop otherwise);
void sy_answer_icmp(struct sy_worker *worker, struct sy_packet *packet, enum sy_icmp_kind kind,
	uint32_t value, enum sy_drop otherwise);
void sy_answer_echo(struct sy_worker *worker, struct sy_packet *packet);
void sy_answer_refusal(struct sy_worker *worker, struct sy_packet *packet, uint8_t refusal,
	enum sy_drop otherwise);

/* clamp.c: a SYN of either side, or any other packet, which stays as it is. */
void sy_clamp_mss(const struct sy_worker *worker, struct sy_packet *packet,
	const struct sy_service_row *service, const struct sy_backend_row *backend);

static inline bool
has_lost_backend(const struct sy_worker *worker, const struct sy_flow *flow)
{
	return worker->snapshot->backends[flow->backend].generation != flow->generation;
}

/* reset.c: RST to both sides of a flow that has lost its backend, and its end. */
void sy_reset_flow(struct sy_worker *worker, struct sy_flow *flow);

/* route.c: the next hop for a destination, which is asked for when unknown.  0 or the reason. */
enum sy_drop sy_route(struct sy_worker *worker, uint8_t family, const struct sy_addr *destination,
	uint32_t *next_hop);

/* Whether the packet can go by a next hop of the snapshot, or SY_NONE, when it has been made longer
 * by so many bytes.  A next hop that no packet can reach now has no MTU. */
static inline bool
way_is_open(const struct sy_worker *worker, const struct sy_packet *packet, uint32_t next_hop,
	int overhead)
{
	return likely(next_hop != SY_NONE && packet->ttl > 1 &&
		sy_packet_length(packet) + overhead <= worker->snapshot->next_hops[next_hop].mtu);
}

/* route.c: what becomes of a packet whose way is not open: an answer that says why, or a drop.  It
 * is as its sender sent it, since an ICMP error quotes that. */
void sy_refuse_way(struct sy_worker *worker, struct sy_packet *packet,
	const struct sy_ip *destination, int overhead);

/* transmit.c */
void sy_transmit(struct sy_worker *worker, struct sy_packet *packet);
void sy_transmit_finished(struct sy_worker *worker, struct rte_mbuf *mbuf, uint32_t port);
void sy_flush(struct sy_worker *worker);
void sy_flush_kernel(struct sy_worker *worker);

/* outer_parts.c: whether a packet that does not fit may go in pieces when it has been put into its
 * service's tunnel; and that it does: its verdict is set. */
bool sy_outer_may_divide(const struct sy_worker *worker, const struct sy_packet *packet,
	uint32_t next_hop, const struct sy_service_row *service);
void sy_outer_divide(struct sy_worker *worker, struct sy_packet *packet);

/* tunnel_error.c: a packet for the host that is a router's word on what a tunnel has sent.  false:
 * it is not; else it has gone to the flow's owner, or its verdict is set. */
bool sy_tunnel_error(struct sy_worker *worker, struct sy_packet *packet);

/* punt.c */
void sy_punt(struct sy_worker *worker, struct sy_packet *packet);

/* drop.c: the only place that frees a packet unsent.  queued: a packet that was on its way, for which
 * there is no room behind a queue: of the kernel's, or of what goes out of the port. */
void sy_drop_mbuf(struct sy_worker *worker, struct rte_mbuf *mbuf, enum sy_drop reason);
void sy_drop_queued(
	struct sy_worker *worker, struct rte_mbuf *mbuf, enum sy_drop reason, uint32_t out_port);
#define SY_NO_OUT_PORT UINT32_MAX /* the kernel's: mbuf->port is where it came in by */

/* sweep.c: a bounded piece of ageing, resetting and dumping. */
/* busy: the turn has packets, and little time. */
void sy_sweep(struct sy_worker *worker, bool busy);
/* What is shown of a flow. */
void sy_flow_write_record(
	const struct sy_worker *worker, const struct sy_flow *flow, struct sy_flow_record *record);
bool sy_sweep_is_behind(const struct sy_worker *worker); /* there is more to visit at once */

/* idle.c: what a worker does after a turn that found nothing. */
void sy_idle(struct sy_worker *worker);
void sy_idle_disarm(struct sy_worker *worker); /* armed, and there is work */

#endif /* SY_WORKER_PRIVATE_H */
