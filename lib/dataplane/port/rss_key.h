/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_PORT_RSS_KEY_H
#define SY_PORT_RSS_KEY_H

/*
 * Keys under which a NIC's hash (Toeplitz) depends on the client's endpoint
 * alone, and comes out the same on client-side ports, where that is a packet's
 * source, and on server-side ports, where it is the destination.
 *
 * Whichever it is, a local port can be chosen that brings about every value.
 *
 * Only the lowest bits of the hash choose a queue, by a table of 2^bits places;
 * "the hash" is these bits here.  Management core; pure functions.
 */
#include <stdint.h>

#include "sy/config.h"
#include "sy/random.h"
#include "sy/toeplitz.h"

/* Rows of keys: the side of the port that uses one. */
enum sy_rss_side {
	SY_RSS_CLIENTS,
	SY_RSS_SERVERS,
	SY_N_RSS_SIDES,
};

/*
 * For NICs that can leave a side of the packet out of the hash.  How they then lay out what is left
 * differs, so the key repeats every 16 bits: each 16-bit word adds the same wherever it stands.
 * bits: 1 to SY_OWNERS_BITS.
 */
void sy_rss_key_periodic(unsigned int bits, struct sy_random *random, uint8_t key[SY_TOEPLITZ_KEY]);

/*
 * For NICs that hash both endpoints: keys in which the other endpoint meets zeros.  The two keys
 * agree on the clients of one family, `tied`; on the other family the clients' key still leaves the
 * server out, if `both` says so, but the servers' key does not leave out the server: one key cannot
 * do it for both, since IPv6's source stands where IPv4's destination does.
 */
void sy_rss_key_pair(unsigned int bits, enum sy_family tied, bool both, struct sy_random *random,
	uint8_t keys[SY_N_RSS_SIDES][SY_TOEPLITZ_KEY]);

/*
 * For flows whose answers come to a local port of ours: a key under which both endpoints count, for
 * all ports, and a destination's port alone can bring about every value.
 */
void sy_rss_key_whole(unsigned int bits, struct sy_random *random, uint8_t key[SY_TOEPLITZ_KEY]);

#endif /* SY_PORT_RSS_KEY_H */
