/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_TCP_ENDS_H
#define SY_TCP_ENDS_H

/*
 * The two ends of one TCP connection through the fixture's worker, as simple as they can be: a client
 * that sends any piece of its stream at any time, and a server that keeps what comes and acknowledges
 * it.  Between them segments get lost, doubled and out of order.
 */
#include <stdbool.h>

#include "fixture.h"
#include "sy/random.h"

#define ENDS_BLOCKS 3
#define ENDS_OPTIONS 40
#define ENDS_STREAM 4096
#define ENDS_FLIGHT 64

struct segment {
	uint32_t seq, ack;
	uint8_t flags;
	uint8_t n_options; /* bytes, a multiple of 4 */
	uint8_t options[ENDS_OPTIONS];
	uint16_t n_data;
	uint8_t data[2048];
};

/* From the client to the service, or from this backend to the client; checksums right. */
struct rte_mbuf *segment_frame(struct fixture *fixture, const struct segment *segment,
	const char *backend, uint16_t client_port);

/* Returns whether lengths and checksums are right; n_data counts to the IP packet's end. */
bool segment_read(struct rte_mbuf *mbuf, struct segment *segment);

struct flight { /* on its way */
	struct rte_mbuf *frames[ENDS_FLIGHT];
	uint32_t n;
};

struct ends {
	struct fixture *fixture;
	struct sy_random random;
	uint16_t client_port;
	char backend[16]; /* its address */
	uint32_t isn; /* of the client */
	uint32_t loss_percent;

	uint8_t stream[ENDS_STREAM]; /* what the client sends, */
	uint32_t n_stream;
	uint8_t options[ENDS_OPTIONS]; /* with these in each segment */
	uint8_t n_options;
	uint32_t mss;
	uint32_t una, sent; /* bytes acknowledged, and ever sent; the FIN counts as one */

	uint8_t got[ENDS_STREAM + 256]; /* what the server has, by its place */
	bool has[ENDS_STREAM + 256];
	uint32_t n_got; /* without a gap from the beginning */
	uint32_t fin_at; /* UINT32_MAX: none has come */
	bool closed; /* it has all, and the FIN */

	struct flight to_worker, to_server, to_client;
	const char *fault; /* the first thing that should not have been */
};

/* The handshake up to the SYN/ACK; stream, options, mss and isn are set. */
void ends_open(struct ends *ends);

/* Sends and receives until the client knows that all has arrived, or for so many steps.  Returns
 * whether it does and nothing was wrong. */
bool ends_run(struct ends *ends, uint32_t n_steps);

/* Called for each segment that the server gets; may set ends->fault. */
extern void (*ends_watch)(struct ends *ends, const struct segment *segment);

#endif /* SY_TCP_ENDS_H */
