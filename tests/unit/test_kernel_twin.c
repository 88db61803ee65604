/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_ring.h>
#include <rte_udp.h>

#include "kernel_lab.h"

static struct ifreq
ask_interface(unsigned long what, const char *name)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct ifreq request = { .ifr_flags = 0 };

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	CU_ASSERT_EQUAL(ioctl(fd, what, &request), 0);
	close(fd);
	return request;
}

static void
test_twin(void)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 2 };
	struct kernel_lab lab;

	if (!lab_start(&lab))
		return;
	CU_ASSERT_EQUAL(
		memcmp(ask_interface(SIOCGIFHWADDR, "sy-lan").ifr_hwaddr.sa_data, mac, 6), 0);
	CU_ASSERT_EQUAL(ask_interface(SIOCGIFMTU, "sy-lan").ifr_mtu, 1500);
	CU_ASSERT_TRUE((ask_interface(SIOCGIFFLAGS, "sy-wan").ifr_flags & IFF_UP) != 0);
	CU_ASSERT_TRUE(lab.routes.ports[0].has_twin);
	/* The file's addresses in the file's order, and the kernel's own link-local one. */
	CU_ASSERT_EQUAL(lab.routes.ports[0].n_addresses, 3);
	CU_ASSERT_EQUAL(
		lab.routes.ports[0].addresses[0].ip.addr.v4_be, lab_ip("192.0.2.2").addr.v4_be);
	CU_ASSERT_TRUE(lab_has_address(&lab, 0, "2001:db8::2"));
	CU_ASSERT_TRUE(lab_has_address(&lab, 0, "fe80::ff:fe00:1"));
	lab_stop(&lab);
	CU_ASSERT_EQUAL(if_nametoindex("sy-wan"), 0);
	CU_ASSERT_EQUAL(if_nametoindex("sy-lan"), 0);
}

static void
test_name_taken(void)
{
	struct sy_error error = { .text = "" };
	struct kernel_lab lab;

	if (!lab_start(&lab))
		return;
	CU_ASSERT_EQUAL(lab_create(&lab, &error), -EEXIST);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "sy-wan"));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "ip link delete sy-wan"));
	CU_ASSERT_NOT_EQUAL(if_nametoindex("sy-wan"), 0);
	lab_stop(&lab);
}

static void
test_no_twin(void)
{
	struct sy_error error = { .text = "" };
	struct kernel_lab lab;
	struct sy_ip ip;

	if (!lab_prepare(&lab))
		return;
	lab.ports[1].twin[0] = '\0';
	CU_ASSERT_EQUAL_FATAL(lab_create(&lab, &error), 0);
	CU_ASSERT_FALSE(lab.routes.ports[1].has_twin);
	CU_ASSERT_TRUE(lab_has_address(&lab, 1, "10.0.0.2"));
	ip = lab_ip("10.0.0.11");
	sy_kernel_resolve(lab.kernel, 1, &ip);
	CU_ASSERT_EQUAL(sy_kernel_counters(lab.kernel).resolutions_ignored, 1);
	lab_give_arp(&lab, 1, ARPOP_REQUEST, "10.0.0.11", "10.0.0.2");
	lab_await(&lab, sy_kernel_counters(lab.kernel).to_kernel_dropped > 0);
	CU_ASSERT_EQUAL(sy_kernel_counters(lab.kernel).to_kernel_dropped, 1);
	lab_stop(&lab);
}

static void
test_arp(void)
{
	struct kernel_lab lab;
	struct rte_mbuf *packet;
	const struct arp_frame *answer;

	if (!lab_start(&lab))
		return;
	lab_give_arp(&lab, 0, ARPOP_REQUEST, "192.0.2.7", "192.0.2.2");
	packet = lab_take_arp(&lab, 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(packet);
	CU_ASSERT_EQUAL(packet->port, 0);
	answer = rte_pktmbuf_mtod(packet, const struct arp_frame *);
	CU_ASSERT_EQUAL(answer->operation_be, RTE_BE16(ARPOP_REPLY));
	CU_ASSERT_EQUAL(memcmp(answer->sender_mac, lab.routes.ports[0].mac.bytes, 6), 0);
	rte_pktmbuf_free(packet);
	/* And the host has learnt who asked, so that workers know the way back. */
	lab_await(&lab, lab_neighbour(&lab, 0, "192.0.2.7") != NULL);
	CU_ASSERT_PTR_NOT_NULL(lab_neighbour(&lab, 0, "192.0.2.7"));
	/* An address of the other port is not answered for here. */
	lab_give_arp(&lab, 0, ARPOP_REQUEST, "192.0.2.7", "10.0.0.2");
	CU_ASSERT_PTR_NULL(lab_take_arp(&lab, 0));
	lab_stop(&lab);
}

/* The host's datagrams come out complete, checksums too. */
static void
test_datagram(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct rte_ipv4_hdr *ip;
	struct kernel_lab lab;
	struct rte_mbuf *packet;

	if (!lab_start(&lab)) {
		close(fd);
		return;
	}
	inet_pton(AF_INET, "10.0.0.11", &to.sin_addr);
	CU_ASSERT_EQUAL(sendto(fd, "hello", 5, 0, (struct sockaddr *)&to, sizeof(to)), 5);
	packet = lab_take_arp(&lab, 1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(packet);
	rte_pktmbuf_free(packet);
	lab_give_arp(&lab, 1, ARPOP_REPLY, "10.0.0.11", "10.0.0.2");
	do {
		packet = lab_take(&lab, 1);
		CU_ASSERT_PTR_NOT_NULL_FATAL(packet);
		ip = rte_pktmbuf_mtod_offset(packet, struct rte_ipv4_hdr *, 14);
		if (ip->next_proto_id == IPPROTO_UDP)
			break;
		rte_pktmbuf_free(packet);
	} while (true);
	CU_ASSERT_EQUAL(packet->port, 1);
	CU_ASSERT_EQUAL(packet->pkt_len, 14 + 20 + 8 + 5);
	/* Over a good datagram, sum and checksum make all ones. */
	CU_ASSERT_EQUAL(rte_ipv4_udptcp_cksum(ip, ip + 1), 0xffff);
	CU_ASSERT_EQUAL(rte_raw_cksum(ip, sizeof(*ip)), 0xffff);
	rte_pktmbuf_free(packet);
	close(fd);
	lab_stop(&lab);
}

static void
test_ring_full(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct sy_kernel_counters counters;
	struct kernel_lab lab;

	if (!lab_start(&lab)) {
		close(fd);
		return;
	}
	inet_pton(AF_INET, "10.0.0.11", &to.sin_addr);
	lab_give_arp(&lab, 1, ARPOP_REQUEST, "10.0.0.11", "10.0.0.2");
	lab_await(&lab, lab_neighbour(&lab, 1, "10.0.0.11") != NULL);
	for (int i = 0; i < 1500; i++) {
		sendto(fd, "hello", 5, 0, (struct sockaddr *)&to, sizeof(to));
		lab_turn(&lab, i % 50 == 49 ? 1 : 0);
	}
	lab_await(&lab, sy_kernel_counters(lab.kernel).from_kernel_dropped > 400);
	counters = sy_kernel_counters(lab.kernel);
	CU_ASSERT_TRUE(counters.from_kernel >= 1000);
	CU_ASSERT_TRUE(counters.from_kernel_dropped > 0);
	CU_ASSERT_TRUE(counters.from_kernel + counters.from_kernel_dropped >= 1500);
	close(fd);
	lab_stop(&lab);
}

static void
test_segments(void)
{
	struct rte_mbuf *first = NULL;
	struct rte_mbuf *second;
	struct kernel_lab lab;

	if (!lab_start(&lab))
		return;
	lab_give_arp(&lab, 0, ARPOP_REQUEST, "192.0.2.7", "192.0.2.2");
	CU_ASSERT_EQUAL_FATAL(rte_ring_sc_dequeue(lab.mailboxes[0]->to_kernel, (void **)&first), 0);
	second = rte_pktmbuf_alloc(lab.pool);
	memcpy(rte_pktmbuf_append(second, 22), rte_pktmbuf_mtod_offset(first, const void *, 20),
		22);
	rte_pktmbuf_trim(first, 22);
	CU_ASSERT_EQUAL_FATAL(rte_pktmbuf_chain(first, second), 0);
	rte_ring_sp_enqueue(lab.mailboxes[0]->to_kernel, first);
	first = lab_take_arp(&lab, 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(first);
	rte_pktmbuf_free(first);
	lab_stop(&lab);
}

/* The kernel works on a change of carrier up to a second later. */
static bool
becomes_running(struct kernel_lab *lab, const char *twin, bool wanted)
{
	for (int i = 0; i < 150; i++) {
		if (((ask_interface(SIOCGIFFLAGS, twin).ifr_flags & IFF_RUNNING) != 0) == wanted)
			return true;
		lab_turn(lab, 10);
	}
	return false;
}

static void
test_carrier(void)
{
	struct kernel_lab lab;

	if (!lab_start(&lab))
		return;
	CU_ASSERT_TRUE(becomes_running(&lab, "sy-lan", true));
	sy_routes_set_link(&lab.routes, 1, false);
	CU_ASSERT_TRUE(becomes_running(&lab, "sy-lan", false));
	CU_ASSERT_TRUE(becomes_running(&lab, "sy-wan", true));
	sy_routes_set_link(&lab.routes, 1, true);
	CU_ASSERT_TRUE(becomes_running(&lab, "sy-lan", true));
	lab_stop(&lab);
}

/* What the start logs about interface "mg". */
static bool
warns_of_interface(void)
{
	struct sy_error error = { .text = "" };
	int own_stderr = dup(2);
	char text[4096] = "";
	struct kernel_lab lab;
	FILE *file = tmpfile();
	size_t length;

	CU_ASSERT_TRUE_FATAL(file != NULL && lab_prepare(&lab));
	dup2(fileno(file), 2);
	CU_ASSERT_EQUAL(lab_create(&lab, &error), 0);
	dup2(own_stderr, 2);
	close(own_stderr);
	lab_stop(&lab);
	rewind(file);
	length = fread(text, 1, sizeof(text) - 1, file);
	text[length] = '\0';
	fclose(file);
	return strstr(text, "interface mg answers ARP") != NULL;
}

static void
test_arp_flux(void)
{
	struct kernel_lab lab;

	if (!lab_start(&lab))
		return;
	lab_stop(&lab);
	if (system("{ ip link add mg type veth peer name mg2 && ip link set mg up; } 2>/dev/null") !=
		0) {
		sy_unit_skip("no ip command, or no veth in this kernel");
		return;
	}
	CU_ASSERT_TRUE(warns_of_interface());
	CU_ASSERT_EQUAL(system("echo 1 >/proc/sys/net/ipv4/conf/mg/arp_ignore"), 0);
	CU_ASSERT_FALSE(warns_of_interface());
	CU_ASSERT_EQUAL(system("ip link delete mg"), 0);
}

static const struct sy_test tests[] = {
	{ "a twin has its port's MAC, MTU and addresses, and vanishes", test_twin },
	{ "a name that is taken is an error with the remedy", test_name_taken },
	{ "a port without a twin has its own addresses and no way to the host", test_no_twin },
	{ "the host answers ARP for a twin's own address, there only", test_arp },
	{ "a datagram of the host comes out of the right port, complete", test_datagram },
	{ "what a full ring does not take is dropped and counted", test_ring_full },
	{ "a packet in segments reaches the host in one piece", test_segments },
	{ "a twin's carrier follows its port's link", test_carrier },
	{ "an interface that would answer for a twin's addresses is told", test_arp_flux },
};

int
main(int argc, char **argv)
{
	return kernel_lab_run("kernel_twin", tests, SY_UNIT_COUNT(tests), argc, argv);
}
