/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ports on Linux interfaces: AF_XDP and AF_PACKET over a veth pair, in a network
 * namespace of this process's own, which goes with it.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <rte_cycles.h>
#include <rte_ether.h>

#include "open_ports.h"
#include "unit.h"

#define FRAME_BYTES 100
#define ETHERTYPE_TEST 0x88b5 /* IEEE 802: for local experiments */
#define N_FRAMES 40
#define TURNS 2000

static struct sy_port_config row;
static const int sockets[SY_MAX_WORKERS];
static bool has_namespace;

static struct sy_config
config_of(uint16_t workers, const char *device)
{
	struct sy_config config = {
		.name = "unit", .workers = workers, .ports = &row, .n_ports = 1
	};

	memset(&row, 0, sizeof(row));
	snprintf(row.name, sizeof(row.name), "p0");
	snprintf(row.device, sizeof(row.device), "%s", device);
	row.mtu = 1500;
	row.rx_descriptors = row.tx_descriptors = 1024;
	return config;
}

static bool
make_pair(uint16_t n_queues)
{
	char command[256];

	snprintf(command, sizeof(command),
		"ip link add sy-port numrxqueues %u numtxqueues %u type veth "
		"peer name sy-peer numrxqueues %u numtxqueues %u && ip link set sy-peer up",
		n_queues, n_queues, n_queues, n_queues);
	if (has_namespace && system(command) == 0)
		return true;
	sy_unit_skip("needs root, network namespaces and veth");
	return false;
}

static void
remove_pair(void)
{
	CU_ASSERT_EQUAL(system("ip link del sy-port"), 0);
}

static int
open_peer(void)
{
	struct sockaddr_ll address = { .sll_family = AF_PACKET,
		.sll_protocol = htons(ETHERTYPE_TEST),
		.sll_ifindex = (int)if_nametoindex("sy-peer") };
	struct timeval timeout = { .tv_sec = 2 };
	int fd = socket(AF_PACKET, SOCK_RAW, htons(ETHERTYPE_TEST));

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	return fd;
}

static const uint8_t test_frame[FRAME_BYTES] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0,
	1, ETHERTYPE_TEST >> 8, ETHERTYPE_TEST & 0xff };

static void
send_frames(int fd, uint8_t first)
{
	uint8_t frame[FRAME_BYTES];

	memcpy(frame, test_frame, sizeof(frame));
	for (uint8_t i = 0; i < N_FRAMES; i++) {
		frame[RTE_ETHER_HDR_LEN] = (uint8_t)(first + i);
		CU_ASSERT_EQUAL(send(fd, frame, sizeof(frame), 0), FRAME_BYTES);
	}
}

static bool
is_test_frame(const struct rte_mbuf *mbuf)
{
	const uint8_t *data = rte_pktmbuf_mtod(mbuf, const uint8_t *);

	return mbuf->pkt_len == FRAME_BYTES && data[12] == ETHERTYPE_TEST >> 8 &&
		data[13] == (ETHERTYPE_TEST & 0xff);
}

/* Every frame arrives at some worker, and comes back through a queue of any worker that has one. */
static void
echo_frames(struct sy_ports *ports)
{
	struct sy_port *port = &ports->ports[0];
	uint32_t n = 0;

	for (int turn = 0; turn < TURNS && n < N_FRAMES; turn++)
		for (uint16_t w = 0; w < ports->n_workers; w++) {
			uint16_t sender = port->tx_owners[w];
			struct rte_mbuf *mbufs[32];
			uint16_t received = sy_port_receive(port, w, mbufs, 32);

			for (uint16_t i = 0; i < received; i++) {
				n += is_test_frame(mbufs[i]);
				if (!is_test_frame(mbufs[i]) ||
					sy_port_send(port, sender, &mbufs[i], 1) != 1)
					rte_pktmbuf_free(mbufs[i]);
			}
			rte_delay_us_sleep(received == 0 ? 200 : 0);
		}
	CU_ASSERT_EQUAL_FATAL(n, N_FRAMES);
}

static void
count_frames(int fd)
{
	uint8_t frame[2048];
	int n = 0;

	while (n < N_FRAMES && recv(fd, frame, sizeof(frame), 0) == FRAME_BYTES)
		n++;
	CU_ASSERT_EQUAL_FATAL(n, N_FRAMES);
}

static void
exchange(struct sy_ports *ports)
{
	int fd = open_peer();

	/* More than the rings hold, so that buffers must come back. */
	for (uint8_t round = 0; round < 100; round++) {
		send_frames(fd, round);
		echo_frames(ports);
		count_frames(fd);
	}
	close(fd);
}

static void
run_device(uint16_t workers, const char *device, uint16_t n_queues)
{
	struct sy_config config = config_of(workers, device);
	struct sy_ports *ports;

	if (!make_pair(n_queues))
		return;
	ports = open_ports(&config);
	CU_ASSERT_EQUAL(ports->ports[0].n_rx_queues, n_queues);
	CU_ASSERT_EQUAL(ports->ports[0].n_tx_queues, n_queues);
	CU_ASSERT_TRUE(ports->ports[0].link_up);
	CU_ASSERT_TRUE(ports->ports[0].offloads & SY_PORT_ALL_MULTICAST);
	exchange(ports);
	sy_ports_close(ports);
	remove_pair();
}

static void
test_af_xdp(void)
{
	run_device(1, "net_af_xdp0,iface=sy-port", 1);
}

static void
test_af_xdp_shared_queue(void)
{
	run_device(3, "net_af_xdp0,iface=sy-port", 1);
}

/* Takes the buffers from the pool's far end: what was just freed, the near end, stays out of it. */
static void
send_next_buffers(struct sy_port *port, struct rte_mempool *pool)
{
	struct rte_mbuf *mbufs[N_FRAMES];

	CU_ASSERT_EQUAL_FATAL(rte_mempool_generic_get(pool, (void **)mbufs, N_FRAMES, NULL), 0);
	for (uint16_t i = 0; i < N_FRAMES; i++) {
		rte_pktmbuf_reset(mbufs[i]);
		memcpy(rte_pktmbuf_append(mbufs[i], FRAME_BYTES), test_frame, FRAME_BYTES);
	}
	CU_ASSERT_EQUAL_FATAL(sy_port_send(port, 0, mbufs, N_FRAMES), N_FRAMES);
}

/* A buffer that the kernel does not know is lost, and so is the packet in it. */
static void
test_af_xdp_all_buffers(void)
{
	struct sy_config config = config_of(2, "net_af_xdp0,iface=sy-port");
	struct rte_mempool *pool;
	struct sy_ports *ports;
	uint32_t n;
	int fd;

	if (!make_pair(1))
		return;
	ports = open_ports(&config);
	pool = sy_ports_pool(ports, 0);
	fd = open_peer();
	n = rte_mempool_avail_count(pool) / N_FRAMES;
	CU_ASSERT_TRUE(n * N_FRAMES > pool->size / 2);
	for (uint32_t i = 0; i < n; i++) {
		send_next_buffers(&ports->ports[0], pool);
		count_frames(fd);
	}
	close(fd);
	sy_ports_close(ports);
	remove_pair();
}

static void
test_af_packet(void)
{
	run_device(2, "net_af_packet0,iface=sy-port", 2);
}

/* The kernel tells of a carrier when it comes to it, at most once a second. */
static bool
link_changes(struct sy_port *port)
{
	for (int ms = 0; ms < 5000; ms++) {
		if (sy_port_poll_link(port))
			return true;
		rte_delay_us_sleep(1000);
	}
	return false;
}

static void
test_link(void)
{
	struct sy_config config = config_of(1, "net_af_xdp0,iface=sy-port");
	struct sy_ports *ports;
	struct sy_port *port;

	if (!make_pair(1))
		return;
	ports = open_ports(&config);
	port = &ports->ports[0];
	CU_ASSERT_EQUAL(system("ip link set sy-peer down"), 0);
	CU_ASSERT_TRUE(link_changes(port));
	CU_ASSERT_FALSE(port->link_up);
	CU_ASSERT_FALSE(sy_port_poll_link(port));
	CU_ASSERT_EQUAL(system("ip link set sy-peer up"), 0);
	CU_ASSERT_TRUE(link_changes(port));
	CU_ASSERT_TRUE(port->link_up);
	exchange(ports);
	sy_ports_close(ports);
	remove_pair();
}

static void
test_mac_and_mtu(void)
{
	struct sy_config config = config_of(1, "net_af_xdp0,iface=sy-port");
	struct sy_ports *ports;
	char text[SY_MAC_TEXT];

	if (!make_pair(1))
		return;
	row.has_mac = true;
	CU_ASSERT_EQUAL(sy_mac_parse("02:00:00:00:00:07", &row.mac), 0);
	row.mtu = 3000;
	ports = open_ports(&config);
	CU_ASSERT_STRING_EQUAL(sy_mac_text(&ports->ports[0].mac, text), "02:00:00:00:00:07");
	CU_ASSERT_EQUAL(
		system("ip -o link show sy-port | grep -q 'mtu 3000.*02:00:00:00:00:07'"), 0);
	exchange(ports);
	sy_ports_close(ports);
	remove_pair();
}

static void
test_large_mtu(void)
{
	struct sy_config config = config_of(1, "net_af_xdp0,iface=sy-port");
	struct sy_ports *ports = NULL;
	struct sy_error error = { "" };

	if (!make_pair(1))
		return;
	row.mtu = 9000;
	CU_ASSERT_EQUAL(sy_ports_open(&config, sockets, &ports, &error), -ERANGE);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "lower \"mtu\" of the port"));
	remove_pair();
}

static const struct sy_test tests[] = {
	{ "AF_XDP carries frames both ways", test_af_xdp },
	{ "three workers share one queue of AF_XDP", test_af_xdp_shared_queue },
	{ "AF_XDP sends from every buffer of the pool", test_af_xdp_all_buffers },
	{ "AF_PACKET carries frames both ways on a queue for each worker", test_af_packet },
	{ "an interface's link is seen to go and come", test_link },
	{ "MAC address and MTU are set on the interface", test_mac_and_mtu },
	{ "an MTU that AF_XDP cannot have is refused", test_large_mtu },
};

int
main(int argc, char **argv)
{
	has_namespace = geteuid() == 0 && unshare(CLONE_NEWNET) == 0;
	sy_log_set_level(SY_LOG_WARNING);
	return sy_unit_run_eal("port_sockets", tests, SY_UNIT_COUNT(tests), argc, argv);
}
