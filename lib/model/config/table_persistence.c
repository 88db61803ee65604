/* SPDX-License-Identifier: BSD-3-Clause */
#include "sy/config.h"

#include "table.h"

/* What a service remembers of its clients. */

#define AT(type, member) .offset = offsetof(type, member), .size = sizeof(((type *)0)->member)
#define KEYS(list) .keys = list, .n_keys = sizeof(list) / sizeof(list[0])

#define DAY_MS 86400000

static const struct sy_config_choice bys[] = {
	{ "address", SY_PERSIST_ADDRESS },
	{ "endpoint", SY_PERSIST_ENDPOINT },
	{ "destination", SY_PERSIST_DESTINATION },
	{ "tuple", SY_PERSIST_TUPLE },
	{ NULL, 0 },
};

const struct sy_config_choice sy_config_consistencies[] = {
	{ "none", SY_CONSISTENCY_NONE },
	{ "sticky", SY_CONSISTENCY_STICKY },
	{ "hash", SY_CONSISTENCY_HASH },
	{ "both", SY_CONSISTENCY_BOTH },
	{ NULL, 0 },
};

static const struct sy_config_key persistence_keys[] = {
	{ "by", &sy_kind_choice, AT(struct sy_persistence_config, by), .choices = bys,
		.fallback = "address",
		.help = "What makes a client: his address; his address and port (endpoint); his address, "
			"and the address and port of the service that he talks to (destination); or all "
			"four (tuple)." },
	{ "prefix4", &sy_kind_number, AT(struct sy_persistence_config, prefix4), .low = 1,
		.high = 32, .fallback = "32",
		.help = "So many bits of an IPv4 address count: all clients of a /24 with 24." },
	{ "prefix6", &sy_kind_number, AT(struct sy_persistence_config, prefix6), .low = 1,
		.high = 128, .fallback = "128", .help = "The same of an IPv6 address." },
	{ "timeout", &sy_kind_duration, AT(struct sy_persistence_config, timeout_ms), .unit = 1000,
		.low = 1000, .high = DAY_MS, .fallback = "5m",
		.help = "How long a client is remembered after his last new flow." },
};

const struct sy_config_section sy_config_persistence_section = {
	.title = "services[].persistence",
	.help = "Which clients are the same, and how long they are remembered; consistency says whether.",
	KEYS(persistence_keys),
};
