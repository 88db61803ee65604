/* SPDX-License-Identifier: BSD-3-Clause */
/* Services' addresses in a routing table, for a routing daemon. */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kernel_lab.h"
#include "sy/registry.h"

#define TABLE 77

static struct kernel_lab lab;
static struct sy_stats *stats;
static struct sy_live *live;
static struct sy_registry *registry;
static struct sy_config config;
static struct sy_service_config services[3];
static struct sy_pool_config pools[2];
static struct sy_backend_config backends[2];

/* A service of a pool with one backend. */
static void
describe(uint32_t i, const char *address, uint32_t pool, enum sy_announce announce)
{
	struct sy_service_config *service = &services[i];

	memset(service, 0, sizeof(*service));
	snprintf(service->name, sizeof(service->name), "s%u", i);
	service->address = lab_ip(address);
	service->addresses[0] = service->address;
	service->n_addresses = 1;
	service->port = (uint16_t)(80 + i);
	service->ports = (struct sy_port_range){ service->port, service->port };
	service->protocol = IPPROTO_TCP;
	service->pool = pool;
	service->spare_pool = SY_NO_POOL;
	service->put_on_twin = true;
	service->announce = (uint8_t)announce;
}

static void
set_health(uint32_t pool, bool up)
{
	struct sy_backend *backend =
		sy_registry_backend(registry, sy_registry_backend_id(registry, pool, 0));

	sy_registry_set_effective_weight(registry, backend, 1);
	sy_registry_set_health(registry, backend, up ? SY_HEALTH_UP : SY_HEALTH_DOWN);
}

static bool
begin(void)
{
	static const int socket;
	struct sy_error error = { .text = "" };

	if (!lab_prepare(&lab))
		return false;
	lab.config.announce.table = TABLE;
	CU_ASSERT_EQUAL_FATAL(lab_create(&lab, &error), 0);
	CU_ASSERT_EQUAL_FATAL(sy_stats_create(1, &socket, 8, 8, &stats), 0);
	CU_ASSERT_EQUAL_FATAL(sy_live_create(1, 8, &live), 0);
	CU_ASSERT_EQUAL_FATAL(sy_registry_create(8, 8, live, stats, &registry), 0);
	memset(&config, 0, sizeof(config));
	for (uint32_t i = 0; i < 2; i++) {
		memset(&pools[i], 0, sizeof(pools[i]));
		memset(&backends[i], 0, sizeof(backends[i]));
		snprintf(pools[i].name, sizeof(pools[i].name), "p%u", i);
		snprintf(backends[i].name, sizeof(backends[i].name), "b%u", i);
		backends[i].address = lab_ip(i == 0 ? "10.0.0.11" : "10.0.0.12");
		backends[i].port = 80;
		backends[i].weight = 1;
		backends[i].enabled = true;
		pools[i].backends = &backends[i];
		pools[i].n_backends = 1;
	}
	config.pools = pools;
	config.n_pools = 2;
	config.services = services;
	config.announce = (struct sy_announce_config){ .table = TABLE };
	return true;
}

static void
serve(uint32_t n_services)
{
	struct sy_error error = { .text = "" };

	config.n_services = n_services;
	CU_ASSERT_EQUAL_FATAL(sy_registry_apply(registry, &config, &error), 0);
	set_health(0, true);
	set_health(1, true);
}

static void
end(void)
{
	lab_stop(&lab);
	sy_registry_destroy(registry);
	sy_live_destroy(live);
	sy_stats_destroy(stats);
}

struct search {
	struct sy_ip address;
	bool found;
};

static void
look_at(void *context, const struct nlmsghdr *message)
{
	const struct rtmsg *header = mnl_nlmsg_get_payload(message);
	const struct nlattr *attributes[RTA_MAX + 1];
	struct search *search = context;
	struct sy_ip to;

	sy_netlink_attributes(message, sizeof(*header), attributes, RTA_MAX + 1);
	if (attributes[RTA_TABLE] != NULL && mnl_attr_get_u32(attributes[RTA_TABLE]) == TABLE &&
		attributes[RTA_DST] != NULL &&
		sy_netlink_get_ip(attributes[RTA_DST], header->rtm_family, &to) &&
		sy_ip_equal(&to, &search->address))
		search->found = true;
}

/* Whether the table has the address, after another look at the services. */
static bool
is_announced(const char *address)
{
	struct search search = { .address = lab_ip(address) };
	struct netlink_request request;
	struct rtmsg *header = sy_netlink_begin(&request, RTM_GETROUTE, 0, sizeof(*header));

	sy_kernel_announce(lab.kernel, registry);
	header->rtm_family = sy_family_to_af(search.address.family);
	CU_ASSERT_EQUAL(sy_netlink_dump(&lab.requests, &request, look_at, &search), 0);
	return search.found;
}

/* Any one of several services keeps the address, but not without one that is required. */
static void
test_kinds(void)
{
	if (!begin())
		return;
	describe(0, "192.0.2.80", 0, SY_ANNOUNCE_ANY);
	describe(1, "192.0.2.80", 1, SY_ANNOUNCE_ANY);
	describe(2, "2001:db8:7::80", 0, SY_ANNOUNCE_IGNORED);
	serve(3);
	CU_ASSERT_TRUE(is_announced("192.0.2.80"));
	set_health(0, false);
	CU_ASSERT_TRUE(is_announced("192.0.2.80"));
	CU_ASSERT_TRUE(is_announced("2001:db8:7::80"));
	set_health(1, false);
	CU_ASSERT_FALSE(is_announced("192.0.2.80"));
	CU_ASSERT_TRUE(is_announced("2001:db8:7::80"));
	set_health(1, true);
	CU_ASSERT_TRUE(is_announced("192.0.2.80"));
	services[0].announce = SY_ANNOUNCE_REQUIRED;
	serve(3);
	CU_ASSERT_TRUE(is_announced("192.0.2.80"));
	set_health(0, false);
	CU_ASSERT_FALSE(is_announced("192.0.2.80"));
	/* The host itself goes by none of them. */
	CU_ASSERT_PTR_NULL(lab_route(&lab, "192.0.2.80/32"));
	end();
}

/* It comes after the hold, and goes at once: with its service, or for good. */
static void
test_hold(void)
{
	if (!begin())
		return;
	config.announce.hold_ms = 200;
	describe(0, "192.0.2.80", 0, SY_ANNOUNCE_ANY);
	describe(1, "192.0.2.81", 1, SY_ANNOUNCE_ANY);
	services[1].put_on_twin = false;
	serve(2);
	CU_ASSERT_FALSE(is_announced("192.0.2.80"));
	lab_await(&lab, is_announced("192.0.2.80"));
	CU_ASSERT_TRUE(is_announced("192.0.2.80"));
	CU_ASSERT_FALSE(is_announced("192.0.2.81"));
	serve(0);
	CU_ASSERT_FALSE(is_announced("192.0.2.80"));
	config.announce.hold_ms = 0;
	serve(1);
	CU_ASSERT_TRUE(is_announced("192.0.2.80"));
	CU_ASSERT_TRUE(sy_kernel_withdraw(lab.kernel));
	CU_ASSERT_FALSE(is_announced("192.0.2.80"));
	CU_ASSERT_FALSE(sy_kernel_withdraw(lab.kernel));
	end();
}

/* Of two services one is enough that leaves the address to somebody else. */
static void
test_barred(void)
{
	if (!begin())
		return;
	describe(0, "192.0.2.80", 0, SY_ANNOUNCE_ANY);
	describe(1, "192.0.2.80", 1, SY_ANNOUNCE_ANY);
	serve(2);
	CU_ASSERT_TRUE(is_announced("192.0.2.80"));
	services[1].put_on_twin = false;
	serve(2);
	CU_ASSERT_FALSE(is_announced("192.0.2.80"));
	services[1].put_on_twin = true;
	serve(2);
	CU_ASSERT_TRUE(is_announced("192.0.2.80"));
	end();
}

/* A withdrawal that the kernel refuses is tried again. */
static void
test_refused(void)
{
	if (!begin())
		return;
	describe(0, "192.0.2.80", 0, SY_ANNOUNCE_ANY);
	serve(1);
	CU_ASSERT_TRUE(is_announced("192.0.2.80"));
	set_health(0, false);
	CU_ASSERT_EQUAL_FATAL(seteuid(65534), 0);
	CU_ASSERT_TRUE(is_announced("192.0.2.80"));
	CU_ASSERT_EQUAL_FATAL(seteuid(0), 0);
	CU_ASSERT_FALSE(is_announced("192.0.2.80"));
	end();
}

static const struct sy_test tests[] = {
	{ "an address is announced while its services can serve", test_kinds },
	{ "one service that leaves its address to others bars it", test_barred },
	{ "a withdrawal that is refused is tried again", test_refused },
	{ "an announcement is held back, a withdrawal is not", test_hold },
};

int
main(int argc, char **argv)
{
	return kernel_lab_run("kernel_announce", tests, SY_UNIT_COUNT(tests), argc, argv);
}
