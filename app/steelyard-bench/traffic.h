/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_BENCH_TRAFFIC_H
#define SY_BENCH_TRAFFIC_H

/*
 * Where a subject's packets come from and go to.
 *
 * Buffers go round: what a subject sends is the next to be received.  Which flow
 * a packet belongs to has been drawn before the measurement, so that drawing
 * costs nothing in it; the subjects share the draws.
 */
#include <rte_mbuf.h>

#include "bench.h"
#include "sy/owner.h"

#define BENCH_DRAWS (UINT32_C(1) << 21)
#define BENCH_WAVE 1024 /* connections under way at once */
#define BENCH_CONNECTION_PACKETS 7
#define BENCH_HANDSHAKE 3

struct bench_draw {
	uint32_t flow : 24;
	uint32_t local : 8;
	uint16_t backend;
	uint16_t local_port;
};

/* Where a flow's replies go, when its client is hidden. */
struct bench_local_end {
	uint16_t port;
	uint8_t number;
};

/* The known flows. */
struct bench_known {
	const struct bench_scenario *scenario;
	uint16_t *backends; /* [flows]: whom the balancer chose, told by the SYNs that came out */
	struct bench_local_end *locals; /* [flows]; likewise */
	struct sy_owners owners;
	struct bench_draw *draws[BENCH_MAX_MEMBERS]; /* of the flows that this worker owns */
};

/* 0 or -ENOMEM. */
int bench_known_init(struct bench_known *known, const struct bench_scenario *scenario);
void bench_known_fini(struct bench_known *known);

/* Once the backends are known. */
void bench_known_draw(struct bench_known *known);

uint32_t bench_owner(const struct bench_known *known, uint32_t flow);
uint32_t bench_service(const struct bench_scenario *scenario, uint32_t flow);

/* On lines of its own: members of a team write theirs at the same time, and processors fetch lines in
 * pairs. */
struct bench_traffic {
	const struct bench_scenario *scenario;
	struct bench_known *known;
	uint32_t worker;
	bool one_way; /* replies do not come here */
	bool wrapped; /* packets come out with other headers than they had: those are made anew */
	bool hiding; /* replies go to a local address */
	bool outgoing; /* clients are servers that talk to the outside: no backend is chosen */
	uint32_t told; /* bytes that stand before the client's first one at the backend */
	bool preparing; /* the handshakes of the known flows, one step after the other */
	uint32_t step; /* of a handshake, or of the wave's connections */
	uint32_t next; /* flow of this step */
	uint32_t end; /* of the flows that take it */
	uint32_t n_known, n_new; /* the scenario's, or less for a part of it */
	uint32_t position; /* in the pattern of n_known + n_new */
	uint32_t draw;
	uint32_t newcomer; /* the next one's number; in a wave its first one's */
	uint16_t wave_backends[BENCH_WAVE];
	struct rte_mempool *pool;
	struct rte_mbuf **free; /* a stack of buffers that are not on their way */
	uint32_t n_free;
	uint64_t asked; /* packets received from here */
	uint64_t sent; /* and that came out */
	uint64_t known_asked;
	uint64_t known_sent; /* counted in defended scenarios only */
} __attribute__((aligned(2 * RTE_CACHE_LINE_SIZE)));

/* 0 or -ENOMEM. */
int bench_traffic_init(struct bench_traffic *traffic, struct bench_known *known, uint32_t worker,
	struct rte_mempool *pool);
/* Whether the handshake's step is a packet that the mode lets pass here. */
bool bench_step_comes_here(const struct bench_traffic *traffic);
void bench_traffic_fini(struct bench_traffic *traffic);

/* The port's functions: context is the traffic. */
uint16_t bench_receive(void *context, struct rte_mbuf **mbufs, uint16_t n);
uint16_t bench_send(void *context, struct rte_mbuf **mbufs, uint16_t n);

#endif /* SY_BENCH_TRAFFIC_H */
