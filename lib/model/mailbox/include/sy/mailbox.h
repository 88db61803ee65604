/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_MAILBOX_H
#define SY_MAILBOX_H

/*
 * Everything that passes between the management core and a worker, and between
 * workers, besides snapshots and counters: bounded rings, never a lock.
 *
 * Each ring has one producer and one consumer.  A full ring is the producer's
 * problem, at once: it drops and counts, or tries again a turn later.
 *
 *	requests   management -> worker   what a worker must do or tell (flow dumps)
 *	events     worker -> management   what a worker has seen (unresolved neighbours)
 *	to_kernel  worker -> management   packets for the host, mbuf->port is the Steelyard port
 *	from_kernel management -> worker  packets of the host, mbuf->port is the port to send on
 *	handover   worker -> worker       packets of another worker's flows
 *	transmit   worker -> worker       finished packets for a port whose transmit queue
 *	                                  belongs to another worker; mbuf->port is that port
 */
#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>
#include <rte_ring.h>

#include "sy/net.h"

enum sy_event_kind {
	SY_EVENT_UNRESOLVED, /* the kernel should resolve address on port */
};

struct sy_event { /* 24 bytes: ring elements are whole words */
	struct sy_addr address;
	uint8_t kind; /* enum sy_event_kind */
	uint8_t port;
	uint8_t family;
};

#define SY_RECORD_VERSIONS (1u << 12)
#define SY_RECORD_AGES (1u << 20) /* seconds: 12 days */

/* One flow, as surfaces show it. */
struct sy_flow_record {
	struct sy_addr client;
	struct sy_addr vip;
	struct sy_addr backend_address; /* of backend_family */
	struct sy_addr local; /* what the backend sees as the client, of backend_family */
	uint32_t service; /* id */
	uint32_t backend; /* id */
	uint32_t idle_ms;
	uint16_t client_port_be;
	uint16_t vip_port_be;
	uint16_t backend_port_be;
	uint16_t local_port_be; /* 0: it sees the client himself */
	uint8_t family; /* of client and service */
	uint8_t backend_family;
	uint8_t protocol;
	uint8_t why; /* sy/reason.h */
	uint16_t version; /* of the snapshot that it was made under, modulo SY_RECORD_VERSIONS */
	uint32_t age_s; /* modulo SY_RECORD_AGES */
	const char *state; /* a word that lives as long as the program */
};

/* What one worker says of a client's packet: see sy_request. */
struct sy_inquiry {
	struct sy_tuple tuple; /* asked; the rest is told */
	uint64_t version; /* of the snapshot that all this was seen in */
	uint32_t owner; /* the worker that has the packet's flow, or would make it */
	uint32_t service; /* id, or SY_NONE */
	bool has_flow; /* this worker has one */
	bool is_reply; /* that goes the other way: the packet is as a backend's */
	bool flow_is_over; /* a first packet would make a new one in its place */
	bool is_lost; /* the flow's backend is gone: its next packet ends it */
	bool would_move; /* a first packet would move it, as far as there is room elsewhere */
	struct sy_flow_record flow;
	/* What a first packet to the service would get: the owner's word, and no other's.  Where nothing
	 * is foretold (another owner, no service, a backend's packet) the rest says nothing. */
	bool foretold;
	uint32_t backend; /* id, or SY_NONE; with drop: who serves without a flow */
	uint8_t why; /* sy/reason.h, without flags */
	uint8_t drop; /* enum sy_drop: why it gets no flow */
	bool takes_local_port; /* the backend would see an address and port of ours */
	bool is_stateless; /* the service has had more flows than it may, just now */
	uint32_t n_flows; /* of the service, at this worker */
	uint32_t n_half_open;
	uint32_t n_entries; /* of the worker's flow table, of this family */
	uint32_t max_entries;
};

enum sy_request_kind {
	SY_REQUEST_FLOWS, /* write up to room records, of flows that match */
	SY_REQUEST_EXPLAIN, /* answer the inquiry, at once */
};

/* The management core owns a request and its memory and leaves both alone until done is set.  A
 * worker spreads the work over many turns. */
struct sy_request {
	uint8_t kind; /* enum sy_request_kind */
	uint32_t service; /* SY_NONE: any */
	uint32_t backend; /* SY_NONE: any */
	struct sy_inquiry *inquiry; /* SY_REQUEST_EXPLAIN alone */
	struct sy_flow_record *records;
	uint32_t room;
	uint32_t n; /* written by the worker */
	_Atomic bool done; /* set by the worker, release */
};

struct sy_mailbox {
	struct rte_ring *requests;
	struct rte_ring *events; /* of struct sy_event, by value */
	struct rte_ring *to_kernel;
	struct rte_ring *from_kernel;
	struct rte_ring **handover; /* [n_workers]: ring from that worker to this one; own: NULL */
	struct rte_ring **transmit; /* likewise */
	uint32_t n_workers;
};

/* Management core.  The rings' memory lies on the worker's node.  0, -ENOMEM or -EINVAL. */
int sy_mailbox_create(uint32_t worker, uint32_t n_workers, int socket, struct sy_mailbox **mailbox);
void sy_mailbox_destroy(struct sy_mailbox *mailbox); /* frees the packets that are left in it */

/* Producer's side; 0 or -ENOBUFS. */
int sy_mailbox_post_request(
	struct sy_mailbox *mailbox, struct sy_request *request); /* management */
int sy_mailbox_post_event(struct sy_mailbox *mailbox, const struct sy_event *event); /* worker */

/* Consumer's side; NULL or false when there is none. */
struct sy_request *sy_mailbox_take_request(struct sy_mailbox *mailbox); /* worker */
bool sy_mailbox_take_event(struct sy_mailbox *mailbox, struct sy_event *event); /* management */

#endif /* SY_MAILBOX_H */
