/* SPDX-License-Identifier: BSD-3-Clause */
#include "sy/config.h"

#include "accept.h"
#include "table.h"

/* Where a pool has backends from beside those of the file. */

#define AT(type, member) .offset = offsetof(type, member), .size = sizeof(((type *)0)->member)
#define DISCOVERY(member) AT(struct sy_discovery_config, member)
#define KEYS(list) .keys = list, .n_keys = sizeof(list) / sizeof(list[0])

#define HOUR_MS 3600000
#define DAY_MS 86400000

static const struct sy_config_choice types[] = {
	{ "none", SY_DISCOVERY_NONE },
	{ "file", SY_DISCOVERY_FILE },
	{ "dns", SY_DISCOVERY_DNS },
	{ "etcd", SY_DISCOVERY_ETCD },
	{ "consul", SY_DISCOVERY_CONSUL },
	{ "kubernetes", SY_DISCOVERY_KUBERNETES },
	{ NULL, 0 },
};

static const struct sy_config_choice records[] = {
	{ "a", SY_DISCOVERY_A },
	{ "aaaa", SY_DISCOVERY_AAAA },
	{ "srv", SY_DISCOVERY_SRV },
	{ "srv6", SY_DISCOVERY_SRV6 },
	{ NULL, 0 },
};

static const struct sy_config_key server_item = {
	.name = "server",
	.kind = &sy_kind_text,
	.size = SY_DISCOVERY_SERVER,
	.accepts = sy_accept_server,
	.form = "an address such as \"10.0.0.53\", \"10.0.0.53:5353\" or \"[2001:db8::53]:53\"",
	.pattern = "^([0-9.]+(:[0-9]+)?|[0-9A-Fa-f:.]+|\\[[0-9A-Fa-f:.]+\\]:[0-9]+)$",
};

static const struct sy_config_key url_item = {
	.name = "url",
	.kind = &sy_kind_text,
	.size = SY_DISCOVERY_URL,
	.accepts = sy_accept_url,
	.form = "a URL of http or https without user and password",
	.pattern = "^https?://[!-?A-~]+$",
};

#define PATH \
	.accepts = sy_accept_path, .form = "a path that starts with '/', without spaces,", \
	.pattern = "^(/[!-~]*)?$", .empty = true, .fallback = ""

static const struct sy_config_key discovery_keys[] = {
	{ "type", &sy_kind_choice, DISCOVERY(type), .choices = types, .fallback = "none",
		.help = "A watched file, DNS, or the HTTP interface of etcd, Consul or Kubernetes; none: "
			"only backends of this file." },
	{ "file", &sy_kind_text, DISCOVERY(file), PATH,
		.help = "file: a JSON array of backends, as in pools[].backends but for names, which may "
			"be missing; to be replaced by rename." },
	{ "name", &sy_kind_text, DISCOVERY(name), .accepts = sy_accept_host,
		.form = "a name in DNS", .pattern = "^[A-Za-z0-9._-]*$", .empty = true,
		.fallback = "", .help = "dns: what is asked for." },
	{ "record", &sy_kind_choice, DISCOVERY(record), .choices = records, .fallback = "a",
		.help = "dns: addresses (a, aaaa), or servers with ports, weights and priorities, "
			"by their IPv4 (srv) or IPv6 addresses (srv6)." },
	{ "servers", &sy_kind_values, DISCOVERY(servers),
		.other = offsetof(struct sy_discovery_config, n_servers),
		.high = SY_MAX_DISCOVERY_SERVERS, .item = &server_item,
		.help = "dns: who is asked; none: those of /etc/resolv.conf." },
	{ "urls", &sy_kind_values, DISCOVERY(urls),
		.other = offsetof(struct sy_discovery_config, n_urls),
		.high = SY_MAX_DISCOVERY_URLS, .item = &url_item,
		.help = "etcd, consul, kubernetes: where they are, the first that answers." },
	{ "prefix", &sy_kind_text, DISCOVERY(prefix), .accepts = sy_accept_visible,
		.form = "a text without spaces", .pattern = "^[!-~]*$", .empty = true,
		.fallback = "",
		.help = "etcd: what the keys begin with whose values are backends." },
	{ "service", &sy_kind_name, DISCOVERY(service), .empty = true, .fallback = "",
		.help = "consul, kubernetes: the service's name there." },
	{ "datacenter", &sy_kind_name, DISCOVERY(datacenter), .empty = true, .fallback = "",
		.help = "consul: the service's datacenter; empty: that of the agent asked." },
	{ "namespace", &sy_kind_name, DISCOVERY(namespace), .empty = true, .fallback = "default",
		.help = "kubernetes: the service's namespace." },
	{ "port_name", &sy_kind_name, DISCOVERY(port_name), .empty = true, .fallback = "",
		.help = "kubernetes: the port's name, where the service has several." },
	{ "token_file", &sy_kind_text, DISCOVERY(token_file), PATH,
		.help = "etcd, consul, kubernetes: a file with the secret that is shown to them, of "
			"etcd USER:PASSWORD, which its owner alone may read (mode 0600)." },
	{ "ca_file", &sy_kind_text, DISCOVERY(ca_file), PATH,
		.help = "etcd, consul, kubernetes: certificates that are trusted; empty: the "
			"system's." },
	{ "port", &sy_kind_number, DISCOVERY(port), .high = UINT16_MAX, .fallback = "0",
		.help = "The port of backends whose source names none; 0: the one that the client "
			"talks to." },
	{ "weight", &sy_kind_number, DISCOVERY(weight), .high = UINT16_MAX, .fallback = "1",
		.help = "The weight of backends whose source names none." },
	{ "refresh", &sy_kind_duration, DISCOVERY(refresh_ms), .unit = 1000, .low = 100,
		.high = DAY_MS, .fallback = "30s",
		.help = "How long until the source is asked again that does not speak of its own; of a "
			"TTL of DNS, the longest." },
	{ "min_refresh", &sy_kind_duration, DISCOVERY(min_refresh_ms), .unit = 1000, .low = 10,
		.high = HOUR_MS, .fallback = "1s",
		.help = "It is asked no sooner, whatever its TTL; at most refresh." },
	{ "timeout", &sy_kind_duration, DISCOVERY(timeout_ms), .unit = 1000, .low = 10,
		.high = HOUR_MS, .fallback = "5s",
		.help = "Without an answer for so long the source has failed." },
	{ "max_vanish", &sy_kind_percent, DISCOVERY(max_vanish_percent), .high = 100,
		.fallback = "50%",
		.help = "The largest share of the backends found that may be gone at once.  When more "
			"are, or all, they are held until that is confirmed; 100%: held only when all "
			"are." },
	{ "confirm", &sy_kind_duration, DISCOVERY(confirm_ms), .unit = 1000, .high = DAY_MS,
		.fallback = "5m",
		.help = "Gone for so long, they are gone; 0s: only when 'steelyardctl discovery accept' "
			"says so." },
	{ "expect", &sy_kind_number, DISCOVERY(expect), .high = SY_MAX_POOL_BACKENDS,
		.fallback = "64",
		.help = "How many backends memory is planned for where each needs some (max_local_ends); "
			"all together must fit into max_backends." },
};

const struct sy_config_section sy_config_discovery_section = {
	.title = "pools[].discovery",
	.help = "Backends that are found while the appliance runs. A source that cannot be asked, or "
		"whose answer cannot be read, changes nothing.",
	KEYS(discovery_keys),
};
