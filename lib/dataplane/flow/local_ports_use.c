/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is taken of local ports, as threads other than the worker see it.
 *
 * They read while it changes.  An end's name, which several words make up, is believed only when no
 * end has changed its name meanwhile; its counts are a word each.
 */
#include <string.h>

#include "local_ports.h"

#define MAX_TRIES 8 /* names change when backends do */

static uint32_t
load(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static void
read_end(const struct sy_local_ports *ports, const struct end *end, struct sy_local_use *use)
{
	struct end copy = {
		.of = end->of, .n_used = load(&end->n_used), .n_barred = load(&end->n_barred)
	};

	/* The two were not read at once. */
	copy.n_barred = copy.n_barred < copy.n_used ? copy.n_barred : copy.n_used;
	*use = (struct sy_local_use){
		.end = copy.of,
		.n_taken = copy.n_used - copy.n_barred,
		.n_ports = ports->n_slots - copy.n_barred,
		.tight = is_tight(ports, &copy),
	};
}

/* Odd: an end changes its name just now. */
static uint32_t
begin_reading(const struct sy_local_ports *ports)
{
	return atomic_load_explicit(&ports->version, memory_order_acquire);
}

static bool
has_read(const struct sy_local_ports *ports, uint32_t version)
{
	atomic_thread_fence(memory_order_acquire);
	return version % 2 == 0 &&
		atomic_load_explicit(&ports->version, memory_order_relaxed) == version;
}

uint32_t
sy_local_ports_max_ends(const struct sy_local_ports *ports)
{
	return ports->max_ends;
}

bool
sy_local_ports_use(const struct sy_local_ports *ports, uint32_t place, struct sy_local_use *use)
{
	for (int i = 0; i < MAX_TRIES; i++) {
		uint32_t version = begin_reading(ports);
		struct sy_local_use found;

		read_end(ports, &ports->ends[place], &found);
		if (!has_read(ports, version))
			continue;
		if (found.n_taken > 0)
			*use = found;
		return found.n_taken > 0;
	}
	return false;
}

/* A chain that changes under the reader may lead him in circles, but not out of the array. */
static bool
find(const struct sy_local_ports *ports, const struct sy_local_end *end, struct sy_local_use *use)
{
	uint32_t i = load(&ports->buckets[bucket_of(ports, end)]);

	for (uint32_t steps = 0; i != NO_END && steps < ports->max_ends; steps++) {
		if (same_end(&ports->ends[i].of, end)) {
			read_end(ports, &ports->ends[i], use);
			return true;
		}
		i = load(&ports->ends[i].next);
	}
	return false;
}

void
sy_local_ports_find(const struct sy_local_ports *ports, const struct sy_local_end *end,
	struct sy_local_use *use)
{
	for (int i = 0; i < MAX_TRIES; i++) {
		uint32_t version = begin_reading(ports);
		struct sy_local_use found;
		bool is_there = find(ports, end, &found);

		if (!has_read(ports, version))
			continue;
		if (is_there) {
			*use = found;
			return;
		}
		break;
	}
	*use = (struct sy_local_use){ .end = *end, .n_ports = ports->n_slots };
}
