/* SPDX-License-Identifier: BSD-3-Clause */
/* The second rung on emulated devices: local ports that bring answers to the flow's worker. */
#include <stdio.h>
#include <string.h>

#include <rte_ethdev.h>

#include "open_ports.h"
#include "rss_port.h"
#include "steering_lab.h"
#include "sy/local_ports.h"
#include "unit.h"

#define FLOWS 2000
#define WORKERS STEERING_WORKERS
#define PLACES 64
#define BITS 6

/* Devices that hash both endpoints, ports that lead anywhere, services of one mode. */
static struct sy_config
begin(const char *mode, uint32_t first, uint32_t n_services)
{
	struct sy_config config = steering_config(WORKERS, first, n_services);

	for (uint32_t i = 0; i < 4; i++)
		snprintf(steering_services[i].mode, sizeof(steering_services[i].mode), "%s", mode);
	for (uint32_t i = 0; i < 2; i++)
		steering_ports[i].side = SY_PORT_SIDE_BOTH;
	rss_port_reset();
	steering_no_sides();
	rss_nature.n_places = PLACES;
	return config;
}

static void
expect(const struct sy_ports *ports, enum sy_steering_rung rung, const char *words)
{
	CU_ASSERT_EQUAL(ports->steering.rung, rung);
	CU_ASSERT_EQUAL(sy_owners_early(&ports->owners), rung == SY_STEERING_SOFTWARE);
	if (strstr(ports->steering.reason, words) == NULL) {
		fprintf(stderr, "# \"%s\" lacks \"%s\"\n", ports->steering.reason, words);
		CU_FAIL("another reason");
	}
}

static struct sy_local_ports *
local_ports_of(const struct sy_ports *ports, uint32_t worker)
{
	const struct sy_local_ports_params params = { .hash = &ports->owners.hash,
		.workers = ports->owners.workers,
		.bits = BITS,
		.worker = worker,
		.first = 1024,
		.last = 65535,
		.max_ends = FLOWS,
		.socket = SOCKET_ID_ANY };
	struct sy_local_ports *local = NULL;

	CU_ASSERT_EQUAL_FATAL(sy_local_ports_create(&params, &local), 0);
	return local;
}

/* A client's packet comes to some worker, which owns it and takes a port for some backend, of
 * whatever family: the answer comes to the same one, by whichever device. */
static void
run_flows(const struct sy_ports *ports, uint32_t first, uint32_t n_services)
{
	struct sy_local_ports *locals[WORKERS];
	uint32_t shares[WORKERS] = { 0 }, astray = 0, apart = 0;

	for (uint32_t w = 0; w < WORKERS; w++)
		locals[w] = local_ports_of(ports, w);
	for (uint32_t i = 0; i < FLOWS; i++) {
		struct sy_tuple request = steering_tuple(first + i % n_services);
		struct sy_tuple reply = steering_tuple(first + i / 2 % n_services);
		uint32_t owner = rss_port_queue(ports->ports[i % 2].device, &request);
		const struct sy_local_end end = { .local = reply.dst,
			.backend = reply.src,
			.backend_port_be = reply.src_port_be,
			.family = reply.family,
			.protocol = reply.protocol };

		astray += sy_owner_of_tuple(&ports->owners, &request) != owner;
		shares[owner]++;
		CU_ASSERT_EQUAL_FATAL(
			sy_local_ports_take(locals[owner], &end, &reply.dst_port_be), 0);
		astray += sy_owner_of_tuple(&ports->owners, &reply) != owner;
		apart += rss_port_queue(ports->ports[i / 2 % 2].device, &reply) != owner;
	}
	CU_ASSERT_EQUAL(astray, 0);
	CU_ASSERT_EQUAL(apart, 0);
	for (uint32_t w = 0; w < WORKERS; w++) { /* 500 expected: six standard deviations */
		CU_ASSERT(shares[w] > 380 && shares[w] < 620);
		sy_local_ports_destroy(locals[w]);
	}
}

static void
test_flows(void)
{
	for (uint32_t i = 0; i < 6; i++) {
		uint32_t first = i % 3 == 2 ? 2 : 0, n = i % 3 == 0 ? 4 : 2;
		const struct sy_config config = begin("fullnat", first, n);
		struct sy_ports *ports;

		rss_nature.key_size = i < 3 ? 40 : 52;
		ports = open_ports(&config);
		expect(ports, SY_STEERING_CHOSEN_PORT, "both ends of a packet");
		run_flows(ports, first, n);
		sy_ports_close(ports);
	}
}

static void
test_workers_open_ports(void)
{
	const struct sy_config config = begin("fullnat", 0, 4);

	/* A key under which some port could not be chosen would show once in some hundred starts. */
	for (uint32_t i = 0; i < 200; i++) {
		struct sy_ports *ports = open_ports(&config);

		for (uint32_t w = 0; w < WORKERS; w++)
			sy_local_ports_destroy(local_ports_of(ports, w));
		sy_ports_close(ports);
	}
}

/* What other services answer does not come to a port of ours. */
static void
test_other_modes(void)
{
	struct sy_config config = begin("fullnat", 0, 4);
	struct sy_ports *ports;

	snprintf(steering_services[3].name, sizeof(steering_services[3].name), "old");
	snprintf(steering_services[3].mode, sizeof(steering_services[3].mode), "nat");
	ports = open_ports(&config);
	expect(ports, SY_STEERING_SOFTWARE, "leads to clients and to servers");
	CU_ASSERT_TRUE(ports->steering.rows[SY_STEERING_CHOSEN_PORT].possible);
	CU_ASSERT_PTR_NOT_NULL(strstr(ports->steering.rows[SY_STEERING_CHOSEN_PORT].reason,
		"answers to service \"old\" (mode nat)"));
	sy_ports_close(ports);

	/* Answers that do not pass here do no harm. */
	snprintf(steering_services[3].mode, sizeof(steering_services[3].mode), "dr");
	ports = open_ports(&config);
	expect(ports, SY_STEERING_CHOSEN_PORT, "both ends");
	sy_ports_close(ports);

	config = begin("dr", 0, 4);
	ports = open_ports(&config);
	expect(ports, SY_STEERING_SOFTWARE, "leads to clients and to servers");
	CU_ASSERT_PTR_NOT_NULL(
		strstr(ports->steering.rows[SY_STEERING_CHOSEN_PORT].reason, "there are none"));
	sy_ports_close(ports);
}

/* The first rung is taken where it serves whole. */
static void
test_first_rung_first(void)
{
	for (uint32_t both = 0; both < 2; both++) {
		const struct sy_config config = begin("fullnat", 0, both ? 4 : 2);
		struct sy_ports *ports;

		steering_ports[0].side = SY_PORT_SIDE_CLIENTS;
		steering_ports[1].side = SY_PORT_SIDE_SERVERS;
		ports = open_ports(&config);
		/* Under a pair of keys IPv6's answers would come anywhere, beside IPv4. */
		expect(ports, both ? SY_STEERING_CHOSEN_PORT : SY_STEERING_CLIENT_HASH, "");
		if (both)
			run_flows(ports, 0, 4);
		sy_ports_close(ports);
		rss_port_reset();
		ports = open_ports(&config);
		expect(ports, SY_STEERING_CLIENT_HASH, "address and port alone");
		CU_ASSERT_PTR_NOT_NULL(strstr(
			ports->steering.rows[SY_STEERING_CHOSEN_PORT].reason, "client-hash does"));
		sy_ports_close(ports);
	}
}

static void
test_what_devices_break(void)
{
	const struct sy_config config = begin("fullnat", 0, 4);
	struct sy_ports *ports;

	rss_nature.refuses = true;
	ports = open_ports(&config);
	expect(ports, SY_STEERING_SOFTWARE, "leads to clients and to servers");
	CU_ASSERT_PTR_NOT_NULL(strstr(ports->steering.rows[SY_STEERING_CHOSEN_PORT].reason,
		"refuses the hash that it says it can"));
	sy_ports_close(ports);
	rss_nature.refuses = false;
	rss_nature.own_key = true;
	ports = open_ports(&config);
	expect(ports, SY_STEERING_SOFTWARE, "another key than it was given");
	CU_ASSERT_FALSE(ports->steering.rows[SY_STEERING_CHOSEN_PORT].possible);
	CU_ASSERT_FALSE(ports->owners.by_tuple);
	sy_ports_close(ports);
}

/* Packets at the wrong worker end this rung as they end the first. */
static void
test_trial(void)
{
	const struct sy_config config = begin("fullnat", 0, 4);
	struct sy_ports *ports = open_ports(&config);
	uint64_t transmitted = 100000, astray = 0;

	CU_ASSERT_FALSE(sy_ports_judge_steering(ports, transmitted, astray));
	CU_ASSERT_TRUE(sy_ports_judge_steering(ports, transmitted += 10000, astray += 7000));
	expect(ports, SY_STEERING_SOFTWARE, "7000 packets of flows to the wrong worker");
	/* Who owns a flow stays as it was. */
	CU_ASSERT_TRUE(ports->owners.by_tuple);
	for (int i = 0; i < 9; i++)
		CU_ASSERT_FALSE(sy_ports_judge_steering(ports, transmitted += 10000, astray));
	CU_ASSERT_TRUE(sy_ports_judge_steering(ports, transmitted += 10000, astray));
	expect(ports, SY_STEERING_CHOSEN_PORT, "again");
	sy_ports_close(ports);
}

static void
test_reload(void)
{
	struct sy_config config = begin("fullnat", 0, 4);
	struct sy_ports *ports = open_ports(&config);
	struct sy_error error = { "" };

	snprintf(steering_services[1].mode, sizeof(steering_services[1].mode), "ipip");
	CU_ASSERT_EQUAL(sy_ports_check_services(ports, &config, &error), 0);
	snprintf(steering_services[1].mode, sizeof(steering_services[1].mode), "nat");
	CU_ASSERT_NOT_EQUAL(sy_ports_check_services(ports, &config, &error), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "mode nat needs a restart"));
	sy_ports_close(ports);
	rss_nature.n_places = 0; /* software: whatever it is */
	ports = open_ports(&config);
	CU_ASSERT_EQUAL(sy_ports_check_services(ports, &config, &error), 0);
	sy_ports_close(ports);
}

static const struct sy_test tests[] = {
	{ "a port chosen by the hash brings answers to the worker of the request", test_flows },
	{ "every key that is drawn lets a port be chosen", test_workers_open_ports },
	{ "it is for full NAT, beside which answers may go past", test_other_modes },
	{ "the first rung goes first, where it serves all families", test_first_rung_first },
	{ "a device that breaks its word leads to software, and is said", test_what_devices_break },
	{ "packets at the wrong worker end the rung until they come right", test_trial },
	{ "a reload to another mode is refused", test_reload },
};

int
main(int argc, char **argv)
{
	return steering_run("port_chosen", tests, SY_UNIT_COUNT(tests), argc, argv);
}
