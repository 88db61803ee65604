/* SPDX-License-Identifier: BSD-3-Clause */
#include "library.h"

#include <errno.h>
#include <stdio.h>

#include <rte_cycles.h>
#include <rte_hash.h>
#include <rte_malloc.h>
#include <rte_prefetch.h>

#include "appliance.h"
#include "frame.h"
#include "sy/hash.h"
#include "sy/packet.h"

/* Above the keys in it, so that none is refused: it refuses at nine in ten. */
#define SPARE_SHARE 4

#define OTHER_FAMILY_FLOWS 64 /* the least that our table takes */

/* Zeroed before use: rte_hash takes all bytes. */
union key {
	struct {
		uint32_t src, dst, ports, protocol;
	} v4;
	struct {
		struct sy_addr src, dst;
		uint32_t ports, protocol;
	} v6;
};

static uint32_t
key_bytes(uint8_t ip)
{
	const union key *key = NULL;

	return ip == 6 ? sizeof(key->v6) : sizeof(key->v4);
}

static inline void
write_key(union key *key, const struct sy_tuple *tuple)
{
	uint32_t ports = tuple->src_port_be | (uint32_t)tuple->dst_port_be << 16;

	if (tuple->family == SY_IPV4) {
		key->v4.src = tuple->src.v4_be;
		key->v4.dst = tuple->dst.v4_be;
		key->v4.ports = ports;
		key->v4.protocol = tuple->protocol;
		return;
	}
	key->v6.src = tuple->src;
	key->v6.dst = tuple->dst;
	key->v6.ports = ports;
	key->v6.protocol = tuple->protocol;
}

/* Half of the room: it never waits for a flow's time to be up. */
static uint32_t
count_entries(const struct bench_scenario *scenario)
{
	return scenario->flows + scenario->room / 2;
}

static uint32_t
count_keys(const struct bench_scenario *scenario)
{
	uint32_t keys = 2 * count_entries(scenario);

	return keys + keys / SPARE_SHARE;
}

uint64_t
bench_library_bytes(const struct bench_scenario *scenario)
{
	uint64_t keys = count_keys(scenario);
	uint64_t slots = rte_align64pow2(keys + 1);

	/* Buckets of eight in a line, keys with their data, numbers of free ones. */
	return slots * 8 + keys * RTE_ALIGN_CEIL(key_bytes(scenario->ip) + 8, 16) + slots * 4 +
		(uint64_t)count_entries(scenario) * bench_entry_bytes(scenario);
}

static inline struct sy_flow *
entry_at(const struct bench_library *library, uint32_t number)
{
	return (struct sy_flow *)(library->entries + (size_t)number * library->entry_bytes);
}

static void
set_party(struct sy_flow *flow, enum sy_flow_party party, const struct sy_addr *address,
	uint16_t port_be)
{
	flow->ports_be[party] = port_be;
	if (flow->family == SY_IPV4)
		flow->v4_be[party] = address->v4_be;
	else
		((struct sy_flow_v6 *)flow)->addresses[party] = *address;
}

static void
fill_entry(struct sy_flow *flow, const struct sy_tuple *original, const struct sy_tuple *reply)
{
	*flow = (struct sy_flow){
		.family = original->family,
		.protocol = original->protocol,
		.state = original->protocol == IPPROTO_TCP ? SY_FLOW_SYN_SENT : SY_FLOW_UDP,
	};
	set_party(flow, SY_FLOW_CLIENT, &original->src, original->src_port_be);
	set_party(flow, SY_FLOW_VIP, &original->dst, original->dst_port_be);
	set_party(flow, SY_FLOW_BACKEND, &reply->src, reply->src_port_be);
	set_party(flow, SY_FLOW_LOCAL, &reply->dst, reply->dst_port_be);
}

static int
add_key(struct bench_library *library, const struct sy_tuple *tuple, uint32_t data)
{
	union key key = { 0 };

	write_key(&key, tuple);
	return rte_hash_add_key_data(library->hash, &key, (void *)(uintptr_t)data);
}

static void
remove_flow(struct bench_library *library, const struct sy_flow *flow)
{
	for (uint8_t direction = SY_ORIGINAL; direction <= SY_REPLY; direction++) {
		struct sy_tuple tuple = sy_flow_tuple(flow, direction);
		union key key = { 0 };

		write_key(&key, &tuple);
		rte_hash_del_key(library->hash, &key);
	}
}

/* Of an established flow in our own table. */
static int
make_own(struct bench_library *library, const struct sy_tuple *original,
	const struct sy_tuple *reply)
{
	struct sy_flow *flow;
	int status = sy_flow_create(library->table, original, reply, 0, &flow);

	if (status == 0)
		flow->state = SY_FLOW_ESTABLISHED;
	return status;
}

static int
make_flow(struct bench_library *library, uint32_t number, const struct sy_tuple *original,
	struct bench_endpoint backend)
{
	const uint8_t ip = library->traffic->scenario->ip;
	const struct sy_forward_target target = {
		.address = bench_address(ip, &backend),
		.port_be = rte_cpu_to_be_16(backend.port),
		.family = original->family,
	};
	struct sy_tuple reply;
	int status;

	library->forward->reply_tuple(original, &target, &reply);
	if (library->table != NULL)
		return make_own(library, original, &reply);
	fill_entry(entry_at(library, number), original, &reply);
	status = add_key(library, original, number << 1 | SY_ORIGINAL);
	if (status == 0)
		status = add_key(library, &reply, number << 1 | SY_REPLY);
	return status;
}

static int
make_known(struct bench_library *library)
{
	const struct bench_traffic *traffic = library->traffic;
	const struct bench_scenario *scenario = traffic->scenario;
	int status = 0;

	for (uint32_t i = 0; status == 0 && i < scenario->flows; i++) {
		uint32_t service = bench_service(scenario, i);
		struct bench_endpoint client = bench_client(BENCH_CLIENT, i);
		struct bench_endpoint vip = bench_vip(service);
		const struct sy_tuple original = {
			.src = bench_address(scenario->ip, &client),
			.dst = bench_address(scenario->ip, &vip),
			.src_port_be = rte_cpu_to_be_16(client.port),
			.dst_port_be = rte_cpu_to_be_16(vip.port),
			.family = scenario->ip == 6 ? SY_IPV6 : SY_IPV4,
			.protocol = IPPROTO_TCP,
		};

		if (bench_owner(traffic->known, i) != traffic->worker)
			continue;
		status = make_flow(
			library, i, &original, bench_backend(service, traffic->known->backends[i]));
		if (library->table == NULL)
			entry_at(library, i)->state = SY_FLOW_ESTABLISHED;
	}
	return status;
}

static int
create_table(struct bench_library *library)
{
	const struct bench_scenario *scenario = library->traffic->scenario;
	struct sy_flow_table_params params = {
		.max_flows = { OTHER_FAMILY_FLOWS, OTHER_FAMILY_FLOWS },
		.socket = bench_socket(),
		.seed = 1,
	};

	params.max_flows[scenario->ip == 6 ? SY_IPV6 : SY_IPV4] = scenario->flows;
	return sy_flow_table_create(&params, &library->table);
}

static int
create_hash(struct bench_library *library)
{
	const struct bench_traffic *traffic = library->traffic;
	char name[RTE_HASH_NAMESIZE];
	const struct rte_hash_parameters params = {
		.name = name,
		.entries = count_keys(traffic->scenario),
		.key_len = key_bytes(traffic->scenario->ip),
		.socket_id = bench_socket(),
	};

	snprintf(name, sizeof(name), "library%u", traffic->worker);
	library->hash = rte_hash_create(&params);
	library->entries = rte_zmalloc_socket(
		"library", (size_t)library->n_entries * library->entry_bytes, 64, bench_socket());
	return library->hash == NULL || library->entries == NULL ? -ENOMEM : 0;
}

int
bench_library_init(
	struct bench_library *library, struct bench_traffic *traffic, const char *mode, bool own)
{
	const struct bench_scenario *scenario = traffic->scenario;
	int status;

	*library = (struct bench_library){
		.traffic = traffic,
		.forward = sy_forward_at(sy_forward_find(mode)),
		.entry_bytes = bench_entry_bytes(scenario),
		.n_entries = count_entries(scenario),
		.next_entry = scenario->flows,
		.cycles_per_ms = rte_get_tsc_hz() / 1000,
	};
	status = own ? create_table(library) : create_hash(library);
	return status == 0 ? make_known(library) : status;
}

void
bench_library_fini(struct bench_library *library)
{
	sy_flow_table_destroy(library->table);
	rte_hash_free(library->hash);
	rte_free(library->entries);
}

/* The newcomer takes the oldest one's place. */
static struct sy_flow *
admit(struct bench_library *library, const struct sy_packet *packet)
{
	const struct bench_scenario *scenario = library->traffic->scenario;
	uint32_t number = library->next_entry;
	struct sy_flow *flow = entry_at(library, number);
	uint64_t hash = sy_hash_endpoint(&packet->tuple.src, packet->tuple.src_port_be);
	uint32_t backend = sy_hash_range((uint32_t)(hash >> 32), scenario->backends);

	if (flow->state != SY_FLOW_FREE)
		remove_flow(library, flow);
	if (make_flow(library, number, &packet->tuple, bench_backend(0, backend)) != 0)
		return NULL;
	if (++library->next_entry == library->n_entries)
		library->next_entry = scenario->flows;
	return flow;
}

static inline void
track(struct sy_flow *flow, const struct sy_packet *packet)
{
	const struct rte_tcp_hdr *tcp =
		rte_pktmbuf_mtod_offset(packet->mbuf, const struct rte_tcp_hdr *, packet->l4);
	const struct sy_tcp_segment segment = {
		.seq = rte_be_to_cpu_32(tcp->sent_seq),
		.ack = rte_be_to_cpu_32(tcp->recv_ack),
		.window = rte_be_to_cpu_16(tcp->rx_win),
		.flags = packet->tcp_flags,
		.length = (uint32_t)(packet->end - packet->payload),
	};

	if (packet->tuple.protocol == IPPROTO_TCP)
		sy_tcp_track(flow, packet->direction, &segment);
}

static inline void
forward(struct bench_library *library, struct sy_packet *packet, struct sy_flow *flow)
{
	static const uint8_t ethernet[12] = { 2, 0, 0, 0, 0, 0xfe, 2 };

	track(flow, packet);
	sy_packet_decrement_ttl(packet);
	library->forward->apply(packet, flow, NULL);
	memcpy(rte_pktmbuf_mtod(packet->mbuf, uint8_t *), ethernet, sizeof(ethernet));
}

static inline void
ask_for_entries(const struct bench_library *library, void *const data[], uint64_t hits)
{
	for (; hits != 0; hits &= hits - 1) {
		uint32_t number = (uint32_t)(uintptr_t)data[__builtin_ctzll(hits)] >> 1;
		const uint8_t *entry = (const uint8_t *)entry_at(library, number);

		rte_prefetch0(entry);
		if (library->entry_bytes > 64)
			rte_prefetch0(entry + 64);
	}
}

/* Flow and direction of each packet; NULL where there is no flow. */
static inline void
look_up(struct bench_library *library, struct sy_packet packets[], uint16_t n)
{
	union key keys[SY_BURST];
	const void *key_list[SY_BURST];
	void *data[SY_BURST];
	uint64_t hits = 0;

	for (uint16_t i = 0; i < n; i++) {
		write_key(&keys[i], &packets[i].tuple);
		key_list[i] = &keys[i];
	}
	rte_hash_lookup_bulk_data(library->hash, key_list, n, &hits, data);
	ask_for_entries(library, data, hits);
	for (uint16_t i = 0; i < n; i++) {
		uint32_t slot = (uint32_t)(uintptr_t)data[i];
		bool hit = (hits >> i & 1) != 0;

		packets[i].flow = hit ? entry_at(library, slot >> 1) : NULL;
		packets[i].direction = hit ? slot & 1 : SY_ORIGINAL;
	}
}

static inline void
look_up_own(struct bench_library *library, struct sy_packet packets[], uint16_t n)
{
	const struct sy_tuple *tuples[SY_BURST];
	struct sy_flow_hit hits[SY_BURST];

	for (uint16_t i = 0; i < n; i++)
		tuples[i] = &packets[i].tuple;
	sy_flow_lookup(library->table, tuples, n, hits);
	for (uint16_t i = 0; i < n; i++) {
		packets[i].flow = hits[i].flow;
		packets[i].direction = hits[i].direction;
	}
}

static inline void
turn(struct bench_library *library)
{
	struct rte_mbuf *mbufs[SY_BURST];
	struct sy_packet packets[SY_BURST];
	uint16_t n = bench_receive(library->traffic, mbufs, SY_BURST);
	sy_ticks now = (sy_ticks)(rte_rdtsc() / library->cycles_per_ms);

	for (uint16_t i = 0; i < n; i++)
		sy_packet_parse(&packets[i], mbufs[i]);
	if (library->table != NULL)
		look_up_own(library, packets, n);
	else
		look_up(library, packets, n);
	for (uint16_t i = 0; i < n; i++) {
		struct sy_packet *packet = &packets[i];

		if (packet->flow == NULL)
			packet->flow = admit(library, packet);
		if (packet->flow == NULL)
			continue;
		packet->flow->last_seen = now;
		forward(library, packet, packet->flow);
	}
	bench_send(library->traffic, mbufs, n);
}

uint64_t
bench_library_run(void *member, uint64_t n)
{
	uint64_t started = rte_rdtsc_precise();

	for (uint64_t i = 0; i < n; i += SY_BURST)
		turn(member);
	return rte_rdtsc_precise() - started;
}
