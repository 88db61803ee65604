/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <rte_ether.h>
#include <rte_memzone.h>

#include "open_ports.h"
#include "unit.h"

static struct sy_port_config rows[4];
static const int sockets[SY_MAX_WORKERS];

static struct sy_config
config_of(uint16_t workers, const char *first, const char *second)
{
	struct sy_config config = {
		.name = "unit", .workers = workers, .ports = rows, .n_ports = second == NULL ? 1 : 2
	};

	memset(rows, 0, sizeof(rows));
	for (uint32_t i = 0; i < config.n_ports; i++) {
		snprintf(rows[i].name, sizeof(rows[i].name), "p%u", i);
		snprintf(rows[i].device, sizeof(rows[i].device), "%s", i == 0 ? first : second);
		snprintf(rows[i].profile, sizeof(rows[i].profile), "auto");
		rows[i].mtu = 1500;
		rows[i].rx_descriptors = rows[i].tx_descriptors = 256;
	}
	return config;
}

static void
expect_refusal(const struct sy_config *config, int status, const char *words)
{
	struct sy_ports *ports = NULL;
	struct sy_error error = { "" };

	CU_ASSERT_EQUAL(sy_ports_open(config, sockets, &ports, &error), status);
	CU_ASSERT_PTR_NULL(ports);
	if (strstr(error.text, words) == NULL) {
		fprintf(stderr, "# \"%s\" lacks \"%s\"\n", error.text, words);
		CU_FAIL("a refusal has other words");
	}
	CU_ASSERT_EQUAL(rte_eth_dev_count_avail(), 0);
}

static struct rte_mbuf *
make_packet(struct sy_ports *ports, uint16_t length, uint8_t mark)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(sy_ports_pool(ports, 0));
	char *data;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mbuf);
	data = rte_pktmbuf_append(mbuf, length);
	CU_ASSERT_PTR_NOT_NULL_FATAL(data);
	memset(data, mark, length);
	return mbuf;
}

static void
test_null(void)
{
	struct sy_config config = config_of(2, "net_null0,size=64", NULL);
	struct sy_ports *ports = open_ports(&config);
	struct sy_port *port = &ports->ports[0];
	struct rte_mbuf *mbufs[4];

	CU_ASSERT_STRING_EQUAL(port->driver, "net_null");
	CU_ASSERT_STRING_EQUAL(port->profile->name, "null");
	CU_ASSERT_EQUAL(port->n_rx_queues, 2);
	CU_ASSERT_TRUE(port->link_up);
	CU_ASSERT_EQUAL(sy_port_receive(port, 1, mbufs, 4), 4);
	CU_ASSERT_EQUAL(mbufs[0]->pkt_len, 64);
	CU_ASSERT_EQUAL(sy_port_send(port, 1, mbufs, 4), 4);
	sy_ports_close(ports);
	CU_ASSERT_EQUAL(rte_eth_dev_count_avail(), 0);
}

static void
test_ring_loops(void)
{
	struct sy_config config = config_of(2, "net_ring0", NULL);
	struct sy_ports *ports = open_ports(&config);
	struct sy_port *port = &ports->ports[0];
	struct sy_port_counters counters;

	for (uint16_t w = 0; w < 2; w++) {
		struct rte_mbuf *sent = make_packet(ports, 100, (uint8_t)w), *mbufs[2];

		CU_ASSERT_TRUE(sy_port_can_send(port, w));
		CU_ASSERT_EQUAL(sy_port_send(port, w, &sent, 1), 1);
		CU_ASSERT_EQUAL(sy_port_receive(port, 1 - w, mbufs, 2), 0);
		CU_ASSERT_EQUAL(sy_port_receive(port, w, mbufs, 2), 1);
		CU_ASSERT_PTR_EQUAL(mbufs[0], sent);
		rte_pktmbuf_free(sent);
	}
	sy_port_read_counters(port, &counters);
	CU_ASSERT_EQUAL(counters.rx_packets, 2);
	CU_ASSERT_EQUAL(counters.tx_packets, 2);
	sy_ports_close(ports);
}

/* Such a device filters nothing, so that any address will do, but there must be one. */
static void
test_address_without_device(void)
{
	static const struct sy_mac wanted = { { 2, 0, 0, 0, 0, 9 } };
	struct sy_config config = config_of(1, "net_ring0", NULL);
	struct sy_ports *ports = open_ports(&config);

	CU_ASSERT_NOT_EQUAL(ports->ports[0].mac.bytes[0], 0);
	sy_ports_close(ports);
	config.ports[0].has_mac = true;
	config.ports[0].mac = wanted;
	ports = open_ports(&config);
	CU_ASSERT_EQUAL(memcmp(&ports->ports[0].mac, &wanted, sizeof(wanted)), 0);
	sy_ports_close(ports);
}

/* 16 queues for 20 workers: four have none, and send through the owner of one. */
static void
test_fewer_queues_than_workers(void)
{
	struct sy_config config = config_of(20, "net_ring0", NULL);
	struct sy_ports *ports = open_ports(&config);
	struct sy_port *port = &ports->ports[0];
	struct rte_mbuf *mbuf;

	CU_ASSERT_EQUAL(port->n_rx_queues, 16);
	CU_ASSERT_EQUAL(port->n_tx_queues, 16);
	for (uint16_t w = 0; w < 20; w++) {
		CU_ASSERT_EQUAL(sy_port_can_send(port, w), w < 16);
		CU_ASSERT_EQUAL(port->tx_owners[w], w % 16);
	}
	CU_ASSERT_EQUAL(sy_port_receive(port, 19, &mbuf, 1), 0);
	CU_ASSERT_EQUAL(ports->steering.rung, SY_STEERING_SOFTWARE);
	CU_ASSERT_STRING_EQUAL(sy_steering_name(ports->steering.rung), "software");
	CU_ASSERT_PTR_NOT_NULL(strstr(ports->steering.reason, "port p0 (net_ring) has no RSS"));
	sy_ports_close(ports);
}

static void
test_no_offload_is_assumed(void)
{
	struct sy_config config = config_of(1, "net_ring0", NULL);
	struct sy_ports *ports = open_ports(&config);
	char text[128];

	CU_ASSERT_EQUAL(ports->ports[0].offloads &
			(SY_PORT_RX_IP_CHECKSUM | SY_PORT_TX_IP_CHECKSUM | SY_PORT_TX_TCP_CHECKSUM |
				SY_PORT_TX_UDP_CHECKSUM),
		0);
	CU_ASSERT_EQUAL(ports->steering.rung, SY_STEERING_SINGLE);
	CU_ASSERT_STRING_EQUAL(
		sy_port_offloads_text(SY_PORT_RX_IP_CHECKSUM | SY_PORT_RSS, text, sizeof(text)),
		"rx_ip_checksum, rss");
	sy_ports_close(ports);
}

static void
test_jumbo_is_one_segment(void)
{
	struct sy_config config = config_of(1, "net_ring0", "net_null0");
	struct sy_ports *ports;
	struct rte_mbuf *mbuf;

	rows[1].mtu = 9000;
	ports = open_ports(&config);
	CU_ASSERT_EQUAL(ports->n_pools, 1);
	mbuf = rte_pktmbuf_alloc(sy_ports_pool(ports, 0));
	CU_ASSERT_PTR_NOT_NULL_FATAL(mbuf);
	CU_ASSERT(rte_pktmbuf_tailroom(mbuf) >= RTE_ETHER_HDR_LEN + 9000);
	rte_pktmbuf_free(mbuf);
	sy_ports_close(ports);
}

static void
test_mac(void)
{
	struct sy_config config = config_of(1, "net_null0,no-rx=1", NULL);
	struct sy_ports *ports;
	char text[SY_MAC_TEXT];

	rows[0].has_mac = true;
	CU_ASSERT_EQUAL(sy_mac_parse("02:00:00:00:00:07", &rows[0].mac), 0);
	ports = open_ports(&config);
	CU_ASSERT_STRING_EQUAL(sy_mac_text(&ports->ports[0].mac, text), "02:00:00:00:00:07");
	sy_ports_close(ports);
}

static void
test_refusals(void)
{
	struct sy_config config = config_of(1, "net_nosuch0", NULL);

	expect_refusal(&config, -ENODEV, "no DPDK driver of that name");
	config = config_of(1, "net_null0,nonsense=1", NULL);
	expect_refusal(&config, -ENODEV, "refused the arguments \"nonsense=1\"");
	config = config_of(1, "net_af_xdp0,iface=nosuch0", NULL);
	expect_refusal(&config, -ENODEV, "no interface nosuch0");
	config = config_of(1, "ffff:ff:1f.7", NULL);
	expect_refusal(&config, -ENODEV, "no PCI device ffff:ff:1f.7");
	if (access("/sys/bus/pci/devices/0000:00:00.0", F_OK) == 0) {
		config = config_of(1, "00:00.0", NULL);
		expect_refusal(&config, -ENODEV, "it is bound to ");
	}
	config = config_of(1, "net_null0", "net_null0");
	expect_refusal(&config, -EEXIST, "port p1, device net_null0: another port");
	config = config_of(1, "net_null0", NULL);
	snprintf(rows[0].profile, sizeof(rows[0].profile), "nosuch");
	expect_refusal(&config, -ENOENT, "no driver profile \"nosuch\"");
}

/* Makes folder the place of profiles, with one of these words for net_null. */
static void
use_profile(char *folder, const char *words)
{
	char path[64];
	FILE *file;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/null.json", folder);
	file = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fprintf(file, "{\"help\": \"x\", \"drivers\": [\"net_null\"], %s}", words);
	fclose(file);
	setenv("STEELYARD_DRIVERS_CONFIG", folder, 1);
}

static void
forget_profile(const char *folder)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/null.json", folder);
	unlink(path);
	rmdir(folder);
	unsetenv("STEELYARD_DRIVERS_CONFIG");
}

/* A buffer that must fit a page cannot hold this MTU; the error says which could, and that one
 * indeed can. */
static void
test_page_limit(void)
{
	struct sy_config config = config_of(1, "net_null0", NULL);
	char folder[] = "/tmp/sy_page_XXXXXX";

	use_profile(folder, "\"page_buffers\": true, \"buffer_overhead\": 256");
	rows[0].mtu = 4000;
	expect_refusal(&config, -ERANGE, "the MTU can be 3430 at most, the file says 4000");
	rows[0].mtu = 3430;
	sy_ports_close(open_ports(&config));
	rows[0].mtu = 3431;
	expect_refusal(&config, -ERANGE, "lower \"mtu\"");
	forget_profile(folder);
}

static void
test_power_of_two(void)
{
	struct sy_config config = config_of(3, "net_null0", NULL);
	char folder[] = "/tmp/sy_power_XXXXXX";
	struct sy_ports *ports;
	struct rte_mbuf *mbuf;

	use_profile(folder, "\"power_of_two_queues\": true");
	ports = open_ports(&config);
	CU_ASSERT_EQUAL(ports->ports[0].n_rx_queues, 2);
	CU_ASSERT_EQUAL(ports->ports[0].n_tx_queues, 3);
	CU_ASSERT_EQUAL(sy_port_receive(&ports->ports[0], 2, &mbuf, 1), 0);
	sy_ports_close(ports);
	forget_profile(folder);
}

/* Both sizes of buffers stand side by side, and each port has its own. */
static void
test_page_pool_beside_jumbo(void)
{
	struct sy_config config = config_of(1, "net_null0", "net_ring0");
	char folder[] = "/tmp/sy_pools_XXXXXX";
	struct sy_ports *ports;
	struct rte_mbuf *mbuf;

	use_profile(folder, "\"page_buffers\": true");
	rows[1].mtu = 9000;
	ports = open_ports(&config);
	CU_ASSERT_EQUAL(ports->n_pools, 2);
	CU_ASSERT_EQUAL_FATAL(sy_port_receive(&ports->ports[0], 0, &mbuf, 1), 1);
	CU_ASSERT(
		mbuf->pool->elt_size + mbuf->pool->header_size + mbuf->pool->trailer_size <= 4096);
	CU_ASSERT_PTR_NOT_EQUAL(mbuf->pool, sy_ports_pool(ports, 0));
	CU_ASSERT_EQUAL(ports->ports[0].offloads & SY_PORT_TX_FAST_FREE, 0);
	rte_pktmbuf_free(mbuf);
	sy_ports_close(ports);
	forget_profile(folder);
}

static void
test_pcap(void)
{
	char device[SY_TEXT_SIZE], in[] = "/tmp/sy_pcap_XXXXXX";
	/* A capture of one Ethernet frame of 60 bytes (link type 1). */
	static const uint32_t header[] = { 0xa1b2c3d4, 0x00040002, 0, 0, 65535, 1, 0, 0, 60, 60 };
	struct sy_config config;
	struct sy_ports *ports;
	struct rte_mbuf *mbuf;
	uint8_t frame[60] = { 0xff };
	int fd = mkstemp(in);

	CU_ASSERT_EQUAL_FATAL(write(fd, header, sizeof(header)), sizeof(header));
	CU_ASSERT_EQUAL_FATAL(write(fd, frame, sizeof(frame)), sizeof(frame));
	close(fd);
	snprintf(device, sizeof(device), "net_pcap0,rx_pcap=%s", in);
	config = config_of(2, device, NULL);
	ports = open_ports(&config);
	CU_ASSERT_EQUAL(ports->ports[0].n_rx_queues, 1);
	CU_ASSERT_EQUAL(sy_port_receive(&ports->ports[0], 1, &mbuf, 1), 0);
	CU_ASSERT_EQUAL_FATAL(sy_port_receive(&ports->ports[0], 0, &mbuf, 1), 1);
	CU_ASSERT_EQUAL(mbuf->pkt_len, 60);
	CU_ASSERT_EQUAL(sy_port_send(&ports->ports[0], 0, &mbuf, 1), 1);
	sy_ports_close(ports);
	unlink(in);
}

static int
set_interface_up(const char *name, bool up)
{
	struct ifreq ifreq = { .ifr_flags = 0 };
	int fd = socket(AF_INET, SOCK_DGRAM, 0), status;

	snprintf(ifreq.ifr_name, sizeof(ifreq.ifr_name), "%s", name);
	status = ioctl(fd, SIOCGIFFLAGS, &ifreq);
	ifreq.ifr_flags = (short)(up ? ifreq.ifr_flags | IFF_UP : ifreq.ifr_flags & ~IFF_UP);
	if (status == 0)
		status = ioctl(fd, SIOCSIFFLAGS, &ifreq);
	close(fd);
	return status;
}

static void
test_tap(void)
{
	struct sy_config config = config_of(2, "net_tap0,iface=sy-unit-tap", NULL);
	struct sy_ports *ports;
	struct sy_port *port;

	if (geteuid() != 0 || access("/dev/net/tun", R_OK | W_OK) != 0) {
		sy_unit_skip("needs root and /dev/net/tun");
		return;
	}
	ports = open_ports(&config);
	port = &ports->ports[0];
	CU_ASSERT_EQUAL(port->n_rx_queues, 2);
	CU_ASSERT_EQUAL(port->n_tx_queues, 2);
	CU_ASSERT_NOT_EQUAL(if_nametoindex("sy-unit-tap"), 0);
	CU_ASSERT_TRUE(port->link_up);
	CU_ASSERT_EQUAL(set_interface_up("sy-unit-tap", false), 0);
	CU_ASSERT_TRUE(sy_port_poll_link(port));
	CU_ASSERT_FALSE(port->link_up);
	CU_ASSERT_EQUAL(set_interface_up("sy-unit-tap", true), 0);
	CU_ASSERT_TRUE(sy_port_poll_link(port));
	CU_ASSERT_FALSE(sy_port_poll_link(port));
	sy_ports_close(ports);
	CU_ASSERT_EQUAL(if_nametoindex("sy-unit-tap"), 0);
}

static void
count_zone(const struct rte_memzone *zone, void *count)
{
	(void)zone;
	++*(int *)count;
}

/* Pools and rings are memory zones, and their names are used again at once. */
static void
test_nothing_is_kept(void)
{
	struct sy_config config = config_of(2, "net_null0", "net_null1");
	int before = 0, after = 0;

	sy_ports_close(open_ports(&config));
	rte_memzone_walk(count_zone, &before);
	for (int i = 0; i < 5; i++)
		sy_ports_close(open_ports(&config));
	rte_memzone_walk(count_zone, &after);
	CU_ASSERT_EQUAL(before, after);
	sy_ports_close(NULL);
}

static const struct sy_test tests[] = {
	{ "a null device receives and sends on each worker's queue", test_null },
	{ "a ring gives back on a queue what was sent on it", test_ring_loops },
	{ "a device without addresses gets one, or the file's", test_address_without_device },
	{ "workers beyond the queues send through an owner", test_fewer_queues_than_workers },
	{ "an offload that the device lacks is not granted", test_no_offload_is_assumed },
	{ "a packet of 9000 bytes fits one buffer", test_jumbo_is_one_segment },
	{ "the file's MAC address is set", test_mac },
	{ "what cannot be opened is refused with the reason", test_refusals },
	{ "an MTU beyond a page is refused with the remedy", test_page_limit },
	{ "receive queues are a power of two where they must be", test_power_of_two },
	{ "small and large buffers stand side by side", test_page_pool_beside_jumbo },
	{ "a capture file is received by the worker that owns its queue", test_pcap },
	{ "a tap has a queue for each worker, and its link is seen", test_tap },
	{ "opening and closing keeps no pool", test_nothing_is_kept },
};

int
main(int argc, char **argv)
{
	sy_log_set_level(SY_LOG_WARNING);
	return sy_unit_run_eal("port_devices", tests, SY_UNIT_COUNT(tests), argc, argv);
}
