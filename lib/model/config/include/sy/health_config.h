/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_HEALTH_CONFIG_H
#define SY_HEALTH_CONFIG_H

/* How backends are probed and judged, and the programs that are run for it: parts of struct
 * sy_pool_config and struct sy_config. */
#include <stdbool.h>
#include <stdint.h>

#include "sy/text_sizes.h"

#define SY_MAX_COMMANDS 64
#define SY_MAX_ARGUMENTS 16 /* of a command, its program among them */

enum sy_health_type {
	SY_HEALTH_NONE, /* always up */
	SY_HEALTH_TCP,
	SY_HEALTH_HTTP,
	SY_HEALTH_HTTPS,
	SY_HEALTH_ICMP,
	SY_HEALTH_UDP,
	SY_HEALTH_DNS,
	SY_HEALTH_REDIS,
	SY_HEALTH_POSTGRESQL,
	SY_HEALTH_COMMAND,
	SY_HEALTH_GRPC,
	SY_HEALTH_GRPCS, /* over TLS */
};

enum sy_http_version {
	SY_HTTP_1_1,
	SY_HTTP_2, /* over TLS by ALPN, else at once ("prior knowledge") */
};

/* A program that the balancer runs, without a shell and as another user (lib/control/command). */
struct sy_command_config {
	char name[SY_NAME_SIZE];
	char arguments[SY_MAX_ARGUMENTS]
		      [SY_TEXT_SIZE]; /* the first is the program, an absolute path */
	uint16_t n_arguments; /* 1 or more */
	char user[SY_NAME_SIZE];
	uint32_t timeout_ms; /* of hooks; probes have their own */
};

struct sy_health_config {
	uint8_t type; /* enum sy_health_type */
	bool verify; /* TLS: check the certificate against ca_file, or the system's authorities */
	uint8_t http_version; /* enum sy_http_version; gRPC is always over HTTP/2 */
	uint16_t port; /* 0: the backend's own */
	uint16_t rise; /* successes in a row that make it up */
	uint16_t fall; /* failures in a row that make it down */
	uint16_t status_low; /* HTTP: lowest and highest status that is a success */
	uint16_t status_high;
	uint16_t jitter_percent; /* each interval is drawn within plus or minus this share */
	uint32_t interval_ms;
	uint32_t timeout_ms;
	char method[16];
	char path[SY_TEXT_SIZE];
	char host[SY_TEXT_SIZE]; /* HTTP Host and TLS name; empty: the backend's address */
	char body[SY_TEXT_SIZE]; /* must stand in the answer; empty: any */
	uint32_t expiry_warning_s; /* TLS: a certificate that ends sooner is told; 0: none is */
	char ca_file[SY_TEXT_SIZE]; /* TLS: authorities, PEM; empty: the system's */
	char command[SY_NAME_SIZE]; /* of the commands; empty where the type is another */
	char send[SY_TEXT_SIZE]; /* UDP: what is asked */
	char name
		[SY_TEXT_SIZE]; /* DNS: whose address; PostgreSQL: the user; gRPC: the service; empty: the kind's own */
};

#define SY_MAX_FLAPS 8

/* What clients' connections tell of a backend, and what follows (lib/control/health). */
struct sy_passive_config {
	bool enabled;
	uint16_t failures; /* connections in a row that eject; 0: none do */
	uint16_t clients; /* different ones, of late, without whom nothing but flaps ejects */
	uint16_t deviation_percent; /* of the peers' standard deviation, below their mean; 0: off */
	uint16_t peers; /* backends that a comparison needs */
	uint16_t max_ejected_percent; /* of the pool, at least one */
	uint16_t trials; /* flows in a second after an ejection, and successes that end the trial */
	uint16_t flaps; /* times down in the window that eject; 0: none do */
	uint32_t connections; /* in an interval, to be compared */
	uint32_t interval_ms;
	uint32_t base_ms; /* the first ejection, and what each further one is longer by */
	uint32_t longest_ms;
	uint32_t flap_window_ms;
};

#endif /* SY_HEALTH_CONFIG_H */
