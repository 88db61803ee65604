/* SPDX-License-Identifier: BSD-3-Clause */
/* Services on ranges of ports, on all, and on several addresses: who gets which packet. */
#include <arpa/inet.h>

#include <rte_ip.h>
#include <rte_tcp.h>

#include "fixture.h"
#include "unit.h"

static struct fixture fixture;

#define HEAD \
	"{\"max_flows\":4096,\"max_services\":16,\"max_backends\":16,\"ports\":[" \
	"{\"name\":\"wan\",\"device\":\"net_null0\",\"addresses\":[\"192.0.2.1/24\"]}," \
	"{\"name\":\"lan\",\"device\":\"net_null1\",\"addresses\":[\"10.0.0.1/24\"]}],\"pools\":["
#define POOL(name, backends) \
	"{\"name\":\"" name "\",\"health\":{\"type\":\"none\"},\"backends\":[" backends "]}"
#define BACKEND(name, last, port) \
	"{\"name\":\"" name "\",\"address\":\"10.0.0." last "\",\"port\":" port "}"
#define SERVICE(name, ports, pool) \
	"{\"name\":\"" name "\",\"address\":\"192.0.2.80\"," ports ",\"pool\":\"" pool "\"}"
#define KEEPS POOL("keeps", BACKEND("a", "11", "0") "," BACKEND("b", "12", "0"))
#define FIXED POOL("fixed", BACKEND("c", "13", "80"))

static const struct sy_snapshot *
current(void)
{
	return sy_snapshot_load(&fixture.publisher.publication);
}

static uint32_t
find(const char *address, uint16_t port)
{
	struct sy_addr vip = sy_addr_v4(inet_addr(address));

	return sy_snapshot_service(current(), SY_IPV4, &vip, htons(port), IPPROTO_TCP);
}

/* The service's name, "" for none, "-" for one that is leaving. */
static const char *
name_at(const char *address, uint16_t port)
{
	uint32_t id = find(address, port);

	if (id == SY_NONE)
		return "";
	return current()->services[id].leaving
		? "-"
		: sy_registry_service(fixture.registry, id)->config.name;
}

static void
test_narrow_first(void)
{
	static const struct {
		uint16_t port;
		const char *name;
	} cases[] = {
		{ 80, "one" },
		{ 8000, "low" },
		{ 8499, "low" },
		{ 8500, "middle" },
		{ 8600, "low2" },
		{ 8999, "low2" },
		{ 9000, "rest" },
		{ 7999, "rest" },
		{ 1, "rest" },
		{ 65535, "rest" },
		{ 0, "" },
	};

	fixture_start(&fixture,
		HEAD KEEPS
		"],\"services\":[" SERVICE("low2", "\"ports\":\"8501-8999\"", "keeps") "," SERVICE(
			"rest", "\"ports\":\"all\"", "keeps") "," SERVICE("middle", "\"port\":8500",
			"keeps") "," SERVICE("low", "\"ports\":\"8000-8500\"",
			"keeps") "," SERVICE("one", "\"port\":80", "keeps") "]}",
		1);
	for (size_t i = 0; i < SY_UNIT_COUNT(cases); i++)
		CU_ASSERT_STRING_EQUAL(name_at("192.0.2.80", cases[i].port), cases[i].name);
	CU_ASSERT_STRING_EQUAL(name_at("192.0.2.81", 8000), "");
	fixture_stop(&fixture);
}

static void
test_several_addresses(void)
{
	struct sy_addr second = sy_addr_v4(inet_addr("192.0.2.82"));

	fixture_start(&fixture,
		HEAD FIXED "],\"services\":[{\"name\":\"www\",\"addresses\":[\"192.0.2.81\","
			   "\"192.0.2.82\"],\"port\":80,\"pool\":\"fixed\"},{\"name\":\"more\","
			   "\"addresses\":[\"192.0.2.82\",\"192.0.2.83\"],\"ports\":\"81-90\","
			   "\"pool\":\"fixed\"}]}",
		1);
	CU_ASSERT_STRING_EQUAL(name_at("192.0.2.81", 80), "www");
	CU_ASSERT_STRING_EQUAL(name_at("192.0.2.82", 80), "www");
	CU_ASSERT_STRING_EQUAL(name_at("192.0.2.83", 80), "");
	CU_ASSERT_STRING_EQUAL(name_at("192.0.2.81", 81), "");
	CU_ASSERT_STRING_EQUAL(name_at("192.0.2.82", 81), "more");
	CU_ASSERT_STRING_EQUAL(name_at("192.0.2.83", 90), "more");
	CU_ASSERT_EQUAL(sy_snapshot_address(current(), SY_IPV4, &second), SY_ADDRESS_VIP);
	fixture_stop(&fixture);
}

/* A file in the place of the first; the old one's services leave, but keep a flow each. */
static void
reload(const char *text)
{
	struct sy_config *config = NULL;
	struct sy_error error;

	for (uint32_t i = 0; i < sy_registry_n_services(fixture.registry); i++)
		fixture.stats->workers[0]->services[i].flows_created++;
	CU_ASSERT_EQUAL_FATAL(
		sy_config_parse("next.json", text, strlen(text), NULL, &config, &error), 0);
	CU_ASSERT_EQUAL_FATAL(sy_registry_apply(fixture.registry, config, &error), 0);
	sy_config_free(fixture.config);
	fixture.config = config;
	fixture_publish(&fixture);
}

static void
test_leaving_give_way(void)
{
	fixture_start(&fixture,
		HEAD KEEPS "],\"services\":[" SERVICE("one", "\"port\":80", "keeps") "," SERVICE(
			"two", "\"port\":70", "keeps") "," SERVICE("range", "\"ports\":\"100-200\"",
			"keeps") "]}",
		1);
	reload(HEAD KEEPS "],\"services\":[" SERVICE("wide", "\"ports\":\"75-150\"", "keeps") "]}");
	CU_ASSERT_STRING_EQUAL(name_at("192.0.2.80", 80), "wide");
	CU_ASSERT_STRING_EQUAL(name_at("192.0.2.80", 70), "-");
	CU_ASSERT_STRING_EQUAL(name_at("192.0.2.80", 150), "wide");
	CU_ASSERT_STRING_EQUAL(name_at("192.0.2.80", 151), "-");
	CU_ASSERT_STRING_EQUAL(name_at("192.0.2.80", 201), "");
	for (uint32_t i = 0; i < sy_registry_n_services(fixture.registry); i++)
		fixture.stats->workers[0]->services[i].flows_created = 0;
	fixture_stop(&fixture);
}

static uint32_t
reply(const char *address, uint16_t port)
{
	struct sy_addr addr = sy_addr_v4(inet_addr(address));

	return sy_snapshot_reply_service(current(), SY_IPV4, &addr, htons(port), IPPROTO_TCP);
}

/* Backends that keep the port tell by it which service's it was; those that do not, cannot. */
static void
test_replies(void)
{
	const struct sy_addr keeps = sy_addr_v4(inet_addr("10.0.0.11"));
	const struct sy_service_row *range, *fixed;

	fixture_start(&fixture,
		HEAD KEEPS "," FIXED "],\"services\":[" SERVICE("range", "\"ports\":\"8000-8010\"",
			"keeps") "," SERVICE("fixed", "\"ports\":\"9000-9010\"", "fixed") "]}",
		1);
	range = &current()->services[find("192.0.2.80", 8000)];
	fixed = &current()->services[find("192.0.2.80", 9000)];
	CU_ASSERT_TRUE(range->stateless && range->many_ports && !range->hides_endpoint);
	CU_ASSERT_TRUE(!fixed->stateless && fixed->hides_endpoint && !fixed->shares_backends);
	CU_ASSERT_EQUAL(reply("10.0.0.11", 8005), find("192.0.2.80", 8000));
	CU_ASSERT_EQUAL(reply("10.0.0.12", 8010), find("192.0.2.80", 8000));
	CU_ASSERT_EQUAL(reply("10.0.0.11", 8011), SY_NONE);
	CU_ASSERT_EQUAL(reply("10.0.0.13", 80), find("192.0.2.80", 9000));
	CU_ASSERT_TRUE(sy_snapshot_is_backend(current(), SY_IPV4, &keeps, htons(8000)));
	CU_ASSERT_FALSE(sy_snapshot_is_backend(current(), SY_IPV4, &keeps, htons(22)));
	fixture_stop(&fixture);
}

/* The ports of a backend without one are one endpoint, whatever else pools name there. */
static void
test_shared_address(void)
{
	const struct sy_service_row *range, *one, *other;

	fixture_start(&fixture,
		HEAD KEEPS "," POOL("one", BACKEND("c", "11", "80")) "," POOL(
			"other", BACKEND("d", "11", "91")) "],\"services\":[" SERVICE("range",
			"\"ports\":\"70-90\"", "keeps") "," SERVICE("one", "\"port\":80",
			"one") "," SERVICE("other", "\"port\":91", "other") "]}",
		1);
	range = &current()->services[find("192.0.2.80", 70)];
	one = &current()->services[find("192.0.2.80", 80)];
	other = &current()->services[find("192.0.2.80", 91)];
	CU_ASSERT_TRUE(range->shares_backends && one->shares_backends);
	CU_ASSERT_FALSE(other->shares_backends);
	CU_ASSERT_EQUAL(reply("10.0.0.11", 80), SY_NONE);
	CU_ASSERT_EQUAL(reply("10.0.0.11", 91), find("192.0.2.80", 91));
	fixture_stop(&fixture);
}

/* The backend gets the port that the client spoke to, and the client hears from it. */
static void
test_port_is_kept(void)
{
	struct rte_mbuf *mbuf;
	char backend[INET_ADDRSTRLEN];
	uint32_t address;

	fixture_start(&fixture,
		HEAD KEEPS "],\"services\":[" SERVICE("range", "\"ports\":\"8000-8010\"",
			"keeps") "],\"neighbours\":[{\"address\":\"10.0.0.11\",\"mac\":\"02:00:00:00:00:11\"},"
				 "{\"address\":\"10.0.0.12\",\"mac\":\"02:00:00:00:00:12\"},"
				 "{\"address\":\"192.0.2.100\",\"mac\":\"02:00:00:00:00:64\"}]}",
		1);
	fixture_receive(&fixture, FIXTURE_WAN,
		fixture_packet(&fixture, FIXTURE_CLIENT, 40000, FIXTURE_VIP, 8007, RTE_TCP_SYN_FLAG,
			1, 0));
	mbuf = fixture_sent(&fixture, FIXTURE_LAN);
	CU_ASSERT_PTR_NOT_NULL_FATAL(mbuf);
	CU_ASSERT_EQUAL(fixture_tcp(mbuf)->dst_port, htons(8007));
	CU_ASSERT_TRUE(fixture_checksums_hold(mbuf));
	address = fixture_ip(mbuf)->dst_addr;
	rte_pktmbuf_free(mbuf);
	inet_ntop(AF_INET, &address, backend, sizeof(backend));
	fixture_receive(&fixture, FIXTURE_LAN,
		fixture_packet(&fixture, backend, 8007, FIXTURE_CLIENT, 40000,
			RTE_TCP_SYN_FLAG | RTE_TCP_ACK_FLAG, 1, 2));
	mbuf = fixture_sent(&fixture, FIXTURE_WAN);
	CU_ASSERT_PTR_NOT_NULL_FATAL(mbuf);
	CU_ASSERT_EQUAL(fixture_ip(mbuf)->src_addr, inet_addr(FIXTURE_VIP));
	CU_ASSERT_EQUAL(fixture_tcp(mbuf)->src_port, htons(8007));
	rte_pktmbuf_free(mbuf);
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

static const struct sy_test tests[] = {
	{ "the very port comes first, then a range, then all ports", test_narrow_first },
	{ "a service answers on each of its addresses", test_several_addresses },
	{ "services that leave give way to those of the file", test_leaving_give_way },
	{ "replies of backends that keep the port are told by it", test_replies },
	{ "the ports of a backend without one are one endpoint", test_shared_address },
	{ "a backend without a port gets the client's", test_port_is_kept },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("service_ports", tests, SY_UNIT_COUNT(tests), argc, argv);
}
