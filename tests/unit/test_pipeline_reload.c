/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * 10,000 services of 10 backends are loaded again and again by a thread of their own, as the management
 * core does it, while a worker's loop turns under traffic in this one: no packet is lost, no flow
 * moves, and no turn takes longer for it.
 *
 * Turns are measured in the thread's own processor time, which leaves out what other programs
 * take of the core.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_ip.h>
#include <rte_tcp.h>

#include "fixture.h"
#include "unit.h"

#define SERVICES 10000
#define EACH 10
#define FLOWS 600 /* to as many services */
#define BATCH 32
#define WINDOWS 7 /* with reloads, and as many without */
#define MORE_TURNS 300 /* after a reload */
/* What a turn may take beyond the longest one without: the first look at a snapshot whose rows no
 * cache has. */
#define SLACK_US 50

static struct fixture fixture;
static char *files[2]; /* of the same services; a weight in each tenth pool is another */
static uint32_t backends[FLOWS]; /* where each flow went */
static uint32_t n_sent, n_come, n_moved;

static uint16_t
port_of(uint32_t flow)
{
	return (uint16_t)(10000 + flow);
}

/* Flows are spread over all services. */
static uint32_t
service_of(uint32_t flow)
{
	return flow * (SERVICES / FLOWS);
}

static void
write_pool(FILE *out, uint32_t pool, uint32_t weight)
{
	fprintf(out,
		"%s{\"name\":\"p%u\",\"scheduler\":\"wlc\",\"health\":{\"type\":\"none\"},"
		"\"backends\":[",
		pool > 0 ? "," : "", pool);
	for (uint32_t i = 0; i < EACH; i++) {
		uint32_t n = pool * EACH + i;

		fprintf(out,
			"%s{\"name\":\"b%u\",\"address\":\"10.%u.%u.%u\",\"port\":8080,"
			"\"weight\":%u}",
			i > 0 ? "," : "", i, n >> 16, n >> 8 & 255, n & 255, weight);
	}
	fputs("]}", out);
}

static char *
write_file(uint32_t weight)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	fprintf(out,
		"{\"max_flows\":4096,\"max_services\":%u,\"max_backends\":%u,\"ports\":["
		"{\"name\":\"wan\",\"device\":\"net_null0\",\"addresses\":[\"192.0.2.1/24\"]},"
		"{\"name\":\"lan\",\"device\":\"net_null1\",\"addresses\":[\"10.255.0.1/16\"]}],"
		"\"routes\":[{\"to\":\"10.0.0.0/8\",\"via\":\"10.255.0.2\"}],\"neighbours\":["
		"{\"address\":\"192.0.2.100\",\"mac\":\"02:00:00:00:00:64\"},"
		"{\"address\":\"10.255.0.2\",\"mac\":\"02:00:00:00:00:02\"}],\"pools\":[",
		SERVICES + 10, SERVICES * EACH + 10);
	for (uint32_t i = 0; i < SERVICES; i++)
		write_pool(out, i, i % 10 == 0 ? weight : 10);
	fputs("],\"services\":[", out);
	for (uint32_t i = 0; i < SERVICES; i++)
		fprintf(out,
			"%s{\"name\":\"s%u\",\"address\":\"172.16.%u.%u\",\"port\":80,"
			"\"pool\":\"p%u\"}",
			i > 0 ? "," : "", i, i >> 8, i & 255, i);
	fputs("]}", out);
	CU_ASSERT_EQUAL_FATAL(fclose(out), 0);
	return text;
}

static uint64_t
thread_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void
reload(const char *text)
{
	struct sy_config *next;
	struct sy_error error;

	if (sy_config_parse("reload", text, strlen(text), NULL, &next, &error) != 0 ||
		sy_registry_apply(fixture.registry, next, &error) != 0)
		abort();
	sy_config_free(fixture.config);
	fixture.config = next;
	fixture_publish(&fixture);
}

/* The management core's thread: one reload. */
struct manager {
	pthread_t thread;
	const char *text;
	_Atomic bool done;
};

static void *
manage(void *argument)
{
	struct manager *manager = argument;

	reload(manager->text);
	atomic_store(&manager->done, true);
	return NULL;
}

/* What has come out to the servers: each of a known flow, and to the backend that it has. */
static void
look_at_sent(void)
{
	struct fixture_port *lan = &fixture.ports[FIXTURE_LAN];

	for (uint32_t i = 0; i < lan->n_out; i++) {
		uint32_t flow = ntohs(fixture_tcp(lan->out[i])->src_port) - port_of(0);
		uint32_t backend = fixture_ip(lan->out[i])->dst_addr;

		n_come++;
		if (backends[flow] == 0)
			backends[flow] = backend;
		n_moved += backends[flow] != backend;
	}
	fixture_forget_sent(&fixture);
}

static uint64_t
turn(void)
{
	uint64_t began = thread_us(), took;

	sy_worker_turn(fixture.workers[0]);
	took = thread_us() - began;
	rte_rcu_qsbr_quiescent(fixture.publisher.publication.rcu, 0);
	return took;
}

static void
receive(uint32_t flow, uint8_t flags)
{
	struct fixture_port *wan = &fixture.ports[FIXTURE_WAN];
	uint32_t service = service_of(flow);
	char vip[INET_ADDRSTRLEN];

	snprintf(vip, sizeof(vip), "172.16.%u.%u", service >> 8, service & 255);
	wan->in[wan->n_in++] = fixture_packet(&fixture, FIXTURE_CLIENT, port_of(flow), vip, 80,
		flags, flags == RTE_TCP_SYN_FLAG ? 100 : 101, 501);
	n_sent++;
}

/* A burst of packets of the next flows; returns how long its turn took. */
static uint64_t
burst(uint8_t flags)
{
	static uint32_t next;
	uint64_t took;

	for (int i = 0; i < BATCH; i++)
		receive(next++ % FLOWS, flags);
	took = turn();
	look_at_sent();
	return took;
}

static void
answer(uint32_t flow)
{
	struct fixture_port *lan = &fixture.ports[FIXTURE_LAN];
	char backend[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &backends[flow], backend, sizeof(backend));
	lan->in[lan->n_in++] = fixture_packet(&fixture, backend, 8080, FIXTURE_CLIENT,
		port_of(flow), RTE_TCP_SYN_FLAG | RTE_TCP_ACK_FLAG, 500, 101);
	turn();
	fixture_forget_sent(&fixture);
}

/* The longest of so many turns. */
static uint64_t
window(uint32_t n_turns)
{
	uint64_t longest = 0;

	for (uint32_t n = 0; n < n_turns; n++) {
		uint64_t took = burst(RTE_TCP_ACK_FLAG);

		longest = RTE_MAX(longest, took);
	}
	return longest;
}

/* The same while a file is loaded, and a little longer: the last ones see the new snapshot. */
static uint64_t
window_with(const char *text, uint32_t *n_turns)
{
	struct manager manager = { .text = text };
	uint64_t longest = 0;

	*n_turns = MORE_TURNS;
	CU_ASSERT_EQUAL_FATAL(pthread_create(&manager.thread, NULL, manage, &manager), 0);
	for (; !atomic_load(&manager.done); (*n_turns)++) {
		uint64_t took = burst(RTE_TCP_ACK_FLAG);

		longest = RTE_MAX(longest, took);
	}
	pthread_join(manager.thread, NULL);
	return RTE_MAX(longest, window(MORE_TURNS));
}

static int
compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void
sort(uint64_t values[WINDOWS])
{
	qsort(values, WINDOWS, sizeof(values[0]), compare);
}

static void
start(void)
{
	struct rte_rcu_qsbr *rcu;

	for (uint32_t i = 0; i < 2; i++)
		files[i] = write_file(10 + 10 * i);
	fixture_start(&fixture, files[0], 1);
	rcu = fixture.publisher.publication.rcu;
	rte_rcu_qsbr_thread_register(rcu, 0);
	rte_rcu_qsbr_thread_online(rcu, 0);
	for (uint32_t i = 0; i < FLOWS; i++) {
		receive(i, RTE_TCP_SYN_FLAG);
		turn();
		look_at_sent();
		CU_ASSERT_NOT_EQUAL_FATAL(backends[i], 0);
		answer(i);
	}
	window(MORE_TURNS);
}

static void
stop(void)
{
	struct rte_rcu_qsbr *rcu = fixture.publisher.publication.rcu;

	rte_rcu_qsbr_thread_offline(rcu, 0);
	rte_rcu_qsbr_thread_unregister(rcu, 0);
	fixture_stop(&fixture);
	free(files[0]);
	free(files[1]);
}

static void
test_reload_under_traffic(void)
{
	uint64_t with[WINDOWS], without[WINDOWS];
	const struct sy_longest_turns *turns;

	start();
	for (uint32_t i = 0; i < WINDOWS; i++) {
		uint32_t n_turns;

		with[i] = window_with(files[(i + 1) % 2], &n_turns);
		without[i] = window(n_turns);
	}
	sort(with);
	sort(without);
	printf("# %u packets of %u flows; the longest turn: %lu us without a reload, %lu with one "
	       "(%lu at least)\n",
		n_sent, FLOWS, without[WINDOWS / 2], with[WINDOWS / 2], with[0]);
	CU_ASSERT_EQUAL(n_come, n_sent);
	CU_ASSERT_EQUAL(n_moved, 0);
	CU_ASSERT_EQUAL(sy_snapshot_load(&fixture.publisher.publication)->version, 1 + WINDOWS);
	/* What a reload costs a turn, it costs one turn of each window: the least of them shows it,
	 * and leaves out interrupts, which may fall into any. */
	CU_ASSERT(with[0] <= without[WINDOWS / 2] + SLACK_US);
	turns = &fixture.stats->workers[0]->turns;
	CU_ASSERT(turns->ever >= turns->now && turns->ever > 0);
	CU_ASSERT_EQUAL(fixture_closes(&fixture), 1);
	stop();
}

static const struct sy_test tests[] = {
	{ "10,000 services of 10 backends are reloaded under traffic without a lost packet",
		test_reload_under_traffic },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("pipeline_reload", tests, SY_UNIT_COUNT(tests), argc, argv);
}
