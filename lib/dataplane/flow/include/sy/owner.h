/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_OWNER_H
#define SY_OWNER_H

/*
 * Which worker owns a flow: it follows from the client's endpoint alone, which
 * both directions carry.
 *
 * One object is shared by all workers.  The management core makes it before
 * they start; they only read it.  Where NICs bring packets to their owners
 * (the first rung of the steering ladder), it says what the NICs do, so that a
 * packet which they brought elsewhere (an ICMP error, a fragment) can still be
 * handed to the right worker.  Otherwise it is a keyed hash of our own.
 *
 * Where a flow's backend sees an address of ours in the client's place, replies
 * do not carry the client.  Its owner has then chosen the local port so that it
 * tells the owner (sy/local_ports.h).  Where all flows are of that kind, NICs may
 * hash both endpoints of a packet (the second rung): its owner is then where
 * they bring it, whichever way it goes.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "sy/net.h"
#include "sy/toeplitz.h"

#define SY_OWNERS_BITS 9 /* most bits of a hash that choose an owner */

struct sy_owners {
	/* Nobody has sorted the packets: each is looked at before its flow is looked up.  Else only
	 * one of no known flow is, since a flow is made by its owner.  Management may set it while
	 * workers run, when a NIC turns out not to keep its word. */
	_Atomic bool early;
	bool by_nic;
	bool by_tuple; /* the NICs hash both endpoints */
	uint32_t n_workers;
	uint64_t seeds[3]; /* of the hash of our own */
	/* These bits of the NIC's hash are the place in the table below; without the NIC these bits
	 * of a local port. */
	uint32_t mask;
	uint16_t workers[1 << SY_OWNERS_BITS];
	struct sy_toeplitz hash; /* as client-side ports use it: sources count, or both endpoints */
};

/* A hash of our own; seed must not be known to clients, who could else aim at one worker. */
void sy_owners_init(struct sy_owners *owners, uint32_t n_workers, uint64_t seed);

/* The NIC's: key as on client-side ports, 2^bits places, dealt to the workers in turn. */
void sy_owners_init_nic(struct sy_owners *owners, uint32_t n_workers,
	const uint8_t key[SY_TOEPLITZ_KEY], unsigned int bits);

/* The same of a hash of both endpoints, under one key on all ports. */
void sy_owners_init_tuple(struct sy_owners *owners, uint32_t n_workers,
	const uint8_t key[SY_TOEPLITZ_KEY], unsigned int bits);

/* Whether packets must be sorted before their flows are looked up. */
static inline bool
sy_owners_early(const struct sy_owners *owners)
{
	return atomic_load_explicit(&owners->early, memory_order_relaxed);
}

/* 64 by 64 bits, both halves of the product folded together. */
static inline uint64_t
sy_owner_fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* The worker that owns the flows of this client's endpoint. */
static inline uint32_t
sy_owner(const struct sy_owners *owners, uint8_t family, const struct sy_addr *addr,
	uint16_t port_be)
{
	uint64_t hash;

	if (owners->by_nic)
		return owners->workers[sy_toeplitz_source(&owners->hash, family, addr, port_be) &
			owners->mask];
	hash = sy_owner_fold(addr->words[0] ^ owners->seeds[0], addr->words[1] ^ owners->seeds[1]);
	hash = sy_owner_fold(hash ^ port_be, owners->seeds[2]);
	return (uint32_t)((hash >> 32) * owners->n_workers >> 32);
}

/* With by_tuple: the worker that owns the flow of a packet, as it comes.  What an ICMP error quotes,
 * reversed, is such a packet too. */
static inline uint32_t
sy_owner_of_tuple(const struct sy_owners *owners, const struct sy_tuple *tuple)
{
	uint32_t hash =
		sy_toeplitz_source(&owners->hash, tuple->family, &tuple->src, tuple->src_port_be);

	hash ^= sy_toeplitz_destination(
		&owners->hash, tuple->family, &tuple->dst, tuple->dst_port_be);
	return owners->workers[hash & owners->mask];
}

/* The worker that owns the flow with this local endpoint of ours. */
static inline uint32_t
sy_owner_of_local(const struct sy_owners *owners, uint8_t family, const struct sy_addr *addr,
	uint16_t port_be)
{
	if (owners->by_nic)
		return sy_owner(owners, family, addr, port_be);
	return owners->workers[__builtin_bswap16(port_be) & owners->mask];
}

#endif /* SY_OWNER_H */
