/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include <rte_icmp.h>
#include <rte_ip.h>
#include <rte_tcp.h>

#include "full_lab.h"
#include "unit.h"

void
full_start(struct fixture *fixture, const char *service_more, uint32_t n_workers)
{
	char *text = fixture_config("", service_more);
	char *alt = strstr(strstr(text, "\"port\":81"), "\"tcp\"");

	memcpy(alt, "\"udp\"", strlen("\"udp\""));
	fixture_start(fixture, text, n_workers);
	free(text);
}

uint32_t
full_from_client(struct fixture *fixture, uint16_t port, uint8_t flags, uint32_t seq, uint32_t ack)
{
	struct rte_mbuf *sent;
	uint32_t backend = 0;

	fixture_receive(fixture, FIXTURE_WAN,
		fixture_packet(fixture, FIXTURE_CLIENT, port, FIXTURE_VIP, 80, flags, seq, ack));
	sent = fixture_sent(fixture, FIXTURE_LAN);
	if (sent != NULL) {
		CU_ASSERT_EQUAL(fixture_tcp(sent)->dst_port, htons(8080));
		CU_ASSERT_TRUE(fixture_checksums_hold(sent));
		backend = fixture_ip(sent)->dst_addr;
	}
	rte_pktmbuf_free(sent);
	return backend;
}

uint32_t
full_from_backend(struct fixture *fixture, uint32_t backend, uint16_t port, uint8_t flags,
	uint32_t seq, uint32_t ack)
{
	char text[INET_ADDRSTRLEN];
	struct rte_mbuf *sent;
	uint32_t source = 0;

	inet_ntop(AF_INET, &backend, text, sizeof(text));
	fixture_receive(fixture, FIXTURE_LAN,
		fixture_packet(fixture, text, 8080, FIXTURE_CLIENT, port, flags, seq, ack));
	sent = fixture_sent(fixture, FIXTURE_WAN);
	if (sent != NULL) {
		CU_ASSERT_EQUAL(fixture_tcp(sent)->src_port, htons(80));
		CU_ASSERT_TRUE(fixture_checksums_hold(sent));
		source = fixture_ip(sent)->src_addr;
	}
	rte_pktmbuf_free(sent);
	return source;
}

struct rte_mbuf *
full_too_big(struct fixture *fixture, const char *src, uint16_t src_port, const char *dst,
	uint16_t dst_port, const char *router, const char *to)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(fixture->pool);
	struct rte_mbuf *quoted =
		fixture_packet(fixture, src, src_port, dst, dst_port, RTE_TCP_ACK_FLAG, 1, 1);
	struct rte_ether_hdr *ether = (void *)rte_pktmbuf_append(mbuf, sizeof(*ether));
	struct rte_ipv4_hdr *ip = (void *)rte_pktmbuf_append(mbuf, sizeof(*ip));
	struct rte_icmp_hdr *icmp = (void *)rte_pktmbuf_append(mbuf, sizeof(*icmp));

	memcpy(ether, rte_pktmbuf_mtod(quoted, void *), sizeof(*ether));
	*ip = *fixture_ip(quoted);
	ip->total_length = htons(20 + 8 + 28);
	ip->next_proto_id = IPPROTO_ICMP;
	ip->src_addr = inet_addr(router);
	ip->dst_addr = inet_addr(to);
	ip->hdr_checksum = 0;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	memset(icmp, 0, sizeof(*icmp));
	icmp->icmp_type = 3;
	icmp->icmp_code = 4;
	icmp->icmp_seq_nb = htons(1400);
	memcpy(rte_pktmbuf_append(mbuf, 28), fixture_ip(quoted), 28);
	icmp->icmp_cksum = (uint16_t)~rte_raw_cksum(icmp, 8 + 28);
	rte_pktmbuf_free(quoted);
	return mbuf;
}
