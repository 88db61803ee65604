/* SPDX-License-Identifier: BSD-3-Clause */
#include "pool.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ether.h>
#include <rte_lcore.h>

#include "sy/log.h"

/* Ethernet header, two VLAN tags, and the FCS that some devices store. */
#define FRAME_OVERHEAD (RTE_ETHER_HDR_LEN + 2 * RTE_VLAN_HLEN + RTE_ETHER_CRC_LEN)
#define ROOM_STEP 64
#define CACHE_BUFFERS 256
/* What rings to and from the kernel and between workers hold when they are busy, not when all are
 * full: then packets are dropped anyhow. */
#define RING_BUFFERS 4096
#define MIN_BUFFERS 4096

/* Memory that a buffer takes in any case is better in it than between two of them. */
static uint32_t
fill_share(uint32_t room)
{
	uint32_t share = sy_pool_footprint(room, false);

	while (sy_pool_element_bytes(room + ROOM_STEP) <= share)
		room += ROOM_STEP;
	return room;
}

uint32_t
sy_pool_room(
	uint16_t mtu, const struct sy_port_profile *profile, uint32_t min_bytes, bool hugepages)
{
	uint32_t room = RTE_PKTMBUF_HEADROOM + profile->buffer_overhead + FRAME_OVERHEAD + mtu;

	if (room < RTE_MBUF_DEFAULT_BUF_SIZE)
		room = RTE_MBUF_DEFAULT_BUF_SIZE;
	if (min_bytes != UINT32_MAX && room < min_bytes + RTE_PKTMBUF_HEADROOM)
		room = min_bytes + RTE_PKTMBUF_HEADROOM;
	room = RTE_ALIGN_CEIL(room, ROOM_STEP);
	return profile->page_buffers && !hugepages ? fill_share(room) : room;
}

uint32_t
sy_pool_element_bytes(uint32_t room)
{
	return rte_mempool_calc_obj_size((uint32_t)sizeof(struct rte_mbuf) + room, 0, NULL);
}

uint32_t
sy_pool_page_bytes(void)
{
	return (uint32_t)sysconf(_SC_PAGESIZE);
}

uint32_t
sy_pool_footprint(uint32_t room, bool hugepages)
{
	uint32_t bytes = sy_pool_element_bytes(room), page = sy_pool_page_bytes();

	if (hugepages)
		return bytes;
	return bytes <= page ? page / (page / bytes) : (bytes + page - 1) / page * page;
}

/* A hugepage ends with a gap of less than one element, and holds hundreds of them. */
uint32_t
sy_pool_with_gaps(uint32_t n, uint32_t room, bool hugepages)
{
	uint64_t bytes = (uint64_t)n * sy_pool_footprint(room, hugepages);

	return (uint32_t)(bytes / sy_pool_element_bytes(room)) + n / 256 + 2;
}

uint32_t
sy_pool_page_mtu(const struct sy_port_profile *profile)
{
	uint32_t overhead = sy_pool_element_bytes(0) + RTE_PKTMBUF_HEADROOM +
		profile->buffer_overhead + FRAME_OVERHEAD;
	uint32_t mtu = sy_pool_page_bytes() - overhead;

	while (sy_pool_element_bytes(sy_pool_room((uint16_t)mtu, profile, 0, true)) >
		sy_pool_page_bytes())
		mtu--;
	return mtu;
}

uint32_t
sy_pool_port_buffers(const struct sy_port_profile *profile, uint16_t n_rx, uint16_t n_tx,
	uint16_t rx_descriptors, uint16_t tx_descriptors)
{
	uint32_t held = (uint32_t)profile->held_per_queue * (n_rx > n_tx ? n_rx : n_tx);

	return (uint32_t)n_rx * rx_descriptors + (uint32_t)n_tx * tx_descriptors + held;
}

uint32_t
sy_pool_worker_buffers(uint32_t n_ports)
{
	return RING_BUFFERS + SY_MAX_HELD_PIECES + 2 * CACHE_BUFFERS +
		(2 + n_ports) * SY_PROFILE_MAX_BURST;
}

/* A thread that loses its CPU half-way through the default ring makes the others spin until it
 * runs again; where threads share CPUs, the relaxed ring is used, which does not. */
static const char *
pool_kind(void)
{
	unsigned int lcore, other;

	RTE_LCORE_FOREACH(lcore)
	RTE_LCORE_FOREACH(other)
	{
		rte_cpuset_t a = rte_lcore_cpuset(lcore), b = rte_lcore_cpuset(other), both;

		CPU_AND(&both, &a, &b);
		if (lcore != other && CPU_COUNT(&both) > 0)
			return "ring_mt_rts";
	}
	return "ring_mp_mc";
}

struct rte_mempool *
sy_pool_find(const struct sy_ports *ports, int socket, uint16_t room, bool page_buffers)
{
	struct rte_mempool *best = NULL;
	uint16_t best_room = 0;

	for (uint32_t i = 0; i < ports->n_pools; i++) {
		const struct sy_port_pool *pool = &ports->pools[i];
		bool fits = !page_buffers ||
			sy_pool_element_bytes(pool->data_room) <= sy_pool_page_bytes();

		if (pool->socket == socket && pool->data_room >= room && fits &&
			pool->data_room > best_room) {
			best = pool->pool;
			best_room = pool->data_room;
		}
	}
	return best;
}

static struct sy_port_pool *
pool_of(struct sy_ports *ports, int socket, uint16_t room)
{
	for (uint32_t i = 0; i < ports->n_pools; i++)
		if (ports->pools[i].socket == socket && ports->pools[i].data_room == room)
			return &ports->pools[i];
	if (ports->n_pools == SY_MAX_PORT_POOLS)
		return NULL;
	ports->pools[ports->n_pools] = (struct sy_port_pool){ .socket = socket, .data_room = room };
	return &ports->pools[ports->n_pools++];
}

/* Largest room of all ports, or of those whose buffers must fit a page. */
static uint16_t
largest_room(const struct sy_ports *ports, bool page_buffers)
{
	uint16_t room = 0;

	for (uint32_t i = 0; i < ports->n_ports; i++)
		if ((!page_buffers || ports->ports[i].profile->page_buffers) &&
			ports->ports[i].data_room > room)
			room = ports->ports[i].data_room;
	return room;
}

/* Queues of a port that workers of this node serve. */
static uint16_t
count_queues(const struct sy_ports *ports, uint16_t n_queues, int socket)
{
	uint16_t n = 0;

	for (uint16_t q = 0; q < n_queues; q++)
		n = (uint16_t)(n + (ports->worker_sockets[q % ports->n_workers] == socket));
	return n;
}

static int
plan_port(struct sy_ports *ports, const struct sy_port *port, int socket)
{
	uint16_t large = largest_room(ports, false);
	bool fits = !port->profile->page_buffers ||
		sy_pool_element_bytes(large) <= sy_pool_page_bytes();
	struct sy_port_pool *pool =
		pool_of(ports, socket, fits ? large : largest_room(ports, true));

	if (pool == NULL)
		return -E2BIG;
	pool->one_range = pool->one_range || port->profile->page_buffers;
	pool->n_buffers +=
		sy_pool_port_buffers(port->profile, count_queues(ports, port->n_rx_queues, socket),
			count_queues(ports, port->n_tx_queues, socket), port->rx_descriptors,
			port->tx_descriptors);
	return 0;
}

static int
plan(struct sy_ports *ports)
{
	for (uint16_t w = 0; w < ports->n_workers; w++) {
		int socket = ports->worker_sockets[w];
		bool seen = false;
		struct sy_port_pool *pool;

		for (uint16_t other = 0; other < w; other++)
			seen = seen || ports->worker_sockets[other] == socket;
		for (uint32_t i = 0; !seen && i < ports->n_ports; i++)
			if (plan_port(ports, &ports->ports[i], socket) != 0)
				return -E2BIG;
		pool = pool_of(ports, socket, largest_room(ports, false));
		if (pool == NULL)
			return -E2BIG;
		pool->n_buffers += sy_pool_worker_buffers(ports->n_ports);
	}
	return 0;
}

static int
create(struct sy_port_pool *pool, uint32_t index, struct sy_error *error)
{
	bool hugepages = rte_eal_has_hugepages() != 0;
	char name[RTE_MEMPOOL_NAMESIZE];

	if (pool->n_buffers < MIN_BUFFERS)
		pool->n_buffers = MIN_BUFFERS;
	if (pool->one_range)
		pool->n_buffers = sy_pool_with_gaps(pool->n_buffers, pool->data_room, hugepages);
	pool->bytes = (uint64_t)pool->n_buffers * sy_pool_footprint(pool->data_room, hugepages);
	snprintf(name, sizeof(name), "packets_%u", index);
	pool->pool = rte_pktmbuf_pool_create_by_ops(name, pool->n_buffers, CACHE_BUFFERS, 0,
		pool->data_room, pool->socket, pool_kind());
	if (pool->pool == NULL)
		return sy_error_set(error, -rte_errno,
			"%u packet buffers of %u bytes on NUMA node %d need %" PRIu64
			" MiB of memory and cannot be had (%s): %s",
			pool->n_buffers, pool->data_room, pool->socket, (pool->bytes >> 20) + 1,
			rte_strerror(rte_errno),
			hugepages
				? "reserve more with `drivers-config/bind hugepages auto`, or set "
				  "\"hugepages\": false"
				: "lower \"rx_descriptors\" and \"tx_descriptors\"");
	sy_info("%u packet buffers of %u bytes on NUMA node %d: %" PRIu64 " MiB", pool->n_buffers,
		pool->data_room, pool->socket, pool->bytes >> 20);
	return 0;
}

/* AF_XDP hands the whole pool to the kernel as one range of addresses. */
static int
check_pieces(const struct sy_ports *ports, struct sy_error *error)
{
	for (uint32_t i = 0; i < ports->n_ports; i++) {
		const struct sy_port *port = &ports->ports[i];

		for (uint16_t w = 0; port->profile->page_buffers && w < ports->n_workers; w++) {
			const struct rte_mempool *pool = sy_pool_find(
				ports, ports->worker_sockets[w], port->data_room, true);

			if (pool == NULL || pool->nb_mem_chunks != 1)
				return sy_error_set(error, -ENOMEM,
					"port %s: its packet buffers must lie in one piece of "
					"memory: use hugepages of 1 GiB, or an IOMMU, or no PCI "
					"port beside it",
					port->name);
		}
	}
	return 0;
}

/*
 * Until release 24.07 DPDK's driver of AF_XDP registers as many bytes as the elements would take
 * without the gaps that pages end with.  A buffer beyond them is lost when the driver uses it; the
 * driver gives the kernel as many as it received and no more, so a port ends without any, deaf.
 */
static void
withhold_unregistered(struct sy_port_pool *of)
{
	struct rte_mempool *pool = of->pool;
	uint64_t element = pool->header_size + pool->elt_size + pool->trailer_size;
	char *end = (char *)STAILQ_FIRST(&pool->mem_list)->addr + element * pool->populated_size;
	void *buffer;

	/* Past the caches it is a queue, so that each buffer comes once. */
	for (uint32_t i = 0; i < pool->populated_size; i++) {
		if (rte_mempool_generic_get(pool, &buffer, 1, NULL) != 0)
			return;
		if ((char *)buffer - pool->header_size + element <= end)
			rte_mempool_generic_put(pool, &buffer, 1, NULL);
		else
			of->n_buffers--;
	}
	sy_debug("%s: %u of %u packet buffers lie in the range that AF_XDP registers", pool->name,
		of->n_buffers, pool->populated_size);
}

int
sy_pool_create_all(struct sy_ports *ports, struct sy_error *error)
{
	int status = plan(ports);

	if (status != 0)
		return sy_error_set(
			error, status, "more than %d pools of packet buffers", SY_MAX_PORT_POOLS);
	for (uint32_t i = 0; i < ports->n_pools && status == 0; i++)
		status = create(&ports->pools[i], i, error);
	if (status == 0)
		status = check_pieces(ports, error);
	for (uint32_t i = 0; i < ports->n_pools && status == 0; i++)
		if (ports->pools[i].one_range)
			withhold_unregistered(&ports->pools[i]);
	return status;
}

void
sy_pool_destroy_all(struct sy_ports *ports)
{
	for (uint32_t i = 0; i < ports->n_pools; i++)
		rte_mempool_free(ports->pools[i].pool);
	ports->n_pools = 0;
}
