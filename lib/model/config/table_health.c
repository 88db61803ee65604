/* SPDX-License-Identifier: BSD-3-Clause */
#include "sy/config.h"

#include "accept.h"
#include "table.h"

/* Who may get new flows: a pool's probes, and what its clients' connections tell. */

#define AT(type, member) .offset = offsetof(type, member), .size = sizeof(((type *)0)->member)
#define KEYS(list) .keys = list, .n_keys = sizeof(list) / sizeof(list[0])

#define HOUR_MS 3600000
#define DAY_MS 86400000

static const struct sy_config_choice health_types[] = {
	{ "tcp", SY_HEALTH_TCP },
	{ "http", SY_HEALTH_HTTP },
	{ "https", SY_HEALTH_HTTPS },
	{ "icmp", SY_HEALTH_ICMP },
	{ "udp", SY_HEALTH_UDP },
	{ "dns", SY_HEALTH_DNS },
	{ "redis", SY_HEALTH_REDIS },
	{ "postgresql", SY_HEALTH_POSTGRESQL },
	{ "command", SY_HEALTH_COMMAND },
	{ "grpc", SY_HEALTH_GRPC },
	{ "grpcs", SY_HEALTH_GRPCS },
	{ "none", SY_HEALTH_NONE },
	{ NULL, 0 },
};

static const struct sy_config_choice http_versions[] = {
	{ "1.1", SY_HTTP_1_1 },
	{ "2", SY_HTTP_2 },
	{ NULL, 0 },
};

static const struct sy_config_key health_keys[] = {
	{ "type", &sy_kind_choice, AT(struct sy_health_config, type), .choices = health_types,
		.fallback = "tcp",
		.help = "How to ask: connect, GET over HTTP or HTTPS, ping, a datagram, a DNS question, "
			"Redis' PING, PostgreSQL's start of a session, gRPC's health protocol (grpcs: over "
			"TLS), a command; none: always up." },
	{ "interval", &sy_kind_duration, AT(struct sy_health_config, interval_ms), .unit = 1000,
		.low = 10, .high = HOUR_MS, .fallback = "2s",
		.help = "From one probe to the next." },
	{ "timeout", &sy_kind_duration, AT(struct sy_health_config, timeout_ms), .unit = 1000,
		.low = 1, .high = HOUR_MS, .fallback = "500ms",
		.help = "No answer for so long is a failure; at most the interval." },
	{ "rise", &sy_kind_number, AT(struct sy_health_config, rise), .low = 1, .high = 100,
		.fallback = "2", .help = "Successes in a row that make a backend up." },
	{ "fall", &sy_kind_number, AT(struct sy_health_config, fall), .low = 1, .high = 100,
		.fallback = "3", .help = "Failures in a row that make it down." },
	{ "jitter", &sy_kind_percent, AT(struct sy_health_config, jitter_percent), .high = 50,
		.fallback = "10%",
		.help = "Each interval is drawn within plus or minus this share." },
	{ "port", &sy_kind_number, AT(struct sy_health_config, port), .high = UINT16_MAX,
		.fallback = "0", .help = "The port that is asked; 0: the backend's own." },
	{ "method", &sy_kind_text, AT(struct sy_health_config, method), .accepts = sy_accept_method,
		.form = "a method in capital letters", .pattern = "^[A-Z]{1,15}$",
		.fallback = "GET", .help = "HTTP and HTTPS: the request's method." },
	{ "path", &sy_kind_text, AT(struct sy_health_config, path), .accepts = sy_accept_path,
		.form = "a path that starts with '/', without spaces,", .pattern = "^/[!-~]*$",
		.fallback = "/", .help = "HTTP and HTTPS: the request's path and query." },
	{ "host", &sy_kind_text, AT(struct sy_health_config, host), .accepts = sy_accept_visible,
		.form = "a host name", .pattern = "^[!-~]*$", .empty = true, .fallback = "",
		.help = "HTTP, HTTPS and gRPC: the Host header and TLS name (SNI); empty: the backend's "
			"address." },
	{ "status", &sy_kind_status, AT(struct sy_health_config, status_low),
		.other = offsetof(struct sy_health_config, status_high), .low = 100, .high = 599,
		.fallback = "200-399", .help = "HTTP and HTTPS: the statuses that are a success." },
	{ "body", &sy_kind_text, AT(struct sy_health_config, body), .empty = true, .fallback = "",
		.help = "HTTP, HTTPS and UDP: a text that must stand in the answer; empty: any answer." },
	{ "send", &sy_kind_text, AT(struct sy_health_config, send), .empty = true, .fallback = "",
		.help = "UDP: the text of the datagram that the server answers." },
	{ "name", &sy_kind_text, AT(struct sy_health_config, name), .accepts = sy_accept_visible,
		.form = "a name", .pattern = "^[!-~]*$", .empty = true, .fallback = "",
		.help = "DNS: the name whose address is asked for, else localhost.  PostgreSQL: the "
			"user, else steelyard, who need not exist.  gRPC: the service that is asked for, "
			"else the whole server." },
	{ "http_version", &sy_kind_choice, AT(struct sy_health_config, http_version),
		.choices = http_versions, .fallback = "1.1",
		.help = "HTTP and HTTPS: what is spoken; 2 without TLS at once, without an upgrade." },
	{ "command", SY_CONFIG_COMMAND(struct sy_health_config, command),
		.help = "Command: the one of the file's commands that is run; its exit status 0 is a "
			"success." },
	{ "verify", &sy_kind_boolean, AT(struct sy_health_config, verify), .fallback = "false",
		.help = "HTTPS and gRPC over TLS: check the certificate, and that it is for host." },
	{ "ca_file", &sy_kind_text, AT(struct sy_health_config, ca_file), .accepts = sy_accept_path,
		.form = "a path that starts with '/', without spaces,", .pattern = "^/[!-~]*$",
		.empty = true, .fallback = "",
		.help = "With verify: a file of authorities (PEM); empty: the system's." },
	{ "expiry_warning", &sy_kind_duration, AT(struct sy_health_config, expiry_warning_s),
		.unit = 1000000, .high = 8760 * 3600u, .fallback = "336h",
		.help = "HTTPS and gRPC over TLS: a certificate that ends sooner is told in the log, once; "
			"0s: never." },
};

const struct sy_config_section sy_config_health_section = {
	.title = "pools[].health",
	.help = "How a pool's backends are probed.",
	KEYS(health_keys),
};

static const struct sy_config_key passive_keys[] = {
	{ "enabled", &sy_kind_boolean, AT(struct sy_passive_config, enabled), .fallback = "true",
		.help = "Judge backends by the connections of clients: SYNs that stay without an answer "
			"or are answered with RST or ICMP unreachable.  Not where answers go past the "
			"balancer, and not in pools of services with several ports." },
	{ "failures", &sy_kind_number, AT(struct sy_passive_config, failures), .high = 1000,
		.fallback = "5",
		.help = "Connections that fail in a row and eject a backend; 0: any number may." },
	{ "clients", &sy_kind_number, AT(struct sy_passive_config, clients), .high = 64,
		.fallback = "3",
		.help = "Different clients whose connections must have failed of late, else nobody is "
			"ejected: one alone may be refused for what he is." },
	{ "interval", &sy_kind_duration, AT(struct sy_passive_config, interval_ms), .unit = 1000,
		.low = 100, .high = HOUR_MS, .fallback = "10s",
		.help = "How often the shares of connections that succeed are compared with the "
			"peers'." },
	{ "deviation", &sy_kind_percent, AT(struct sy_passive_config, deviation_percent),
		.high = 900, .fallback = "190%",
		.help = "Who lies further below the peers' mean than this share of their standard "
			"deviation is ejected, if 5 % of its connections fail too; 0%: not compared." },
	{ "peers", &sy_kind_number, AT(struct sy_passive_config, peers), .low = 2, .high = 1000,
		.fallback = "5",
		.help = "Backends with enough connections that a comparison needs." },
	{ "connections", &sy_kind_number, AT(struct sy_passive_config, connections), .low = 10,
		.high = 1000000, .fallback = "100",
		.help = "Connections in an interval that are enough." },
	{ "base", &sy_kind_duration, AT(struct sy_passive_config, base_ms), .unit = 1000,
		.low = 100, .high = DAY_MS, .fallback = "30s",
		.help = "The first ejection; each further one is longer by as much." },
	{ "longest", &sy_kind_duration, AT(struct sy_passive_config, longest_ms), .unit = 1000,
		.low = 100, .high = DAY_MS, .fallback = "5m",
		.help = "No ejection is longer; at least base." },
	{ "max_ejected", &sy_kind_percent, AT(struct sy_passive_config, max_ejected_percent),
		.high = 100, .fallback = "10%",
		.help = "The share of a pool's backends that may be ejected at once, rounded down but at "
			"least one; never the last that serves." },
	{ "trials", &sy_kind_number, AT(struct sy_passive_config, trials), .low = 1, .high = 1000,
		.fallback = "3",
		.help = "After an ejection: the new flows that a backend may have in a second, until as "
			"many have succeeded; the first that fails ejects it again." },
	{ "flaps", &sy_kind_number, AT(struct sy_passive_config, flaps), .high = SY_MAX_FLAPS,
		.fallback = "0",
		.help = "A backend that probes find down so many times in flap_window is ejected, "
			"whatever they find next; 0: it may flap." },
	{ "flap_window", &sy_kind_duration, AT(struct sy_passive_config, flap_window_ms),
		.unit = 1000, .low = 100, .high = DAY_MS, .fallback = "5m",
		.help = "How long a time down is remembered for flaps." },
};

const struct sy_config_section sy_config_passive_section = {
	.title = "pools[].passive",
	.help = "What clients' connections tell of a pool's backends: who fails them is ejected for a "
		"while, then tried, then trusted.",
	KEYS(passive_keys),
};
