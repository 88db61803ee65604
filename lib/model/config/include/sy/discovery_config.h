/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_DISCOVERY_CONFIG_H
#define SY_DISCOVERY_CONFIG_H

/* Where a pool has backends from beside those of the file: part of struct sy_pool_config. */
#include <stdint.h>

#include "sy/text_sizes.h"

enum sy_discovery_type {
	SY_DISCOVERY_NONE, /* the file's backends and no others */
	SY_DISCOVERY_FILE,
	SY_DISCOVERY_DNS,
	SY_DISCOVERY_ETCD,
	SY_DISCOVERY_CONSUL,
	SY_DISCOVERY_KUBERNETES,
};

enum sy_discovery_record { /* of DNS */
	SY_DISCOVERY_A,
	SY_DISCOVERY_AAAA,
	SY_DISCOVERY_SRV, /* names and ports of servers, whose IPv4 addresses are asked for too */
	SY_DISCOVERY_SRV6, /* likewise, IPv6 addresses */
};

#define SY_MAX_DISCOVERY_URLS 3
#define SY_MAX_DISCOVERY_SERVERS 3
#define SY_DISCOVERY_URL 128
#define SY_DISCOVERY_SERVER 64

/* Where a pool has backends from beside those of the file (lib/control/discovery). */
struct sy_discovery_config {
	uint8_t type; /* enum sy_discovery_type */
	uint8_t record; /* enum sy_discovery_record */
	uint16_t port; /* of backends whose source names none; 0: the one that clients ask */
	uint16_t weight; /* likewise */
	uint16_t n_servers;
	uint16_t n_urls;
	uint16_t max_vanish_percent; /* of its backends that may be missing at once */
	uint32_t refresh_ms; /* asked again after so long, where the source does not tell */
	uint32_t min_refresh_ms; /* never sooner */
	uint32_t timeout_ms; /* without an answer for so long it has failed */
	uint32_t confirm_ms; /* more have vanished, and are believed after so long; 0: never */
	uint32_t expect; /* backends that memory is planned for, where it has to be */
	char file[SY_TEXT_SIZE];
	char name[SY_TEXT_SIZE]; /* DNS */
	char servers[SY_MAX_DISCOVERY_SERVERS][SY_DISCOVERY_SERVER]; /* DNS: ADDRESS[:PORT] */
	char urls[SY_MAX_DISCOVERY_URLS][SY_DISCOVERY_URL]; /* etcd, Consul, Kubernetes */
	char prefix[SY_DISCOVERY_URL]; /* etcd: of keys */
	char service[SY_NAME_SIZE]; /* Consul, Kubernetes */
	char datacenter[SY_NAME_SIZE]; /* Consul; empty: that of who is asked */
	char namespace[SY_NAME_SIZE]; /* Kubernetes */
	char port_name[SY_NAME_SIZE]; /* Kubernetes: which port of several */
	char token_file[SY_TEXT_SIZE]; /* a secret: of its owner's alone */
	char ca_file[SY_TEXT_SIZE]; /* certificates that are trusted; empty: the system's */
};

#endif /* SY_DISCOVERY_CONFIG_H */
