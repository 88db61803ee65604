/* SPDX-License-Identifier: BSD-3-Clause */
#include "config_text.h"

/* Which addresses and ports a service may have, beside those of others. */

#define BACKENDS(backends) "{'name':'web','backends':[" backends "]}"
#define B(name, address, port) "{'name':'" name "','address':'" address "','port':" port "}"
#define WITH(pools, services) "{" PORTS ",'pools':[\n" pools "],'services':[\n" services "]}"

static void
test_service_ports(void)
{
	static const struct told cases[] = {
		{ WITH(WEB,
			  WWW ",\n{'name':'r','address':'10.0.0.80','ports':'1-90','pool':'web'}"
			      ",{'name':'a','address':'10.0.0.80','ports':'all','pool':'web'}"),
			NULL },
		{ WITH(WEB,
			  "{'name':'r','address':'10.0.0.80','ports':'80-90','pool':'web'},\n"
			  "{'name':'q','addresses':['10.0.0.81','10.0.0.80'],'ports':'90-99',"
			  "'pool':'web'}"),
			"t.json:4:59: services[1].ports: found \"90-99\", expected ports that do not "
			"overlap the \"80-90\" of service \"r\", which has the same address "
			"10.0.0.80 and protocol" },
		{ WITH(WEB,
			  "{'name':'r','address':'10.0.0.80','ports':'all','pool':'web'},\n"
			  "{'name':'q','address':'10.0.0.80','ports':'all','pool':'web'}"),
			"t.json:4:43: services[1].ports: found \"all\", expected ports that do not "
			"overlap the \"all\" of service \"r\", which has the same address "
			"10.0.0.80 and protocol" },
		{ WITH(WEB,
			  WWW ",\n{'name':'q','addresses':['10.0.0.81','10.0.0.80'],'port':80,"
			      "'pool':'web'}"),
			"t.json:4:1: services[1].address: found \"10.0.0.80\", expected another "
			"address, port or protocol than that of services[0]" },
		{ WITH(WEB,
			  "{'name':'q','address':'10.0.0.82','addresses':['10.0.0.81'],'port':80,"
			  "'pool':'web'}"),
			"t.json:3:23: services[0].address: found \"10.0.0.82\", expected the first of "
			"the service's addresses, or no address beside them" },
		{ WITH(WEB,
			  "{'name':'q','address':'10.0.0.82','ports':'90-99','port':91,"
			  "'pool':'web'}"),
			"t.json:3:58: services[0].port: found 91, expected the first of the service's "
			"ports \"90-99\", or no port beside them" },
		{ WITH(WEB,
			  "{'name':'q','addresses':['10.0.0.82','2001:db8::82'],'port':80,"
			  "'pool':'web'}"),
			"t.json:3:38: services[0].addresses[1]: found \"2001:db8::82\", expected an "
			"IPv4 address as the first, or another service for it" },
		{ WITH(WEB, "{'name':'q','address':'10.0.0.1','ports':'all','pool':'web'}"),
			"t.json:3:42: services[0].ports: found \"all\", expected fewer: the host needs "
			"some on an address of port \"wan\"" },
	};

	check_told(cases, SY_UNIT_COUNT(cases), NULL);
}

static void
test_service_port_forms(void)
{
	static const struct told cases[] = {
		{ WITH(WEB,
			  "{'name':'q','address':'10.0.0.80','port':80,'one_packet':true,"
			  "'pool':'web'}"),
			"t.json:3:58: services[0].one_packet: found true, expected false: only UDP can "
			"be served packet by packet" },
		{ WITH(WEB, "{'name':'q','address':'10.0.0.80','pool':'web'}"),
			"t.json:3:1: services[0]: found no \"port\", expected a number from 1 to 65535, "
			"since it cannot be the first of \"ports\"" },
		{ WITH(WEB, "{'name':'q','port':80,'pool':'web'}"),
			"t.json:3:1: services[0]: found no \"address\", expected the IPv4 or IPv6 "
			"address of one host, such as \"192.0.2.1\" or \"2001:db8::1\", since it "
			"cannot be the first of \"addresses\"" },
		{ WITH(WEB, "{'name':'q','address':'10.0.0.80','ports':'90-80','pool':'web'}"),
			"t.json:3:43: services[0].ports: found \"90-80\", expected a port from 1 to "
			"65535, a range or all of them, such as \"80\", \"8000-8999\" or \"all\"" },
		{ WITH(WEB, "{'name':'q','address':'10.0.0.80','ports':'0-80','pool':'web'}"),
			"t.json:3:43: services[0].ports: found \"0-80\", expected a port from 1 to "
			"65535, a range or all of them, such as \"80\", \"8000-8999\" or \"all\"" },
		{ WITH(BACKENDS(B("b", "10.1.0.9", "0")),
			  "{'name':'q','address':'10.0.0.80','ports':'all','pool':'web'}"),
			"t.json:2:67: pools[0].backends[0].port: found none, expected a port, or "
			"health.port for the pool's probes, or probes of type icmp or none" },
		{ WITH(WEB, "{'name':'q','address':'10.1.0.11','ports':'all','pool':'web'}"),
			"t.json:2:50: pools[0].backends[0].address: found 10.1.0.11 with port 80, which "
			"is service \"q\", expected a server" },
	};

	check_told(cases, SY_UNIT_COUNT(cases), NULL);
}

static const struct sy_test tests[] = {
	{ "a service names an address and ports, and none that others need",
		test_service_port_forms },
	{ "services share an address by narrower ports, and overlap no equals",
		test_service_ports },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("config_claims", tests, SY_UNIT_COUNT(tests), argc, argv);
}
