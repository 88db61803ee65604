/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_DNS_ANSWER_H
#define SY_DNS_ANSWER_H

/*
 * Answers of DNS as backends: RFC 1035 (messages), RFC 3596 (AAAA), RFC 2782 (SRV).
 * Pure functions over bytes that nobody vouches for.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sy/config.h"

#define SY_DNS_MAX_RECORDS 4096 /* of an answer; more than 64 KiB have room for */
#define SY_DNS_NAME 256

struct sy_dns_record {
	uint16_t type; /* 1 A, 28 AAAA, 33 SRV */
	struct sy_ip address; /* A and AAAA */
	uint16_t priority, weight, port; /* SRV */
	char target[SY_DNS_NAME]; /* SRV; "" is the root: no such service */
};

struct sy_dns_answer {
	uint32_t ttl_s; /* the least of all its records; UINT32_MAX: it has none */
	uint32_t n; /* records of the type asked for */
	struct sy_dns_record *records; /* from malloc */
};

/* The records of one type in the answer section; those of others (CNAME) count for the TTL alone.
 * 0, -EINVAL (not a message, or cut short), -E2BIG or -ENOMEM; fini() may follow 0 only. */
int sy_dns_read(const uint8_t *message, size_t length, uint16_t type, struct sy_dns_answer *answer);
void sy_dns_fini(struct sy_dns_answer *answer);

/* SRV priorities are any numbers, a pool has 16: the n priorities of the records in their order, the
 * last ones together.  ranks has room for answer->n. */
void sy_dns_rank(const struct sy_dns_answer *answer, uint8_t *ranks);

/* A weight of 0 is "hardly ever" in SRV, and "never" in a pool. */
uint16_t sy_dns_weight(uint16_t weight);

#endif /* SY_DNS_ANSWER_H */
