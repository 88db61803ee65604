/* SPDX-License-Identifier: BSD-3-Clause */
#include <netinet/in.h>

#include "fragments.h"
#include "sy/hash.h"

static struct fragment_key
key_of(const struct sy_packet *packet, const struct sy_piece *piece)
{
	return (struct fragment_key){
		.src = packet->tuple.src,
		.dst = packet->tuple.dst,
		.id = piece->id,
		.family = packet->tuple.family,
		.protocol = packet->tuple.family == SY_IPV4 ? packet->tuple.protocol : 0,
	};
}

static struct fragment *
set_of(struct fragments *fragments, const struct fragment_key *key)
{
	uint64_t hash = sy_hash_pair(sy_hash_addr(&key->src) ^ fragments->seed,
		sy_hash_addr(&key->dst) + ((uint64_t)key->id << 8 | key->protocol));

	return &fragments->entries[hash % FRAGMENT_SETS * FRAGMENT_WAYS];
}

static bool
is_current(const struct sy_worker *worker, const struct fragment *fragment)
{
	return fragment->state != FRAGMENT_FREE &&
		sy_ticks_since(worker->now, fragment->seen) <= FRAGMENT_MS;
}

/* Of a set, the place that is free, or was used longest ago. */
static struct fragment *
take_place(struct sy_worker *worker, struct fragment *set, const struct fragment_key *key)
{
	struct fragment *place = &set[0];

	for (int i = 0; i < FRAGMENT_WAYS && is_current(worker, place); i++) {
		if (!is_current(worker, &set[i]) ||
			sy_ticks_since(worker->now, set[i].seen) >
				sy_ticks_since(worker->now, place->seen))
			place = &set[i];
	}
	*place = (struct fragment){
		.key = *key,
		.state = FRAGMENT_WAITS,
		.serial = place->serial + 1,
		.id = sy_next_piece_id(worker),
	};
	return place;
}

static bool
is_same(const struct fragment_key *a, const struct fragment_key *b)
{
	return sy_addr_equal(&a->src, &b->src) && sy_addr_equal(&a->dst, &b->dst) &&
		a->id == b->id && a->family == b->family && a->protocol == b->protocol;
}

static struct fragment *
find_or_take(struct sy_worker *worker, const struct fragment_key *key)
{
	struct fragment *set = set_of(worker->fragments, key);

	for (int i = 0; i < FRAGMENT_WAYS; i++) {
		if (is_current(worker, &set[i]) && is_same(&set[i].key, key))
			return &set[i];
	}
	return take_place(worker, set, key);
}

/* The piece is no longer among those that wait. */
static struct rte_mbuf *
take_up(struct sy_worker *worker, struct held_piece *held)
{
	struct fragment *fragment = &worker->fragments->entries[held->fragment];
	struct rte_mbuf *mbuf = held->mbuf;

	held->mbuf = NULL;
	if (fragment->serial == held->serial)
		fragment->n_held--;
	worker->pieces_held--;
	count(worker, SY_COUNTER_RELEASED, 1);
	return mbuf;
}

static void
give_up(struct sy_worker *worker, struct held_piece *held)
{
	if (held->mbuf != NULL)
		sy_drop_mbuf(worker, take_up(worker, held), SY_DROP_FRAGMENT);
}

static void
hold(struct sy_worker *worker, struct sy_packet *packet, struct fragment *fragment)
{
	struct fragments *fragments = worker->fragments;
	struct held_piece *held = &fragments->held[fragments->next % FRAGMENT_HELD];

	if (fragment->n_held == FRAGMENT_HELD_EACH) {
		mark_drop(packet, SY_DROP_FRAGMENT);
		return;
	}
	if (fragments->next - fragments->oldest == FRAGMENT_HELD) {
		give_up(worker, held);
		fragments->oldest++;
	}
	packet->mbuf->port = packet->port;
	*held = (struct held_piece){
		.mbuf = packet->mbuf,
		.fragment = (uint32_t)(fragment - fragments->entries),
		.serial = fragment->serial,
		.since = worker->now,
	};
	fragments->next++;
	fragment->n_held++;
	worker->pieces_held++;
	packet->verdict = SY_VERDICT_GONE;
	count(worker, SY_COUNTER_HELD, 1);
}

uint16_t
sy_fragment_id(const struct sy_packet *packet)
{
	return (uint16_t)packet->mbuf->hash.fdir.hi;
}

/* Remembers a first piece for those that follow. */
void
sy_fragment_first(struct sy_worker *worker, const struct sy_packet *packet)
{
	struct sy_piece piece = sy_packet_piece(packet);
	struct fragment_key key = key_of(packet, &piece);
	struct fragment *fragment;

	if (worker->handed) /* its tails come with ports, from where it came */
		return;
	fragment = find_or_take(worker, &key);
	fragment->seen = worker->now;
	packet->mbuf->hash.fdir.hi = fragment->id;
	if (fragment->state == FRAGMENT_BAD)
		return;
	worker->pieces_ready |= fragment->n_held > 0;
	fragment->state = FRAGMENT_KNOWN;
	fragment->first_end = (uint16_t)piece.length;
	memcpy(fragment->ports_be, packet->tuple.ports_be, sizeof(fragment->ports_be));
}

/* Gives a tail its ports.  False: it waits, or is dropped. */
static bool
find_ports(struct sy_worker *worker, struct sy_packet *packet)
{
	struct sy_piece piece = sy_packet_piece(packet);
	struct fragment_key key = key_of(packet, &piece);
	struct fragment *fragment;

	if (worker->handed) {
		memcpy(packet->tuple.ports_be, &packet->mbuf->hash.usr,
			sizeof(packet->tuple.ports_be));
		return true;
	}
	fragment = find_or_take(worker, &key);
	fragment->seen = worker->now;
	if (fragment->state == FRAGMENT_KNOWN && piece.offset < fragment->first_end)
		fragment->state = FRAGMENT_BAD;
	if (fragment->state == FRAGMENT_BAD) {
		mark_drop(packet, SY_DROP_BAD_FRAGMENT);
		return false;
	}
	if (fragment->state == FRAGMENT_WAITS) {
		hold(worker, packet, fragment);
		return false;
	}
	packet->mbuf->hash.fdir.hi = fragment->id;
	memcpy(packet->tuple.ports_be, fragment->ports_be, sizeof(packet->tuple.ports_be));
	count(worker, SY_COUNTER_FRAGMENTS, 1);
	return true;
}

static bool
has_ports(uint8_t protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP;
}

bool
sy_fragment_admit(struct sy_worker *worker, struct sy_packet *packet)
{
	if (!has_ports(packet->tuple.protocol))
		return true;
	if (!sy_packet_is_tail(packet)) {
		sy_fragment_first(worker, packet);
	} else {
		if (!find_ports(worker, packet))
			return false;
		sy_track_again(worker, packet);
		if (packet->flow != NULL || sy_local_find_mapped(worker, packet)) {
			sy_pass_tail(worker, packet);
			return false;
		}
	}
	if (worker->n_workers == 1 || worker->handed)
		return true;
	if (packet->service == SY_UNCLASSIFIED)
		sy_classify(worker, packet);
	return packet->verdict != SY_VERDICT_NONE || !sy_steer(worker, packet);
}

/* Takes what waits for a first piece that has come, in order, up to a burst of it. */
static uint32_t
take_ready(struct sy_worker *worker, struct rte_mbuf *mbufs[])
{
	struct fragments *fragments = worker->fragments;
	uint32_t n = 0;

	for (uint32_t i = fragments->oldest; i != fragments->next && n < SY_BURST; i++) {
		struct held_piece *held = &fragments->held[i % FRAGMENT_HELD];
		struct fragment *fragment = &fragments->entries[held->fragment];

		if (held->mbuf == NULL || fragment->serial != held->serial ||
			fragment->state == FRAGMENT_WAITS)
			continue;
		mbufs[n++] = take_up(worker, held);
	}
	worker->pieces_ready = n == SY_BURST;
	return n;
}

void
sy_fragments_release(struct sy_worker *worker)
{
	struct rte_mbuf *mbufs[SY_BURST];
	uint32_t n = take_ready(worker, mbufs);

	worker->handed = false;
	for (uint32_t i = 0; i < n; i++) {
		struct sy_packet *packet = &worker->packets[i];

		sy_packet_parse(packet, mbufs[i]);
		packet->flow = NULL;
		packet->service = SY_UNCLASSIFIED;
		packet->port = (uint8_t)mbufs[i]->port;
		/* What stands there is of the burst that is over. */
		worker->looks[i].service = NULL;
		sy_admit(worker, packet);
	}
	sy_stage_finish(worker, n);
}

void
sy_fragments_expire(struct sy_worker *worker)
{
	struct fragments *fragments = worker->fragments;

	while (fragments->oldest != fragments->next) {
		struct held_piece *held = &fragments->held[fragments->oldest % FRAGMENT_HELD];

		if (held->mbuf != NULL && sy_ticks_since(worker->now, held->since) <= FRAGMENT_MS)
			return;
		give_up(worker, held);
		fragments->oldest++;
	}
}
