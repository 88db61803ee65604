/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_FLOW_H
#define SY_FLOW_H

/*
 * The flow table of one worker.
 *
 * Only its worker touches it, so nothing here is atomic.  Both directions of a
 * flow are indexed (of a one-way flow the original alone): buckets of eight 16-bit tags and eight entry numbers (one
 * cache line) lead to entries (one line for IPv4, two for IPv6).  Lookup takes a
 * burst and prefetches buckets, then entries.  An entry carries a time stamp
 * instead of a timer; the worker's loop visits a bounded number of entries a
 * turn and ends those that are too old.
 *
 * All memory is taken by create() on the worker's NUMA node and never grows.
 */
#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sy/net.h"
#include "sy/time.h"

enum sy_flow_state {
	SY_FLOW_FREE, /* not a flow */
	SY_FLOW_UDP_NEW, /* embryonic: one packet of the client so far */
	SY_FLOW_ECHO, /* ICMP, of a server to the outside */
	SY_FLOW_QUIC, /* UDP of a service that looks at connection IDs */
	SY_FLOW_UDP,
	SY_FLOW_SYN_SENT, /* embryonic: the client's SYN was seen */
	SY_FLOW_SYN_RECEIVED, /* embryonic: and the backend's SYN/ACK */
	SY_FLOW_ADOPTED, /* embryonic: taken up in its middle, by one segment of the client */
	SY_FLOW_OPEN, /* one-way: the client has gone on after its SYN */
	SY_FLOW_ESTABLISHED, /* this and all that follow: the handshake is over */
	SY_FLOW_FIN_CLIENT, /* the client has closed its direction */
	SY_FLOW_FIN_BACKEND,
	SY_FLOW_TIME_WAIT, /* both have closed: may be reused by a SYN */
	SY_FLOW_CLOSED, /* RST: may be reused by a SYN */
};

enum sy_flow_party {
	SY_FLOW_CLIENT,
	SY_FLOW_VIP,
	SY_FLOW_BACKEND,
	SY_FLOW_LOCAL, /* full NAT: what the backend sees as the client; else the client's copy */
	SY_N_FLOW_PARTIES,
};

/* What the segments of one sender have told: enough to judge an RST sent to it. */
struct sy_tcp_side {
	/* Highest sequence number it has sent, plus one; the backend's, while it has sent none (in
	 * SY_FLOW_SYN_SENT), is the caller's to use. */
	uint32_t next;
	uint32_t acked; /* highest acknowledgement it has sent: what it expects next */
};

enum sy_flow_flag {
	/* Replies do not come here: only the original direction is indexed, and BACKEND and LOCAL
	 * have neither address nor port. */
	SY_FLOW_ONE_WAY = 1 << 0,
	/* The client's first bytes begin a header that it may not send: the rest is waited for. */
	SY_FLOW_CLAIM_AWAITED = 1 << 1,
	/* The same of a flow of a server's own, which has no such header: its local port was taken
	 * for all hosts outside. */
	SY_FLOW_SHARED_PORT = SY_FLOW_CLAIM_AWAITED,
	/* What follows is sy/introduction.h's: the client's address is told to the backend, or what
	 * clients claim of it is looked for. */
	SY_FLOW_INTRODUCED = 1 << 2, /* the segments' numbers or options are to be changed */
	SY_FLOW_HEADER_PENDING = 1
		<< 3, /* the backend has not acknowledged what tells of the client */
	SY_FLOW_UNHEARD = 1 << 4, /* nor any byte of the client */
	SY_FLOW_JUDGED = 1 << 5, /* the client's first bytes have been looked at */
	SY_FLOW_TELLS = 3 << 6, /* how it is told: enum sy_introduce */
};

struct sy_flow {
	sy_ticks last_seen;
	uint8_t state; /* enum sy_flow_state */
	uint8_t family; /* enum sy_family */
	uint8_t protocol;
	uint8_t flags; /* enum sy_flow_flag */
	uint32_t service : 24; /* id */
	/* TCP: a byte of the client has this much more as its sequence number towards the backend;
	 * the rest of this entry is in the client's numbers.  See sy/introduction.h. */
	int32_t shift : 8;
	uint32_t backend; /* id, valid for this generation only */
	uint16_t generation;
	uint16_t ports_be[SY_N_FLOW_PARTIES];
	uint8_t window_shifts; /* client's in the low four bits, backend's in the high */
	uint8_t mode; /* forwarding mode, a row of its table: what the flow was made for */
	/* Last advertised by each side, not scaled; the backend's, while it has sent none, is the
	 * caller's to use. */
	uint16_t windows[2];
	union {
		struct sy_tcp_side
			sides[2]; /* by direction of the sender: SY_ORIGINAL is the client */
		uint64_t
			cid_hash; /* QUIC: of its connection ID, the last that named the backend; or 0 */
	};
	uint32_t v4_be[SY_N_FLOW_PARTIES]; /* IPv4's addresses; IPv6's stand in the next line */
};

static_assert(sizeof(struct sy_flow) == 64, "an IPv4 flow is one cache line");

struct sy_flow_v6 {
	struct sy_flow flow;
	struct sy_addr addresses[SY_N_FLOW_PARTIES];
};

static_assert(sizeof(struct sy_flow_v6) == 128, "an IPv6 flow is two cache lines");

static inline struct sy_addr
sy_flow_address(const struct sy_flow *flow, enum sy_flow_party party)
{
	if (flow->family == SY_IPV4)
		return sy_addr_v4(flow->v4_be[party]);
	return ((const struct sy_flow_v6 *)flow)->addresses[party];
}

/*
 * How a flow began, for those who ask later: written once, beside the entries, so that packets of
 * known flows never touch it.  Five bytes, for there are as many as flows.
 */
struct sy_flow_birth {
	uint32_t second : 20; /* of its worker's life, modulo SY_FLOW_BIRTH_SECONDS */
	uint32_t version : 12; /* of the snapshot, the low bits */
	uint8_t why; /* sy/reason.h */
} __attribute__((packed));

#define SY_FLOW_BIRTH_SECONDS 0x100000u /* 12 days: an older flow's age is this much more */
#define SY_FLOW_BIRTH_VERSIONS 0x1000u

static_assert(sizeof(struct sy_flow_birth) == 5, "an IPv4 flow takes no more than 96 bytes");

struct sy_flow_table;

struct sy_flow_table_params {
	uint32_t max_flows[SY_N_FAMILIES]; /* 64 or more each */
	int socket; /* NUMA node */
	uint64_t seed; /* of the hash: unknown to senders, so that they cannot aim at a bucket */
};

/* Management core.  0, -EINVAL, or -ENOMEM with nothing kept. */
int sy_flow_table_create(const struct sy_flow_table_params *params, struct sy_flow_table **table);
void sy_flow_table_destroy(struct sy_flow_table *table); /* NULL is no error */

/* Bytes that create() would take, all tables counted. */
uint64_t sy_flow_table_bytes(const struct sy_flow_table_params *params);

/* Worker, all that follow. */

#define SY_FLOW_BURST 64

struct sy_flow_hit {
	struct sy_flow *flow; /* NULL: no flow */
	uint8_t direction; /* enum sy_direction: 0 original, 1 reply */
};

/* Looks up n (SY_FLOW_BURST or fewer) tuples of any family.  The whole tuple is compared. */
void sy_flow_lookup(struct sy_flow_table *table, const struct sy_tuple *const tuples[], uint32_t n,
	struct sy_flow_hit hits[]);

/*
 * Makes a flow whose packets to the service look like original and whose replies look like reply
 * (as they arrive here); NULL: they do not come here, and the flow is one-way.  The caller fills
 * service, backend, generation, mode and state.
 * 0; -ENOSPC: full; -EEXIST: one of the tuples belongs to a flow already.
 */
int sy_flow_create(struct sy_flow_table *table, const struct sy_tuple *original,
	const struct sy_tuple *reply, sy_ticks now, struct sy_flow **flow);

/* Ends flows, n (SY_FLOW_BURST or fewer) at once: their buckets come from memory together. */
void sy_flow_end(struct sy_flow_table *table, struct sy_flow *flow);
void sy_flow_end_burst(struct sy_flow_table *table, struct sy_flow *const flows[], uint32_t n);

/* Visits the next entries in the table's own order, n of them whether in use or not, and calls
 * visit for those in use; it may end the flow that it is given and no other.  After as many
 * entries as sy_flow_scan_length() tells, each has been visited once. */
typedef void (*sy_flow_visit)(struct sy_flow_table *table, struct sy_flow *flow, void *context);
void sy_flow_scan(struct sy_flow_table *table, uint32_t n, sy_flow_visit visit, void *context);
uint32_t sy_flow_scan_length(const struct sy_flow_table *table);

/* How a flow of the table began: the caller's to write behind sy_flow_create(), and to read. */
struct sy_flow_birth *sy_flow_birth(const struct sy_flow_table *table, const struct sy_flow *flow);

uint32_t sy_flow_count(const struct sy_flow_table *table, enum sy_family family);
uint32_t sy_flow_capacity(const struct sy_flow_table *table, enum sy_family family);

/* The tuples of the flow, as its packets arrive here; a one-way flow has the original only. */
struct sy_tuple sy_flow_tuple(const struct sy_flow *flow, uint8_t direction);

/* What the segment of one packet says, in host order. */
struct sy_tcp_segment {
	uint32_t seq;
	uint32_t ack;
	uint16_t window; /* not scaled */
	uint8_t flags; /* RTE_TCP_SYN_FLAG, ... */
	uint8_t window_shift; /* SYN only: RFC 7323 section 2.2; 0 without the option */
	uint32_t length; /* payload bytes */
};

enum sy_tcp_verdict {
	SY_TCP_PASS,
	SY_TCP_REOPEN, /* a SYN on a closed flow: end it and treat the packet as a first one */
	SY_TCP_BAD_STATE, /* drop */
	SY_TCP_BAD_RST, /* drop: outside the receiver's window, RFC 5961 section 3.2 */
};

/* Advances the state machine by one segment and notes what it tells; time stamps are the caller's.
 * A flow made by a first SYN starts in SY_FLOW_SYN_SENT and gets that SYN through here too.  One that
 * has left the embryonic states never comes back to them.  A one-way flow gets the client's segments
 * only, and goes from SYN_SENT to OPEN, FIN_CLIENT and CLOSED. */
enum sy_tcp_verdict sy_tcp_track(
	struct sy_flow *flow, uint8_t direction, const struct sy_tcp_segment *segment);

/* Takes up a connection in its middle, by a segment of its backend that acknowledges the client: the
 * flow is established, and its windows are the largest that they can be. */
void sy_tcp_adopt(struct sy_flow *flow, const struct sy_tcp_segment *segment);

/* The same by a segment of its client, which anybody can send in his name: the flow is embryonic until
 * the backend acknowledges something, or the client sends on where replies do not come here. */
void sy_tcp_adopt_client(struct sy_flow *flow, const struct sy_tcp_segment *segment);

/* Whether nothing more is expected on the flow: it waits for stragglers, and no longer counts as one
 * of its backend's connections.  On a one-way flow the client's FIN is the last that is seen. */
static inline bool
sy_flow_is_over(const struct sy_flow *flow)
{
	return flow->state == SY_FLOW_TIME_WAIT || flow->state == SY_FLOW_CLOSED ||
		(flow->state == SY_FLOW_FIN_CLIENT && (flow->flags & SY_FLOW_ONE_WAY) != 0);
}

/* Whether the client has shown no more than a first packet, which anybody can send in his name. */
static inline bool
sy_flow_is_embryonic(const struct sy_flow *flow)
{
	return flow->state == SY_FLOW_SYN_SENT || flow->state == SY_FLOW_SYN_RECEIVED ||
		flow->state == SY_FLOW_ADOPTED || flow->state == SY_FLOW_UDP_NEW;
}

#endif /* SY_FLOW_H */
