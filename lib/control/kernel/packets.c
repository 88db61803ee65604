/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets between workers and twins, both ways. */
#include <errno.h>
#include <sys/uio.h>
#include <unistd.h>

#include <rte_mbuf.h>
#include <rte_ring.h>

#include "private.h"
#include "sy/log.h"

/* Bounds of one call, so that a flood leaves the management core its time: at 2 us a packet these
 * are half a millisecond. */
#define TO_KERNEL_BUDGET 256
#define FROM_KERNEL_BUDGET 64
#define BURST 32

/* A frame of 9,000 bytes in mbufs of the smallest room that ports use, 1,500 and more. */
#define MAX_SEGMENTS 8

static int
write_packet(int fd, const struct rte_mbuf *packet)
{
	struct iovec parts[MAX_SEGMENTS];
	ssize_t written;
	int n = 0;

	for (const struct rte_mbuf *segment = packet; segment != NULL; segment = segment->next) {
		if (n == MAX_SEGMENTS)
			return -EMSGSIZE;
		parts[n].iov_base = rte_pktmbuf_mtod(segment, void *);
		parts[n++].iov_len = segment->data_len;
	}
	written = writev(fd, parts, n);
	return written < 0 ? -errno : 0;
}

static void
give_to_kernel(struct sy_kernel *kernel, struct rte_mbuf *packet)
{
	uint16_t port = packet->port;

	if (port < kernel->n_twins && kernel->twins[port].fd >= 0 &&
		write_packet(kernel->twins[port].fd, packet) == 0)
		kernel->counters.to_kernel++;
	else
		kernel->counters.to_kernel_dropped++;
	rte_pktmbuf_free(packet);
}

void
sy_packets_to_kernel(struct sy_kernel *kernel)
{
	uint32_t budget = TO_KERNEL_BUDGET;

	for (uint32_t i = 0; i < kernel->n_workers; i++) {
		uint32_t worker = (kernel->first_worker + i) % kernel->n_workers;
		struct rte_ring *ring = kernel->mailboxes[worker]->to_kernel;
		void *packets[BURST];
		uint32_t n;

		do {
			n = rte_ring_sc_dequeue_burst(
				ring, packets, budget < BURST ? budget : BURST, NULL);
			for (uint32_t p = 0; p < n; p++)
				give_to_kernel(kernel, packets[p]);
			budget -= n;
		} while (n > 0 && budget > 0);
	}
	kernel->first_worker = (kernel->first_worker + 1) % kernel->n_workers;
}

/* Takes one frame off a twin for which there is no mbuf: left there, it would keep the loop
 * turning. */
static bool
discard_frame(int fd)
{
	char byte;

	return read(fd, &byte, sizeof(byte)) >= 0;
}

/* Returns 1 with *packet set, 1 with *packet NULL (lost), or 0: nothing to read. */
static int
read_packet(struct twin *twin, struct rte_mbuf **packet)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(twin->kernel->pool);
	ssize_t length;

	*packet = NULL;
	if (mbuf == NULL)
		return discard_frame(twin->fd) ? 1 : 0;
	length = read(twin->fd, rte_pktmbuf_mtod(mbuf, void *), rte_pktmbuf_tailroom(mbuf));
	if (length <= 0) {
		rte_pktmbuf_free(mbuf);
		return 0;
	}
	mbuf->data_len = (uint16_t)length;
	mbuf->pkt_len = (uint32_t)length;
	mbuf->port = twin->port;
	*packet = mbuf;
	return 1;
}

static void
give_to_worker(struct twin *twin, struct rte_mbuf *packets[], uint32_t n)
{
	struct sy_kernel *kernel = twin->kernel;
	struct sy_mailbox *mailbox = kernel->mailboxes[twin->port % kernel->n_workers];
	uint32_t n_given =
		rte_ring_sp_enqueue_burst(mailbox->from_kernel, (void **)packets, n, NULL);

	kernel->counters.from_kernel += n_given;
	kernel->counters.from_kernel_dropped += n - n_given;
	for (uint32_t i = n_given; i < n; i++)
		rte_pktmbuf_free(packets[i]);
}

void
sy_packets_from_kernel(uv_poll_t *poll, int status, int events)
{
	struct twin *twin = poll->data;
	struct rte_mbuf *packets[FROM_KERNEL_BUDGET];
	struct rte_mbuf *packet;
	uint32_t n = 0;

	(void)events;
	if (status < 0) {
		sy_error_log(
			"twin %s is gone: the host is cut off from its port; restart steelyard",
			twin->name);
		uv_poll_stop(poll);
		twin->kernel->routes->ports[twin->port].has_twin = false;
		twin->kernel->routes->version++;
		return;
	}
	for (int i = 0; i < FROM_KERNEL_BUDGET && read_packet(twin, &packet) > 0; i++) {
		if (packet != NULL)
			packets[n++] = packet;
		else
			twin->kernel->counters.from_kernel_dropped++;
	}
	if (n > 0)
		give_to_worker(twin, packets, n);
}
