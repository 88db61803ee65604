/* SPDX-License-Identifier: BSD-3-Clause */
#include <netinet/in.h>

#include "sy/config.h"

#include "accept.h"
#include "table.h"

/* What is served: pools with their backends, services. */

#define AT(type, member) .offset = offsetof(type, member), .size = sizeof(((type *)0)->member)
#define KEYS(list) .keys = list, .n_keys = sizeof(list) / sizeof(list[0])

#define HOUR_MS 3600000
#define DAY_MS 86400000

static const struct sy_config_choice on_down_choices[] = {
	{ "keep", SY_ON_DOWN_KEEP },
	{ "reset", SY_ON_DOWN_RESET },
	{ NULL, 0 },
};

static const struct sy_config_choice on_deadline_choices[] = {
	{ "reset", SY_ON_DEADLINE_RESET },
	{ "forget", SY_ON_DEADLINE_FORGET },
	{ NULL, 0 },
};

static const struct sy_config_choice protocols[] = {
	{ "tcp", IPPROTO_TCP },
	{ "udp", IPPROTO_UDP },
	{ "sctp", IPPROTO_SCTP },
	{ NULL, 0 },
};

static const struct sy_config_choice no_flow_choices[] = {
	{ "reset", SY_ON_NO_FLOW_RESET },
	{ "drop", SY_ON_NO_FLOW_DROP },
	{ "adopt", SY_ON_NO_FLOW_ADOPT },
	{ NULL, 0 },
};

static const struct sy_config_choice announce_choices[] = {
	{ "any", SY_ANNOUNCE_ANY },
	{ "required", SY_ANNOUNCE_REQUIRED },
	{ "ignored", SY_ANNOUNCE_IGNORED },
	{ NULL, 0 },
};

static const struct sy_config_choice refusals[] = {
	{ "reset", SY_REFUSE_RESET },
	{ "drop", SY_REFUSE_DROP },
	{ NULL, 0 },
};

static const struct sy_config_choice full_choices[] = {
	{ "stateless", SY_ON_FULL_STATELESS },
	{ "drop", SY_ON_FULL_DROP },
	{ NULL, 0 },
};

#define ZONE(type) \
	&sy_kind_text, AT(type, zone), \
		.accepts = sy_accept_zone, \
		.form = "a name, or two with '/' in between, of letters, digits, '-', '_' and '.',", \
		.pattern = "^([A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)?)?$", .empty = true, \
		.fallback = ""

static const struct sy_config_key backend_keys[] = {
	{ "name", &sy_kind_name, AT(struct sy_backend_config, name), .required = true,
		.help = "Unique in its pool." },
	{ "address", &sy_kind_address, AT(struct sy_backend_config, address), .required = true,
		.help = "Of the family of the services that use the pool." },
	{ "port", &sy_kind_number, AT(struct sy_backend_config, port), .high = UINT16_MAX,
		.fallback = "0",
		.help = "Where the server listens; 0: on the port that the client talks to." },
	{ "weight", &sy_kind_number, AT(struct sy_backend_config, weight), .high = UINT16_MAX,
		.fallback = "1",
		.help = "Its share against the others' weights; 0: no new flows." },
	{ "server_id", &sy_kind_hex, AT(struct sy_backend_config, server_id),
		.other = offsetof(struct sy_backend_config, server_id_length), .low = 1,
		.high = SY_QUIC_SERVER_ID, .empty = true, .fallback = "",
		.help = "What the server writes into QUIC connection IDs, for services with quic; "
			"unique in its pool; empty: none." },
	{ "spare", &sy_kind_boolean, AT(struct sy_backend_config, spare), .fallback = "false",
		.help = "Serves only when no other of its pool can." },
	{ "enabled", &sy_kind_boolean, AT(struct sy_backend_config, enabled), .fallback = "true",
		.help = "False: known, shown and not used." },
	{ "max_flows", &sy_kind_number, AT(struct sy_backend_config, max_flows), .high = 1u << 30,
		.fallback = "0",
		.help = "The flows that it may have at once: a full one is passed over, and clients are "
			"refused (on_empty) when all are full; 0: no limit." },
	{ "max_new_per_s", &sy_kind_number, AT(struct sy_backend_config, max_new_per_s),
		.high = 1u << 30, .fallback = "0",
		.help = "New flows that it may get in a second; 0: no limit." },
	{ "capacity", &sy_kind_number, AT(struct sy_backend_config, capacity), .high = 1u << 30,
		.fallback = "0",
		.help = "The flows that it is meant for: what the schedulers that fill backends fill, "
			"and what makes one of a priority or zone full; 0: not said, never full." },
	{ "priority", &sy_kind_number, AT(struct sy_backend_config, priority), .high = 15,
		.fallback = "0",
		.help = "Those with the lowest number serve, as long as one is up and has room." },
	{ "zone", ZONE(struct sy_backend_config),
		.help = "Where it stands, \"region\" or \"region/part\"; empty: far from everything." },
};

const struct sy_config_section sy_config_backend_section = {
	.title = "pools[].backends[]",
	.help = "The servers of a pool.",
	KEYS(backend_keys),
	.size = sizeof(struct sy_backend_config),
};

/* Absent: none but those discovered. */
static bool
backends_are_found(void *element)
{
	const struct sy_pool_config *pool = element;

	return pool->discovery.type != SY_DISCOVERY_NONE;
}

static const struct sy_config_key dependency = {
	.kind = &sy_kind_text,
	.size = sizeof(((struct sy_pool_config *)0)->depends_on[0]),
	.accepts = sy_accept_zone,
	.form = "the name of a pool, or of a pool and one of its backends with '/' in between,",
	.pattern = "^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)?$",
	.help = "\"db\" or \"db/db1\"",
};

static const struct sy_config_key pool_keys[] = {
	{ "name", &sy_kind_name, AT(struct sy_pool_config, name), .required = true,
		.help = "What services call it; unique." },
	{ "scheduler", &sy_kind_name, AT(struct sy_pool_config, scheduler), .fallback = "wlc",
		.help = "How the backend of a new flow is chosen, such as \"wlc\", \"maglev\" or "
			"\"least-time\"; steelyard.json(5) names them all." },
	{ "load_factor", &sy_kind_percent, AT(struct sy_pool_config, load_factor_percent),
		.low = 101, .high = 900, .fallback = "125%",
		.help = "The scheduler bounded-hash: the most flows of a backend, against the mean." },
	{ "zone", ZONE(struct sy_pool_config),
		.help = "Where the balancer stands, for this pool: backends of the same zone serve before "
			"those of the same region, and these before others; empty: zones do not count." },
	{ "spill_over", &sy_kind_percent, AT(struct sy_pool_config, spill_over_percent), .low = 1,
		.high = 900, .fallback = "100%",
		.help = "The share of its capacity at which a backend gives new flows to the next "
			"priority or zone." },
	{ "slow_start", &sy_kind_duration, AT(struct sy_pool_config, slow_start_ms), .unit = 1000,
		.high = HOUR_MS, .fallback = "10s",
		.help = "How long the weight of a returning backend grows; 0s: it has all at once." },
	{ "on_down", &sy_kind_choice, AT(struct sy_pool_config, on_down),
		.choices = on_down_choices, .fallback = "keep",
		.help = "The flows of a backend that goes down: keep them, or reset both sides." },
	{ "drain_deadline", &sy_kind_duration, AT(struct sy_pool_config, drain_deadline_ms),
		.unit = 1000, .high = DAY_MS, .fallback = "0s",
		.help = "How long a backend that is drained or removed may keep its flows; 0s: until they "
			"end by themselves." },
	{ "on_deadline", &sy_kind_choice, AT(struct sy_pool_config, on_deadline),
		.choices = on_deadline_choices, .fallback = "reset",
		.help = "The flows that are left then: reset both sides, or forget them without a "
			"word." },
	{ "panic_threshold", &sy_kind_percent, AT(struct sy_pool_config, panic_percent),
		.high = 100, .fallback = "0%",
		.help = "When a smaller share of the backends, spares aside, is up and not ejected, all "
			"of them serve: that so many fail at once is hardly their fault; 0%: only those "
			"that are up ever serve." },
	{ "on_change", SY_CONFIG_COMMAND(struct sy_pool_config, on_change),
		.help = "The command that is run when the pool or one of its backends changes its state; "
			"empty: the file's on_change." },
	{ "depends_on", &sy_kind_values, AT(struct sy_pool_config, depends_on),
		.other = offsetof(struct sy_pool_config, n_depends_on), .high = SY_MAX_DEPENDENCIES,
		.item = &dependency,
		.help = "Other pools that have a backend that is up, or backends that are up, without "
			"which none of this pool is." },
	{ "health", &sy_kind_object, .offset = offsetof(struct sy_pool_config, health),
		.section = &sy_config_health_section, .help = "How the backends are probed." },
	{ "passive", &sy_kind_object, .offset = offsetof(struct sy_pool_config, passive),
		.section = &sy_config_passive_section,
		.help = "What clients' connections tell of the backends." },
	{ "discovery", &sy_kind_object, .offset = offsetof(struct sy_pool_config, discovery),
		.section = &sy_config_discovery_section,
		.help = "Where backends come from beside those of this file." },
	{ "backends", &sy_kind_list, AT(struct sy_pool_config, backends),
		.other = offsetof(struct sy_pool_config, n_static), .high = SY_MAX_POOL_BACKENDS,
		.section = &sy_config_backend_section, .derive = backends_are_found,
		.fallback_words = "left out where there is no discovery",
		.help = "The servers, to be left out only where there is discovery." },
};

const struct sy_config_section sy_config_pool_section = {
	.title = "pools[]",
	.help = "The groups of servers behind services.",
	KEYS(pool_keys),
	.size = sizeof(struct sy_pool_config),
};

#define TIMEOUT(member, text) \
	.kind = &sy_kind_duration, AT(struct sy_timeouts, member), .unit = 1000, .low = 10, \
	.high = DAY_MS, .fallback = text

static const struct sy_config_key timeout_keys[] = {
	{ "established", TIMEOUT(established, "15m"), .help = "TCP: both sides have agreed." },
	{ "syn", TIMEOUT(syn, "30s"), .help = "TCP: half-open." },
	{ "fin", TIMEOUT(fin, "2m"),
		.help = "TCP: a side has closed, or both have and data may still come." },
	{ "time_wait", TIMEOUT(time_wait, "60s"), .help = "TCP: closed by both." },
	{ "closed", TIMEOUT(closed, "3s"), .help = "TCP: after a reset." },
	{ "udp", TIMEOUT(udp, "5m"), .help = "UDP." },
	{ "attack", TIMEOUT(attack, "3s"),
		.help = "TCP half-open, and UDP of one packet, while the table or a limit of the "
			"service is seven eighths full." },
};

static const struct sy_config_section timeouts_section = {
	.title = "services[].timeouts",
	.help = "How long a flow without packets lives, by its state.",
	KEYS(timeout_keys),
};

static bool
derive_address(void *element)
{
	struct sy_service_config *service = element;

	service->address = service->addresses[0];
	return service->n_addresses > 0;
}

static bool
derive_addresses(void *element)
{
	struct sy_service_config *service = element;

	service->addresses[0] = service->address;
	service->n_addresses = 1;
	return true;
}

static bool
derive_port(void *element)
{
	struct sy_service_config *service = element;

	service->port = service->ports.low;
	return service->port != 0;
}

static bool
derive_ports(void *element)
{
	struct sy_service_config *service = element;

	service->ports = (struct sy_port_range){ service->port, service->port };
	return true;
}

static const struct sy_config_key service_address_item = {
	.name = "addresses[]",
	.kind = &sy_kind_address,
	.size = sizeof(struct sy_ip),
};

const struct sy_config_key sy_config_local_address = {
	.name = "range",
	.kind = &sy_kind_range,
	.size = sizeof(struct sy_range),
};

static const struct sy_config_choice client_addresses[] = {
	{ "none", SY_CLIENT_ADDRESS_NONE },
	{ "proxy-v1", SY_CLIENT_ADDRESS_PROXY_V1 },
	{ "proxy-v2", SY_CLIENT_ADDRESS_PROXY_V2 },
	{ "toa", SY_CLIENT_ADDRESS_TOA },
	{ NULL, 0 },
};

static const struct sy_config_key trusted_item = {
	.name = "prefix",
	.kind = &sy_kind_prefix,
	.size = sizeof(struct sy_prefix),
};

static const struct sy_config_choice clamps[] = {
	{ "auto", SY_MSS_AUTO },
	{ "off", SY_MSS_OFF },
	{ NULL, 0 },
};

static const struct sy_config_key service_keys[] = {
	{ "name", &sy_kind_name, AT(struct sy_service_config, name), .required = true,
		.help = "Unique." },
	{ "address", &sy_kind_address, AT(struct sy_service_config, address),
		.derive = derive_address, .fallback_words = "the first of \"addresses\"",
		.help = "The virtual IP; address, port and protocol together are unique." },
	{ "addresses", &sy_kind_values, AT(struct sy_service_config, addresses),
		.other = offsetof(struct sy_service_config, n_addresses),
		.item = &service_address_item, .low = 1, .high = SY_MAX_SERVICE_ADDRESSES,
		.derive = derive_addresses, .fallback_words = "\"address\" alone",
		.help = "The virtual IPs of a service that has several, all of one family." },
	{ "port", &sy_kind_number, AT(struct sy_service_config, port), .low = 1, .high = UINT16_MAX,
		.derive = derive_port, .fallback_words = "the first of \"ports\"",
		.help = "The port that clients talk to." },
	{ "ports", &sy_kind_ports, AT(struct sy_service_config, ports), .derive = derive_ports,
		.fallback_words = "\"port\" alone",
		.help = "Instead of port: a range, or all.  Of the services of one address and "
			"protocol the one on the very port is taken, then the one with the range, then "
			"the one with all." },
	{ "protocol", &sy_kind_choice, AT(struct sy_service_config, protocol), .choices = protocols,
		.fallback = "tcp", .help = "The transport." },
	{ "mode", &sy_kind_name, AT(struct sy_service_config, mode), .fallback = "nat",
		.help = "The forwarding mode, how packets reach the backends, such as \"nat\"." },
	{ "pool", &sy_kind_reference, AT(struct sy_service_config, pool), .target = "pools",
		.required = true, .help = "The pool that serves." },
	{ "spare_pool", &sy_kind_reference, AT(struct sy_service_config, spare_pool),
		.target = "pools", .empty = true, .fallback = "",
		.help = "The pool that serves when no backend of the first can; empty: none." },
	{ "one_packet", &sy_kind_boolean, AT(struct sy_service_config, one_packet),
		.fallback = "false",
		.help = "UDP of one question and one answer, such as DNS: no flows, the scheduler is "
			"asked for each packet.  Only where no other service has a backend's address "
			"and port, and the service one address: else it has flows." },
	{ "on_empty", &sy_kind_choice, AT(struct sy_service_config, on_empty), .choices = refusals,
		.fallback = "reset",
		.help = "What a client is told when no backend can serve: reset (TCP RST, or ICMP port "
			"unreachable) or nothing." },
	{ "on_no_flow", &sy_kind_choice, AT(struct sy_service_config, on_no_flow),
		.choices = no_flow_choices, .fallback = "reset",
		.help = "What becomes of a TCP segment of no known flow: its sender is told, or not, or "
			"it is taken for one of another node's connection and goes on to the backend "
			"that its hash gives (adopt).  That wants a scheduler that goes by hashes alone "
			"(maglev, rendezvous, source-hash) or consistency hash, the same file on all "
			"nodes, and a mode that lets the client's address be." },
	{ "announce", &sy_kind_choice, AT(struct sy_service_config, announce),
		.choices = announce_choices, .fallback = "any",
		.help = "Where addresses are announced (announce.table): an address is while one of its "
			"services has a backend that can serve, and each of those required has.  Those "
			"ignored have no say." },
	{ "put_on_twin", &sy_kind_boolean, AT(struct sy_service_config, put_on_twin),
		.fallback = "true",
		.help = "Whether the service's addresses are put on a twin, so that the host answers for "
			"them; false: somebody else does that, such as keepalived, and it is not announced "
			"either.  One service that says false is enough for an address." },
	{ "move_unanswered", &sy_kind_boolean, AT(struct sy_service_config, move_unanswered),
		.fallback = "true",
		.help = "A client who repeats his SYN, as his backend has not answered it, is given "
			"another one.  Not in modes whose answers go past the balancer." },
	{ "on_full", &sy_kind_choice, AT(struct sy_service_config, on_full),
		.choices = full_choices, .fallback = "stateless",
		.help = "What becomes of a client for whose flow there is no room: served without a "
			"flow, by a hash of his address and port, or dropped.  A service that shares "
			"a backend's address and port with another cannot be served so." },
	{ "max_flows", &sy_kind_number, AT(struct sy_service_config, max_flows), .high = 1000000000,
		.fallback = "0",
		.help = "Flows at once, over all workers; 0: seven eighths of the top's max_flows, or "
			"all when there is no other service." },
	{ "max_half_open", &sy_kind_number, AT(struct sy_service_config, max_half_open),
		.high = 1000000000, .fallback = "0",
		.help = "Half-open TCP flows at once, over all workers; 0: an eighth of max_flows." },
	{ "local_addresses", &sy_kind_values, AT(struct sy_service_config, local_addresses),
		.other = offsetof(struct sy_service_config, n_local_addresses),
		.high = SY_MAX_SERVICE_LOCAL_RANGES, .item = &sy_config_local_address,
		.help = "What the backends of this service see in place of the clients, in a mode that "
			"hides them; none: the top's local_addresses." },
	{ "consistency", &sy_kind_choice, AT(struct sy_service_config, consistency),
		.choices = sy_config_consistencies, .fallback = "none",
		.help = "Whether a client's new flows go where his last one went: none, the scheduler "
			"chooses; sticky, remembered; hash, a hash of the client decides; both, "
			"remembered, and the hash decides first." },
	{ "persistence", &sy_kind_object, .offset = offsetof(struct sy_service_config, persistence),
		.section = &sy_config_persistence_section,
		.help = "Which clients are the same, and how long they are remembered." },
	{ "quic", &sy_kind_object, .section = &sy_config_quic_section,
		.help = "UDP: how QUIC's connection IDs name the backends' server_id." },
	{ "client_address", &sy_kind_choice, AT(struct sy_service_config, client_address),
		.choices = client_addresses, .fallback = "none",
		.help = "TCP: how backends are told the client's address and port: by a header of the "
			"PROXY protocol before the first byte (the servers must expect it, health "
			"probes bring none), or by a TCP option for the kernel module toa." },
	{ "trust_client_address", &sy_kind_values, AT(struct sy_service_config, trusted),
		.other = offsetof(struct sy_service_config, n_trusted), .high = SY_MAX_TRUSTED,
		.item = &trusted_item,
		.help = "Clients, such as proxies, that tell for whom they speak: what they send passes "
			"as it is, and nothing is told of them. What others send of the kind is taken "
			"out." },
	{ "strip_client_address", &sy_kind_boolean,
		AT(struct sy_service_config, strip_client_address), .fallback = "false",
		.help = "Take PROXY headers and address options of clients out where client_address is "
			"none too: the servers believe those of trusted ones." },
	{ "toa_option", &sy_kind_number, AT(struct sy_service_config, toa_option), .low = 64,
		.high = 254, .fallback = "254",
		.help = "The kind of the TCP option, as the module toa on the servers has it." },
	{ "mss_clamp", &sy_kind_size, AT(struct sy_service_config, mss_clamp), .choices = clamps,
		.pattern = "^(auto|off|[0-9]{2,5})$", .low = 64, .high = 65495, .fallback = "auto",
		.help = "TCP: the largest segment that a SYN may offer: what fits the way to the "
			"backend with the mode's own bytes, as offered, or so many bytes." },
	{ "tunnel", &sy_kind_object, .offset = offsetof(struct sy_service_config, tunnel),
		.section = &sy_config_tunnel_section,
		.help = "What the modes ipip, gre, gue, vxlan and l3dsr put on packets." },
	{ "timeouts", &sy_kind_object, .offset = offsetof(struct sy_service_config, timeouts),
		.section = &timeouts_section,
		.help = "How long a flow without packets lives, by its state." },
};

const struct sy_config_section sy_config_service_section = {
	.title = "services[]",
	.help = "What clients talk to.",
	KEYS(service_keys),
	.size = sizeof(struct sy_service_config),
};
