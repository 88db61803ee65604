/* SPDX-License-Identifier: BSD-3-Clause */
/* Whom ports lead to, told from the file. */
#include "config_text.h"

#define DMZ "{'name':'dmz','device':'net_null2','addresses':['172.16.0.1/24']}"
#define FILE_OF(ports, more, pools, services) \
	"{'ports':[" ports "]," more "'pools':[" pools "],'services':[" services "]}"
#define ROUTE(to, via) "'routes':[{'to':'" to "','via':'" via "'}],"
#define POOL_AT(address) \
	"{'name':'web','backends':[{'name':'b','address':'" address "','port':80}]}"
#define SERVICE_AT(address) "{'name':'www','address':'" address "','port':80,'pool':'web'}"

#define C SY_PORT_SIDE_CLIENTS
#define S SY_PORT_SIDE_SERVERS
#define B SY_PORT_SIDE_BOTH

struct side_case {
	const char *text;
	enum sy_port_side sides[3];
};

static void
check_sides(const struct side_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct sy_config *config = NULL;
		struct sy_error error;

		CU_ASSERT_EQUAL(parse_quoted(cases[i].text, NULL, &config, &error), 0);
		if (config == NULL) {
			printf("# %s\n", error.text);
			continue;
		}
		for (uint32_t port = 0; port < config->n_ports; port++)
			if (sy_config_port_side(config, port) != cases[i].sides[port]) {
				printf("# %s: port %u is %u\n", cases[i].text, port,
					sy_config_port_side(config, port));
				CU_FAIL("a port has another side");
			}
		sy_config_free(config);
	}
}

static void
test_told(void)
{
	static const struct side_case cases[] = {
		{ FILE_OF(WAN "," LAN, "", WEB, WWW), { C, S } },
		{ FILE_OF(WAN "," LAN, ROUTE("0.0.0.0/0", "10.0.0.254"), WEB, WWW), { C, S } },
		{ FILE_OF(WAN "," LAN "," DMZ, "", WEB, WWW), { C, S, C } },
		/* behind a router of the second port */
		{ FILE_OF(WAN "," LAN, ROUTE("10.9.0.0/16", "10.1.0.254"), POOL_AT("10.9.0.1"),
			  WWW),
			{ C, S } },
		/* a longer route leads elsewhere */
		{ FILE_OF(WAN "," LAN, ROUTE("10.1.9.0/24", "10.0.0.254"), POOL_AT("10.1.9.1"),
			  SERVICE_AT("203.0.113.1")),
			{ S, C } },
	};

	check_sides(cases, SY_UNIT_COUNT(cases));
}

static void
test_both(void)
{
	static const struct side_case cases[] = {
		/* one arm */
		{ FILE_OF(LAN, "", WEB, SERVICE_AT("203.0.113.1")), { B } },
		/* servers beside the service's address */
		{ FILE_OF(WAN "," LAN, "", WEB, SERVICE_AT("10.1.0.80")), { C, B } },
		/* clients come in by the servers' port, too */
		{ FILE_OF(WAN "," LAN, ROUTE("0.0.0.0/0", "10.1.0.254"), WEB, WWW), { C, B } },
		/* the kernel's routes decide */
		{ FILE_OF(WAN "," LAN, "", POOL_AT("10.9.0.1"), WWW), { B, B } },
	};

	check_sides(cases, SY_UNIT_COUNT(cases));
}

static void
test_said(void)
{
	static const struct side_case cases[] = {
		{ FILE_OF("{'name':'a','device':'net_null0','side':'clients'},"
			  "{'name':'b','device':'net_null1','side':'servers'},"
			  "{'name':'c','device':'net_null2','side':'both'}",
			  "", "", ""),
			{ C, S, B } },
	};

	check_sides(cases, SY_UNIT_COUNT(cases));
}

static const struct sy_test tests[] = {
	{ "a port with backends behind it is the servers', another the clients'", test_told },
	{ "what has clients and servers, or may have, is both", test_both },
	{ "the file's word counts", test_said },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("config_sides", tests, SY_UNIT_COUNT(tests), argc, argv);
}
