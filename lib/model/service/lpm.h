/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_LPM_H
#define SY_LPM_H

/*
 * Longest prefix match over a snapshot's routes.
 *
 * A host has a handful of routes: up to SY_LPM_SCAN of a family are an array,
 * longest prefix first, that fits in a few cache lines.  Above that DPDK's fib
 * takes over (IPv4: DIR24_8, IPv6: trie); when it has no room for them, the array stays, slow but
 * right: a balancer that cannot publish a snapshot cannot take a dead backend out either.  Successive snapshots share one while
 * the routes stay the same; counted references, management core only.
 */
#include "sy/routes.h"

#define SY_LPM_SCAN 32
#define SY_LPM_NONE UINT32_MAX

/* The value that fib returns where no route matches: two-byte next hops leave 15 bits. */
#define SY_FIB_NONE 0x7fff

struct rte_fib;
struct rte_fib6;

struct sy_lpm_row {
	struct sy_addr network; /* host bits cleared */
	struct sy_addr mask;
	uint32_t route;
	uint32_t metric;
	uint8_t length;
};

struct sy_lpm {
	uint32_t references;
	uint32_t n_scan[SY_N_FAMILIES];
	struct sy_lpm_row *scan[SY_N_FAMILIES]; /* [n_scan] */
	struct rte_fib *fib4; /* NULL: scan */
	struct rte_fib6 *fib6;
};

/* 0 or -ENOMEM. */
int sy_lpm_create(const struct sy_routes *routes, struct sy_lpm **lpm);
struct sy_lpm *sy_lpm_share(struct sy_lpm *lpm);
void sy_lpm_release(struct sy_lpm *lpm); /* NULL is no error */

/* Worker: the index of the route in sy_routes.routes, or SY_LPM_NONE. */
uint32_t sy_lpm_find(const struct sy_lpm *lpm, uint8_t family, const struct sy_addr *address);

#endif /* SY_LPM_H */
