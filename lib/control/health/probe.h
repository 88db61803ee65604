/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_PROBE_H
#define SY_PROBE_H

/*
 * Kinds of probes: one row of a table and one file each.
 *
 * A probe is started, and either ends by exactly one call of its done() or
 * not_made(), or is cancelled.  It keeps no time: who starts it cancels it when its time is over.
 */
#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "sy/command.h"
#include "sy/registry.h"

#define PROBE_TEXT 96

/* What probes of a kind share; made when the first of them starts. */
struct sy_http;
struct icmp_shared;
struct prober {
	uv_loop_t *loop;
	struct sy_commands *commands; /* NULL: none can be run */
	const struct sy_registry *registry;
	struct sy_http *http;
	struct icmp_shared *icmp;
};

struct probe {
	struct prober *prober;
	const struct sy_health_config *config; /* outlives the probe, may change meanwhile */
	const struct sy_backend *backend; /* within start() only */
	uint64_t certificate_until_s; /* set before done(): as in struct sy_backend */
	struct sy_ip address;
	uint16_t port;
	/* Called once, from the loop, never within start().  text: a few words. */
	void (*done)(struct probe *probe, bool success, const char *text);
	/* In its place, when this host could not probe after all: nothing is known of the backend. */
	void (*not_made)(struct probe *probe, const char *text);
	void *state; /* the kind's own, NULL when not in flight */
};

struct probe_kind {
	uint8_t type; /* enum sy_health_type */
	/* 0, or a negative errno; then it is not in flight. */
	int (*start)(struct probe *probe);
	void (*cancel)(struct probe *probe);
	/* Frees what is shared; none is in flight.  May be NULL. */
	void (*close)(struct prober *prober);
};

extern const struct probe_kind sy_probe_tcp;
extern const struct probe_kind sy_probe_http;
extern const struct probe_kind sy_probe_https;
extern const struct probe_kind sy_probe_icmp;
extern const struct probe_kind sy_probe_udp;
extern const struct probe_kind sy_probe_dns;
extern const struct probe_kind sy_probe_redis;
extern const struct probe_kind sy_probe_postgresql;
extern const struct probe_kind sy_probe_command;
extern const struct probe_kind sy_probe_grpc;
extern const struct probe_kind sy_probe_grpcs;

/* NULL: backends with this type are not probed. */
const struct probe_kind *sy_probe_find(uint8_t type);
void sy_probe_close_all(struct prober *prober);

/* "connection refused": the system's words, as part of a sentence. */
const char *sy_probe_errno(int code, char text[PROBE_TEXT]);

/* The address as sockets want it; returns its length. */
union probe_address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};
socklen_t sy_probe_address(const struct probe *probe, union probe_address *address);

/* A socket (SOCK_STREAM or SOCK_DGRAM) that is being connected to the backend, or a negative errno. */
int sy_probe_connect(const struct probe *probe, int kind);
/* What has befallen it, at an event with this status; 0: nothing. */
int sy_probe_socket_code(int fd, int status);

/* For kinds that ask over HTTP: 0, or -ENOMEM. */
int sy_probe_open_http(struct prober *prober);
/* "10.0.0.1:80" or "[2001:db8::1]:80"; returns text. */
#define PROBE_ENDPOINT (SY_IP_TEXT + 16)
const char *sy_probe_endpoint(const struct probe *probe, char text[PROBE_ENDPOINT]);

#endif /* SY_PROBE_H */
