/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>

#include <rte_errno.h>
#include <rte_malloc.h>
#include <rte_ring.h>
#include <rte_ring_elem.h>

#include "sy/mailbox.h"

/* Sizes are powers of two; a packet ring holds a few bursts, so that a consumer that is late by a
 * sleep of its own finds its packets waiting and the rest is dropped early, not late. */
#define REQUESTS 64
#define EVENTS 256
#define KERNEL_PACKETS 1024
#define HANDOVER_PACKETS 2048

/* rte_ring wants names that no other ring has, in this process. */
static struct rte_ring *
make_ring(
	const char *what, uint32_t worker, uint32_t from, uint32_t count, uint32_t size, int socket)
{
	char name[RTE_RING_NAMESIZE];

	snprintf(name, sizeof(name), "sy_%s_%u_%u", what, worker, from);
	return rte_ring_create_elem(name, size, count, socket, RING_F_SP_ENQ | RING_F_SC_DEQ);
}

int
sy_mailbox_create(uint32_t worker, uint32_t n_workers, int socket, struct sy_mailbox **mailbox)
{
	struct sy_mailbox *m = rte_zmalloc_socket("sy_mailbox", sizeof(*m), 64, socket);
	const uint32_t pointer = sizeof(void *);

	if (m == NULL)
		return -ENOMEM;
	m->n_workers = n_workers;
	m->handover = rte_zmalloc_socket(
		"sy_handover", n_workers * sizeof(struct rte_ring *), 64, socket);
	m->transmit = rte_zmalloc_socket(
		"sy_transmit", n_workers * sizeof(struct rte_ring *), 64, socket);
	m->requests = make_ring("requests", worker, 0, REQUESTS, pointer, socket);
	m->events = make_ring("events", worker, 0, EVENTS, sizeof(struct sy_event), socket);
	m->to_kernel = make_ring("to_kernel", worker, 0, KERNEL_PACKETS, pointer, socket);
	m->from_kernel = make_ring("from_kernel", worker, 0, KERNEL_PACKETS, pointer, socket);
	if (m->handover == NULL || m->transmit == NULL || m->requests == NULL ||
		m->events == NULL || m->to_kernel == NULL || m->from_kernel == NULL)
		goto fail;
	for (uint32_t from = 0; from < n_workers; from++) {
		if (from == worker)
			continue;
		m->handover[from] =
			make_ring("handover", worker, from, HANDOVER_PACKETS, pointer, socket);
		m->transmit[from] =
			make_ring("transmit", worker, from, HANDOVER_PACKETS, pointer, socket);
		if (m->handover[from] == NULL || m->transmit[from] == NULL)
			goto fail;
	}
	*mailbox = m;
	return 0;

fail:
	sy_mailbox_destroy(m);
	return -ENOMEM;
}

static void
free_packet_ring(struct rte_ring *ring)
{
	void *mbuf;

	if (ring == NULL)
		return;
	while (rte_ring_sc_dequeue(ring, &mbuf) == 0)
		rte_pktmbuf_free(mbuf);
	rte_ring_free(ring);
}

void
sy_mailbox_destroy(struct sy_mailbox *mailbox)
{
	if (mailbox == NULL)
		return;
	for (uint32_t i = 0; mailbox->handover != NULL && i < mailbox->n_workers; i++)
		free_packet_ring(mailbox->handover[i]);
	for (uint32_t i = 0; mailbox->transmit != NULL && i < mailbox->n_workers; i++)
		free_packet_ring(mailbox->transmit[i]);
	rte_free(mailbox->handover);
	rte_free(mailbox->transmit);
	free_packet_ring(mailbox->to_kernel);
	free_packet_ring(mailbox->from_kernel);
	rte_ring_free(mailbox->requests);
	rte_ring_free(mailbox->events);
	rte_free(mailbox);
}
