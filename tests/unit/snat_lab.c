/* SPDX-License-Identifier: BSD-3-Clause */
#include "snat_lab.h"

#include <stdio.h>
#include <string.h>

#include <rte_ether.h>
#include <rte_ip.h>

#include "sy/packet.h"
#include "unit.h"

#define CONFIG_TEXT 4096

#define NEIGHBOUR(address, last, port) \
	"{'address':'" address "','mac':'02:00:00:00:00:" last "','port':'" port "'}"

static const char *const parts[] = {
	"{'max_flows':65536,'max_services':16,'max_backends':16,'ports':[",
	"{'name':'wan','device':'net_null0','addresses':['192.0.2.1/24','2001:db8:1::1/64']},",
	"{'name':'lan','device':'net_null1','addresses':['10.0.0.1/24','fd00:10::1/64']}],",
	"'neighbours':[",
	NEIGHBOUR(HOST4, "64", "wan") ",",
	NEIGHBOUR(HOST6, "64", "wan") ",",
	NEIGHBOUR(SERVER4, "11", "lan") ",",
	NEIGHBOUR(SERVER6, "11", "lan") ",",
	NEIGHBOUR(OTHER4, "12", "lan") "],",
	"'pools':[{'name':'web','health':{'type':'none'},",
	"'backends':[{'name':'web1','address':'" SERVER4 "','port':8080}]}],",
	"'services':[{'name':'www','address':'" VIP4 "','port':80,'pool':'web'},",
	"{'name':'dns','address':'" VIP4 "','port':53,'protocol':'udp','pool':'web'}],",
	"'snat':[",
};

static void
config_text(const char *rules, char text[CONFIG_TEXT])
{
	size_t length = 0;

	for (size_t i = 0; i < SY_UNIT_COUNT(parts); i++)
		length += (size_t)snprintf(text + length, CONFIG_TEXT - length, "%s", parts[i]);
	snprintf(text + length, CONFIG_TEXT - length, "%s]}", rules);
	for (char *c = text; *c != '\0'; c++)
		if (*c == '\'')
			*c = '"';
}

void
snat_start(struct fixture *fixture, const char *rules, uint32_t n_workers)
{
	char text[CONFIG_TEXT];

	config_text(rules, text);
	fixture_start(fixture, text, n_workers);
}

void
snat_reload(struct fixture *fixture, const char *rules)
{
	char text[CONFIG_TEXT];
	struct sy_config *next = NULL;
	struct sy_error error;

	config_text(rules, text);
	CU_ASSERT_EQUAL_FATAL(sy_config_parse("test", text, strlen(text), NULL, &next, &error), 0);
	CU_ASSERT_EQUAL_FATAL(sy_registry_apply(fixture->registry, next, &error), 0);
	sy_config_free(fixture->config);
	fixture->config = next;
	fixture_publish(fixture);
}

void
snat_stop(struct fixture *fixture)
{
	CU_ASSERT_TRUE(fixture_closes(fixture));
	fixture_forget_sent(fixture);
	fixture_stop(fixture);
}

void
snat_give(struct fixture *fixture, uint32_t port, const struct spec *spec)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(fixture->pool);
	uint8_t frame[SPEC_FRAME_MAX];
	size_t length = spec_build(spec, frame);

	CU_ASSERT_PTR_NOT_NULL_FATAL(mbuf);
	memcpy(rte_pktmbuf_append(mbuf, (uint16_t)length), frame, length);
	fixture_receive(fixture, port, mbuf);
}

uint16_t
snat_id(const struct rte_mbuf *mbuf)
{
	return rte_be_to_cpu_16(fixture_ip((struct rte_mbuf *)(uintptr_t)mbuf)->packet_id);
}

bool
snat_came(struct fixture *fixture, uint32_t port, const struct spec *spec)
{
	const size_t ip = sizeof(struct rte_ether_hdr);
	struct rte_mbuf *mbuf = fixture_sent(fixture, port);
	struct spec further = *spec;
	uint8_t frame[SPEC_FRAME_MAX];
	size_t length;
	bool same;

	if (mbuf == NULL)
		return false;
	further.ttl = (uint8_t)((spec->ttl != 0 ? spec->ttl : 64) - 1);
	if (port == WAN && (spec->fragment & DF) == 0)
		further.id = snat_id(mbuf);
	length = spec_build(&further, frame);
	same = rte_pktmbuf_pkt_len(mbuf) == length &&
		memcmp(rte_pktmbuf_mtod(mbuf, uint8_t *) + ip, frame + ip, length - ip) == 0;
	rte_pktmbuf_free(mbuf);
	return same;
}

uint16_t
snat_out(struct fixture *fixture, const struct spec *spec, const char *local)
{
	struct spec outside = *spec;
	struct sy_packet packet;

	snat_give(fixture, LAN, spec);
	if (fixture->ports[WAN].n_out != 1)
		return 0;
	sy_packet_parse(&packet, fixture->ports[WAN].out[0]);
	outside.src = local;
	outside.sport = rte_be_to_cpu_16(packet.tuple.src_port_be);
	return snat_came(fixture, WAN, &outside) ? outside.sport : 0;
}

bool
snat_back(struct fixture *fixture, const struct spec *spec, const char *server, uint16_t port)
{
	bool is_icmp = spec->protocol == IPPROTO_ICMP || spec->protocol == IPPROTO_ICMPV6;
	struct spec inside = *spec;

	inside.dst = server;
	*(is_icmp ? &inside.sport : &inside.dport) = port;
	snat_give(fixture, WAN, spec);
	return snat_came(fixture, LAN, &inside);
}

uint64_t
snat_counter(const struct fixture *fixture, enum sy_counter counter)
{
	return sy_stats_counter(fixture->stats, counter);
}
