/* SPDX-License-Identifier: BSD-3-Clause */
#include "steering_lab.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_ethdev.h>

#include "rss_port.h"
#include "sy/log.h"
#include "sy/random.h"

struct sy_port_config steering_ports[2];
struct sy_service_config steering_services[4];
static struct sy_random chance = { .state = 3 };

struct sy_config
steering_config(uint16_t workers, uint32_t first, uint32_t n_services)
{
	memset(steering_ports, 0, sizeof(steering_ports));
	for (uint32_t i = 0; i < 2; i++) {
		snprintf(steering_ports[i].name, sizeof(steering_ports[i].name), "p%u", i);
		snprintf(steering_ports[i].device, sizeof(steering_ports[i].device), "net_ring%u",
			i);
		snprintf(steering_ports[i].profile, sizeof(steering_ports[i].profile), "auto");
		steering_ports[i].mtu = 1500;
		steering_ports[i].rx_descriptors = steering_ports[i].tx_descriptors = 256;
		steering_ports[i].side = i == 0 ? SY_PORT_SIDE_CLIENTS : SY_PORT_SIDE_SERVERS;
	}
	for (uint32_t i = 0; i < 4; i++) {
		steering_services[i].address.family = i / 2;
		steering_services[i].protocol = i % 2 == 0 ? IPPROTO_TCP : IPPROTO_UDP;
	}
	return (struct sy_config){ .name = "unit",
		.workers = workers,
		.ports = steering_ports,
		.n_ports = 2,
		.services = steering_services + first,
		.n_services = n_services };
}

struct sy_tuple
steering_tuple(uint32_t service)
{
	struct sy_tuple tuple = { .family = steering_services[service].address.family,
		.protocol = steering_services[service].protocol };

	tuple.src.words[0] = sy_random_next(&chance);
	tuple.dst.words[0] = sy_random_next(&chance);
	if (tuple.family == SY_IPV4) {
		tuple.src = sy_addr_v4(tuple.src.v4_be);
		tuple.dst = sy_addr_v4(tuple.dst.v4_be);
	} else {
		tuple.src.words[1] = sy_random_next(&chance);
		tuple.dst.words[1] = sy_random_next(&chance);
	}
	tuple.src_port_be = (uint16_t)sy_random_next(&chance);
	tuple.dst_port_be = (uint16_t)sy_random_next(&chance);
	return tuple;
}

void
steering_no_sides(void)
{
	rss_nature.types &= ~(RTE_ETH_RSS_L3_SRC_ONLY | RTE_ETH_RSS_L3_DST_ONLY |
		RTE_ETH_RSS_L4_SRC_ONLY | RTE_ETH_RSS_L4_DST_ONLY);
}

/* net_ring as a device that has all this, by its profile. */
static void
make_profile(const char *folder)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "%s/ring.json", folder);
	file = fopen(path, "w");
	if (file == NULL)
		abort();
	fprintf(file,
		"{\"help\": \"x\", \"drivers\": [\"net_ring\"], \"rss\": true, "
		"\"flow_rules\": true}");
	fclose(file);
	setenv("STEELYARD_DRIVERS_CONFIG", folder, 1);
}

int
steering_run(const char *suite, const struct sy_test tests[], size_t n_tests, int argc, char **argv)
{
	char folder[] = "/tmp/sy_steering_XXXXXX", path[64];
	int status;

	if (mkdtemp(folder) == NULL)
		return 1;
	make_profile(folder);
	sy_log_set_level(SY_LOG_ERROR);
	status = sy_unit_run_eal(suite, tests, n_tests, argc, argv);
	snprintf(path, sizeof(path), "%s/ring.json", folder);
	unlink(path);
	rmdir(folder);
	return status;
}
