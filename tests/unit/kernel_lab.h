/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_KERNEL_LAB_H
#define SY_KERNEL_LAB_H

/*
 * A kernel of two ports in a network namespace of this program's own, with the
 * test as the network: what the host sends on a twin is taken from the workers'
 * rings, what the test puts into them arrives at the host.
 *
 * Port 0 "wan": 192.0.2.2/24, 2001:db8::2/64, MAC 02:00:00:00:00:01.
 * Port 1 "lan": 10.0.0.2/24, 2001:db8:1::2/64, MAC 02:00:00:00:00:02.
 */
#include <stdbool.h>

#include <rte_mempool.h>
#include <uv.h>

#include "netlink.h"
#include "sy/kernel.h"
#include "unit.h"

#define LAB_WORKERS 2

struct kernel_lab {
	uv_loop_t loop;
	struct sy_routes routes;
	struct sy_config config;
	struct sy_port_config ports[2];
	struct sy_mailbox *mailboxes[LAB_WORKERS];
	struct rte_mempool *pool;
	struct sy_kernel *kernel;
	struct netlink requests; /* the operator's */
	unsigned int n_changed;
};

/* Runs the tests in a namespace of their own; each begins by lab_start(), which skips the test and
 * returns false where none could be made. */
int kernel_lab_run(
	const char *suite, const struct sy_test *tests, size_t n_tests, int argc, char **argv);

bool lab_start(struct kernel_lab *lab); /* all */
bool lab_prepare(struct kernel_lab *lab); /* all but the kernel */
int lab_create(struct kernel_lab *lab, struct sy_error *error);
void lab_stop(struct kernel_lab *lab);

/* Turns the loop and polls for a while. */
void lab_turn(struct kernel_lab *lab, unsigned int ms);

/* Turns until the condition holds, for at most five seconds: the machine may be busy. */
#define lab_await(lab, condition) \
	do { \
		for (int ms_ = 0; ms_ < 5000 && !(condition); ms_++) \
			lab_turn(lab, 1); \
	} while (0)

/* The next frame that the host sent on a port, or NULL after two seconds.  The caller frees it. */
struct rte_mbuf *lab_take(struct kernel_lab *lab, uint8_t port);

/* The same, waiting for one of an EtherType (ARP) or, for IPv6, of an ICMPv6 type. */
struct rte_mbuf *lab_take_arp(struct kernel_lab *lab, uint8_t port);
struct rte_mbuf *lab_take_icmp6(struct kernel_lab *lab, uint8_t port, uint8_t type);

/* Hands a frame to the host as the worker of a port would. */
void lab_give(struct kernel_lab *lab, uint8_t port, const void *frame, size_t length);

struct sy_ip lab_ip(const char *text);

const struct sy_neighbour *lab_neighbour(struct kernel_lab *lab, uint8_t port, const char *address);
/* NULL when the table has none of the kernel's with this prefix. */
const struct sy_route *lab_route(struct kernel_lab *lab, const char *prefix);
bool lab_has_address(struct kernel_lab *lab, uint8_t port, const char *address);

/* The operator's orders. */
int lab_address(struct kernel_lab *lab, uint16_t type, const char *twin, const char *prefix);
/* via and twin may be NULL (on link; a blackhole). */
int lab_order_route(struct kernel_lab *lab, uint16_t type, uint16_t flags, const char *prefix,
	const char *via, const char *twin);

/* ARP frames. */
struct arp_frame {
	uint8_t dst[6];
	uint8_t src[6];
	uint16_t ether_type_be;
	uint16_t hardware_be;
	uint16_t protocol_be;
	uint8_t lengths[2];
	uint16_t operation_be;
	uint8_t sender_mac[6];
	uint8_t sender_ip[4];
	uint8_t target_mac[6];
	uint8_t target_ip[4];
} __attribute__((packed));

/* From the host at sender_ip with MAC 02:00:00:00:01:<last byte>. */
void lab_give_arp(struct kernel_lab *lab, uint8_t port, uint16_t operation, const char *sender_ip,
	const char *target_ip);

#endif /* SY_KERNEL_LAB_H */
