/* SPDX-License-Identifier: BSD-3-Clause */
/* Services that a reload adds, against the hash that emulated devices were given at the start. */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include <rte_ethdev.h>

#include "rss_port.h"
#include "steering_lab.h"
#include "sy/port.h"

#define PACKETS 500
#define ALL_TYPES 4 /* services of steering_config() */

static const int sockets[SY_MAX_WORKERS];

static struct sy_ports *
open_ports(const struct sy_config *config)
{
	struct sy_ports *ports = NULL;
	struct sy_error error = { "" };

	if (sy_ports_open(config, sockets, &ports, &error) != 0 ||
		sy_ports_start(ports, &error) != 0)
		fprintf(stderr, "# %s\n", error.text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(ports);
	CU_ASSERT_EQUAL(ports->steering.rung, SY_STEERING_CLIENT_HASH);
	return ports;
}

/* How many of a service's packets come to another worker than their flow's. */
static uint32_t
count_astray(const struct sy_ports *ports, uint32_t service)
{
	uint32_t n = 0;

	for (int i = 0; i < PACKETS; i++) {
		struct sy_tuple tuple = steering_tuple(service);

		n += rss_port_queue(ports->ports[0].device, &tuple) !=
			sy_owner(&ports->owners, tuple.family, &tuple.src, tuple.src_port_be);
	}
	return n;
}

/* The first file has TCP over IPv4 alone. */
static void
test_followed(void)
{
	struct sy_config first = steering_config(STEERING_WORKERS, 0, 1);
	struct sy_config more = steering_config(STEERING_WORKERS, 0, ALL_TYPES);
	struct sy_ports *ports;

	rss_port_reset();
	ports = open_ports(&first);
	CU_ASSERT_FALSE(sy_ports_review(ports, &more));
	CU_ASSERT_STRING_EQUAL(ports->steering.note, "");
	for (uint32_t service = 0; service < ALL_TYPES; service++)
		CU_ASSERT_EQUAL(count_astray(ports, service), 0);
	sy_ports_close(ports);
}

/* A device like vmxnet3, which hashes no UDP. */
static void
test_type_not_hashed(void)
{
	struct sy_config first = steering_config(STEERING_WORKERS, 0, 1);
	struct sy_config more;
	struct sy_ports *ports;

	rss_port_reset();
	rss_nature.types &= ~RTE_ETH_RSS_NONFRAG_IPV4_UDP;
	ports = open_ports(&first);
	more = steering_config(STEERING_WORKERS, 0, 2);
	snprintf(steering_services[1].name, sizeof(steering_services[1].name), "dns");
	CU_ASSERT_TRUE(sy_ports_review(ports, &more));
	CU_ASSERT_PTR_NOT_NULL(strstr(ports->steering.note, "1 services"));
	CU_ASSERT_PTR_NOT_NULL(strstr(ports->steering.note, "\"dns\""));
	CU_ASSERT_PTR_NOT_NULL(strstr(ports->steering.note, "UDP over IPv4"));
	CU_ASSERT(count_astray(ports, 1) > PACKETS / 2);
	CU_ASSERT_EQUAL(count_astray(ports, 0), 0);
	/* The same again is no news; without the service there is nothing to say. */
	CU_ASSERT_FALSE(sy_ports_review(ports, &more));
	more.n_services = 1;
	CU_ASSERT_TRUE(sy_ports_review(ports, &more));
	CU_ASSERT_STRING_EQUAL(ports->steering.note, "");
	sy_ports_close(ports);
}

/* Keys that leave one endpoint out do so for the families of the first file. */
static void
test_family_without_keys(void)
{
	struct sy_config first = steering_config(STEERING_WORKERS, 0, 2);
	struct sy_config more;
	struct sy_ports *ports;

	rss_port_reset();
	steering_no_sides();
	ports = open_ports(&first);
	more = steering_config(STEERING_WORKERS, 0, ALL_TYPES);
	CU_ASSERT_TRUE(sy_ports_review(ports, &more));
	CU_ASSERT_PTR_NOT_NULL(strstr(ports->steering.note, "2 services"));
	CU_ASSERT_PTR_NOT_NULL(strstr(ports->steering.note, "drawn for IPv4 alone"));
	CU_ASSERT_EQUAL(count_astray(ports, 0), 0);
	CU_ASSERT(count_astray(ports, 2) > PACKETS / 2);
	sy_ports_close(ports);
}

/* What a port leads to, where the file leaves it open, follows from backends and routes. */
static void
test_port_leads_elsewhere(void)
{
	struct sy_config config = steering_config(STEERING_WORKERS, 0, 2);
	struct sy_ports *ports;

	rss_port_reset();
	ports = open_ports(&config);
	CU_ASSERT_FALSE(sy_ports_review(ports, &config));
	steering_ports[1].side = SY_PORT_SIDE_BOTH;
	CU_ASSERT_TRUE(sy_ports_review(ports, &config));
	CU_ASSERT_PTR_NOT_NULL(strstr(ports->steering.note,
		"port p1 leads to clients and servers now, and its hash was set for servers"));
	sy_ports_close(ports);
}

static const struct sy_test tests[] = {
	{ "services that a reload adds are steered by the hash that is there", test_followed },
	{ "a service that the hash does not follow is told, with the reason",
		test_type_not_hashed },
	{ "a family that the keys were not drawn for is told", test_family_without_keys },
	{ "a port that leads elsewhere after a reload is told", test_port_leads_elsewhere },
};

int
main(int argc, char **argv)
{
	return steering_run("port_review", tests, SY_UNIT_COUNT(tests), argc, argv);
}
