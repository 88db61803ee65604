/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_HEALTH_LAB_H
#define SY_HEALTH_LAB_H

/*
 * Health checks of backends that the test itself plays, on loopback, in the
 * same loop.
 */
#include <uv.h>

#include "sy/health.h"
#include "sy/registry.h"
#include "unit.h"

struct health_lab {
	uv_loop_t loop;
	struct sy_registry *registry;
	struct sy_health *health;
	struct sy_commands *commands;
	struct sy_config config;
	struct sy_pool_config pool;
	unsigned int n_changed;
	uint64_t worst_turn_us; /* of CPU, the longest turn of the loop */
};

/* What the runner of the next lab may run; its copy. */
extern const struct sy_command_config *health_lab_commands;
extern uint32_t health_lab_n_commands;

/* One pool "web" with probes each 20 ms, 200 ms of time-out, rise 2 and fall 2. */
void health_lab_start(struct health_lab *lab, struct sy_backend_config *backends,
	uint32_t n_backends, enum sy_health_type type);
void health_lab_apply(struct health_lab *lab); /* config again */
void health_lab_stop(struct health_lab *lab);
void health_lab_turn(struct health_lab *lab, unsigned int ms);

/* Turns until backend id 0 has a result, then returns it. */
const struct sy_backend *health_lab_first(struct health_lab *lab);
/* Turns until the backend is in the state, or two seconds. */
bool health_lab_becomes(struct health_lab *lab, uint32_t id, enum sy_health_state state);

struct sy_backend_config health_lab_backend(const char *name, const char *address, uint16_t port);

/* A server: accepts on a port of its own and gives everyone the answer, then closes; with no answer
 * it keeps the connection and says nothing. */
struct health_server {
	uv_tcp_t listener;
	const char *answer;
	uint16_t port;
	unsigned int n_accepted;
	char request[1024]; /* the last one's beginning */
};
void health_server_start(struct health_lab *lab, struct health_server *server, const char *address,
	const char *answer);
void health_server_stop(struct health_server *server);

#endif /* SY_HEALTH_LAB_H */
