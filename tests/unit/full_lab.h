/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_FULL_LAB_H
#define SY_FULL_LAB_H

/* For tests of the pipeline where there is no room for a flow: a fixture whose service www can do
 * without, and what its clients and backends send. */
#include "fixture.h"

/* The usual services, but that alt is UDP: so www is the only one of TCP that its backends answer
 * for, while dns and alt cannot be told apart. */
void full_start(struct fixture *fixture, const char *service_more, uint32_t n_workers);

/* Sends the segment of a client; returns where it came out, 0 when it did not. */
uint32_t full_from_client(
	struct fixture *fixture, uint16_t port, uint8_t flags, uint32_t seq, uint32_t ack);

/* Sends the segment of a backend; returns the address that the client sees, 0 when none came. */
uint32_t full_from_backend(struct fixture *fixture, uint32_t backend, uint16_t port, uint8_t flags,
	uint32_t seq, uint32_t ack);

/* A router's word to `to` that an ACK from src to dst is too big. */
struct rte_mbuf *full_too_big(struct fixture *fixture, const char *src, uint16_t src_port,
	const char *dst, uint16_t dst_port, const char *router, const char *to);

#endif /* SY_FULL_LAB_H */
