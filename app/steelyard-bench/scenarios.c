/* SPDX-License-Identifier: BSD-3-Clause */
/* What is measured: one row each. */
#include <string.h>

#include <netinet/in.h>

#include <rte_common.h>

#include "bench.h"

#define K 1000
#define M 1000000

/* Packets of known flows; the last argument is whatever else a row says. */
#define KNOWN(name_, ip_, flows_, bytes_, backends_, services_, workers_, ...) \
	{ \
		.name = name_, .ip = ip_, .flows = flows_, .bytes = bytes_, .backends = backends_, \
		.services = services_, .workers = workers_, .n_known = 1, __VA_ARGS__ \
	}

/* Flows that come and go beside the known ones. */
#define CHURN(name_, ip_, flows_, room_, backends_, ...) \
	{ \
		.name = name_, .ip = ip_, .flows = flows_, .bytes = 64, .backends = backends_, \
		.services = 1, .workers = 1, .room = room_, __VA_ARGS__ \
	}

const struct bench_scenario bench_scenarios[] = {
	KNOWN("known4-1k", 4, 1 * K, 64, 10, 1, 1, .every_mode = true, .quick = true),
	KNOWN("known6-1k", 6, 1 * K, 64, 10, 1, 1, .every_mode = true, .quick = true),
	KNOWN("known4-100k", 4, 100 * K, 64, 10, 1, 1, .quick = true),
	KNOWN("known6-100k", 6, 100 * K, 64, 10, 1, 1),
	KNOWN("known4-1M", 4, 1 * M, 64, 10, 1, 1, .every_mode = true, .quick = true),
	KNOWN("known6-1M", 6, 1 * M, 64, 10, 1, 1, .every_mode = true, .quick = true),
	KNOWN("known4-10M", 4, 10 * M, 64, 10, 1, 1),
	KNOWN("known6-10M", 6, 10 * M, 64, 10, 1, 1),
	KNOWN("zipf4-1M", 4, 1 * M, 64, 10, 1, 1, .zipf = true),
	KNOWN("zipf6-1M", 6, 1 * M, 64, 10, 1, 1, .zipf = true),
	KNOWN("bytes4-512", 4, 100 * K, 512, 10, 1, 1, .quick = true),
	KNOWN("bytes4-1500", 4, 100 * K, 1514, 10, 1, 1),
	KNOWN("backends4-1k", 4, 100 * K, 64, 1 * K, 1, 1, .quick = false),
	KNOWN("backends4-10k", 4, 100 * K, 64, 10 * K, 1, 1, .quick = true),
	KNOWN("services4-1k", 4, 100 * K, 64, 10, 1 * K, 1, .quick = false),
	KNOWN("services4-10k", 4, 100 * K, 64, 10, 10 * K, 1, .quick = true),
	KNOWN("told4", 4, 100 * K, 64, 10, 1, 1, .told = true, .quick = true),
	KNOWN("told6", 6, 100 * K, 64, 10, 1, 1, .told = true),
	KNOWN("workers4-2", 4, 1 * M, 64, 10, 1, 2, .quick = true),
	KNOWN("workers4-2-1k", 4, 1 * K, 64, 10, 1, 2),
	CHURN("connections4", 4, 64, 2 * M, 10, .connections = true, .quick = true),
	CHURN("connections6", 6, 64, 2 * M, 10, .connections = true),
	CHURN("udp4", 4, 64, 2 * M, 10, .n_new = 1, .new_protocol = IPPROTO_UDP, .quick = true),
	CHURN("udp6", 6, 64, 2 * M, 10, .n_new = 1, .new_protocol = IPPROTO_UDP),
	CHURN("sticky4", 4, 64, 2 * M, 10, .n_new = 1, .new_protocol = IPPROTO_UDP, .sticky = true,
		.quick = true),
	CHURN("udpbackends4-10k", 4, 64, 2 * M, 10 * K, .n_new = 1, .new_protocol = IPPROTO_UDP),
	CHURN("pick4-10", 4, 64, 2 * M, 10, .n_new = 1, .new_protocol = IPPROTO_UDP,
		.every_scheduler = true),
	CHURN("pick4-1k", 4, 64, 2 * M, 1 * K, .n_new = 1, .new_protocol = IPPROTO_UDP,
		.every_scheduler = true),
	CHURN("mixed4-1M", 4, 1 * M, 2 * M, 10, .n_known = 9, .n_new = 1,
		.new_protocol = IPPROTO_UDP, .quick = true),
	CHURN("mixed6-1M", 6, 1 * M, 2 * M, 10, .n_known = 9, .n_new = 1,
		.new_protocol = IPPROTO_UDP),
	CHURN("flood4", 4, 100 * K, 900 * K, 10, .n_known = 1, .n_new = 10,
		.new_protocol = IPPROTO_TCP, .defended = true, .quick = true),
};

const uint32_t bench_n_scenarios = RTE_DIM(bench_scenarios);

bool
bench_selected(const struct bench_scenario *scenario, const char *list)
{
	while (list != NULL && *list != '\0') {
		size_t length = strcspn(list, ",");

		if (length > 0 && strncmp(scenario->name, list, length) == 0)
			return true;
		list += length + (list[length] == ',');
	}
	return list == NULL;
}
