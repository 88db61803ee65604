/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_TEST_FAKE_MBUF_H
#define SY_TEST_FAKE_MBUF_H

/*
 * An mbuf with no pool and no EAL, over memory that ends where the frame does,
 * so that AddressSanitizer sees a byte read too far.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <rte_mbuf.h>

/* Copies the frame to memory of its own.  Returns 0 or -1. */
static inline int
fake_mbuf_init(struct rte_mbuf *mbuf, const uint8_t *frame, uint16_t length, uint16_t headroom)
{
	uint8_t *buffer = malloc((size_t)headroom + length + (headroom + length == 0));

	if (buffer == NULL)
		return -1;
	if (length > 0)
		memcpy(buffer + headroom, frame, length);
	memset(mbuf, 0, sizeof(*mbuf));
	mbuf->buf_addr = buffer;
	mbuf->buf_len = headroom + length;
	mbuf->data_off = headroom;
	mbuf->data_len = length;
	mbuf->pkt_len = length;
	mbuf->nb_segs = 1;
	rte_mbuf_refcnt_set(mbuf, 1);
	return 0;
}

static inline void
fake_mbuf_fini(struct rte_mbuf *mbuf)
{
	free(mbuf->buf_addr);
}

#endif /* SY_TEST_FAKE_MBUF_H */
