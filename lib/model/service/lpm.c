/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_errno.h>
#include <rte_fib.h>
#include <rte_fib6.h>
#include <rte_memory.h>

#include "lpm.h"
#include "sy/log.h"

static_assert(SY_MAX_ROUTES < SY_FIB_NONE, "a route's index fits a two-byte next hop");

/* Groups of 256 entries behind the first 24 bits. */
static uint32_t
count_groups4(uint32_t n)
{
	return n < 32000 ? n + 1 : 32000;
}

static uint32_t
count_groups6(uint32_t n)
{
	return n < 2000 ? n * 16 + 16 : 32000;
}

uint64_t
sy_routes_bytes(uint32_t n)
{
	const uint64_t first = (UINT64_C(1) << 24) * sizeof(uint16_t);
	const uint64_t group = 256 * sizeof(uint16_t);
	/* A node for each route, and one where two part; both with their pool's record. */
	const uint64_t nodes = 2 * (uint64_t)n * 256;

	if (n <= SY_LPM_SCAN)
		return 0;
	return 2 * (2 * (first + nodes) + (count_groups4(n) + count_groups6(n)) * group);
}

static struct sy_addr
length_mask(uint8_t length)
{
	struct sy_addr mask = { .words = { 0, 0 } };

	for (uint8_t i = 0; i < length; i++)
		mask.bytes[i / 8] |= (uint8_t)(0x80 >> (i % 8));
	return mask;
}

/* Longest first; of equals the lowest metric, then the first. */
static int
compare_rows(const void *a, const void *b)
{
	const struct sy_lpm_row *x = a;
	const struct sy_lpm_row *y = b;

	if (x->length != y->length)
		return y->length - x->length;
	if (x->metric != y->metric)
		return x->metric < y->metric ? -1 : 1;
	return x->route < y->route ? -1 : 1;
}

static struct sy_lpm_row *
rows_of_family(const struct sy_routes *routes, uint8_t family, uint32_t *n)
{
	struct sy_lpm_row *rows = calloc(routes->n_routes + 1, sizeof(*rows));

	*n = 0;
	for (uint32_t i = 0; rows != NULL && i < routes->n_routes; i++) {
		const struct sy_route *route = &routes->routes[i];
		struct sy_lpm_row *row = &rows[*n];

		if (route->to.ip.family != family)
			continue;
		row->mask = length_mask(route->to.length);
		row->network = route->to.ip.addr;
		row->network.words[0] &= row->mask.words[0];
		row->network.words[1] &= row->mask.words[1];
		row->length = route->to.length;
		row->metric = route->metric;
		row->route = i;
		(*n)++;
	}
	if (rows != NULL)
		qsort(rows, *n, sizeof(*rows), compare_rows);
	return rows;
}

static int
create_fib4(struct sy_lpm *lpm, const char *name, const struct sy_lpm_row *rows, uint32_t n)
{
	struct rte_fib_conf conf = {
		.type = RTE_FIB_DIR24_8,
		.default_nh = SY_FIB_NONE,
		.max_routes = (int)n + 1,
		.dir24_8 = { .nh_sz = RTE_FIB_DIR24_8_2B, .num_tbl8 = count_groups4(n) },
	};

	lpm->fib4 = rte_fib_create(name, SOCKET_ID_ANY, &conf);
	if (lpm->fib4 == NULL)
		return -rte_errno;
	/* Last to first: of equal prefixes the best is added last and stays. */
	for (uint32_t i = n; i-- > 0;) {
		int status = rte_fib_add(lpm->fib4, rte_be_to_cpu_32(rows[i].network.v4_be),
			rows[i].length, rows[i].route);

		if (status != 0)
			return status;
	}
	return 0;
}

static int
create_fib6(struct sy_lpm *lpm, const char *name, const struct sy_lpm_row *rows, uint32_t n)
{
	struct rte_fib6_conf conf = {
		.type = RTE_FIB6_TRIE,
		.default_nh = SY_FIB_NONE,
		.max_routes = (int)n + 1,
		.trie = { .nh_sz = RTE_FIB6_TRIE_2B, .num_tbl8 = count_groups6(n) },
	};

	lpm->fib6 = rte_fib6_create(name, SOCKET_ID_ANY, &conf);
	if (lpm->fib6 == NULL)
		return -rte_errno;
	for (uint32_t i = n; i-- > 0;) {
		int status = rte_fib6_add(
			lpm->fib6, rows[i].network.bytes, rows[i].length, rows[i].route);

		if (status != 0)
			return status;
	}
	return 0;
}

static void
free_fib(struct sy_lpm *lpm, uint8_t family)
{
	if (family == SY_IPV4) {
		rte_fib_free(lpm->fib4);
		lpm->fib4 = NULL;
	} else {
		rte_fib6_free(lpm->fib6);
		lpm->fib6 = NULL;
	}
}

static int
fill_family(struct sy_lpm *lpm, const struct sy_routes *routes, uint8_t family)
{
	static unsigned int serial; /* fib wants a name of its own */
	char name[32];
	uint32_t n;
	struct sy_lpm_row *rows = rows_of_family(routes, family, &n);
	int status;

	if (rows == NULL)
		return -ENOMEM;
	lpm->scan[family] = rows;
	lpm->n_scan[family] = n;
	if (n <= SY_LPM_SCAN)
		return 0;
	snprintf(name, sizeof(name), "sy_routes_%u", serial++);
	status = family == SY_IPV4 ? create_fib4(lpm, name, rows, n)
				   : create_fib6(lpm, name, rows, n);
	if (status != 0) {
		sy_warning(
			"no room for a fast table of %u routes (%s): they are searched one by "
			"one; raise \"max_routes\", or filter what the routing daemon puts into the "
			"kernel",
			n, strerror(-status));
		free_fib(lpm, family);
		return 0;
	}
	free(rows);
	lpm->scan[family] = NULL;
	return 0;
}

int
sy_lpm_create(const struct sy_routes *routes, struct sy_lpm **lpm)
{
	struct sy_lpm *l = calloc(1, sizeof(*l));
	int status;

	if (l == NULL)
		return -ENOMEM;
	l->references = 1;
	status = fill_family(l, routes, SY_IPV4);
	if (status == 0)
		status = fill_family(l, routes, SY_IPV6);
	if (status != 0) {
		sy_lpm_release(l);
		return status;
	}
	*lpm = l;
	return 0;
}

struct sy_lpm *
sy_lpm_share(struct sy_lpm *lpm)
{
	lpm->references++;
	return lpm;
}

void
sy_lpm_release(struct sy_lpm *lpm)
{
	if (lpm == NULL || --lpm->references > 0)
		return;
	for (uint8_t family = 0; family < SY_N_FAMILIES; family++) {
		free_fib(lpm, family);
		free(lpm->scan[family]);
	}
	free(lpm);
}
