/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_PERSISTENCE_H
#define SY_PERSISTENCE_H

/*
 * Which backend a client had last, for services that keep clients.
 *
 * The flows of one client belong to several workers, since his port decides too,
 * so this is the one thing that all workers write: a table of fixed size without
 * locks.  An entry of 16 bytes appears at once (a compare and swap of both its
 * words); of two workers that see a client first, the one that is first wins and
 * the other takes its choice.  Known packets never come here, only new flows.
 *
 * The table knows tags, which callers make of service and client, and numbers of
 * backends, which they judge; it is neither cleared nor searched.  What has
 * expired gives way to what comes, and where nothing has, a client who has shown
 * no more than a first packet, which may be in anybody's name.
 *
 * Made by the management core before workers start, freed after they stop.
 */
#include <stdbool.h>
#include <stdint.h>

struct sy_persistence;

/* A backend as flows name it. */
struct sy_persistent {
	uint32_t backend; /* id, below 2^24 */
	uint16_t generation;
};

/* Room for so many clients.  0 or -ENOMEM. */
int sy_persistence_create(uint32_t max_clients, struct sy_persistence **table);
void sy_persistence_destroy(struct sy_persistence *table); /* NULL is no error */
uint64_t sy_persistence_bytes(uint32_t max_clients); /* of ordinary memory */

/* Any thread; walks the table.  Entries in use, expired ones that nobody has replaced among them. */
uint32_t sy_persistence_count(const struct sy_persistence *table);

/* Workers, all that follow.  now_s: seconds of a clock that all workers share; timeout_s: at most
 * 24 hours. */

/* Whether the tag, never 0, is known; if so it is now known for another timeout. */
bool sy_persistence_find(struct sy_persistence *table, uint64_t tag, uint32_t now_s,
	uint32_t timeout_s, struct sy_persistent *found);

/* The same for who only asks: nothing is changed. */
bool sy_persistence_peek(
	struct sy_persistence *table, uint64_t tag, uint32_t now_s, struct sy_persistent *found);

enum sy_persistence_put {
	SY_PERSISTENCE_MADE, /* in a free place, or in that of one who has shown nothing */
	SY_PERSISTENCE_REPLACED, /* made in the place of an expired one */
	SY_PERSISTENCE_LOST, /* another worker was first: backend is its choice now */
	SY_PERSISTENCE_FULL, /* no room where this tag may stand */
};

/* Makes the tag known.  refused: what find() gave and cannot serve any more, NULL: it gave nothing. */
enum sy_persistence_put sy_persistence_put(struct sy_persistence *table, uint64_t tag,
	uint32_t now_s, uint32_t timeout_s, const struct sy_persistent *refused,
	struct sy_persistent *backend);

/* The client, who was given this backend, has shown that he is there: he no longer gives way before
 * his time. */
void sy_persistence_confirm(struct sy_persistence *table, uint64_t tag, uint32_t now_s,
	uint32_t timeout_s, const struct sy_persistent *backend);

#endif /* SY_PERSISTENCE_H */
