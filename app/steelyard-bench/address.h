/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_BENCH_ADDRESS_H
#define SY_BENCH_ADDRESS_H

/*
 * Who has which address in the benchmark: hosts of four networks, numbered.
 * The configuration and the packets agree by it.
 */
#include <rte_byteorder.h>

#include "sy/net.h"

enum bench_network {
	BENCH_CLIENT, /* of the known flows */
	BENCH_NEWCOMER, /* of flows that come and go */
	BENCH_VIP, /* host: the service */
	BENCH_BACKEND, /* host: the backend in its pool, and 1 */
};

#define BENCH_VIP_PORT 80
#define BENCH_BACKEND_PORT 8080 /* and the service's number: pools have their own backends */
#define BENCH_CLIENT_PORT 32768

struct bench_endpoint {
	enum bench_network network;
	uint32_t host;
	uint16_t port; /* host order */
};

/* 16/4 and 48/4, 198.18/15 (RFC 2544) and 10/8. */
static inline uint32_t
bench_address_v4(const struct bench_endpoint *endpoint)
{
	static const uint32_t networks[] = {
		[BENCH_CLIENT] = 0x10000000,
		[BENCH_NEWCOMER] = 0x30000000,
		[BENCH_VIP] = 0xc6120000,
		[BENCH_BACKEND] = 0x0a000000,
	};

	return networks[endpoint->network] + endpoint->host;
}

/* In 2001:db8::/32, and fd00::/64 for backends. */
static inline struct sy_addr
bench_address_v6(const struct bench_endpoint *endpoint)
{
	static const uint64_t networks[] = {
		[BENCH_CLIENT] = RTE_BE64(0x20010db800010000),
		[BENCH_NEWCOMER] = RTE_BE64(0x20010db800020000),
		[BENCH_VIP] = RTE_BE64(0x20010db800800000),
		[BENCH_BACKEND] = RTE_BE64(0xfd00000000000000),
	};

	return (struct sy_addr){ .words = { networks[endpoint->network],
					 rte_cpu_to_be_64(endpoint->host) } };
}

static inline struct sy_addr
bench_address(uint8_t ip, const struct bench_endpoint *endpoint)
{
	if (ip == 6)
		return bench_address_v6(endpoint);
	return sy_addr_v4(rte_cpu_to_be_32(bench_address_v4(endpoint)));
}

/* 256 ports of each address, as behind real clients. */
static inline struct bench_endpoint
bench_client(enum bench_network network, uint32_t flow)
{
	return (struct bench_endpoint){ network, flow >> 8,
		(uint16_t)(BENCH_CLIENT_PORT + (flow & 0xff)) };
}

static inline struct bench_endpoint
bench_vip(uint32_t service)
{
	return (struct bench_endpoint){ BENCH_VIP, service, BENCH_VIP_PORT };
}

static inline struct bench_endpoint
bench_backend(uint32_t service, uint32_t backend)
{
	return (struct bench_endpoint){ BENCH_BACKEND, backend + 1,
		(uint16_t)(BENCH_BACKEND_PORT + service) };
}

/* What backends see of clients that are hidden from them: hosts of the backends' network. */
#define BENCH_LOCALS 32
#define BENCH_LOCAL_HOST 0x00fe0000u

static inline struct bench_endpoint
bench_local(uint32_t number, uint16_t port)
{
	return (struct bench_endpoint){ BENCH_BACKEND, BENCH_LOCAL_HOST + number, port };
}

#endif /* SY_BENCH_ADDRESS_H */
