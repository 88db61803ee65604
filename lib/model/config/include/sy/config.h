/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_CONFIG_H
#define SY_CONFIG_H

/*
 * The checked configuration.
 *
 * One JSON file becomes one struct sy_config in which every value is present
 * (defaults filled in), in range, and every name that one part uses of another
 * exists.  What can be wrong with a file is found here, with file, line, column
 * and JSON path, before anything is touched.
 *
 * Written and read on the management core only, immutable after loading, freed
 * by whoever loaded it.  Needs no DPDK: the operator's client links it.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "sy/config_nodes.h"
#include "sy/discovery_config.h"
#include "sy/error.h"
#include "sy/health_config.h"
#include "sy/log.h"
#include "sy/net.h"
#include "sy/quic_config.h"
#include "sy/range.h"
#include "sy/text_sizes.h"

#define SY_MAX_WORKERS 64
#define SY_MAX_PORTS 16
#define SY_MAX_HELD_PIECES 256 /* of packets in fragments, that wait at a worker for their first */
#define SY_MAX_PORT_ADDRESSES 16
#define SY_MAX_POOL_BACKENDS 65535
#define SY_MAX_ROUTES 16384
#define SY_MAX_SERVICE_ADDRESSES 16
#define SY_MAX_LOCAL_RANGES 16 /* entries of the top's list of local addresses */
#define SY_MAX_SERVICE_LOCAL_RANGES 4
#define SY_MAX_LOCAL_ADDRESSES 256 /* in one list */
#define SY_MAX_SNAT_RULES 64
#define SY_MAX_SNAT_PREFIXES 16 /* of a rule's sources, and of destinations that it leaves alone */
#define SY_MAX_DEPENDENCIES 4 /* of a pool */
#define SY_MAX_TRUSTED 16 /* prefixes of a service's clients that may speak for others */

enum sy_idle_mode {
	SY_IDLE_POLL, /* never rest: lowest latency, a whole core each */
	SY_IDLE_PAUSE, /* the CPU's pause instruction: leaves a hyperthread its share */
	SY_IDLE_SLEEP, /* sleep, ever longer: leaves the core to others */
	SY_IDLE_INTERRUPT, /* the same, and wait for a receive interrupt instead of long sleeps */
	SY_IDLE_MONITOR, /* poll, and let the CPU watch the queue: see rte_power */
};

/* Whom a port leads to: what steering needs to know, see sy_config_port_side(). */
enum sy_port_side {
	SY_PORT_SIDE_AUTO, /* in the file only */
	SY_PORT_SIDE_CLIENTS,
	SY_PORT_SIDE_SERVERS,
	SY_PORT_SIDE_BOTH,
};

struct sy_port_config {
	char name[SY_NAME_SIZE];
	char device[SY_TEXT_SIZE]; /* a PCI address, or a virtual device's arguments */
	char profile[SY_NAME_SIZE]; /* "auto", or a file's name in drivers-config/ */
	char twin[16]; /* the kernel interface's name; empty: none */
	struct sy_prefix addresses[SY_MAX_PORT_ADDRESSES]; /* the balancer's own, and networks */
	uint16_t n_addresses;
	uint16_t mtu; /* bytes of IP packet, 1280 to 9000 */
	uint16_t rx_descriptors;
	uint16_t tx_descriptors;
	uint8_t side; /* enum sy_port_side */
	bool has_mac; /* else the device's own */
	struct sy_mac mac;
};

struct sy_route_config {
	struct sy_prefix to;
	struct sy_ip via; /* of the same family as to */
	uint16_t port; /* index; found from via's network when the file does not say */
};

struct sy_neighbour_config {
	struct sy_ip address;
	struct sy_mac mac;
	uint16_t port; /* index of a port */
};

/* How a new flow's backend has to do with its client's earlier ones. */
enum sy_consistency {
	SY_CONSISTENCY_NONE, /* not at all: the scheduler chooses each time */
	SY_CONSISTENCY_STICKY, /* the client's last backend, from a table; first the scheduler's choice */
	SY_CONSISTENCY_HASH, /* a hash of the client decides, nothing is remembered */
	SY_CONSISTENCY_BOTH, /* the client's last backend, first that of the hash */
};

enum sy_persist_by {
	SY_PERSIST_ADDRESS, /* or its first bits */
	SY_PERSIST_ENDPOINT, /* and the port */
	SY_PERSIST_DESTINATION, /* the address, and the service's address and port */
	SY_PERSIST_TUPLE, /* both endpoints */
};

struct sy_persistence_config {
	uint8_t by; /* enum sy_persist_by */
	uint8_t prefix4; /* bits of the address that count */
	uint8_t prefix6;
	uint32_t timeout_ms; /* after the last new flow */
};

struct sy_backend_config {
	char name[SY_NAME_SIZE]; /* unique in its pool */
	struct sy_ip address;
	uint16_t port; /* host order; 0: the one that the client's packet has */
	uint16_t weight; /* 0 to 65535; 0: no new flows */
	uint8_t server_id_length; /* 0: it has none */
	uint8_t server_id[SY_QUIC_SERVER_ID]; /* in QUIC connection IDs; unique in its pool */
	bool spare; /* serves only when no other can */
	bool enabled;
	uint8_t priority; /* 0 to 15: lower serves first */
	uint32_t max_flows; /* that it may have at once, 2^30 at most; 0: no limit */
	uint32_t max_new_per_s; /* likewise, begun in a second */
	uint32_t capacity; /* flows that it is meant for, 2^30 at most; 0: not said */
	char zone[SY_NAME_SIZE]; /* "region" or "region/part"; empty: not said */
};

/* What happens to the flows of a backend that goes down or is removed. */
enum sy_on_down {
	SY_ON_DOWN_KEEP, /* they stay until they end by themselves or time out */
	SY_ON_DOWN_RESET, /* RST to both sides at once */
};

/* What happens to flows that a drained backend still has when its time is over. */
enum sy_on_deadline {
	SY_ON_DEADLINE_RESET, /* RST to both sides */
	SY_ON_DEADLINE_FORGET, /* nobody is told; later segments are of no flow */
};

struct sy_pool_config {
	char name[SY_NAME_SIZE];
	char scheduler[SY_NAME_SIZE];
	char zone
		[SY_NAME_SIZE]; /* the balancer's, as this pool sees it; empty: zones do not count */
	uint16_t load_factor_percent; /* bounded-hash: most flows of a backend against the mean */
	uint16_t spill_over_percent; /* of a capacity: then the next priority or zone serves */
	uint16_t panic_percent; /* share that is well below which all serve; 0: never */
	uint8_t on_down; /* enum sy_on_down */
	uint8_t on_deadline; /* enum sy_on_deadline */
	uint32_t drain_deadline_ms; /* 0: none */
	uint32_t slow_start_ms; /* 0: a returning backend has its whole weight at once */
	char on_change[SY_NAME_SIZE]; /* the command for its changes; empty: the top's */
	char depends_on[SY_MAX_DEPENDENCIES]
		       [2 * SY_NAME_SIZE]; /* "pool" or "pool/backend", of this file, no circle */
	uint16_t n_depends_on;
	uint32_t dependency_pools[SY_MAX_DEPENDENCIES]; /* indices of those pools */
	struct sy_health_config health;
	struct sy_passive_config passive;
	struct sy_discovery_config discovery;
	struct sy_backend_config *backends; /* the file's, and behind them those discovered */
	uint32_t n_static; /* those of the file: all that is printed and compared */
	uint32_t n_backends;
};

/* How a service's backends are told who their client is. */
enum sy_client_address {
	SY_CLIENT_ADDRESS_NONE,
	SY_CLIENT_ADDRESS_PROXY_V1, /* HAProxy's PROXY protocol, the text ... */
	SY_CLIENT_ADDRESS_PROXY_V2, /* ... and the binary header */
	SY_CLIENT_ADDRESS_TOA, /* a TCP option, for the kernel module toa */
};

/* All in milliseconds. */
struct sy_timeouts {
	uint32_t established;
	uint32_t syn; /* half-open */
	uint32_t fin; /* one or both sides have closed, data may still come */
	uint32_t time_wait;
	uint32_t closed; /* after RST */
	uint32_t udp;
	uint32_t udp_new; /* UDP of one packet; services have udp there too */
	uint32_t echo; /* ICMP; services have none */
	uint32_t attack; /* half-open, or UDP of one packet, while room is scarce */
};

enum sy_udp_checksum { /* of a tunnel's UDP header */
	SY_UDP_CHECKSUM_AUTO, /* none over IPv4, made over IPv6, as receivers expect */
	SY_UDP_CHECKSUM_NONE,
	SY_UDP_CHECKSUM_MADE,
};

/* What modes that do not rewrite the packet put around it, or mark it with. */
struct sy_tunnel_config {
	struct sy_ip sources[SY_N_FAMILIES]; /* the outer source; no address: the port's own */
	uint32_t vni; /* VXLAN network identifier, 24 bits */
	uint16_t port; /* UDP destination, host order; 0: the mode's own */
	uint8_t udp_checksum; /* enum sy_udp_checksum */
	uint8_t dscp; /* 1 to 63 marks the service; 0: none */
	bool fragment; /* outer packets that do not fit go in pieces, where the inner one may */
	struct sy_mac inner_destination; /* VXLAN: of the Ethernet header inside */
	struct sy_mac inner_source;
};

#define SY_MSS_OFF 0
#define SY_MSS_AUTO 1 /* what fits next port and mode */

#define SY_NO_POOL UINT32_MAX

struct sy_port_range {
	uint16_t low; /* host order, 1 or more */
	uint16_t high; /* the last one that belongs to it */
};

struct sy_service_config {
	char name[SY_NAME_SIZE];
	char mode[SY_NAME_SIZE];
	bool outgoing; /* not of the file's list: made of a rule of snat */
	struct sy_ip address; /* the first of its addresses */
	struct sy_ip addresses[SY_MAX_SERVICE_ADDRESSES]; /* all of one family */
	uint16_t n_addresses; /* 1 or more */
	uint16_t port; /* host order; the first of its ports */
	struct sy_port_range ports;
	uint8_t protocol; /* IPPROTO_TCP, IPPROTO_UDP or IPPROTO_SCTP */
	bool one_packet; /* UDP: no flows, the scheduler is asked for each packet */
	uint8_t on_empty; /* enum sy_refusal: no backend can serve */
	bool move_unanswered; /* a SYN that a client repeats goes to another backend */
	uint8_t on_no_flow; /* enum sy_on_no_flow */
	uint8_t announce; /* enum sy_announce */
	bool put_on_twin; /* false: somebody else has the address there, such as keepalived */
	uint32_t pool; /* index */
	uint32_t spare_pool; /* index, or SY_NO_POOL */
	uint8_t on_full; /* enum sy_on_full: a limit below is reached, or the table is full */
	uint32_t max_flows; /* over all workers; 0: a share, see sy_config_service_flows() */
	uint32_t max_half_open; /* over all workers; 0: an eighth of the top's max_flows */
	uint8_t consistency; /* enum sy_consistency */
	struct sy_persistence_config persistence;
	struct sy_quic_config *quic; /* [n_quic]; the loaded configuration's, like itself */
	uint32_t n_quic; /* 0: packets are not routed by connection IDs */
	uint8_t client_address; /* enum sy_client_address */
	uint8_t toa_option; /* the kind of TCP option that toa reads */
	bool strip_client_address; /* what clients claim is taken out, even where nothing is told */
	uint16_t n_trusted;
	struct sy_prefix trusted[SY_MAX_TRUSTED]; /* whose claims pass, and who tell themselves */
	uint16_t mss_clamp; /* SY_MSS_OFF, SY_MSS_AUTO, or bytes of TCP payload */
	struct sy_tunnel_config tunnel;
	struct sy_timeouts timeouts;
	struct sy_range local_addresses[SY_MAX_SERVICE_LOCAL_RANGES]; /* in place of the top's */
	uint16_t n_local_addresses; /* ranges; 0: the top's */
};

/* What servers send of their own to the outside, and what they are there. */
struct sy_snat_config {
	char name[SY_NAME_SIZE]; /* no service's either */
	struct sy_prefix from[SY_MAX_SNAT_PREFIXES]; /* sources, all of one family */
	uint16_t n_from;
	struct sy_range to[SY_MAX_SERVICE_LOCAL_RANGES]; /* what they become, of that family */
	uint16_t n_to; /* ranges */
	struct sy_prefix except[SY_MAX_SNAT_PREFIXES]; /* destinations that are left alone */
	uint16_t n_except;
	uint32_t max_flows; /* over all workers; 0: a quarter of the top's max_flows */
	uint32_t max_source_flows; /* likewise, of one source */
	struct sy_timeouts timeouts;
};

struct sy_config {
	char file[SY_TEXT_SIZE]; /* where it came from */
	char name[SY_NAME_SIZE]; /* EAL prefix and prefix of runtime files; "steelyard" */
	uint8_t log_level; /* enum sy_log_level */
	bool hugepages; /* false: ordinary memory */
	uint8_t idle_mode; /* enum sy_idle_mode */
	uint32_t idle_after_us; /* nothing received for so long: rest */
	uint32_t idle_sleep_us; /* the first sleeps */
	uint32_t idle_longest_us; /* what they grow to */
	uint16_t workers; /* 1 to SY_MAX_WORKERS */
	char cores[SY_TEXT_SIZE]; /* CPU list, management core first; empty: chosen at start */
	uint32_t max_flows; /* over all workers and both families */
	uint32_t max_services; /* room for reloads to add to */
	uint32_t max_backends;
	uint32_t max_persistent; /* clients remembered at once, over all services */
	uint32_t max_routes; /* of a family: memory is planned for their table */
	uint32_t punt_rate; /* packets a second of each kind to the kernel, over all workers */
	uint32_t punt_burst;
	struct sy_announce_config announce;
	struct sy_range local_addresses[SY_MAX_LOCAL_RANGES]; /* what backends see as the client */
	uint16_t n_local_addresses;
	uint32_t max_local_ends; /* a worker's; 0: counted, see sy_config_local_ends() */
	char control_socket[108];
	char control_group[SY_NAME_SIZE]; /* may use the control socket too; empty: root only */
	struct sy_command_config *commands;
	uint32_t n_commands;
	char on_change
		[SY_NAME_SIZE]; /* the command for pools' changes that have none; empty: none */
	struct sy_port_config *ports;
	uint32_t n_ports;
	struct sy_route_config *routes;
	uint32_t n_routes;
	struct sy_neighbour_config *neighbours;
	uint32_t n_neighbours;
	struct sy_pool_config *pools;
	uint32_t n_pools;
	struct sy_service_config *services;
	uint32_t n_services;
	struct sy_snat_config *snats; /* the first that fits a packet has it */
	uint32_t n_snats;
};

/* NULL when there is none of that name. */
const struct sy_command_config *sy_config_command(const struct sy_config *config, const char *name);

#define SY_PORTS_TEXT 12 /* "8000-8999", "all", with its end */

static inline bool
sy_ports_are_one(const struct sy_port_range *ports)
{
	return ports->low == ports->high;
}

static inline bool
sy_ports_are_all(const struct sy_port_range *ports)
{
	return ports->low == 1 && ports->high == UINT16_MAX;
}

static inline bool
sy_ports_have(const struct sy_port_range *ports, uint16_t port)
{
	return port >= ports->low && port <= ports->high;
}

/* "80", "8000-8999" or "all"; returns text. */
const char *sy_ports_text(const struct sy_port_range *ports, char text[SY_PORTS_TEXT]);

/* Pools that this file or a later one may have: workers keep a cursor for each. */
static inline uint32_t
sy_config_max_pools(const struct sy_config *config)
{
	return config->max_services + config->max_backends;
}

/* Flows that a service may have at once, over all workers, of the max_flows that there is room for:
 * one service alone may fill the table, of several each leaves the others an eighth. */
static inline uint32_t
sy_config_service_flows(
	const struct sy_service_config *service, uint32_t max_flows, uint32_t n_services)
{
	if (service->max_flows > 0)
		return service->max_flows;
	return n_services > 1 ? max_flows - max_flows / 8 : max_flows;
}

static inline uint32_t
sy_config_service_half_open(const struct sy_service_config *service, uint32_t max_flows)
{
	return service->max_half_open > 0 ? service->max_half_open : max_flows / 8;
}

/* Flows that a rule of snat may have at once, over all workers. */
static inline uint32_t
sy_config_snat_flows(const struct sy_snat_config *snat, uint32_t max_flows)
{
	return snat->max_flows > 0 ? snat->max_flows : max_flows / 4;
}

/* The local addresses of a service: its own, or the top's.  Returns how many ranges. */
static inline uint16_t
sy_config_local_ranges(const struct sy_config *config, const struct sy_service_config *service,
	const struct sy_range **ranges)
{
	bool own = service->n_local_addresses > 0;

	*ranges = own ? service->local_addresses : config->local_addresses;
	return own ? service->n_local_addresses : config->n_local_addresses;
}

/* How many addresses of a family the ranges hold. */
uint32_t sy_config_local_count(const struct sy_range *ranges, uint16_t n_ranges, uint8_t family);

/* Pairs of a local address and a backend that a worker has room for. */
uint32_t sy_config_local_ends(const struct sy_config *config);
/* What the configuration must know of a forwarding mode. */
enum sy_mode_trait {
	SY_MODE_MIXED, /* backends may be of the other address family */
	SY_MODE_ONE_WAY, /* replies go past; the backend sees the service's own port */
	SY_MODE_ON_LINK, /* reaches backends in a network of a port only */
	SY_MODE_MARKS, /* tells backends of the service by its DSCP */
	SY_MODE_LOCAL, /* hides clients behind local addresses */
};

/*
 * Names that this component cannot know because the things live in components above it.
 * The lists are for the message ("known: rr, wrr, ...").
 */
struct sy_config_names {
	bool (*is_scheduler)(const char *name);
	bool (*is_consistent)(const char *name); /* a scheduler that goes by hashes alone */
	bool (*is_mode)(const char *name);
	bool (*mode_has)(const char *name, enum sy_mode_trait trait); /* NULL: none has any */
	const char *schedulers;
	const char *modes;
};

/*
 * Reads, parses and checks a file, or a text of known length that is called file in messages.
 * names may be NULL: then scheduler and mode are taken as they are (the client's check).
 * Returns 0 and sets *config, which the caller frees with sy_config_free(); else -EINVAL (content),
 * -E2BIG (over 256 MiB), -ENOMEM, or what open(2) and read(2) say, with error filled.  What is not
 * wrong but surely not meant is logged as a warning.
 */
int sy_config_load(const char *file, const struct sy_config_names *names, struct sy_config **config,
	struct sy_error *error);
int sy_config_parse(const char *file, const char *text, size_t length,
	const struct sy_config_names *names, struct sy_config **config, struct sy_error *error);

/* A file's text, as sy_config_load() reads it; the caller frees it, NULL on failure. */
int sy_config_read(const char *file, char **text, size_t *length, struct sy_error *error);

void sy_config_free(struct sy_config *config); /* NULL is no error */

/* The whole configuration as JSON in the file's own form, defaults included.  The caller frees the
 * text with free(3).  Loading it again gives an equal configuration.  NULL: out of memory. */
char *sy_config_text(const struct sy_config *config);

/* Whom the port leads to, never SY_PORT_SIDE_AUTO.  Where the file leaves it open: the servers',
 * when its networks or static routes lead to a backend; the clients', when they do not; both, when
 * they lead to backends and to clients (a default route, a service's address in a network of the
 * port, no port else), or when some backend's port cannot be told from the file. */
enum sy_port_side sy_config_port_side(const struct sy_config *config, uint32_t port);

/* Reads a CPU list such as "0-3" or "8,2,4" in its order.  Returns how many CPUs, or -EINVAL: not a
 * list, a CPU twice, over 1023, or more than n_max of them. */
int sy_config_cores(const char *list, uint16_t *cpus, unsigned int n_max);

/* What a reload may not change.  Returns 0 when next can replace current in a running daemon, else
 * -EBUSY with the first key that differs and the remedy (restart). */
int sy_config_check_reload(
	const struct sy_config *current, const struct sy_config *next, struct sy_error *error);

/* Writes the JSON Schema (conf/steelyard.schema.json) or the reference (Markdown) that the
 * descriptor table holds.  Returns 0 or -EIO. */
int sy_config_write_schema(FILE *out);
int sy_config_write_reference(FILE *out);

#endif /* SY_CONFIG_H */
