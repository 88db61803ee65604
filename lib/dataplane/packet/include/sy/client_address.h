/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_CLIENT_ADDRESS_H
#define SY_CLIENT_ADDRESS_H

/*
 * How a connection's addresses are told to a backend: the headers of the PROXY protocol (HAProxy's
 * specification, sections 2.1 and 2.2), and the TCP option address of the kernel module toa.  Pure
 * functions on bytes.
 */
#include <stddef.h>
#include <stdint.h>

#include "sy/net.h"

#define SY_PROXY_MAX 107 /* the longest header of version 1; ours of version 2 have 28 or 52 */
#define SY_TOA_MAX 20
#define SY_TOA_KIND 254 /* RFC 4727 leaves it to experiments */

/*
 * They write what tells of a connection from src to dst, and return its length, 8 to SY_PROXY_MAX
 * bytes.  IPv6 addresses that are both IPv4-mapped are written as the IPv4 ones that they are.
 */
uint32_t sy_proxy_write_v1(const struct sy_tuple *connection, uint8_t out[SY_PROXY_MAX]);
uint32_t sy_proxy_write_v2(const struct sy_tuple *connection, uint8_t out[SY_PROXY_MAX]);

/* Kind, length, port and address of the source: 8 bytes, or 20 over IPv6. */
uint32_t sy_toa_write(const struct sy_tuple *connection, uint8_t kind, uint8_t out[SY_TOA_MAX]);

/* The length of the PROXY header, of either version, that the n bytes of a stream begin with; 0: they
 * begin with none; -EAGAIN: with what may become one, and more bytes must tell. */
int sy_proxy_length(const uint8_t *bytes, size_t n);

#endif /* SY_CLIENT_ADDRESS_H */
