/* SPDX-License-Identifier: BSD-3-Clause */
/* The steering ladder on emulated devices: which rung is taken, and that flows then stay together. */
#include <stdio.h>
#include <string.h>

#include <rte_ethdev.h>

#include "flow_rule.h"
#include "open_ports.h"
#include "rss_port.h"
#include "steering_lab.h"
#include "unit.h"

#define FLOWS 2000
#define WORKERS STEERING_WORKERS

/* What comes back from a random backend. */
static struct sy_tuple
reply_to(const struct sy_tuple *request, uint32_t service)
{
	struct sy_tuple reply = steering_tuple(service);

	reply.dst = request->src;
	reply.dst_port_be = request->src_port_be;
	return reply;
}

struct tally {
	uint32_t astray; /* requests that came to another worker than their flow's owner */
	uint32_t apart; /* replies that did */
	uint32_t shares[WORKERS];
};

static struct tally
run_flows(const struct sy_ports *ports, uint32_t service)
{
	struct tally tally = { 0 };

	for (int i = 0; i < FLOWS; i++) {
		struct sy_tuple request = steering_tuple(service);
		struct sy_tuple reply = reply_to(&request, service);
		uint32_t owner =
			sy_owner(&ports->owners, request.family, &request.src, request.src_port_be);

		tally.astray += rss_port_queue(ports->ports[0].device, &request) != owner;
		tally.apart += rss_port_queue(ports->ports[1].device, &reply) != owner;
		tally.shares[owner]++;
	}
	return tally;
}

static void
expect_together(const struct sy_ports *ports, uint32_t service)
{
	struct tally tally = run_flows(ports, service);

	CU_ASSERT_EQUAL(tally.astray, 0);
	CU_ASSERT_EQUAL(tally.apart, 0);
	for (int w = 0; w < WORKERS; w++) /* 500 expected: six standard deviations around it */
		CU_ASSERT(tally.shares[w] > 380 && tally.shares[w] < 620);
}

static void
expect_client_hash(const struct sy_ports *ports, const char *words)
{
	CU_ASSERT_EQUAL(ports->steering.rung, SY_STEERING_CLIENT_HASH);
	CU_ASSERT_FALSE(sy_owners_early(&ports->owners));
	if (strstr(ports->steering.reason, words) == NULL) {
		fprintf(stderr, "# \"%s\" lacks \"%s\"\n", ports->steering.reason, words);
		CU_FAIL("another reason");
	}
}

static void
test_one_side(void)
{
	const struct sy_config config = steering_config(WORKERS, 0, 4);

	for (int packs = 0; packs < 2; packs++) {
		struct sy_ports *ports;

		rss_port_reset();
		rss_nature.packs = packs;
		ports = open_ports(&config);
		expect_client_hash(ports, "address and port alone");
		for (uint32_t service = 0; service < 4; service++)
			expect_together(ports, service);
		sy_ports_close(ports);
	}
}

static void
test_key_pair(void)
{
	static const uint16_t n_places[] = { 4, 32, 64, 128, 512 };

	for (uint32_t i = 0; i < SY_UNIT_COUNT(n_places) * 2; i++) {
		uint32_t first = i % 2 * 2;
		const struct sy_config config = steering_config(WORKERS, first, 2);
		struct sy_ports *ports;

		rss_port_reset();
		steering_no_sides();
		rss_nature.n_places = n_places[i / 2];
		rss_nature.key_size = i % 2 == 0 ? 40 : 52;
		ports = open_ports(&config);
		expect_client_hash(ports, "keys under which");
		expect_together(ports, first);
		expect_together(ports, first + 1);
		sy_ports_close(ports);
	}
}

/* One pair of keys serves one family whole; of the other, requests. */
static void
test_key_pair_for_both_families(void)
{
	const struct sy_config config = steering_config(WORKERS, 0, 4);
	struct sy_ports *ports;

	rss_port_reset();
	steering_no_sides();
	ports = open_ports(&config);
	expect_client_hash(ports, "keys under which");
	expect_together(ports, 0);
	expect_together(ports, 1);
	CU_ASSERT(run_flows(ports, 2).apart > FLOWS / 2); /* 3 in 4 */
	CU_ASSERT_EQUAL(run_flows(ports, 2).astray, 0);
	CU_ASSERT_EQUAL(run_flows(ports, 3).astray, 0);
	sy_ports_close(ports);
}

/* Which worker has received the one frame that is under way. */
static uint16_t
receiver(const struct sy_port *port)
{
	uint16_t found = SY_NO_QUEUE;

	for (uint16_t w = 0; w < WORKERS; w++) {
		struct rte_mbuf *mbuf;

		if (sy_port_receive(port, w, &mbuf, 1) == 0)
			continue;
		CU_ASSERT_EQUAL(found, SY_NO_QUEUE);
		found = w;
		rte_pktmbuf_free(mbuf);
	}
	return found;
}

static void
test_frames(void)
{
	const struct sy_config config = steering_config(WORKERS, 0, 4);
	struct sy_ports *ports;

	rss_port_reset();
	ports = open_ports(&config);
	for (uint32_t i = 0; i < 200; i++) {
		struct sy_tuple request = steering_tuple(i % 4);
		struct sy_tuple reply = reply_to(&request, i % 4);
		uint16_t owner;

		rss_port_send(ports->ports[0].device, &request,
			rte_pktmbuf_alloc(sy_ports_pool(ports, 0)));
		owner = receiver(&ports->ports[0]);
		CU_ASSERT_NOT_EQUAL(owner, SY_NO_QUEUE);
		rss_port_send(
			ports->ports[1].device, &reply, rte_pktmbuf_alloc(sy_ports_pool(ports, 0)));
		CU_ASSERT_EQUAL(receiver(&ports->ports[1]), owner);
	}
	sy_ports_close(ports);
}

/* The nature at hand leads to the last rung, with these words about the first. */
static void
expect_software(const struct sy_config *config, const char *words)
{
	struct sy_ports *ports = open_ports(config);
	const struct sy_steering *steering = &ports->steering;

	CU_ASSERT_EQUAL(steering->rung, SY_STEERING_SOFTWARE);
	CU_ASSERT_TRUE(sy_owners_early(&ports->owners));
	CU_ASSERT_FALSE(steering->rows[SY_STEERING_CLIENT_HASH].possible);
	if (strstr(steering->reason, words) == NULL) {
		fprintf(stderr, "# \"%s\" lacks \"%s\"\n", steering->reason, words);
		CU_FAIL("another reason");
	}
	sy_ports_close(ports);
	rss_port_reset();
}

static void
test_what_devices_cannot(void)
{
	struct sy_config config = steering_config(WORKERS, 0, 4);

	rss_port_reset();
	rss_nature.types = 0;
	expect_software(&config, "port p0 (net_ring) has no RSS");
	rss_nature.types &= ~RTE_ETH_RSS_NONFRAG_IPV6_UDP;
	expect_software(&config, "cannot hash the ports of UDP over IPv6");
	rss_nature.n_places = 0;
	expect_software(&config, "a table of queues of 0 places");
	rss_nature.n_places = 96;
	expect_software(&config, "a table of queues of 96 places");
	rss_nature.key_size = 16;
	expect_software(&config, "keys of an unknown length");
	config = steering_config(17, 0, 4);
	expect_software(&config, "16 receive queues for 17 workers");
	config = steering_config(WORKERS, 0, 4);
	steering_ports[1].side = SY_PORT_SIDE_BOTH;
	expect_software(&config, "port p1 (net_ring) leads to clients and to servers");
}

static void
test_what_devices_break(void)
{
	const struct sy_config config = steering_config(WORKERS, 0, 4);

	rss_port_reset();
	rss_nature.refuses = true;
	expect_software(&config, "refuses the hash that it says it can");
	rss_nature.own_key = true;
	expect_software(&config, "another key than it was given");
	rss_nature.fixed_table = true;
	expect_software(&config, "does not let its table of queues be set");
}

/* What cannot be read back is believed, until packets tell otherwise (test_port_trial.c). */
static void
test_mute(void)
{
	const struct sy_config config = steering_config(WORKERS, 0, 4);
	struct sy_ports *ports;

	rss_port_reset();
	rss_nature.mute = true;
	ports = open_ports(&config);
	expect_client_hash(ports, "alone");
	sy_ports_close(ports);
}

static void
test_one_worker(void)
{
	const struct sy_config config = steering_config(1, 0, 4);
	struct sy_ports *ports;

	rss_port_reset();
	ports = open_ports(&config);
	CU_ASSERT_EQUAL(ports->steering.rung, SY_STEERING_SINGLE);
	CU_ASSERT_STRING_EQUAL(ports->steering.reason, "one worker has every packet");
	sy_ports_close(ports);
}

static void
test_flow_rules(void)
{
	const struct sy_config config = steering_config(WORKERS, 0, 4);
	struct sy_flow_rules *rules;
	struct sy_ip addresses[WORKERS];
	struct sy_error error;
	struct sy_ports *ports;

	rss_port_reset();
	ports = open_ports(&config);
	CU_ASSERT_TRUE(ports->steering.rows[SY_STEERING_FLOW_RULES].possible);
	for (uint32_t w = 0; w < WORKERS; w++) {
		struct sy_tuple tuple = steering_tuple(w % 4);

		addresses[w] = (struct sy_ip){ .addr = tuple.src, .family = tuple.family };
	}
	CU_ASSERT_EQUAL_FATAL(
		sy_flow_rules_create(&ports->ports[1], addresses, WORKERS, &rules, &error), 0);
	CU_ASSERT_EQUAL(rss_port_rules(ports->ports[1].device), WORKERS);
	for (uint32_t i = 0; i < FLOWS; i++) {
		struct sy_tuple reply = steering_tuple(i % 4);

		reply.dst = addresses[i % WORKERS].addr;
		CU_ASSERT_EQUAL(rss_port_queue(ports->ports[1].device, &reply), i % WORKERS);
	}
	sy_flow_rules_destroy(rules);
	sy_flow_rules_destroy(NULL);
	CU_ASSERT_EQUAL(rss_port_rules(ports->ports[1].device), 0);
	rss_nature.n_rules = WORKERS - 1;
	CU_ASSERT_NOT_EQUAL(
		sy_flow_rules_create(&ports->ports[1], addresses, WORKERS, &rules, &error), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "the table of rules is full"));
	CU_ASSERT_EQUAL(rss_port_rules(ports->ports[1].device), 0);
	sy_ports_close(ports);
}

static void
test_no_flow_rules(void)
{
	const struct sy_config config = steering_config(WORKERS, 0, 4);
	struct sy_ports *ports;

	rss_port_reset();
	rss_nature.n_rules = 0;
	ports = open_ports(&config);
	CU_ASSERT_FALSE(ports->steering.rows[SY_STEERING_FLOW_RULES].possible);
	CU_ASSERT_PTR_NOT_NULL(strstr(
		ports->steering.rows[SY_STEERING_FLOW_RULES].reason, "the table of rules is full"));
	CU_ASSERT_EQUAL(rss_port_rules(ports->ports[1].device), 0);
	sy_ports_close(ports);
}

static const struct sy_test tests[] = {
	{ "hashes of one side bring both directions of a flow to its owner", test_one_side },
	{ "a pair of keys does where both sides are hashed", test_key_pair },
	{ "a pair of keys serves IPv4, and requests of IPv6", test_key_pair_for_both_families },
	{ "frames of both directions are received by one worker", test_frames },
	{ "what a device cannot do leads to software, and is said", test_what_devices_cannot },
	{ "so does a device that breaks its word", test_what_devices_break },
	{ "a device that cannot tell its hash is believed", test_mute },
	{ "one worker needs no steering", test_one_worker },
	{ "flow rules bring addresses to their workers, and go without trace", test_flow_rules },
	{ "a device without room for rules is found before", test_no_flow_rules },
};

int
main(int argc, char **argv)
{
	return steering_run("port_steering", tests, SY_UNIT_COUNT(tests), argc, argv);
}
