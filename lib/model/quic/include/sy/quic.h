/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_QUIC_H
#define SY_QUIC_H

/*
 * Which server a QUIC packet names (draft-ietf-quic-load-balancers-21).
 *
 * A server writes its ID into each connection ID that it gives out, plain or
 * encrypted, in the way that one of the service's configurations says; three
 * bits of the first octet name the configuration.  So a packet finds its server
 * from whatever address it comes.
 *
 * The management core makes the object, with all key schedules, and it belongs
 * to snapshots, which share it while the service's configurations stay.  Workers
 * read headers and connection IDs: no heap, no lock.  A cipher's context is
 * written while it computes, so each worker has its own in the object.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sy/config.h"

#define SY_QUIC_CID 20 /* longest connection ID of QUIC version 1: RFC 9000 section 17.2 */

#define SY_QUIC_BURST 64 /* connection IDs that are decoded together */

struct sy_quic; /* the configurations of one service */

struct sy_quic_server_id {
	uint8_t length; /* 1 to SY_QUIC_SERVER_ID */
	uint8_t bytes[SY_QUIC_SERVER_ID];
};

/* A connection ID that one of the configurations reads, in the packet. */
struct sy_quic_cid {
	const uint8_t *bytes; /* the first octet, server ID and nonce */
	uint8_t length; /* of all three */
	uint8_t rotation; /* the configuration */
	bool is_long; /* a long header's: the client may have made it up */
};

/* Management core, all four.  create: the configurations are copied, for workers 0 to n_workers - 1.
 * 0, -EINVAL (lengths or rotations that the draft has not) or -ENOMEM; sets *quic on 0 only. */
int sy_quic_create(const struct sy_quic_config *configs, uint32_t n_configs, uint32_t n_workers,
	struct sy_quic **quic);
/* Whether create() would make the same again; false for NULL. */
bool sy_quic_fits(const struct sy_quic *quic, const struct sy_quic_config *configs,
	uint32_t n_configs, uint32_t n_workers);
struct sy_quic *sy_quic_share(struct sy_quic *quic); /* to be released once more */
void sy_quic_release(struct sy_quic *quic); /* NULL is no error */

/* Worker: the destination connection ID of a datagram's first packet, whose first n bytes are here.
 * False: it has none that a configuration reads (cut short, no configuration of these rotation bits,
 * 0b111: the server had none).  Looks at what all versions of QUIC share (RFC 8999 section 5). */
bool sy_quic_find_cid(
	const struct sy_quic *quic, const uint8_t *datagram, size_t n, struct sy_quic_cid *cid);

/* Worker: the server that it names.  A connection ID that a client has chosen names one by chance. */
void sy_quic_decode(const struct sy_quic *quic, uint32_t worker, const struct sy_quic_cid *cid,
	struct sy_quic_server_id *server_id);
/* The same for many, SY_QUIC_BURST at most, which takes a fraction of the time for each. */
void sy_quic_decode_burst(const struct sy_quic *quic, uint32_t worker,
	const struct sy_quic_cid cids[], uint32_t n, struct sy_quic_server_id server_ids[]);

/*
 * Any thread with a worker's number of its own: what a server does.  Writes 1 + server ID + nonce
 * bytes and returns that length; 0: no configuration has this rotation, or the server ID has
 * another length.  first: the low five bits of the first octet, which are the server's.  nonce has
 * the configuration's length and is used once.
 */
size_t sy_quic_encode(const struct sy_quic *quic, uint32_t worker, uint8_t rotation, uint8_t first,
	const struct sy_quic_server_id *server_id, const uint8_t *nonce, uint8_t cid[SY_QUIC_CID]);

#endif /* SY_QUIC_H */
