/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_SNAPSHOT_H
#define SY_SNAPSHOT_H

/*
 * The immutable picture that workers read.
 *
 * The management core builds one from the registry and the routes whenever they
 * have changed, publishes it by one release store, and frees its predecessor
 * when every worker has passed a quiescent state (rte_rcu_qsbr).  A worker loads
 * the pointer once a loop turn and reports quiescence at the turn's end; it keeps
 * no pointer into a snapshot from one turn to the next.
 */
#include <assert.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <rte_ether.h>
#include <rte_rcu_qsbr.h>

#include "sy/maglev.h"
#include "sy/outer.h"
#include "sy/quic.h"
#include "sy/registry.h"
#include "sy/routes.h"
#include "sy/scheduler.h"

#define SY_NONE UINT32_MAX

struct sy_port_row {
	struct rte_ether_addr mac;
	uint16_t device; /* ethdev id */
	uint16_t mtu;
	bool link_up;
	bool has_twin;
	bool has_address[SY_N_FAMILIES];
	struct sy_addr address[SY_N_FAMILIES]; /* the first: source of ICMP errors */
};

/* A neighbour, with the Ethernet addresses of a packet to it. */
struct sy_next_hop {
	struct rte_ether_addr dst; /* these two as they stand in the frame */
	struct rte_ether_addr src;
	uint16_t mtu; /* of the port; 0: no packet can go this way now (not resolved, or no link) */
	uint8_t port;
	bool resolved;
	struct sy_ip address; /* for asking the kernel to resolve it */
};

/* What a packet of a known flow reads, half a cache line, so that no row lies on two. */
struct sy_backend_row {
	struct sy_addr address;
	uint32_t next_hop; /* or SY_NONE: no route */
	uint16_t port_be; /* 0: the one that the packet has; see sy_backend_port() */
	uint16_t generation; /* a flow of another one has lost its backend */
	uint8_t family;
	bool accepts; /* gets new flows; else an embryonic one may move to another backend */
	bool used;
	bool ends_silently; /* its flows of another generation: nobody is told */
	bool is_limited; /* its row of backend_limits says how */
	bool down; /* answers nobody: a SYN on an old flow of it is a new connection */
	bool pressed; /* into service though it is not well: too few of its pool are */
} __attribute__((aligned(32)));

static_assert(sizeof(struct sy_backend_row) == 32, "two backends to a cache line");

struct sy_backend_limits {
	uint32_t max_flows; /* of all workers; 0: no limit */
	uint32_t max_new_per_s; /* likewise, see sy/quota.h */
};

/* Where a packet to this port of a service goes at the backend. */
static inline uint16_t
sy_backend_port(const struct sy_backend_row *backend, uint16_t port_be)
{
	return backend->port_be != 0 ? backend->port_be : port_be;
}

struct sy_choice; /* private: what a state was built from; shared by successive snapshots */

struct sy_pool_row {
	const struct sy_scheduler *scheduler;
	const struct sy_scheduler_state *state; /* NULL: no backend can serve */
	struct sy_choice *choice;
	/* Picks by the flow's hash alone: for packets of no flow.  NULL: no service asks, or the
	 * scheduler itself does. */
	const struct sy_maglev *maglev;
	bool on_spares; /* state holds the spares */
};

struct sy_route_row {
	uint32_t next_hop; /* or SY_NONE: via has no neighbour entry */
	uint8_t port;
	bool on_link; /* the next hop is the destination itself */
	struct sy_ip via;
};

/* A row of local addresses of one family, in the snapshot's list. */
struct sy_locals {
	uint32_t first;
	uint32_t n;
};

/* What a mode puts before the packets of a service.  The mode's own to fill and to read. */
struct sy_tunnel {
	struct sy_outer outers[SY_N_FAMILIES]
			      [SY_N_FAMILIES]; /* by the backend's and packet's family */
	uint8_t dscp;
	bool divides; /* what does not fit goes in pieces, where it may */
};

struct sy_service_row {
	struct sy_addr address; /* the first, if there are several */
	uint16_t port_be; /* the first too */
	uint8_t family;
	uint8_t protocol;
	uint8_t mode; /* row of the forwarding modes' table */
	uint8_t on_empty; /* enum sy_refusal */
	uint8_t on_no_flow; /* enum sy_refusal */
	bool adopts; /* a TCP segment of no flow makes one, where its hash says */
	bool used;
	bool moves_unanswered; /* a repeated SYN goes to another backend */
	bool leaving; /* only its flows are served; pools are those of a file that is gone */
	uint32_t generation; /* what was noted under another one was of another service */
	uint32_t pool; /* row of pools */
	uint32_t spare_pool; /* or SY_NONE */
	bool stateless; /* may be served without flows: each of its backends tells it apart */
	bool one_packet; /* is served so always: the scheduler is asked for each packet */
	bool shares_backends; /* why it may not be */
	bool limits_backends; /* likewise: without flows nothing is counted */
	bool hides_endpoint; /* another reason: replies do not tell which address or port it was */
	bool many_ports; /* more than one */
	uint32_t max_flows; /* for each worker */
	uint32_t max_half_open;
	bool introduces; /* flows of clients that are not trusted get sy/introduction.h's care */
	uint8_t client_address; /* enum sy_client_address */
	uint8_t toa_option;
	uint16_t n_trusted;
	uint32_t trusted; /* the first in the snapshot's */
	const struct sy_tunnel *tunnel; /* NULL: the mode has none */
	uint16_t mss_clamp; /* SY_MSS_OFF, SY_MSS_AUTO, or bytes */
	struct sy_timeouts timeouts;
	uint8_t consistency; /* enum sy_consistency */
	uint8_t persist_by; /* enum sy_persist_by */
	uint32_t persist_s; /* how long clients are remembered */
	struct sy_addr persist_mask; /* of clients' addresses */
	uint64_t persist_seed; /* tells this service's clients from other services' */
	struct sy_quic *quic; /* connection IDs name servers; NULL: it is not QUIC */
	struct sy_locals locals[SY_N_FAMILIES]; /* what backends see in clients' place */
};

/* A rule for what servers send of their own; the addresses that they become are its service's locals. */
struct sy_snat_row {
	uint32_t service;
	uint32_t backend; /* that stands for all hosts outside */
	uint32_t max_source_flows; /* for each worker */
	uint32_t from; /* the first in the snapshot's list of prefixes */
	uint32_t except;
	uint16_t n_from;
	uint16_t n_except;
};

enum sy_reply { /* a backend answers for one service of each at most, if it can be told at all */
	SY_REPLY_TCP,
	SY_REPLY_UDP,
	SY_REPLY_SCTP,
	SY_N_REPLIES,
};

static inline enum sy_reply
sy_reply_of(uint8_t protocol)
{
	if (protocol == IPPROTO_TCP)
		return SY_REPLY_TCP;
	return protocol == IPPROTO_UDP ? SY_REPLY_UDP : SY_REPLY_SCTP;
}

struct sy_snapshot {
	uint64_t version;
	uint32_t n_services; /* rows up to the highest number in use */
	uint32_t n_backends;
	uint32_t n_pools;
	uint32_t n_ports;
	uint32_t n_next_hops;
	uint32_t reset_epoch; /* grows when flows must be reset: workers then look through theirs */
	struct sy_service_row *services; /* by service id */
	struct sy_backend_row *backends; /* by backend id */
	struct sy_backend_limits *backend_limits; /* by backend id */
	struct sy_pool_row *pools;
	struct sy_next_hop *next_hops;
	struct sy_route_row *routes;
	struct sy_tunnel *tunnels; /* services' rows point here; NULL: no service has one */
	struct sy_addr *locals; /* local addresses: see struct sy_locals */
	struct sy_snat_row *snats; /* in the file's order */
	uint32_t n_snats;
	struct sy_prefix *snat_prefixes; /* private */
	bool has_backends[SY_N_FAMILIES]; /* of a family */
	bool has_quic; /* a service does */
	/* private, by backend id: the pool whose clients it may keep, or SY_NONE */
	uint32_t *keepers;
	uint32_t (*replies)
		[SY_N_REPLIES]; /* private, by backend id: the service that it answers for */
	/* private, by backend id, of the first backend of an address: from which ports those answer
	 * that have none of their own: from the lowest to the highest of their services.  NULL: there are none such. */
	struct sy_port_range *any_ports;
	struct sy_prefix *trusted; /* of all services */
	struct sy_port_row ports[SY_MAX_PORTS];
	struct sy_index *index; /* private: look-up tables */
	struct sy_lpm *lpm; /* private: longest prefix match, shared by successive snapshots */
	uint64_t route_version; /* that lpm was built from */
};

struct sy_snapshot_params {
	uint32_t n_workers; /* quotas are divided by it */
	int socket; /* NUMA node of the workers */
	uint32_t
		max_flows; /* of all workers: the limits that the file does not set are shares of it */
	uint8_t (*find_mode)(const char *name);
	bool (*is_stateless)(uint8_t mode); /* the mode can do without flows; NULL: none can */
	bool (*replies_apart)(uint8_t mode); /* are not to clients, by way of here; NULL: all are */
	/* Fills what the mode puts before packets; false: nothing.  NULL: no mode does. */
	bool (*build_tunnel)(
		uint8_t mode, const struct sy_tunnel_config *config, struct sy_tunnel *tunnel);
};

/* Management core.  previous, or NULL, is the snapshot published last: what has not changed since is
 * shared with it instead of built again.  0, or -ENOMEM or -EINVAL (unknown scheduler or mode) with
 * error filled. */
int sy_snapshot_build(const struct sy_snapshot_params *params, struct sy_registry *registry,
	const struct sy_routes *routes, const struct sy_snapshot *previous,
	struct sy_snapshot **snapshot, struct sy_error *error);
/* Ordinary memory that one takes, with the tables of its pools. */
uint64_t sy_snapshot_bytes(uint32_t n_services, uint32_t n_backends, uint32_t n_pools);
void sy_snapshot_free(struct sy_snapshot *snapshot); /* NULL is no error */

struct sy_tap; /* sy/tap.h */

/* The one place that workers look at. */
struct sy_publication {
	_Atomic(struct sy_snapshot *) current;
	_Atomic(struct sy_tap *)
		tap; /* NULL: nobody captures; taken away and freed as a snapshot is */
	struct rte_rcu_qsbr *rcu;
};

/* Management core.  init: n_workers threads report, by worker number.  publish: takes ownership of
 * next and waits for no one: the old one is put aside and freed by a later publish() or collect()
 * once all workers are past it. */
struct sy_retired;
struct sy_publisher {
	struct sy_publication publication;
	struct sy_retired *retired;
};
int sy_publisher_init(struct sy_publisher *publisher, uint32_t n_workers);
void sy_publisher_fini(struct sy_publisher *publisher); /* workers have stopped */
void sy_publisher_publish(struct sy_publisher *publisher, struct sy_snapshot *next);
void sy_publisher_collect(struct sy_publisher *publisher);

/* Worker. */
static inline const struct sy_snapshot *
sy_snapshot_load(struct sy_publication *publication)
{
	return atomic_load_explicit(&publication->current, memory_order_acquire);
}

/* Service id for a destination, or SY_NONE.  A leaving service is found too: workers share out the
 * packets of its flows as before. */
uint32_t sy_snapshot_service(const struct sy_snapshot *snapshot, uint8_t family,
	const struct sy_addr *address, uint16_t port_be, uint8_t protocol);

/* Whether a client of the service may tell for whom it speaks. */
bool sy_snapshot_trusts(const struct sy_snapshot *snapshot, const struct sy_service_row *service,
	const struct sy_ip *client);

/* The rule for a packet of no service from src to dst, or NULL. */
const struct sy_snat_row *sy_snapshot_snat(
	const struct sy_snapshot *snapshot, const struct sy_ip *src, const struct sy_ip *dst);

/* What an address is to the balancer. */
enum sy_address_kind {
	SY_ADDRESS_OTHER,
	SY_ADDRESS_VIP, /* a service has it and no port has */
	SY_ADDRESS_HOST, /* a port's own, maybe a service's too */
	SY_ADDRESS_LOCAL, /* what backends see as the client */
};
enum sy_address_kind sy_snapshot_address(
	const struct sy_snapshot *snapshot, uint8_t family, const struct sy_addr *address);

/* Whether a backend of any service has this endpoint. */
bool sy_snapshot_is_backend(const struct sy_snapshot *snapshot, uint8_t family,
	const struct sy_addr *address, uint16_t port_be);

/* Whether a backend of any service has this address. */
bool sy_snapshot_has_backend(
	const struct sy_snapshot *snapshot, uint8_t family, const struct sy_addr *address);

/* How to reach a destination.  An IPv4-mapped one is reached as IPv4. */
struct sy_path {
	uint32_t next_hop; /* SY_NONE: no neighbour entry yet */
	uint8_t port; /* UINT8_MAX: no route at all */
	struct sy_ip gateway; /* whose entry is missing; set when next_hop is SY_NONE */
};
struct sy_path sy_snapshot_route(
	const struct sy_snapshot *snapshot, uint8_t family, const struct sy_addr *destination);

/* The next hop alone, or SY_NONE: then sy_snapshot_route() tells what is missing. */
uint32_t sy_snapshot_next_hop(
	const struct sy_snapshot *snapshot, uint8_t family, const struct sy_addr *destination);

/* The backend for a new flow of this service, or SY_NONE when none can serve. */
uint32_t sy_snapshot_pick(const struct sy_snapshot *snapshot, const struct sy_service_row *service,
	struct sy_pick *pick, uint32_t cursors[]);

/* The pool that serves now, the service's or its spare, or SY_NONE: none can. */
uint32_t sy_snapshot_serving_pool(
	const struct sy_snapshot *snapshot, const struct sy_service_row *service);

/* What its scheduler's state was built from, and the scheduler that the file names; NULL: the pool
 * can serve nobody. */
const struct sy_candidate *sy_snapshot_candidates(
	const struct sy_snapshot *snapshot, uint32_t pool, uint32_t *n_candidates);
const struct sy_scheduler *sy_snapshot_scheduler(const struct sy_snapshot *snapshot, uint32_t pool);

/* A backend of those that serve now for which has_room() says yes, one of the first tier before
 * others, looked for from the start'th on; or SY_NONE. */
uint32_t sy_snapshot_pick_room(const struct sy_snapshot *snapshot,
	const struct sy_service_row *service, uint32_t start,
	bool (*has_room)(const void *context, uint32_t backend), const void *context);

/* The same for a packet of no flow: the flow's hash decides, and nothing else that changes from one
 * packet to the next. */
uint32_t sy_snapshot_pick_stateless(const struct sy_snapshot *snapshot,
	const struct sy_service_row *service, struct sy_pick *pick);

/* Whether a client of this service who had this backend keeps it: up and of the serving pool, or of
 * the service's own, which may be draining or have weight 0. */
bool sy_snapshot_keeps(const struct sy_snapshot *snapshot, const struct sy_service_row *service,
	uint32_t backend, uint16_t generation);

/* The backend of this service that has this server ID and can be reached, draining or not, or SY_NONE. */
uint32_t sy_snapshot_server(const struct sy_snapshot *snapshot,
	const struct sy_service_row *service, const struct sy_quic_server_id *server_id);

/* The only service of which a packet of no flow from this endpoint can be a reply, or SY_NONE: the
 * endpoint is no backend's, or several services'. */
uint32_t sy_snapshot_reply_service(const struct sy_snapshot *snapshot, uint8_t family,
	const struct sy_addr *address, uint16_t port_be, uint8_t protocol);

#endif /* SY_SNAPSHOT_H */
