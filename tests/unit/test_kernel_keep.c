/* SPDX-License-Identifier: BSD-3-Clause */
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include <rte_mbuf.h>

#include "kernel_lab.h"
#include "sy/registry.h"
#include "sy/snapshot.h"

#define SETTLE_MS 250

static uint8_t
find_mode(const char *name)
{
	(void)name;
	return 0;
}

/* Has the backends of one pool kept resolved. */
static void
keep(struct kernel_lab *lab, struct sy_backend_config *backends, uint32_t n_backends)
{
	struct sy_pool_config pool = {
		.name = "web", .scheduler = "rr", .backends = backends, .n_backends = n_backends
	};
	struct sy_config config = { .pools = &pool, .n_pools = 1 };
	const struct sy_snapshot_params params = {
		.n_workers = 1, .max_flows = 1000, .socket = SOCKET_ID_ANY, .find_mode = find_mode
	};
	struct sy_error error = { .text = "" };
	struct sy_registry *registry = NULL;
	struct sy_snapshot *snapshot = NULL;

	CU_ASSERT_EQUAL_FATAL(sy_registry_create(8, 8, NULL, NULL, &registry), 0);
	CU_ASSERT_EQUAL_FATAL(sy_registry_apply(registry, &config, &error), 0);
	CU_ASSERT_EQUAL_FATAL(
		sy_snapshot_build(&params, registry, &lab->routes, NULL, &snapshot, &error), 0);
	sy_kernel_keep_resolved(lab->kernel, snapshot);
	sy_snapshot_free(snapshot);
	sy_registry_destroy(registry);
}

/* Whether the next ARP frame on a port asks for the address. */
static bool
asks_for(struct kernel_lab *lab, uint8_t port, const char *address)
{
	struct rte_mbuf *packet = lab_take_arp(lab, port);
	struct sy_ip ip = lab_ip(address);
	bool asks;

	if (packet == NULL)
		return false;
	asks = memcmp(rte_pktmbuf_mtod(packet, const struct arp_frame *)->target_ip, ip.addr.bytes,
		       4) == 0;
	rte_pktmbuf_free(packet);
	return asks;
}

struct search {
	struct sy_ip address;
	bool managed;
};

static void
look_at(void *context, const struct nlmsghdr *message)
{
	const struct ndmsg *header = mnl_nlmsg_get_payload(message);
	const struct nlattr *attributes[NDA_MAX + 1];
	struct search *search = context;
	struct sy_ip address;

	sy_netlink_attributes(message, sizeof(*header), attributes, NDA_MAX + 1);
	if (attributes[NDA_DST] == NULL ||
		!sy_netlink_get_ip(attributes[NDA_DST], header->ndm_family, &address) ||
		!sy_ip_equal(&address, &search->address))
		return;
	search->managed = attributes[NDA_FLAGS_EXT] != NULL &&
		(mnl_attr_get_u32(attributes[NDA_FLAGS_EXT]) & NTF_EXT_MANAGED) != 0;
}

static bool
is_managed(struct kernel_lab *lab, const char *address)
{
	struct search search = { .address = lab_ip(address) };
	struct netlink_request request;
	struct ndmsg *header = sy_netlink_begin(&request, RTM_GETNEIGH, 0, sizeof(*header));

	header->ndm_family = AF_INET;
	CU_ASSERT_EQUAL(sy_netlink_dump(&lab->requests, &request, look_at, &search), 0);
	return search.managed;
}

static void
delete_neighbour(struct kernel_lab *lab, const char *twin, const char *address)
{
	struct netlink_request request;
	struct ndmsg *header = sy_netlink_begin(&request, RTM_DELNEIGH, 0, sizeof(*header));
	struct sy_ip ip = lab_ip(address);

	header->ndm_family = AF_INET;
	header->ndm_ifindex = (int)if_nametoindex(twin);
	sy_netlink_put_ip(&request, NDA_DST, &ip);
	CU_ASSERT_EQUAL(sy_netlink_do(&lab->requests, &request), 0);
}

static void
test_backends(void)
{
	struct sy_backend_config backend = { .name = "web1", .port = 80, .enabled = true };
	struct kernel_lab lab;
	struct sy_ip ip;

	if (!lab_start(&lab))
		return;
	backend.address = ip = lab_ip("10.0.0.11");
	keep(&lab, &backend, 1);
	CU_ASSERT_TRUE(asks_for(&lab, 1, "10.0.0.11"));
	lab_give_arp(&lab, 1, ARPOP_REPLY, "10.0.0.11", "10.0.0.2");
	lab_await(&lab, lab_neighbour(&lab, 1, "10.0.0.11") != NULL);
	CU_ASSERT_PTR_NOT_NULL(lab_neighbour(&lab, 1, "10.0.0.11"));
	CU_ASSERT_TRUE(is_managed(&lab, "10.0.0.11"));
	/* A worker's question does not end that, and neither does the next publication. */
	sy_kernel_resolve(lab.kernel, 1, &ip);
	keep(&lab, &backend, 1);
	CU_ASSERT_TRUE(is_managed(&lab, "10.0.0.11"));
	/* Somebody flushes the kernel's table: asked for again. */
	delete_neighbour(&lab, "sy-lan", "10.0.0.11");
	CU_ASSERT_TRUE(asks_for(&lab, 1, "10.0.0.11"));
	lab_give_arp(&lab, 1, ARPOP_REPLY, "10.0.0.11", "10.0.0.2");
	lab_turn(&lab, SETTLE_MS);
	CU_ASSERT_TRUE(is_managed(&lab, "10.0.0.11"));
	/* The backend has left: let go. */
	keep(&lab, &backend, 0);
	CU_ASSERT_FALSE(is_managed(&lab, "10.0.0.11"));
	lab_stop(&lab);
}

static void
test_gateways(void)
{
	struct sy_backend_config backend = { .name = "web1", .port = 80, .enabled = true };
	struct sy_neighbour neighbour = { .port = 1, .resolved = true, .is_static = true };
	struct kernel_lab lab;

	if (!lab_start(&lab))
		return;
	CU_ASSERT_EQUAL(lab_order_route(&lab, RTM_NEWROUTE, NLM_F_CREATE, "172.16.0.0/12",
				"10.0.0.1", "sy-lan"),
		0);
	CU_ASSERT_EQUAL(lab_order_route(&lab, RTM_NEWROUTE, NLM_F_CREATE, "0.0.0.0/0", "192.0.2.1",
				"sy-wan"),
		0);
	neighbour.address = lab_ip("10.0.0.12");
	CU_ASSERT_EQUAL(sy_routes_set_neighbour(&lab.routes, &neighbour), 0);
	lab_turn(&lab, 20);
	/* Behind a gateway, which is asked for instead. */
	backend.address = lab_ip("172.16.0.11");
	keep(&lab, &backend, 1);
	CU_ASSERT_TRUE(asks_for(&lab, 1, "10.0.0.1"));
	CU_ASSERT_TRUE(asks_for(&lab, 0, "192.0.2.1"));
	CU_ASSERT_TRUE(is_managed(&lab, "10.0.0.1"));
	/* One whose MAC address stands in the file is not asked for. */
	backend.address = neighbour.address;
	keep(&lab, &backend, 1);
	CU_ASSERT_FALSE(is_managed(&lab, "10.0.0.12"));
	lab_stop(&lab);
}

static const struct sy_test tests[] = {
	{ "a backend is resolved before traffic needs it, and kept so", test_backends },
	{ "gateways are kept resolved, static neighbours are left alone", test_gateways },
};

int
main(int argc, char **argv)
{
	return kernel_lab_run("kernel_keep", tests, SY_UNIT_COUNT(tests), argc, argv);
}
