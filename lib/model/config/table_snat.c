/* SPDX-License-Identifier: BSD-3-Clause */
#include "sy/config.h"

#include "table.h"

/* What servers send of their own, and what it looks like outside. */

#define AT(type, member) .offset = offsetof(type, member), .size = sizeof(((type *)0)->member)
#define KEYS(list) .keys = list, .n_keys = sizeof(list) / sizeof(list[0])

#define DAY_MS 86400000

#define TIMEOUT(member, text) \
	.kind = &sy_kind_duration, AT(struct sy_timeouts, member), .unit = 1000, .low = 10, \
	.high = DAY_MS, .fallback = text

static const struct sy_config_key timeout_keys[] = {
	{ "established", TIMEOUT(established, "7440s"),
		.help = "TCP: both sides have agreed (RFC 5382 wants two hours and four minutes)." },
	{ "syn", TIMEOUT(syn, "30s"), .help = "TCP: half-open." },
	{ "fin", TIMEOUT(fin, "4m"),
		.help = "TCP: a side has closed, or both have and data may still come." },
	{ "time_wait", TIMEOUT(time_wait, "60s"), .help = "TCP: closed by both." },
	{ "closed", TIMEOUT(closed, "3s"), .help = "TCP: after a reset." },
	{ "udp", TIMEOUT(udp, "5m"),
		.help = "UDP (RFC 4787 wants two minutes, and advises five)." },
	{ "udp_new", TIMEOUT(udp_new, "30s"),
		.help = "UDP to a port below 1024, of one packet to the outside so far, and to port 53 of "
			"however many: a question to DNS." },
	{ "echo", TIMEOUT(echo, "60s"), .help = "ICMP echo (RFC 5508 wants a minute)." },
	{ "attack", TIMEOUT(attack, "3s"),
		.help = "TCP half-open, and what udp_new is for, while the table, the rule or a local "
			"address's ports are seven eighths full." },
};

static const struct sy_config_section timeouts_section = {
	.title = "snat[].timeouts",
	.help = "How long a flow without packets lives, by its state.",
	KEYS(timeout_keys),
};

static const struct sy_config_key prefix_item = {
	.name = "prefix",
	.kind = &sy_kind_prefix,
	.size = sizeof(struct sy_prefix),
};

static const struct sy_config_key snat_keys[] = {
	{ "name", &sy_kind_name, AT(struct sy_snat_config, name), .required = true,
		.help = "Unique, among services too." },
	{ "from", &sy_kind_values, AT(struct sy_snat_config, from),
		.other = offsetof(struct sy_snat_config, n_from), .low = 1,
		.high = SY_MAX_SNAT_PREFIXES, .item = &prefix_item, .required = true,
		.help = "The sources, all of one family. The first rule that has a packet's source, and "
			"does not except its destination, is the packet's." },
	{ "to", &sy_kind_values, AT(struct sy_snat_config, to),
		.other = offsetof(struct sy_snat_config, n_to), .low = 1,
		.high = SY_MAX_SERVICE_LOCAL_RANGES, .item = &sy_config_local_address,
		.required = true,
		.help = "The addresses that they become, of that family, and nobody's else (256 at "
			"most); the ports' twins answer for them. A source keeps its address while that "
			"has ports. Other addresses make another rule: flows of the old one go on." },
	{ "except", &sy_kind_values, AT(struct sy_snat_config, except),
		.other = offsetof(struct sy_snat_config, n_except), .high = SY_MAX_SNAT_PREFIXES,
		.item = &prefix_item,
		.help = "Destinations of that family that the rule leaves alone: the kernel routes, or "
			"another rule has, what goes there." },
	{ "max_flows", &sy_kind_number, AT(struct sy_snat_config, max_flows), .high = 1000000000,
		.fallback = "0",
		.help = "Flows at once, over all workers, each of which has its share; 0: a quarter of "
			"the top's max_flows." },
	{ "max_source_flows", &sy_kind_number, AT(struct sy_snat_config, max_source_flows),
		.low = 1, .high = 1000000000, .fallback = "32768",
		.help = "The same of one source, so that none takes all ports: half of an address's." },
	{ "timeouts", &sy_kind_object, .offset = offsetof(struct sy_snat_config, timeouts),
		.section = &timeouts_section,
		.help = "How long a flow without packets lives, by its state." },
};

const struct sy_config_section sy_config_snat_section = {
	.title = "snat[]",
	.help = "What servers send of their own to the outside: its source becomes an address of the "
		"balancer's, and what answers it comes back to them. TCP, UDP, SCTP and ICMP echo.",
	KEYS(snat_keys),
	.size = sizeof(struct sy_snat_config),
};
