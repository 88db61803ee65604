/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_STATS_H
#define SY_STATS_H

/*
 * Counters and drop reasons.
 *
 * Each worker adds to its own block, on its own cache lines, with plain stores;
 * the management core reads and sums.  A reset moves a baseline on the reader's
 * side and never touches a worker's block.
 *
 * A counter, a drop reason or a stage is one row below: its symbol, its name on
 * every surface, its unit, and what it tells an operator.  The order of rows is
 * free, but for stages: it is the packet's road.
 */
#include <stdint.h>

/* These close the accounting, on each worker and at all times:
 * received + from_kernel + handed_in + originated + released
 *	= transmitted + to_kernel + handed_over + held + dropped (the sum of all drop reasons). */
#define SY_COUNTERS(ROW) \
	ROW(RECEIVED, "received", "packets", "taken from this worker's receive queues") \
	ROW(FROM_KERNEL, "from_kernel", "packets", "taken from the kernel twins, to be sent") \
	ROW(HANDED_IN, "handed_in", "packets", "taken over from other workers") \
	ROW(ORIGINATED, "originated", "packets", "made here: resets, and all but first pieces") \
	ROW(TRANSMITTED, "transmitted", "packets", "accepted by a port's transmit queue") \
	ROW(TO_KERNEL, "to_kernel", "packets", "given to the kernel twins") \
	ROW(HANDED_OVER, "handed_over", "packets", "given to the worker that owns their flow") \
	ROW(HELD, "held", "packets", "pieces of a packet that came before its first, put aside") \
	ROW(RELEASED, "released", "packets", "those pieces taken up again, or given up") \
	ROW(RECEIVED_BYTES, "received_bytes", "bytes", "Ethernet frames taken from ports") \
	ROW(TRANSMITTED_BYTES, "transmitted_bytes", "bytes", "Ethernet frames sent to ports") \
	ROW(FLOWS_CREATED, "flows_created", "flows", "flows made") \
	ROW(FLOWS_ENDED, "flows_ended", "flows", "flows ended, for whatever reason") \
	ROW(FLOWS_EXPIRED, "flows_expired", "flows", "flows ended by a timeout") \
	ROW(FLOWS_RESET, "flows_reset", "flows", "flows reset because their backend went down") \
	ROW(FLOWS_REUSED, "flows_reused", "flows", "a SYN on a closed flow made a new one") \
	ROW(MISDIRECTED, "misdirected", "packets", \
		"brought by a port to a worker without their flow") \
	ROW(FLOWS_FULL, "flows_full", "flows", "refused: each backend had as many as it may") \
	ROW(SNAT_NO_PORT, "snat_no_port", "flows", \
		"of servers, refused: no port was left for the host outside") \
	ROW(SNAT_SOURCE_FULL, "snat_source_full", "flows", \
		"of servers, refused: the source had as many as its rule allows") \
	ROW(ASTRAY, "astray", "packets", "of flows, handed in by a worker that does not own them") \
	ROW(FLOWS_SHED, "flows_shed", "flows", "expired early: half-open or one packet, no room") \
	ROW(FLOWS_ADOPTED, "flows_adopted", "flows", "made for connections served without one") \
	ROW(FRAGMENTS, "fragments", "packets", "pieces of packets that followed a first piece") \
	ROW(TUNNEL_ERRORS, "tunnel_errors", "packets", \
		"errors about tunnels' own packets, told to the clients whose packets were inside") \
	ROW(DIVIDED, "divided", "packets", "too big for their way, and sent on in pieces") \
	ROW(TUNNEL_PIECES, "tunnel_pieces", "packets", \
		"pieces of tunnels' own packets, of those that did not fit") \
	ROW(FLOWS_BY_CID, "flows_by_cid", "flows", \
		"made for the backend that a connection ID names") \
	ROW(INTRODUCED, "introduced", "packets", "sent to backends with their client's address") \
	ROW(INTRODUCED_APART, "introduced_apart", "packets", \
		"the same, made here: what the client sent had no room for it") \
	ROW(NOT_INTRODUCED, "not_introduced", "packets", \
		"sent without their client's address: TCP options or memory had no room for it") \
	ROW(CLAIMS_STRIPPED, "claims_stripped", "packets", \
		"a client's own PROXY header or address option taken out") \
	ROW(PERSISTENCE_HITS, "persistence_hits", "flows", \
		"made for the backend that a client had") \
	ROW(FLOWS_MOVED, "flows_moved", "flows", \
		"whose client asked again: given another backend, for theirs did not answer") \
	ROW(PERSISTENCE_MADE, "persistence_made", "clients", \
		"remembered, or given another backend") \
	ROW(PERSISTENCE_EXPIRED, "persistence_expired", "clients", \
		"forgotten to make room for others") \
	ROW(PERSISTENCE_FULL, "persistence_full", "flows", \
		"of clients whom there was no room to remember") \
	ROW(STATELESS_IN, "stateless_in", "packets", "sent to backends without a flow") \
	ROW(STATELESS_OUT, "stateless_out", "packets", "replies sent to clients without a flow") \
	ROW(LOOPS, "loops", "turns", "turns of the worker's loop") \
	ROW(LOOPS_IDLE, "loops_idle", "turns", "turns that found nothing to do") \
	ROW(BUSY_CYCLES, "busy_cycles", "cycles", "time stamp cycles in turns that found work") \
	ROW(IDLE_CYCLES, "idle_cycles", "cycles", "time stamp cycles in turns that did not")

/* A reason: what it means, what usually causes it, and what to do about it. */
#define SY_DROPS(ROW) \
	ROW(TOO_SHORT, "too_short", "the frame ends inside a header", \
		"a broken sender or a damaged frame", \
		"capture --dropped too_short, and look at the sender") \
	ROW(BAD_IP_HEADER, "bad_ip_header", "version, header length or reserved fields wrong", \
		"a broken sender, or a scan", \
		"capture --dropped bad_ip_header, and look at the sender") \
	ROW(BAD_IP_LENGTH, "bad_ip_length", "the IP length does not fit the frame", \
		"a broken sender, or a snap length of a tunnel on the way", \
		"capture it; look at devices between") \
	ROW(BAD_IP_CHECKSUM, "bad_ip_checksum", "the IPv4 header checksum is wrong", \
		"a faulty cable or NIC, or a veth peer that leaves checksums to hardware", \
		"ethtool -K PEER tx off; ethtool -S for errors of the cable") \
	ROW(BAD_ADDRESS, "bad_address", "a source or destination that no packet may have", \
		"spoofed packets: loopback, multicast or the sender's own address as source", \
		"filter them at the router (BCP 38)") \
	ROW(BAD_TCP, "bad_tcp", "TCP header length or flags that no stack sends", "a port scan", \
		"none: this is what should happen to them") \
	ROW(BAD_UDP, "bad_udp", "the UDP length does not fit the packet", \
		"a broken sender, or an attack", \
		"capture --dropped bad_udp, and look at the sender") \
	ROW(BAD_SCTP, "bad_sctp", "SCTP cut inside its header", "a broken sender, or a scan", \
		"capture --dropped bad_sctp, and look at the sender") \
	ROW(BAD_ICMP, "bad_icmp", "ICMP cut short, or its embedded packet makes no sense", \
		"a router that quotes too little, or an attack", \
		"capture --dropped bad_icmp; path MTU discovery through that router may fail") \
	ROW(BAD_EXTENSION, "bad_extension", "IPv6 extension headers wrong or too many", \
		"a scan, or an IPv6 sender with long chains of headers", \
		"none, unless you know the sender") \
	ROW(BAD_FRAGMENT, "bad_fragment", \
		"a piece of a packet that overlaps the first, or ends oddly", \
		"an attack by overlapping fragments (RFC 5722)", \
		"none: this is what should happen to them") \
	ROW(FRAGMENT, "fragment", "a piece of a packet whose first piece did not come in time", \
		"first pieces are lost on the way, or come by another path", \
		"look for loss before the balancer; let senders use path MTU discovery") \
	ROW(TTL_EXPIRED, "ttl_expired", "TTL ended here, and no ICMP error could be sent", \
		"a routing loop, or traceroute at a rate above the ICMP limit", \
		"ip route get CLIENT on the routers; look for a loop") \
	ROW(NO_SERVICE, "no_service", "for a virtual IP, but no service has this port", \
		"a port scan, or a service that is missing in the file", \
		"steelyardctl show services; add the service, or filter at the router") \
	ROW(NO_BACKEND, "no_backend", "no backend can serve, and the service says drop", \
		"all backends are down, draining or have weight 0", \
		"steelyardctl show health; start the servers") \
	ROW(BACKENDS_FULL, "backends_full", "each backend is full, and the service says drop", \
		"max_flows or max_new_per_s of the backends is reached", \
		"add backends, or raise their limits") \
	ROW(NO_FLOW, "no_flow", "a segment or reply of no known flow", \
		"connections from before a restart, flows that timed out, replies that took another way", \
		"raise the service's timeouts; backends must route replies through the balancer") \
	ROW(HALF_OPEN, "half_open", "the service has as many half-open flows as it may", \
		"a flood of SYNs in others' names, or backends that do not answer", \
		"steelyardctl show limits; raise max_half_open if the clients are real") \
	ROW(SERVICE_FULL, "service_full", "the service has as many flows as it may", \
		"more clients than max_flows of the service allows", \
		"steelyardctl show limits; raise the service's max_flows") \
	ROW(SOURCE_FULL, "source_full", "the server has as many flows to the outside as it may", \
		"a server that opens too many flows to the outside", \
		"look at that server; raise max_source_flows of its rule") \
	ROW(TABLE_FULL, "table_full", "the flow table is full", \
		"more flows than max_flows of the file", \
		"raise max_flows (a restart; needs memory), shorten timeouts") \
	ROW(TUPLE_TAKEN, "tuple_taken", \
		"the reply direction belongs to another flow, or the backend is the client", \
		"two services send the same client to the same backend, or a backend is its own client", \
		"use mode fullnat for one of them") \
	ROW(NO_LOCAL_PORT, "no_local_port", \
		"no local address has a port left for the backend: see 'show locals'", \
		"more flows to a backend than a local address has ports", \
		"add local_addresses or backends: steelyardctl show locals") \
	ROW(TCP_STATE, "tcp_state", "a segment that the flow's state does not allow", \
		"a middlebox or an attack, or packets that overtake the end of a connection", \
		"none, if few; else capture --dropped tcp_state") \
	ROW(CLAIM, "claim", \
		"a client's PROXY header in pieces or too long, or data ahead of the first", \
		"a client that sends a PROXY header slowly or too long", \
		"add it to trust_client_address if it is a proxy of yours") \
	ROW(RST_WINDOW, "rst_window", \
		"an RST outside the window, an ABORT with another tag: attack or late", \
		"a reset in others' names, or one that came late", \
		"none: this is what should happen to them") \
	ROW(NO_ROUTE, "no_route", "no route to the destination", \
		"the routing table lacks the destination", \
		"ip route get DESTINATION; add a default route by the wan twin") \
	ROW(UNRESOLVED, "unresolved", "the next hop's MAC address is not known yet", \
		"the host does not answer ARP or neighbour discovery: it is off, or in another network", \
		"ip neigh show; look at the cable, the VLAN and the address") \
	ROW(OFF_LINK, "off_link", "the backend is behind a router, where the mode cannot reach", \
		"mode dr reaches only backends on the port's own network", \
		"use a tunnel mode or l3dsr for that backend") \
	ROW(NO_SOURCE, "no_source", "the port has no address for the outer header", \
		"a port without an address of the tunnel's family", \
		"give the port an address of that family") \
	ROW(UNTRANSLATABLE, "untranslatable", \
		"what the other IP version has no word for, or a piece of UDP without a checksum", \
		"IPv6 extension headers, options, or UDP without checksum in pieces, between families", \
		"give the pool backends of the clients' family") \
	ROW(TOO_BIG, "too_big", "larger than the port's MTU, and no ICMP error could be sent", \
		"a sender that ignores or never gets path MTU messages", \
		"raise the port's mtu, or set mss_clamp for the service") \
	ROW(ICMP_NO_FLOW, "icmp_no_flow", "an ICMP error about no known flow", \
		"errors about flows that have ended, or forged ones", "none, if few") \
	ROW(ICMP_RATE, "icmp_rate", "an answer was due, but the ICMP and RST limit is reached", \
		"a scan or a flood: answers to strangers are limited", \
		"filter the flood at the router") \
	ROW(NO_TWIN, "no_twin", "for the host, but the port has no kernel twin", \
		"the port's twin is set to none in the file", \
		"give the port a twin, or ignore it") \
	ROW(PUNT_RATE, "punt_rate", "for the host, above the punt rate limit", \
		"a flood to the host's own addresses", \
		"filter at the router; raise punt_rate if the traffic is wanted") \
	ROW(PUNT_FULL, "punt_full", "for the host, but the ring to the kernel is full", \
		"the management core is too busy to take the host's packets", \
		"look at its load; give it a core of its own") \
	ROW(HANDOVER_FULL, "handover_full", "the ring to the owning worker is full", \
		"one worker owns more than it can do", \
		"steelyardctl show workers; show steering: a NIC that hashes spares the handover") \
	ROW(TX_FULL, "tx_full", "the port's transmit queue took no more", \
		"the link is slower than what is sent", \
		"steelyardctl show ports; raise tx_descriptors, or use a faster link") \
	ROW(LINK_DOWN, "link_down", "the port to send on has no link", \
		"cable, switch or peer is off", "ip link; look at cable, transceiver and switch") \
	ROW(NO_BUFFER, "no_buffer", "no packet buffer for an answer", \
		"the buffer pool is used up: long queues or a reader that holds packets", \
		"raise the memory: fewer descriptors or more hugepages") \
	ROW(STOPPING, "stopping", "in flight when the worker stopped", \
		"the daemon was told to stop", "none")

/* Where a worker's time goes.  A worker measures one turn in SY_STAGE_SAMPLE. */
#define SY_STAGE_SAMPLE 16
#define SY_STAGES(ROW) \
	ROW(RECEIVE, "receive", "taken from the ports' queues and other workers' rings") \
	ROW(PARSE, "parse", "headers read and checked") \
	ROW(STEER, "steer", "service found, other workers' packets handed over") \
	ROW(LOOKUP, "lookup", "flows found in the table, the whole burst at once") \
	ROW(TRACK, "track", "state, new flows, route and rewrite") \
	ROW(FINISH, "finish", "queued for ports, given to the kernel, dropped") \
	ROW(RELAY, "relay", "finished packets of the kernel and of other workers") \
	ROW(SWEEP, "sweep", "the share of ageing that falls to turns with packets") \
	ROW(TRANSMIT, "transmit", "given to the ports' queues")

#define SY_COUNTER_SYMBOL(symbol, name, unit, help) SY_COUNTER_##symbol,
enum sy_counter {
	SY_COUNTERS(SY_COUNTER_SYMBOL) SY_N_COUNTERS
};
#undef SY_COUNTER_SYMBOL

/* 0 is 'not dropped'. */
#define SY_DROP_SYMBOL(symbol, name, help, cause, remedy) SY_DROP_##symbol,
enum sy_drop {
	SY_DROP_NONE,
	SY_DROPS(SY_DROP_SYMBOL) SY_N_DROPS
};
#undef SY_DROP_SYMBOL

#define SY_STAGE_SYMBOL(symbol, name, help) SY_STAGE_##symbol,
enum sy_stage {
	SY_STAGES(SY_STAGE_SYMBOL) SY_N_STAGES
};
#undef SY_STAGE_SYMBOL

struct sy_counter_description {
	const char *name;
	const char *unit;
	const char *help;
};

extern const struct sy_counter_description sy_counter_descriptions[SY_N_COUNTERS];
extern const struct sy_counter_description sy_drop_descriptions[SY_N_DROPS];

struct sy_drop_explanation {
	const char *cause;
	const char *remedy;
};
extern const struct sy_drop_explanation sy_drop_explanations[SY_N_DROPS];
extern const struct sy_counter_description sy_stage_descriptions[SY_N_STAGES];

struct sy_volume {
	uint64_t packets;
	uint64_t bytes;
};

/* Of one service or one backend on one worker: one cache line. */
struct sy_traffic {
	union {
		struct {
			uint64_t packets_in; /* from clients */
			uint64_t bytes_in; /* of IP packets */
			uint64_t packets_out; /* to clients */
			uint64_t bytes_out;
		};
		struct sy_volume ways[2]; /* by enum sy_direction */
	};
	uint64_t flows_created;
	uint64_t flows_ended;
	uint64_t flows_refused; /* service: no backend, a limit reached, table full; backend: it
				 * was full, and another was asked */
	uint64_t connect_failures; /* SYN unanswered, or answered with RST or ICMP unreachable */
} __attribute__((aligned(64)));

/* Of the measured turns with packets: time stamp cycles of a stage, and packets that it saw.  Sweep
 * and transmit see all packets of their turn. */
struct sy_stage_time {
	uint64_t cycles;
	uint64_t packets;
};

/* The connections to one backend on one worker: what they took to set up, from the first SYN to the
 * SYN/ACK, in time stamp cycles, each rounded down to 2^SY_TIMING_SHIFT of them (half a microsecond);
 * and those that waited for the SYN/ACK until their time was over. */
#define SY_TIMING_SHIFT 10
struct sy_timing {
	uint64_t cycles;
	uint64_t connections;
	uint64_t timed_out; /* counted among connect_failures too */
	/* Whose connections failed: a bit for each client, by hash, in this window and in the one
	 * before. */
	uint64_t failing_clients;
	uint64_t failing_before;
	uint32_t failing_window;
};

/* Windows of about a minute, of the time stamp counter: the same on all cores. */
static inline uint32_t
sy_failing_window(uint64_t tsc, uint64_t cycles_per_ms)
{
	return cycles_per_ms == 0 ? 0 : (uint32_t)(tsc / cycles_per_ms >> 16);
}

/* Of one service on one worker: what counts against its limits, and what is served beyond them. */
struct sy_service_load {
	uint32_t n_flows;
	uint32_t n_embryonic; /* TCP: half-open; UDP: of one packet so far */
	uint64_t stateless_in; /* packets to backends, without a flow */
	uint64_t stateless_out; /* and back */
	uint64_t flows_shed; /* ended early, to make room */
	uint64_t persistence_hits; /* new flows of clients who were remembered */
	uint64_t persistence_made; /* clients remembered anew */
	uint64_t persistence_full; /* not remembered: no room */
};

/* The longest turns of a worker's loop that found packets, in time stamp cycles: since its start, and in
 * the window of time that goes on and the one before it. */
#define SY_TURN_WINDOW_MS 1024
struct sy_longest_turns {
	uint64_t ever;
	uint64_t now;
	uint64_t before;
	uint64_t window; /* which one goes on */
};

struct sy_worker_stats {
	uint64_t counters[SY_N_COUNTERS];
	uint64_t drops[SY_N_DROPS];
	struct sy_stage_time stages[SY_N_STAGES];
	struct sy_longest_turns turns;
	struct sy_traffic *services; /* [max_services], by service id */
	struct sy_service_load *loads; /* [max_services], by service id */
	struct sy_traffic *backends; /* [max_backends], by backend id */
	struct sy_timing *timings; /* [max_backends], by backend id */
} __attribute__((aligned(64)));

struct sy_stats {
	uint32_t n_workers;
	uint32_t max_services;
	uint32_t max_backends;
	struct sy_worker_stats **workers; /* [n_workers]; written by that worker only */
};

/* Management core; sockets[n_workers] is the NUMA node of each worker.  0 or -ENOMEM. */
int sy_stats_create(uint32_t n_workers, const int *sockets, uint32_t max_services,
	uint32_t max_backends, struct sy_stats **stats);
void sy_stats_destroy(struct sy_stats *stats); /* NULL is no error */

/* Sums over workers.  Any thread; each word is read whole, the picture is not atomic. */
uint64_t sy_stats_counter(const struct sy_stats *stats, enum sy_counter counter);
uint64_t sy_stats_drop(const struct sy_stats *stats, enum sy_drop drop);
uint64_t sy_stats_worker_dropped(const struct sy_stats *stats, uint32_t worker);
struct sy_service_load sy_stats_load(const struct sy_stats *stats, uint32_t service);
struct sy_traffic sy_stats_service(const struct sy_stats *stats, uint32_t service);
struct sy_traffic sy_stats_backend(const struct sy_stats *stats, uint32_t backend);
struct sy_timing sy_stats_timing(const struct sy_stats *stats, uint32_t backend);

/* How many different clients' connections to the backend failed in the last minute or two: 64 at most,
 * two of one hash are one. */
uint32_t sy_stats_failing_clients(const struct sy_stats *stats, uint32_t backend);

#endif /* SY_STATS_H */
