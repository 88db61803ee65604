/* SPDX-License-Identifier: BSD-3-Clause */
/* Posting and taking: both sides, on their own threads. */
#include <stddef.h>

#include <rte_ring.h>
#include <rte_ring_elem.h>

#include "sy/mailbox.h"

int
sy_mailbox_post_request(struct sy_mailbox *mailbox, struct sy_request *request)
{
	return rte_ring_sp_enqueue(mailbox->requests, request);
}

int
sy_mailbox_post_event(struct sy_mailbox *mailbox, const struct sy_event *event)
{
	/* The element functions take what they read without const. */
	struct sy_event copy = *event;

	return rte_ring_sp_enqueue_elem(mailbox->events, &copy, sizeof(copy));
}

struct sy_request *
sy_mailbox_take_request(struct sy_mailbox *mailbox)
{
	void *request;

	return rte_ring_sc_dequeue(mailbox->requests, &request) == 0 ? request : NULL;
}

bool
sy_mailbox_take_event(struct sy_mailbox *mailbox, struct sy_event *event)
{
	return rte_ring_sc_dequeue_elem(mailbox->events, event, sizeof(*event)) == 0;
}
