/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_tcp.h>
#include <rte_udp.h>

#include "fixture.h"
#include "sy/forward.h"
#include "sy/time.h"

#define CHECK(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "fixture: %s failed\n", #condition); \
			abort(); \
		} \
	} while (0)

const uint8_t *fixture_tuple_key;

char *
fixture_config(const char *pool_more, const char *service_more)
{
	char *text = NULL;
	int length = asprintf(&text,
		"{\"max_flows\":4096,\"max_services\":16,\"max_backends\":16,\"ports\":["
		"{\"name\":\"wan\",\"device\":\"net_null0\",\"addresses\":[\"192.0.2.1/24\"]},"
		"{\"name\":\"lan\",\"device\":\"net_null1\",\"addresses\":[\"10.0.0.1/24\"]}],"
		"\"neighbours\":["
		"{\"address\":\"192.0.2.100\",\"mac\":\"02:00:00:00:00:64\",\"port\":\"wan\"},"
		"{\"address\":\"10.0.0.11\",\"mac\":\"02:00:00:00:00:11\",\"port\":\"lan\"},"
		"{\"address\":\"10.0.0.12\",\"mac\":\"02:00:00:00:00:12\",\"port\":\"lan\"},"
		"{\"address\":\"10.0.0.13\",\"mac\":\"02:00:00:00:00:13\",\"port\":\"lan\"}],"
		"\"pools\":[{\"name\":\"web\",\"scheduler\":\"rr\",\"health\":{\"type\":\"none\"},"
		"%s\"backends\":["
		"{\"name\":\"web1\",\"address\":\"10.0.0.11\",\"port\":8080},"
		"{\"name\":\"web2\",\"address\":\"10.0.0.12\",\"port\":8080},"
		"{\"name\":\"web3\",\"address\":\"10.0.0.13\",\"port\":8080}]}],"
		"\"services\":[{\"name\":\"www\",\"address\":\"192.0.2.80\",\"port\":80,%s"
		"\"protocol\":\"tcp\",\"mode\":\"nat\",\"pool\":\"web\"},"
		"{\"name\":\"dns\",\"address\":\"192.0.2.80\",\"port\":53,"
		"\"protocol\":\"udp\",\"mode\":\"nat\",\"pool\":\"web\"},"
		"{\"name\":\"alt\",\"address\":\"192.0.2.80\",\"port\":81,"
		"\"protocol\":\"tcp\",\"mode\":\"nat\",\"pool\":\"web\"}]}",
		pool_more, service_more);

	CHECK(length > 0);
	return text;
}

static uint16_t
take_in(void *context, struct rte_mbuf **mbufs, uint16_t n)
{
	struct fixture_port *port = context;
	uint16_t taken = (uint16_t)(port->n_in < n ? port->n_in : n);

	memcpy(mbufs, port->in, taken * sizeof(*mbufs));
	port->n_in -= taken;
	memmove(port->in, port->in + taken, port->n_in * sizeof(*mbufs));
	return taken;
}

static uint16_t
put_out(void *context, struct rte_mbuf **mbufs, uint16_t n)
{
	struct fixture_port *port = context;
	uint16_t taken = (uint16_t)(port->room < n ? port->room : n);

	CHECK(port->n_out + taken <= FIXTURE_FRAMES);
	memcpy(port->out + port->n_out, mbufs, taken * sizeof(*mbufs));
	port->n_out += taken;
	port->room -= taken;
	return taken;
}

static void
start_worker(struct fixture *fixture, uint32_t index)
{
	struct sy_port_io ios[2];
	struct sy_worker_params params = {
		.index = index,
		.n_workers = fixture->n_workers,
		.owners = &fixture->owners,
		.publication = &fixture->publisher.publication,
		.mailboxes = fixture->mailboxes,
		.stats = fixture->stats->workers[index],
		.live = sy_live_view(fixture->live, index),
		.persistence = fixture->persistence,
		.pool = fixture->pool,
		.ports = ios,
		.n_ports = 2,
		.max_services = fixture->config->max_services,
		.max_pools = sy_config_max_pools(fixture->config),
		.max_flows = { 4096, 4096 },
		.punt_rate = 1000000,
		.punt_burst = 8,
		.idle_mode = fixture->idle_longest_us > 0 ? SY_IDLE_SLEEP : SY_IDLE_POLL,
		.idle_sleep_us = fixture->idle_sleep_us,
		.idle_longest_us = fixture->idle_longest_us,
	};

	for (int i = 0; i < 2; i++) {
		fixture->ports[i].room = UINT32_MAX;
		ios[i] = (struct sy_port_io){
			.context = &fixture->ports[i],
			.receive = index == 0 ? take_in : NULL,
			.send = index == 0 ? put_out : NULL,
			.sender = 0,
		};
	}
	CHECK(sy_worker_create(&params, &fixture->workers[index]) == 0);
	CHECK(sy_worker_open_local_ports(fixture->workers[index], 64) == 0);
}

static void
start_routes(struct fixture *fixture)
{
	sy_routes_init(&fixture->routes);
	for (uint8_t i = 0; i < 2; i++) {
		fixture->routes.ports[i].mac = (struct sy_mac){ { 2, 0, 0, 0, 1, i } };
		fixture->routes.ports[i].mtu = 1500;
		fixture->routes.ports[i].link_up = true;
		fixture->routes.ports[i].has_twin = true;
	}
	CHECK(sy_routes_add_config(&fixture->routes, fixture->config) == 0);
}

void
fixture_start(struct fixture *fixture, const char *config, uint32_t n_workers)
{
	static const int sockets[SY_MAX_WORKERS];
	const struct sy_config *rows;
	struct sy_error error;

	memset(fixture, 0, sizeof(*fixture));
	fixture->n_workers = n_workers;
	if (fixture_tuple_key != NULL)
		sy_owners_init_tuple(&fixture->owners, n_workers, fixture_tuple_key, 7);
	else
		sy_owners_init(&fixture->owners, n_workers, 1);
	if (sy_config_parse("test", config, strlen(config), NULL, &fixture->config, &error) != 0) {
		fprintf(stderr, "fixture: %s\n", error.text);
		abort();
	}
	rows = fixture->config;
	fixture->pool = rte_pktmbuf_pool_create("fixture", 2047, 0, 0, 4224, SOCKET_ID_ANY);
	CHECK(fixture->pool != NULL);
	start_routes(fixture);
	CHECK(sy_stats_create(n_workers, sockets, rows->max_services, rows->max_backends,
		      &fixture->stats) == 0);
	CHECK(sy_live_create(n_workers, rows->max_backends, &fixture->live) == 0);
	CHECK(sy_persistence_create(1024, &fixture->persistence) == 0);
	CHECK(sy_registry_create(rows->max_services, rows->max_backends, fixture->live,
		      fixture->stats, &fixture->registry) == 0);
	CHECK(sy_registry_apply(fixture->registry, fixture->config, &error) == 0);
	CHECK(sy_publisher_init(&fixture->publisher, n_workers) == 0);
	for (uint32_t i = 0; i < n_workers; i++)
		CHECK(sy_mailbox_create(i, n_workers, 0, &fixture->mailboxes[i]) == 0);
	fixture_publish(fixture);
	for (uint32_t i = 0; i < n_workers; i++)
		start_worker(fixture, i);
}

void
fixture_rest(struct fixture *fixture, uint32_t sleep_us, uint32_t longest_us)
{
	fixture->idle_sleep_us = sleep_us;
	fixture->idle_longest_us = longest_us;
	sy_worker_destroy(fixture->workers[0]);
	start_worker(fixture, 0);
}

void
fixture_settle(struct fixture *fixture)
{
	sy_registry_set_quotas(fixture->registry, fixture->live->quota);
	sy_live_publish(fixture->live, sy_registry_n_backends(fixture->registry));
	sy_quota_publish(fixture->live->quota, sy_time_us());
}

struct sy_snapshot *
fixture_build(struct fixture *fixture)
{
	const struct sy_snapshot_params params = {
		.n_workers = fixture->n_workers,
		.max_flows = 4096,
		.find_mode = sy_forward_find,
		.is_stateless = sy_forward_is_stateless,
		.replies_apart = sy_forward_replies_apart,
		.build_tunnel = sy_forward_build_tunnel,
	};
	struct sy_snapshot *snapshot;
	struct sy_error error;

	if (sy_snapshot_build(&params, fixture->registry, &fixture->routes,
		    sy_snapshot_load(&fixture->publisher.publication), &snapshot, &error) != 0) {
		fprintf(stderr, "fixture: %s\n", error.text);
		abort();
	}
	return snapshot;
}

void
fixture_publish(struct fixture *fixture)
{
	sy_publisher_publish(&fixture->publisher, fixture_build(fixture));
}

void
fixture_stop(struct fixture *fixture)
{
	fixture_forget_sent(fixture);
	for (uint32_t i = 0; i < fixture->n_workers; i++)
		sy_worker_destroy(fixture->workers[i]);
	for (uint32_t i = 0; i < fixture->n_workers; i++)
		sy_mailbox_destroy(fixture->mailboxes[i]);
	sy_publisher_fini(&fixture->publisher);
	sy_registry_destroy(fixture->registry);
	sy_live_destroy(fixture->live);
	sy_persistence_destroy(fixture->persistence);
	sy_stats_destroy(fixture->stats);
	sy_routes_fini(&fixture->routes);
	sy_config_free(fixture->config);
	CHECK(rte_mempool_in_use_count(fixture->pool) == 0); /* no packet was lost */
	rte_mempool_free(fixture->pool);
}

static void *
append(struct rte_mbuf *mbuf, size_t length)
{
	void *at = rte_pktmbuf_append(mbuf, (uint16_t)length);

	CHECK(at != NULL);
	memset(at, 0, length);
	return at;
}

static void
write_tcp(struct rte_mbuf *mbuf, const struct rte_ipv4_hdr *ip, uint16_t src_port,
	uint16_t dst_port, uint8_t flags, uint32_t seq, uint32_t ack)
{
	struct rte_tcp_hdr *tcp = append(mbuf, sizeof(*tcp));

	tcp->src_port = htons(src_port);
	tcp->dst_port = htons(dst_port);
	tcp->tcp_flags = flags;
	tcp->sent_seq = htonl(seq);
	tcp->recv_ack = htonl(ack);
	tcp->data_off = 5 << 4;
	tcp->rx_win = htons(1000);
	tcp->cksum = rte_ipv4_udptcp_cksum(ip, tcp);
}

static void
write_udp(
	struct rte_mbuf *mbuf, const struct rte_ipv4_hdr *ip, uint16_t src_port, uint16_t dst_port)
{
	struct rte_udp_hdr *udp = append(mbuf, sizeof(*udp));

	udp->src_port = htons(src_port);
	udp->dst_port = htons(dst_port);
	udp->dgram_len = htons(sizeof(*udp));
	udp->dgram_cksum = rte_ipv4_udptcp_cksum(ip, udp);
}

struct rte_mbuf *
fixture_packet(struct fixture *fixture, const char *src, uint16_t src_port, const char *dst,
	uint16_t dst_port, uint8_t tcp_flags, uint32_t seq, uint32_t ack)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(fixture->pool);
	struct rte_ether_hdr *ether;
	struct rte_ipv4_hdr *ip;
	size_t l4_length = tcp_flags != 0 ? sizeof(struct rte_tcp_hdr) : sizeof(struct rte_udp_hdr);

	CHECK(mbuf != NULL);
	ether = append(mbuf, sizeof(*ether) + sizeof(*ip));
	ether->ether_type = htons(RTE_ETHER_TYPE_IPV4);
	ip = (void *)(ether + 1);
	ip->version_ihl = RTE_IPV4_VHL_DEF;
	ip->total_length = htons((uint16_t)(sizeof(*ip) + l4_length));
	ip->fragment_offset = htons(RTE_IPV4_HDR_DF_FLAG);
	ip->time_to_live = 64;
	ip->next_proto_id = tcp_flags != 0 ? IPPROTO_TCP : IPPROTO_UDP;
	ip->src_addr = inet_addr(src);
	ip->dst_addr = inet_addr(dst);
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	if (tcp_flags != 0)
		write_tcp(mbuf, ip, src_port, dst_port, tcp_flags, seq, ack);
	else
		write_udp(mbuf, ip, src_port, dst_port);
	return mbuf;
}

struct rte_mbuf *
fixture_datagram(struct fixture *fixture, const char *src, uint16_t src_port, const char *dst,
	uint16_t dst_port, const void *payload, uint16_t n)
{
	struct rte_mbuf *mbuf = fixture_packet(fixture, src, src_port, dst, dst_port, 0, 0, 0);
	struct rte_ipv4_hdr *ip = fixture_ip(mbuf);
	struct rte_udp_hdr *udp = (void *)(ip + 1);

	memcpy(append(mbuf, n), payload, n);
	ip->total_length = htons((uint16_t)(sizeof(*ip) + sizeof(*udp) + n));
	ip->hdr_checksum = 0;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	udp->dgram_len = htons((uint16_t)(sizeof(*udp) + n));
	udp->dgram_cksum = 0;
	udp->dgram_cksum = rte_ipv4_udptcp_cksum(ip, udp);
	return mbuf;
}

void
fixture_turn(struct fixture *fixture)
{
	/* Enough for a packet to go to the other worker and to come back to be sent. */
	for (int i = 0; i < 4; i++) {
		for (uint32_t w = 0; w < fixture->n_workers; w++)
			sy_worker_turn(fixture->workers[w]);
	}
	sy_live_publish(fixture->live, sy_registry_n_backends(fixture->registry));
}

void
fixture_receive(struct fixture *fixture, uint32_t port, struct rte_mbuf *mbuf)
{
	CHECK(fixture->ports[port].n_in < FIXTURE_FRAMES);
	fixture->ports[port].in[fixture->ports[port].n_in++] = mbuf;
	fixture_turn(fixture);
}

struct rte_mbuf *
fixture_sent(struct fixture *fixture, uint32_t port)
{
	struct fixture_port *at = &fixture->ports[port];

	if (at->n_out != 1)
		return NULL;
	at->n_out = 0;
	return at->out[0];
}

void
fixture_forget_sent(struct fixture *fixture)
{
	for (int i = 0; i < 2; i++) {
		rte_pktmbuf_free_bulk(fixture->ports[i].out, fixture->ports[i].n_out);
		fixture->ports[i].n_out = 0;
	}
}

int
fixture_closes(struct fixture *fixture)
{
	for (uint32_t i = 0; i < fixture->n_workers; i++) {
		const uint64_t *c = fixture->stats->workers[i]->counters;
		uint64_t in = c[SY_COUNTER_RECEIVED] + c[SY_COUNTER_FROM_KERNEL] +
			c[SY_COUNTER_HANDED_IN] + c[SY_COUNTER_ORIGINATED] + c[SY_COUNTER_RELEASED];
		uint64_t out = c[SY_COUNTER_TRANSMITTED] + c[SY_COUNTER_TO_KERNEL] +
			c[SY_COUNTER_HANDED_OVER] + c[SY_COUNTER_HELD] +
			sy_stats_worker_dropped(fixture->stats, i);

		if (in != out ||
			c[SY_COUNTER_FLOWS_CREATED] - c[SY_COUNTER_FLOWS_ENDED] !=
				sy_worker_flows(fixture->workers[i]))
			return 0;
	}
	return 1;
}

uint64_t
fixture_drops(struct fixture *fixture, enum sy_drop reason)
{
	return sy_stats_drop(fixture->stats, reason);
}

void
fixture_begin(struct fixture *fixture, const char *pool_more, const char *service_more,
	uint32_t n_workers)
{
	char *text = fixture_config(pool_more, service_more);

	fixture_start(fixture, text, n_workers);
	free(text);
}

struct rte_ipv4_hdr *
fixture_ip(struct rte_mbuf *mbuf)
{
	return rte_pktmbuf_mtod_offset(mbuf, struct rte_ipv4_hdr *, 14);
}

struct rte_tcp_hdr *
fixture_tcp(struct rte_mbuf *mbuf)
{
	return rte_pktmbuf_mtod_offset(mbuf, struct rte_tcp_hdr *, 34);
}

int
fixture_checksums_hold(struct rte_mbuf *mbuf)
{
	struct rte_ipv4_hdr ip = *fixture_ip(mbuf);
	struct rte_tcp_hdr *tcp = fixture_tcp(mbuf);
	rte_be16_t found = tcp->cksum;
	int hold;

	ip.hdr_checksum = 0;
	tcp->cksum = 0;
	hold = rte_ipv4_cksum(&ip) == fixture_ip(mbuf)->hdr_checksum &&
		rte_ipv4_udptcp_cksum(&ip, tcp) == found;
	tcp->cksum = found;
	return hold;
}

uint32_t
fixture_open(struct fixture *fixture, uint16_t client_port)
{
	struct rte_mbuf *sent;
	uint32_t backend = 0;

	fixture_receive(fixture, FIXTURE_WAN,
		fixture_packet(fixture, FIXTURE_CLIENT, client_port, FIXTURE_VIP, 80,
			RTE_TCP_SYN_FLAG, 100, 0));
	sent = fixture_sent(fixture, FIXTURE_LAN);
	if (sent != NULL)
		backend = fixture_ip(sent)->dst_addr;
	rte_pktmbuf_free(sent);
	return backend;
}

void
fixture_establish(struct fixture *fixture, uint16_t client_port, uint32_t backend)
{
	char text[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &backend, text, sizeof(text));
	fixture_receive(fixture, FIXTURE_LAN,
		fixture_packet(fixture, text, 8080, FIXTURE_CLIENT, client_port,
			RTE_TCP_SYN_FLAG | RTE_TCP_ACK_FLAG, 500, 101));
	fixture_receive(fixture, FIXTURE_WAN,
		fixture_packet(fixture, FIXTURE_CLIENT, client_port, FIXTURE_VIP, 80,
			RTE_TCP_ACK_FLAG, 101, 501));
	fixture_forget_sent(fixture);
}
