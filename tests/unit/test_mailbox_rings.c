/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include "sy/mailbox.h"
#include "unit.h"

static struct sy_mailbox *mailbox;

static void
test_events_come_in_order(void)
{
	struct sy_event event = { .kind = SY_EVENT_UNRESOLVED };
	struct sy_event taken;
	int n = 0;

	CU_ASSERT_EQUAL_FATAL(sy_mailbox_create(0, 1, SOCKET_ID_ANY, &mailbox), 0);
	CU_ASSERT_FALSE(sy_mailbox_take_event(mailbox, &taken));
	for (event.port = 0; event.port < 5; event.port++)
		CU_ASSERT_EQUAL(sy_mailbox_post_event(mailbox, &event), 0);
	while (sy_mailbox_take_event(mailbox, &taken))
		CU_ASSERT_EQUAL(taken.port, n++);
	CU_ASSERT_EQUAL(n, 5);
	sy_mailbox_destroy(mailbox);
}

static void
test_full_ring_refuses(void)
{
	struct sy_event event = { .kind = SY_EVENT_UNRESOLVED };
	int posted = 0;

	CU_ASSERT_EQUAL_FATAL(sy_mailbox_create(0, 1, SOCKET_ID_ANY, &mailbox), 0);
	while (posted < 100000 && sy_mailbox_post_event(mailbox, &event) == 0)
		posted++;
	CU_ASSERT_TRUE(posted >= 200 && posted < 100000);
	CU_ASSERT_EQUAL(sy_mailbox_post_event(mailbox, &event), -ENOBUFS);
	sy_mailbox_destroy(mailbox);
}

static void
test_left_packets_are_freed(void)
{
	struct rte_mempool *pool = rte_pktmbuf_pool_create("mailbox", 63, 0, 0, 256, SOCKET_ID_ANY);
	struct rte_mbuf *mbufs[3];

	CU_ASSERT_PTR_NOT_NULL_FATAL(pool);
	CU_ASSERT_EQUAL_FATAL(sy_mailbox_create(1, 2, SOCKET_ID_ANY, &mailbox), 0);
	CU_ASSERT_PTR_NULL(mailbox->handover[1]); /* none from a worker to itself */
	CU_ASSERT_EQUAL(rte_pktmbuf_alloc_bulk(pool, mbufs, 3), 0);
	CU_ASSERT_EQUAL(rte_ring_sp_enqueue(mailbox->handover[0], mbufs[0]), 0);
	CU_ASSERT_EQUAL(rte_ring_sp_enqueue(mailbox->transmit[0], mbufs[1]), 0);
	CU_ASSERT_EQUAL(rte_ring_sp_enqueue(mailbox->from_kernel, mbufs[2]), 0);
	sy_mailbox_destroy(mailbox);
	CU_ASSERT_EQUAL(rte_mempool_in_use_count(pool), 0);
	rte_mempool_free(pool);
}

static const struct sy_test tests[] = {
	{ "events come in the order of their posting", test_events_come_in_order },
	{ "a full ring refuses", test_full_ring_refuses },
	{ "packets left in a mailbox are freed", test_left_packets_are_freed },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("mailbox_rings", tests, SY_UNIT_COUNT(tests), argc, argv);
}
