/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Flows while their pool never rests: every 100 ms a backend is added, removed or
 * re-weighted by a reload, under traffic.
 *
 * Tracked flows stay where they are.  Packets of no flow, which Maglev tables lead,
 * move as little as theory says: the least share that any table could move is the
 * half of what the backends' shares change in all (the total variation distance of
 * the two sets of shares), and Maglev moves little more.
 *
 * STEELYARD_CHURN_SECONDS in the environment: for how long, instead of one.
 */
#include <arpa/inet.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_ip.h>
#include <rte_tcp.h>
#include <rte_udp.h>

#include "fixture.h"
#include "sy/time.h"
#include "unit.h"

#define N_IDENTITIES 15
#define LEAST_BACKENDS 11 /* the Maglev table has one size from here on */
#define N_TRACKED 600
#define N_UNTRACKED 2000
#define TRACKED_PORT 10000
#define UNTRACKED_PORT 20000
#define KEEPER_PORT 9999 /* of the one flow that UDP's service may have */
#define BATCH 100
#define STEP_US 100000

static struct fixture fixture;
static struct sy_random draws = { 2026 };
static uint32_t weights[N_IDENTITIES]; /* 0: not in the file */
static uint32_t tracked[N_TRACKED]; /* backend's address; 0: no flow */
static uint32_t untracked[N_UNTRACKED];
static uint32_t n_stray; /* tracked flows that moved */
static uint32_t n_moved; /* untracked ones */
static uint32_t n_looked_at; /* untracked ones, before and after a change */
static double least; /* share that must move, of all changes */

static char *
write_config(void)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	bool first = true;

	fprintf(out,
		"{\"max_flows\":4096,\"max_services\":16,\"max_backends\":16,\"ports\":["
		"{\"name\":\"wan\",\"device\":\"net_null0\",\"addresses\":[\"192.0.2.1/24\"]},"
		"{\"name\":\"lan\",\"device\":\"net_null1\",\"addresses\":[\"10.0.0.1/24\"]}],"
		"\"neighbours\":[{\"address\":\"192.0.2.100\",\"mac\":\"02:00:00:00:00:64\"}");
	for (uint32_t i = 0; i < N_IDENTITIES; i++)
		fprintf(out, ",{\"address\":\"10.0.0.%u\",\"mac\":\"02:00:00:00:01:%02x\"}", 11 + i,
			i);
	fprintf(out,
		"],\"pools\":[{\"name\":\"web\",\"scheduler\":\"p2c\","
		"\"health\":{\"type\":\"none\"},\"backends\":[");
	for (uint32_t i = 0; i < N_IDENTITIES; i++) {
		if (weights[i] == 0)
			continue;
		fprintf(out,
			"%s{\"name\":\"web%u\",\"address\":\"10.0.0.%u\",\"port\":8080,"
			"\"weight\":%u}",
			first ? "" : ",", i, 11 + i, weights[i]);
		first = false;
	}
	fprintf(out,
		"]}],\"services\":[{\"name\":\"www\",\"address\":\"192.0.2.80\",\"port\":80,"
		"\"pool\":\"web\"},{\"name\":\"dns\",\"address\":\"192.0.2.80\",\"port\":53,"
		"\"protocol\":\"udp\",\"max_flows\":1,\"pool\":\"web\"}]}");
	fclose(out);
	return text;
}

static void
reload(void)
{
	char *text = write_config();
	struct sy_config *next;
	struct sy_error error;

	CU_ASSERT_EQUAL_FATAL(sy_config_parse("churn", text, strlen(text), NULL, &next, &error), 0);
	CU_ASSERT_EQUAL_FATAL(sy_registry_apply(fixture.registry, next, &error), 0);
	sy_config_free(fixture.config);
	fixture.config = next;
	fixture_publish(&fixture);
	free(text);
}

static uint32_t
sum_weights(const uint32_t of[])
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < N_IDENTITIES; i++)
		sum += of[i];
	return sum;
}

/* One is added, removed or re-weighted; adds the share that must move. */
static void
change_one(void)
{
	uint32_t before[N_IDENTITIES], n = 0, i;
	double moves = 0;

	memcpy(before, weights, sizeof(before));
	for (i = 0; i < N_IDENTITIES; i++)
		n += weights[i] > 0;
	do {
		i = sy_random_below(&draws, N_IDENTITIES);
	} while (weights[i] > 0 && n == LEAST_BACKENDS && sy_random_below(&draws, 2) == 0);
	if (weights[i] > 0 && n > LEAST_BACKENDS && sy_random_below(&draws, 2) == 0)
		weights[i] = 0;
	else
		weights[i] = 1 + sy_random_below(&draws, 10);
	for (i = 0; i < N_IDENTITIES; i++)
		moves += fabs((double)before[i] / sum_weights(before) -
				 (double)weights[i] / sum_weights(weights)) /
			2;
	least += moves;
}

/* What has come out to the servers: where it went, against where it should or did. */
static void
look_at_sent(void)
{
	struct fixture_port *lan = &fixture.ports[FIXTURE_LAN];

	for (uint32_t i = 0; i < lan->n_out; i++) {
		const struct rte_ipv4_hdr *ip = fixture_ip(lan->out[i]);
		uint16_t port = ntohs(fixture_tcp(lan->out[i])->src_port); /* UDP's is there too */
		uint32_t *known = port >= UNTRACKED_PORT ? &untracked[port - UNTRACKED_PORT]
			: port >= TRACKED_PORT           ? &tracked[port - TRACKED_PORT]
							 : NULL;

		if (known == NULL)
			continue;
		if (*known != 0 && *known != ip->dst_addr)
			*(port >= UNTRACKED_PORT ? &n_moved : &n_stray) += 1;
		if (port >= UNTRACKED_PORT)
			n_looked_at += *known != 0;
		*known = ip->dst_addr;
	}
	fixture_forget_sent(&fixture);
}

static void
flush(void)
{
	fixture_turn(&fixture);
	look_at_sent();
}

/* From a client to a service. */
static void
send_from(uint16_t client_port, uint16_t service_port, uint8_t flags, uint32_t seq, uint32_t ack)
{
	struct fixture_port *wan = &fixture.ports[FIXTURE_WAN];

	wan->in[wan->n_in++] = fixture_packet(
		&fixture, FIXTURE_CLIENT, client_port, FIXTURE_VIP, service_port, flags, seq, ack);
	if (wan->n_in == BATCH)
		flush();
}

static void
open_tracked(uint32_t i)
{
	const uint16_t port = (uint16_t)(TRACKED_PORT + i);

	tracked[i] = fixture_open(&fixture, port);
	CU_ASSERT_NOT_EQUAL_FATAL(tracked[i], 0);
	fixture_establish(&fixture, port, tracked[i]);
}

static void
close_tracked(uint32_t i)
{
	send_from((uint16_t)(TRACKED_PORT + i), 80, RTE_TCP_RST_FLAG | RTE_TCP_ACK_FLAG, 101, 501);
	flush();
	tracked[i] = 0;
}

/* One packet of each flow, tracked or not. */
static void
send_all(void)
{
	for (uint32_t i = 0; i < N_TRACKED; i++)
		send_from((uint16_t)(TRACKED_PORT + i), 80, RTE_TCP_ACK_FLAG, 101, 501);
	send_from(KEEPER_PORT, 53, 0, 0, 0);
	for (uint32_t i = 0; i < N_UNTRACKED; i++)
		send_from((uint16_t)(UNTRACKED_PORT + i), 53, 0, 0, 0);
	flush();
}

/* Some tracked flows end and others begin, and traffic goes on until the next change is due. */
static void
live_on(uint64_t until_us)
{
	uint32_t looked_at;

	for (uint32_t i = 0; i < 20; i++) {
		uint32_t chosen = sy_random_below(&draws, N_TRACKED);

		close_tracked(chosen);
		open_tracked(chosen);
	}
	looked_at = n_looked_at;
	while (sy_time_us() < until_us)
		send_all();
	n_looked_at = looked_at; /* without a change in between nothing may move, and it is none */
}

static void
start(void)
{
	char *text;

	for (uint32_t i = 0; i < N_IDENTITIES; i++)
		weights[i] = i < 13 ? 1 + sy_random_below(&draws, 10) : 0;
	text = write_config();
	fixture_start(&fixture, text, 1);
	free(text);
	send_from(KEEPER_PORT, 53, 0, 0, 0);
	send_from(KEEPER_PORT, 53, 0, 0, 0);
	flush();
	for (uint32_t i = 0; i < N_TRACKED; i++)
		open_tracked(i);
	send_all();
}

static void
test_churn(void)
{
	const char *seconds = getenv("STEELYARD_CHURN_SECONDS");
	uint32_t n_steps = (uint32_t)(seconds != NULL ? atoi(seconds) : 1) * 1000000 / STEP_US;
	double moved, theory;
	uint64_t due;

	start();
	due = sy_time_us();
	for (uint32_t step = 0; step < n_steps; step++) {
		due += STEP_US;
		change_one();
		reload();
		send_all();
		live_on(due);
	}
	CU_ASSERT_EQUAL(n_stray, 0);
	/* Each untracked one was seen at each change: none was lost or had become tracked. */
	CU_ASSERT_EQUAL(n_looked_at, n_steps * N_UNTRACKED);
	CU_ASSERT_EQUAL(fixture.stats->workers[0]->counters[SY_COUNTER_FLOWS_ADOPTED], 0);
	moved = (double)n_moved / n_looked_at;
	theory = least / n_steps;
	printf("# %u changes: of tracked flows %u moved; of untracked ones %.2f %% at each, %.2f %% "
	       "must\n",
		n_steps, n_stray, moved * 100, theory * 100);
	CU_ASSERT(fabs(moved - theory) <= 0.02);
	CU_ASSERT_EQUAL(fixture_closes(&fixture), 1);
	fixture_stop(&fixture);
}

static const struct sy_test tests[] = {
	{ "backends come, go and change weight under traffic", test_churn },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("pipeline_churn", tests, SY_UNIT_COUNT(tests), argc, argv);
}
