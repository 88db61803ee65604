/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_FIXTURE_H
#define SY_FIXTURE_H

/*
 * Workers with everything behind them but ports and kernel, for tests of the
 * pipeline: a configuration in, frames in, frames out.  The ports are lists.
 */
#include <rte_mbuf.h>

#include "sy/worker.h"

struct rte_ipv4_hdr;
struct rte_tcp_hdr;

#define FIXTURE_FRAMES 256

struct fixture_port {
	struct rte_mbuf *in[FIXTURE_FRAMES];
	struct rte_mbuf *out[FIXTURE_FRAMES];
	uint32_t n_in;
	uint32_t n_out;
	uint32_t room; /* frames that send() still takes */
};

struct fixture {
	struct sy_config *config;
	struct sy_stats *stats;
	struct sy_live *live;
	struct sy_persistence *persistence;
	struct sy_registry *registry;
	struct sy_routes routes;
	struct sy_publisher publisher;
	struct sy_mailbox *mailboxes[SY_MAX_WORKERS];
	struct sy_worker *workers[SY_MAX_WORKERS];
	uint32_t n_workers;
	struct sy_owners owners;
	struct rte_mempool *pool;
	struct fixture_port ports[2]; /* wan, lan: worker 0 receives and sends */
	uint32_t idle_sleep_us;
	uint32_t idle_longest_us; /* 0: workers never rest */
};

/* What most tests want: ports wan (192.0.2.1/24) and lan (10.0.0.1/24), neighbours 192.0.2.100 and
 * 10.0.0.11 to 13, pool web with web1 to web3 on port 8080, service www on 192.0.2.80:80/tcp and
 * dns on 192.0.2.80:53/udp, alt on 192.0.2.80:81/tcp.  pool_more and service_more are put into the pool and into www. */
char *fixture_config(const char *pool_more, const char *service_more);

/* The next fixtures' owners: as NICs hash both endpoints under this key; NULL: a hash of our own. */
extern const uint8_t *fixture_tuple_key;

/* All aborts the test program on failure: there is nothing to test then. */
void fixture_start(struct fixture *fixture, const char *config, uint32_t n_workers);
void fixture_stop(struct fixture *fixture);
void fixture_publish(struct fixture *fixture);
struct sy_snapshot *fixture_build(struct fixture *fixture); /* the caller's to publish */

/* A new worker 0 in the place of the first, one that rests at once when it finds nothing. */
void fixture_rest(struct fixture *fixture, uint32_t sleep_us, uint32_t longest_us);

/* A TCP segment or UDP datagram (flags 0) over IPv4, checksums right. */
struct rte_mbuf *fixture_packet(struct fixture *fixture, const char *src, uint16_t src_port,
	const char *dst, uint16_t dst_port, uint8_t tcp_flags, uint32_t seq, uint32_t ack);

/* A UDP datagram with a payload of n bytes. */
struct rte_mbuf *fixture_datagram(struct fixture *fixture, const char *src, uint16_t src_port,
	const char *dst, uint16_t dst_port, const void *payload, uint16_t n);

/* Gives the frame to a port and turns all workers until they rest. */
void fixture_receive(struct fixture *fixture, uint32_t port, struct rte_mbuf *mbuf);
void fixture_turn(struct fixture *fixture);

/* What the management core does about every millisecond for backends' counts and limits. */
void fixture_settle(struct fixture *fixture);

/* The only frame that came out of the port, or NULL (none, or several); the caller frees it. */
struct rte_mbuf *fixture_sent(struct fixture *fixture, uint32_t port);
void fixture_forget_sent(struct fixture *fixture);

/* Whether each worker's accounting closes, and flows = created - ended. */
int fixture_closes(struct fixture *fixture);

uint64_t fixture_drops(struct fixture *fixture, enum sy_drop reason);

/* Short forms for the configuration of fixture_config(). */
#define FIXTURE_WAN 0
#define FIXTURE_LAN 1
#define FIXTURE_CLIENT "192.0.2.100"
#define FIXTURE_VIP "192.0.2.80"

void fixture_begin(struct fixture *fixture, const char *pool_more, const char *service_more,
	uint32_t n_workers);

struct rte_ipv4_hdr *fixture_ip(struct rte_mbuf *mbuf);
struct rte_tcp_hdr *fixture_tcp(struct rte_mbuf *mbuf);

/* Whether the checksums of header and segment are right, computed from nothing. */
int fixture_checksums_hold(struct rte_mbuf *mbuf);

/* A client's SYN; returns the backend's address, 0 when none got it. */
uint32_t fixture_open(struct fixture *fixture, uint16_t client_port);

/* The rest of the handshake. */
void fixture_establish(struct fixture *fixture, uint16_t client_port, uint32_t backend);

#endif /* SY_FIXTURE_H */
