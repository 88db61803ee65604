/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_PORT_HASH_CHECK_H
#define SY_PORT_HASH_CHECK_H

/*
 * Whether a device's hash can be what steering wishes.  Each check returns 0,
 * or a negative errno with the reason, port and driver named, in error.
 * Management core, before the device is set up.
 */
#include "sy/port.h"
#include "sy/random.h"

/* How a hash comes to depend on the client's endpoint alone, and one that does not. */
enum sy_hash_way {
	SY_HASH_ONE_SIDE, /* the device leaves the other endpoint out */
	SY_HASH_KEY_PAIR, /* it hashes both, and the key leaves one out */
	SY_N_CLIENT_WAYS,
	SY_HASH_WHOLE = SY_N_CLIENT_WAYS, /* both count: rung 2 */
};

struct sy_hash_wish {
	enum sy_hash_way way;
	uint64_t types; /* of the services' packets: all must be hashed with their ports */
	bool families[SY_N_FAMILIES]; /* that services have */
	uint32_t n_workers;
};

/* What the services of the file need. */
void sy_hash_wish_init(
	struct sy_hash_wish *wish, const struct sy_config *config, uint32_t n_workers);

/* Adds what one of them needs. */
void sy_hash_wish_add(struct sy_hash_wish *wish, const struct sy_config *config,
	const struct sy_service_config *service);

/* Whether the hash that a port was told to compute is of these types' ports too. */
int sy_hash_check_told(const struct sy_port *port, uint64_t types, struct sy_error *error);

/* A queue for each worker, a key and a table that can be set, the types; sets n_places, key_size. */
int sy_hash_check(struct sy_port *port, const struct sy_hash_wish *wish, struct sy_error *error);

/* Clients or servers, not both. */
int sy_hash_check_side(const struct sy_port *port, struct sy_error *error);

/* What the way needs beyond that; sets the types of the port's hash. */
int sy_hash_check_way(
	struct sy_port *port, const struct sy_hash_wish *wish, struct sy_error *error);

/* How many bits of a hash choose a queue, on the port with the smallest table. */
unsigned int sy_hash_bits(const struct sy_ports *ports);

/* Draws keys and gives each port its own, and ports that of the clients' side. */
void sy_hash_give_keys(
	struct sy_ports *ports, const struct sy_hash_wish *wish, struct sy_random *random);

/* Configures the device on trial: it may refuse what it says it can. */
int sy_hash_try(struct sy_port *port, struct sy_error *error);

#endif /* SY_PORT_HASH_CHECK_H */
