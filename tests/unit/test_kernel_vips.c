/* SPDX-License-Identifier: BSD-3-Clause */
#include <net/if_arp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rte_byteorder.h>
#include <rte_mbuf.h>

#include "kernel_lab.h"
#include "sy/registry.h"

#define SETTLE_MS 150

static void
describe_service(struct sy_service_config *service, const char *address, uint16_t port)
{
	memset(service, 0, sizeof(*service));
	snprintf(service->name, sizeof(service->name), "s%u", port);
	service->address = lab_ip(address);
	service->addresses[0] = service->address;
	service->n_addresses = 1;
	service->port = port;
	service->ports = (struct sy_port_range){ port, port };
	service->protocol = IPPROTO_TCP;
	service->spare_pool = SY_NO_POOL;
	service->put_on_twin = true;
}

static struct sy_stats *stats;
static struct sy_live *live;

static struct sy_registry *
make_registry(void)
{
	static const int socket;
	struct sy_registry *registry = NULL;

	CU_ASSERT_EQUAL_FATAL(sy_stats_create(1, &socket, 8, 8, &stats), 0);
	CU_ASSERT_EQUAL_FATAL(sy_live_create(1, 8, &live), 0);
	CU_ASSERT_EQUAL_FATAL(sy_registry_create(8, 8, live, stats, &registry), 0);
	return registry;
}

static void
destroy_registry(struct sy_registry *registry)
{
	sy_registry_destroy(registry);
	sy_live_destroy(live);
	sy_stats_destroy(stats);
}

/* A registry of these services, without those that have left and have no flows; the kernel is
 * told. */
static void
serve(struct kernel_lab *lab, struct sy_registry *registry, struct sy_config *config,
	struct sy_service_config *services, uint32_t n_services)
{
	struct sy_error error = { .text = "" };

	memset(config, 0, sizeof(*config));
	config->services = services;
	config->n_services = n_services;
	CU_ASSERT_EQUAL_FATAL(sy_registry_apply(registry, config, &error), 0);
	CU_ASSERT_EQUAL(sy_kernel_sync_vips(lab->kernel, registry, &error), 0);
	CU_ASSERT_STRING_EQUAL(error.text, "");
	lab_turn(lab, SETTLE_MS);
}

/* What leaves stays for a second in any case. */
static void
let_leave(struct kernel_lab *lab, struct sy_registry *registry)
{
	struct sy_error error;

	lab_turn(lab, 1100);
	sy_registry_collect(registry);
	CU_ASSERT_EQUAL(sy_kernel_sync_vips(lab->kernel, registry, &error), 0);
	lab_turn(lab, SETTLE_MS);
}

/* Whether the host has the address at all: only then can a socket be bound to it. */
static bool
host_has(const char *address)
{
	struct sy_ip ip = lab_ip(address);
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	int fd = socket(ip.family == SY_IPV4 ? AF_INET : AF_INET6, SOCK_DGRAM, 0);
	int status;

	memcpy(&v4.sin_addr, ip.addr.bytes, 4);
	memcpy(&v6.sin6_addr, ip.addr.bytes, 16);
	status = ip.family == SY_IPV4 ? bind(fd, (struct sockaddr *)&v4, sizeof(v4))
				      : bind(fd, (struct sockaddr *)&v6, sizeof(v6));
	close(fd);
	return status == 0;
}

static bool
answers_arp(struct kernel_lab *lab, uint8_t port, const char *sender, const char *target)
{
	struct rte_mbuf *packet;

	lab_give_arp(lab, port, ARPOP_REQUEST, sender, target);
	packet = lab_take_arp(lab, port);
	rte_pktmbuf_free(packet);
	return packet != NULL;
}

static void
test_vips(void)
{
	struct sy_registry *registry = NULL;
	struct sy_service_config services[5];
	struct sy_config config;
	struct kernel_lab lab;

	if (!lab_start(&lab))
		return;
	registry = make_registry();
	describe_service(&services[0], "192.0.2.80", 80);
	describe_service(&services[1], "192.0.2.80", 443);
	describe_service(&services[2], "10.0.0.80", 80);
	describe_service(&services[3], "203.0.113.80", 80);
	describe_service(&services[4], "2001:db8:1::80", 80);
	serve(&lab, registry, &config, services, 5);
	CU_ASSERT_TRUE(answers_arp(&lab, 0, "192.0.2.7", "192.0.2.80"));
	CU_ASSERT_FALSE(answers_arp(&lab, 1, "10.0.0.7", "192.0.2.80"));
	CU_ASSERT_TRUE(answers_arp(&lab, 1, "10.0.0.7", "10.0.0.80"));
	CU_ASSERT_TRUE(answers_arp(&lab, 0, "192.0.2.7", "203.0.113.80"));
	CU_ASSERT_TRUE(host_has("2001:db8:1::80"));
	/* Clients' packets to a virtual IP are not the host's. */
	CU_ASSERT_FALSE(lab_has_address(&lab, 0, "192.0.2.80"));
	CU_ASSERT_FALSE(lab_has_address(&lab, 1, "2001:db8:1::80"));
	CU_ASSERT_PTR_NULL(lab_route(&lab, "2001:db8:1::80/128"));
	/* One service of two at an address leaves: the address stays. */
	serve(&lab, registry, &config, services, 1);
	CU_ASSERT_TRUE(host_has("10.0.0.80"));
	let_leave(&lab, registry);
	CU_ASSERT_TRUE(host_has("192.0.2.80"));
	CU_ASSERT_FALSE(host_has("10.0.0.80"));
	CU_ASSERT_FALSE(host_has("203.0.113.80"));
	CU_ASSERT_FALSE(host_has("2001:db8:1::80"));
	lab_stop(&lab);
	destroy_registry(registry);
}

/* A service that leaves needs its address answered for until its last flow has ended. */
static void
test_leaving_service_keeps_address(void)
{
	struct sy_registry *registry;
	struct sy_service_config service;
	struct sy_config config;
	struct kernel_lab lab;

	if (!lab_start(&lab))
		return;
	registry = make_registry();
	describe_service(&service, "192.0.2.80", 80);
	serve(&lab, registry, &config, &service, 1);
	stats->workers[0]->services[0].flows_created = 1;
	serve(&lab, registry, &config, &service, 0);
	let_leave(&lab, registry);
	CU_ASSERT_TRUE(answers_arp(&lab, 0, "192.0.2.7", "192.0.2.80"));
	stats->workers[0]->services[0].flows_ended = 1;
	let_leave(&lab, registry);
	CU_ASSERT_FALSE(host_has("192.0.2.80"));
	lab_stop(&lab);
	destroy_registry(registry);
}

static void
test_own_address(void)
{
	struct sy_registry *registry = NULL;
	struct sy_service_config services[2];
	struct sy_config config;
	struct kernel_lab lab;

	if (!lab_start(&lab))
		return;
	registry = make_registry();
	/* A service at a port's own address, and at one that an operator has put there. */
	CU_ASSERT_EQUAL(lab_address(&lab, RTM_NEWADDR, "sy-wan", "192.0.2.81/32"), 0);
	describe_service(&services[0], "192.0.2.2", 80);
	describe_service(&services[1], "192.0.2.81", 80);
	serve(&lab, registry, &config, services, 2);
	CU_ASSERT_TRUE(lab_has_address(&lab, 0, "192.0.2.2"));
	serve(&lab, registry, &config, services, 0);
	let_leave(&lab, registry);
	CU_ASSERT_TRUE(host_has("192.0.2.2"));
	CU_ASSERT_TRUE(lab_has_address(&lab, 0, "192.0.2.2"));
	CU_ASSERT_TRUE(host_has("192.0.2.81"));
	CU_ASSERT_TRUE(lab_has_address(&lab, 0, "192.0.2.81"));
	lab_stop(&lab);
	destroy_registry(registry);
}

/* Somebody else puts the address there, and takes it away again. */
static void
test_put_by_others(void)
{
	struct sy_registry *registry = NULL;
	struct sy_service_config services[2];
	struct sy_config config;
	struct kernel_lab lab;

	if (!lab_start(&lab))
		return;
	registry = make_registry();
	describe_service(&services[0], "192.0.2.80", 80);
	describe_service(&services[1], "192.0.2.80", 443);
	services[1].put_on_twin = false;
	serve(&lab, registry, &config, services, 2);
	CU_ASSERT_FALSE(host_has("192.0.2.80"));
	services[1].put_on_twin = true;
	serve(&lab, registry, &config, services, 2);
	CU_ASSERT_TRUE(host_has("192.0.2.80"));
	lab_stop(&lab);
	destroy_registry(registry);
}

/* What the host sends by itself comes from its own address, though the virtual IP would match the
 * destination better. */
static void
test_source(void)
{
	struct sockaddr_in6 to = { .sin6_family = AF_INET6, .sin6_port = RTE_BE16(9) };
	struct sy_ip destination = lab_ip("2001:db8::81");
	struct sy_ip own = lab_ip("2001:db8::2");
	struct sy_registry *registry = NULL;
	struct sy_service_config service;
	socklen_t length = sizeof(to);
	struct sy_config config;
	struct kernel_lab lab;
	int fd;

	if (!lab_start(&lab))
		return;
	registry = make_registry();
	describe_service(&service, "2001:db8::80", 80);
	serve(&lab, registry, &config, &service, 1);
	fd = socket(AF_INET6, SOCK_DGRAM, 0);
	memcpy(&to.sin6_addr, destination.addr.bytes, 16);
	CU_ASSERT_EQUAL(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	CU_ASSERT_EQUAL(getsockname(fd, (struct sockaddr *)&to, &length), 0);
	CU_ASSERT_EQUAL(memcmp(&to.sin6_addr, own.addr.bytes, 16), 0);
	close(fd);
	lab_stop(&lab);
	destroy_registry(registry);
}

static const struct sy_test tests[] = {
	{ "virtual IPs come to the right twin, answer there, and go", test_vips },
	{ "the address of a leaving service stays while it has flows",
		test_leaving_service_keeps_address },
	{ "an address that was there before stays", test_own_address },
	{ "an address that others put on the twin is left to them", test_put_by_others },
	{ "the host never sends from a virtual IP by itself", test_source },
};

int
main(int argc, char **argv)
{
	return kernel_lab_run("kernel_vips", tests, SY_UNIT_COUNT(tests), argc, argv);
}
