/* SPDX-License-Identifier: BSD-3-Clause */
#include <unistd.h>

#include "config_text.h"

/* What each value alone does not tell: names, networks, room. */

#define POOL(name, backends) "{'name':'" name "','backends':[" backends "]}"
#define B(name, address, port) "{'name':'" name "','address':'" address "','port':" port "}"
#define SERVICE(name, address, port, pool) \
	"{'name':'" name "','address':'" address "','port':" port ",'pool':'" pool "'}"
#define WITH_PORTS(ports) "{'pools':[],'services':[],'ports':[\n" ports "]}"
#define WITH_ROUTES(routes) "{'pools':[],'services':[]," PORTS ",'routes':[\n" routes "]}"
#define WITH_NEIGHBOURS(list) "{'pools':[],'services':[]," PORTS ",'neighbours':[\n" list "]}"
#define WITH(pools, services) "{" PORTS ",'pools':[\n" pools "],'services':[\n" services "]}"

static void
test_unique_names(void)
{
	static const struct told cases[] = {
		{ WITH_PORTS(
			  "{'name':'a','device':'net_null0'},\n{'name':'a','device':'net_null1'}"),
			"t.json:3:9: ports[1].name: found \"a\", expected another name than that of "
			"ports[0]" },
		{ WITH(POOL("p", B("b", "10.1.0.9", "1")) "," POOL("q", B("b", "10.1.0.9", "1")),
			  ""),
			NULL },
		{ WITH(WEB ",\n" WEB, ""),
			"t.json:3:9: pools[1].name: found \"web\", expected another "
			"name than that of pools[0]" },
		{ WITH(WEB, WWW ",\n" SERVICE("www", "10.0.0.81", "80", "web")),
			"t.json:4:9: services[1].name: found \"www\", expected another name than that "
			"of services[0]" },
		{ WITH(POOL("p", B("b", "10.1.0.9", "1") ",\n" B("b", "10.1.0.9", "2")), ""),
			"t.json:3:9: pools[0].backends[1].name: found \"b\", expected another name than "
			"that of pools[0].backends[0]" },
		{ WITH(POOL("p", B("b", "10.1.0.9", "1") ",\n" B("c", "10.1.0.9", "1")), ""),
			"t.json:3:23: pools[0].backends[1].address: found \"10.1.0.9\", expected another "
			"address or port than that of pools[0].backends[0]" },
		{ WITH(WEB, WWW ",\n" SERVICE("two", "10.0.0.80", "80", "web")),
			"t.json:4:25: services[1].address: found \"10.0.0.80\", expected another "
			"address, port or protocol than that of services[0]" },
		{ WITH(WEB, WWW ",\n" SERVICE("two", "10.0.0.80", "81", "web")), NULL },
		{ WITH(WEB,
			  WWW ",\n{'name':'u','address':'10.0.0.80','port':80,'pool':'web',"
			      "'protocol':'udp'}"),
			NULL },
	};

	check_told(cases, SY_UNIT_COUNT(cases), NULL);
}

static void
test_references(void)
{
	static const struct told cases[] = {
		{ WITH(WEB, SERVICE("s", "10.0.0.80", "80", "wbe")),
			"t.json:3:52: services[0].pool: found \"wbe\", expected the name of one of the "
			"pools; did you mean \"web\"?" },
		{ WITH(WEB, SERVICE("s", "10.0.0.80", "80", "database")),
			"t.json:3:52: services[0].pool: found \"database\", expected the name of one of "
			"the pools" },
		{ WITH(WEB, SERVICE("s", "10.0.0.80", "80", "")),
			"t.json:3:52: services[0].pool: found \"\", expected the name of one of the "
			"pools" },
		{ WITH(WEB,
			  "{'name':'s','address':'10.0.0.80','port':80,'pool':'web',\n"
			  "'spare_pool':'webb'}"),
			"t.json:4:14: services[0].spare_pool: found \"webb\", expected the name of one of "
			"the pools; did you mean \"web\"?" },
		{ WITH(WEB,
			  "{'name':'s','address':'10.0.0.80','port':80,'pool':'web',\n"
			  "'spare_pool':''}"),
			NULL },
		{ WITH(WEB,
			  "{'name':'s','address':'10.0.0.80','port':80,'pool':'web',\n"
			  "'spare_pool':'web'}"),
			"t.json:4:14: services[0].spare_pool: found \"web\", the service's pool, expected "
			"another" },
		{ WITH_ROUTES("{'to':'0.0.0.0/0','via':'10.0.0.9','port':'wna'}"),
			"t.json:2:43: routes[0].port: found \"wna\", expected the name of one of the "
			"ports; did you mean \"wan\"?" },
		{ WITH_NEIGHBOURS("{'address':'10.0.0.9','mac':'02:00:00:00:00:01','port':'x'}"),
			"t.json:2:56: neighbours[0].port: found \"x\", expected the name of one of the "
			"ports" },
	};

	check_told(cases, SY_UNIT_COUNT(cases), NULL);
}

/* References may stand before what they name, and mean it by its place in the list. */
static void
test_reference_order(void)
{
	struct sy_config *config;
	struct sy_error error;

	CU_ASSERT_EQUAL_FATAL(
		parse_quoted(
			"{'services':[{'name':'s','address':'10.0.0.80','port':80,'pool':'two',"
			"'spare_pool':'one'}],'neighbours':[{'address':'10.1.2.3','mac':"
			"'02:00:00:00:00:01','port':'lan'}],'pools':[" POOL(
				"one", B("b", "10.1.0.9", "1")) "," POOL("two",
				B("b", "10.1.0.9", "1")) "]," PORTS "}",
			NULL, &config, &error),
		0);
	CU_ASSERT_EQUAL(config->services[0].pool, 1);
	CU_ASSERT_EQUAL(config->services[0].spare_pool, 0);
	CU_ASSERT_EQUAL(config->neighbours[0].port, 1);
	sy_config_free(config);
}

static void
test_ports(void)
{
	static const struct told cases[] = {
		{ WITH_PORTS("{'name':'a','device':'net_tap0,iface=x'},\n"
			     "{'name':'b','device':'net_tap0,iface=y'}"),
			"t.json:3:22: ports[1].device: found \"net_tap0,iface=y\", the device of port "
			"\"a\", expected another" },
		{ WITH_PORTS(
			  "{'name':'a','device':'net_tap1'},\n{'name':'b','device':'net_tap10'}"),
			NULL },
		{ WITH_PORTS("{'name':'a','device':'net_tap0','twin':'sy-b'},\n"
			     "{'name':'b','device':'net_tap1'}"),
			"t.json:3:1: ports[1].twin: found \"sy-b\", the twin of port \"a\", expected "
			"another" },
		{ WITH_PORTS("{'name':'a','device':'net_tap0','twin':''},\n"
			     "{'name':'b','device':'net_tap1','twin':''}"),
			NULL },
		{ WITH_PORTS("{'name':'a','device':'net_tap0','addresses':['10.0.0.1/24']},\n"
			     "{'name':'b','device':'net_tap1','addresses':['10.0.0.1/16']}"),
			"t.json:3:46: ports[1].addresses[0]: found 10.0.0.1, an address of port \"a\", "
			"expected another" },
		{ WITH_PORTS("{'name':'a','device':'net_tap0','addresses':['10.0.0.1/24',"
			     "'10.0.0.1/16']}"),
			"t.json:2:60: ports[0].addresses[1]: found 10.0.0.1/16 a second time, expected "
			"another address" },
	};

	check_told(cases, SY_UNIT_COUNT(cases), NULL);
}

static void
test_own_addresses(void)
{
	static const struct {
		const char *address;
		bool taken;
	} cases[] = {
		{ "10.0.0.1/24", true },
		{ "10.0.0.0/24", false }, /* the network */
		{ "10.0.0.255/24", false }, /* everyone in it */
		{ "10.0.0.0/31", true },
		{ "10.0.0.255/32", true },
		{ "10.0.1.0/23", true },
		{ "0.0.0.1/8", false },
		{ "10.0.0.1/0", false },
		{ "224.0.0.5/24", false },
		{ "2001:db8::1/64", true },
		{ "2001:db8::/64", false }, /* the routers' anycast address, RFC 4291 */
		{ "2001:db8::ffff:ffff:ffff:ffff/64", true },
		{ "2001:db8::/127", true },
		{ "2001:db8::/128", true },
		{ "ff02::1/64", false },
	};

	for (size_t i = 0; i < SY_UNIT_COUNT(cases); i++) {
		struct sy_config *config = NULL;
		struct sy_error error;
		char text[256];
		int code;

		snprintf(text, sizeof(text),
			"{'pools':[],'services':[],'ports':[{'name':'a','device':'net_tap0',"
			"'addresses':['%s']}]}",
			cases[i].address);
		code = parse_quoted(text, NULL, &config, &error);
		CU_ASSERT_EQUAL(code, cases[i].taken ? 0 : -22);
		CU_ASSERT_EQUAL(strstr(error.text, "expected the address of a host") != NULL,
			!cases[i].taken);
		sy_config_free(config);
	}
}

static void
test_routes(void)
{
	static const struct told cases[] = {
		{ WITH_ROUTES("{'to':'10.9.1.0/16','via':'10.0.0.9'}"),
			"t.json:2:7: routes[0].to: found 10.9.1.0/16, expected a network, whose bits past "
			"the length are 0" },
		{ WITH_ROUTES("{'to':'::/0','via':'10.0.0.9'}"),
			"t.json:2:20: routes[0].via: found 10.0.0.9, expected an address of the same "
			"family as ::/0" },
		{ WITH_ROUTES("{'to':'0.0.0.0/0','via':'10.9.0.9'}"),
			"t.json:2:25: routes[0].via: found 10.9.0.9, expected an address in a network of "
			"one of the ports" },
		{ WITH_ROUTES("{'to':'0.0.0.0/0','via':'10.1.0.9','port':'wan'}"),
			"t.json:2:25: routes[0].via: found 10.1.0.9, expected an address in a network of "
			"port \"wan\"" },
		{ WITH_ROUTES("{'to':'0.0.0.0/0','via':'10.1.0.1'}"),
			"t.json:2:25: routes[0].via: found 10.1.0.1, the address of port \"lan\" itself, "
			"expected another host's" },
		{ WITH_ROUTES("{'to':'::/0','via':'fe80::1'}"),
			"t.json:2:20: routes[0].via: found fe80::1, expected an address in a network of "
			"one of the ports, or a \"port\" beside it" },
		{ WITH_ROUTES("{'to':'::/0','via':'fe80::1','port':'wan'}"), NULL },
		/* The port has no IPv6 address in the file, but may have one in the kernel. */
		{ WITH_ROUTES("{'to':'::/0','via':'2001:db8:9::1','port':'lan'}"), NULL },
		{ WITH_ROUTES("{'to':'10.9.0.0/16','via':'10.0.0.9'},\n"
			      "{'to':'10.9.0.0/16','via':'10.0.0.8'}"),
			"t.json:3:7: routes[1].to: found \"10.9.0.0/16\", expected another network than "
			"that of routes[0]" },
		{ WITH_ROUTES("{'to':'10.9.0.0/16','via':'10.0.0.9'},\n"
			      "{'to':'10.9.0.0/17','via':'10.0.0.9'}"),
			NULL },
		{ WITH_NEIGHBOURS("{'address':'10.9.0.9','mac':'02:00:00:00:00:01','port':'lan'}"),
			"t.json:2:12: neighbours[0].address: found 10.9.0.9, expected an address in a "
			"network of port \"lan\"" },
		{ WITH_NEIGHBOURS("{'address':'10.1.0.9','mac':''}"),
			"t.json:2:29: neighbours[0].mac: found \"\", expected the MAC address of one "
			"station, such as \"02:00:5e:10:00:01\"" },
		{ WITH_NEIGHBOURS("{'address':'10.1.0.9','mac':'02:00:00:00:00:01'},\n"
				  "{'address':'10.1.0.9','mac':'02:00:00:00:00:02','port':'lan'}"),
			"t.json:3:12: neighbours[1].address: found \"10.1.0.9\", expected another address "
			"than that of neighbours[0]" },
	};

	check_told(cases, SY_UNIT_COUNT(cases), NULL);
}

/* The port of a route or neighbour is the one with the longest network around it. */
static void
test_found_ports(void)
{
	struct sy_config *config;
	struct sy_error error;

	CU_ASSERT_EQUAL_FATAL(
		parse_quoted("{'pools':[],'services':[],'ports':["
			     "{'name':'a','device':'net_null0','addresses':['10.0.0.1/8']},"
			     "{'name':'b','device':'net_null1','addresses':['10.1.0.1/16']}],"
			     "'routes':[{'to':'192.0.2.0/24','via':'10.1.0.9'},"
			     "{'to':'0.0.0.0/0','via':'10.2.0.9'}],'neighbours':["
			     "{'address':'10.1.0.9','mac':'02:00:00:00:00:01'},"
			     "{'address':'10.1.0.9','mac':'02:00:00:00:00:01','port':'a'}]}",
			NULL, &config, &error),
		0);
	CU_ASSERT_EQUAL(config->routes[0].port, 1);
	CU_ASSERT_EQUAL(config->routes[1].port, 0);
	CU_ASSERT_EQUAL(config->neighbours[0].port, 1);
	CU_ASSERT_EQUAL(config->neighbours[1].port, 0);
	sy_config_free(config);
}

static void
test_services(void)
{
	static const struct told cases[] = {
		{ WITH(WEB, SERVICE("s", "2001:db8::80", "80", "web")),
			"t.json:3:55: services[0].pool: found \"web\", whose backend \"b1\" has the "
			"address 10.1.0.11, expected a pool of IPv6 backends only, as the service's "
			"address, or a mode that changes families" },
		{ WITH(POOL("p", B("b", "10.1.0.9", "1") "," B("c", "2001:db8::9", "1")),
			  SERVICE("s", "10.0.0.80", "80", "p")),
			"t.json:3:52: services[0].pool: found \"p\", whose backend \"c\" has the address "
			"2001:db8::9, expected a pool of IPv4 backends only, as the service's address, "
			"or a mode that changes families" },
		{ WITH(WEB "," POOL("p", B("c", "2001:db8::9", "1")),
			  "{'name':'s','address':'10.0.0.80','port':80,'pool':'web',\n"
			  "'spare_pool':'p'}"),
			"t.json:4:14: services[0].spare_pool: found \"p\", whose backend \"c\" has the "
			"address 2001:db8::9, expected a pool of IPv4 backends only, as the service's "
			"address, or a mode that changes families" },
		/* The balancer's own address may be a service's, but not a backend's. */
		{ WITH(WEB, SERVICE("s", "10.0.0.1", "80", "web")), NULL },
		{ WITH(POOL("p", B("b", "10.1.0.1", "80")), ""),
			"t.json:2:47: pools[0].backends[0].address: found 10.1.0.1, the balancer's own on "
			"port \"lan\", expected another host's" },
		{ WITH(WEB "," POOL("p", B("b", "10.0.0.80", "80")), WWW),
			"t.json:2:121: pools[1].backends[0].address: found 10.0.0.80 with port 80, which "
			"is service \"www\", expected a server" },
		{ WITH(WEB "," POOL("p", B("b", "10.0.0.80", "81")), WWW), NULL },
		{ WITH("{'name':'p','backends':[],'health':{'interval':'1s',\n'timeout':'2s'}}",
			  ""),
			"t.json:3:11: pools[0].health.timeout: found 2000ms, expected at most the "
			"interval of 1000ms" },
		/* The default timeout, at the object that leaves it out. */
		{ WITH("{'name':'p','backends':[],\n'health':{'interval':'400ms'}}", ""),
			"t.json:3:10: pools[0].health.timeout: found 500ms, expected at most the interval "
			"of 400ms" },
		{ WITH("{'name':'p','backends':[],'health':{'interval':'1s','timeout':'1s'}}", ""),
			NULL },
	};

	check_told(cases, SY_UNIT_COUNT(cases), NULL);
}

static void
test_room(void)
{
	static const struct told cases[] = {
		{ "{'max_services':1,\n" PORTS ",'pools':[" WEB "],'services':[" WWW
		  "," SERVICE("b", "10.0.0.81", "80", "web") "]}",
			"t.json:1:17: max_services: found 1, expected at least the 2 services of this "
			"file" },
		{ "{'max_backends':1,\n" PORTS ",'services':[],'pools':[" WEB
		  "," POOL("p", B("b", "10.1.0.9", "1")) "]}",
			"t.json:1:17: max_backends: found 1, expected at least the 2 backends of this "
			"file" },
		{ "{'max_services':1,'max_backends':1,\n" PORTS ",'services':[],\n'pools':[" WEB
		  "," POOL("p", "") "," POOL("q", "") "]}",
			"t.json:3:9: pools: found 3 pools, expected at most 2, as many as max_services "
			"and max_backends together" },
		{ "{'cores':'0-3','workers':2," PORTS ",'pools':[],'services':[]}",
			"t.json:1:10: cores: found \"0-3\" (4 CPUs), expected 3: one for management and "
			"one for each of the 2 workers" },
		{ "{'cores':'0-3','workers':3," PORTS ",'pools':[],'services':[]}", NULL },
	};

	check_told(cases, SY_UNIT_COUNT(cases), NULL);
}

/* What loading a text logs. */
static void
load_and_listen(const char *quoted, char *heard, size_t size)
{
	struct sy_config *config = NULL;
	struct sy_error error;
	FILE *file = tmpfile();
	int stderr_fd = dup(STDERR_FILENO);

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	dup2(fileno(file), STDERR_FILENO);
	CU_ASSERT_EQUAL(parse_quoted(quoted, NULL, &config, &error), 0);
	dup2(stderr_fd, STDERR_FILENO);
	close(stderr_fd);
	rewind(file);
	heard[fread(heard, 1, size - 1, file)] = '\0';
	fclose(file);
	sy_config_free(config);
}

static void
test_warnings(void)
{
	char heard[512];

	load_and_listen(WITH(WEB, WWW), heard, sizeof(heard));
	CU_ASSERT_STRING_EQUAL(heard, "");
	load_and_listen(WITH(POOL("p", B("b", "127.0.0.1", "1") "," B("c", "::1", "1")), ""), heard,
		sizeof(heard));
	CU_ASSERT_PTR_NOT_NULL(strstr(heard,
		"t.json: pool \"p\": backend \"c\" has a loopback address: no packet on a network can reach it"));
	load_and_listen(WITH(POOL("p", ""), ""), heard, sizeof(heard));
	CU_ASSERT_PTR_NOT_NULL(strstr(
		heard, "t.json: pool \"p\" has no backends: its services refuse their clients"));
	load_and_listen(WITH("{'name':'p','backends':[{'name':'b','address':'10.1.0.9','port':1,"
			     "'spare':true}]}",
				""),
		heard, sizeof(heard));
	CU_ASSERT_PTR_NOT_NULL(strstr(
		heard, "t.json: pool \"p\" has only spare backends: they serve at all times"));
}

static const struct sy_test tests[] = {
	{ "names and endpoints are unique where they must be", test_unique_names },
	{ "a name that nothing has is refused, with the nearest named", test_references },
	{ "a reference may come before what it names", test_reference_order },
	{ "ports do not share devices, twins or addresses", test_ports },
	{ "a port's address is one that a host can have", test_own_addresses },
	{ "routes and neighbours lie in the networks of their ports", test_routes },
	{ "a route without a port takes the one with the longest network", test_found_ports },
	{ "services and their backends fit together", test_services },
	{ "the room and cores that are asked for suffice", test_room },
	{ "what is surely not meant is warned of", test_warnings },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("config_checks", tests, SY_UNIT_COUNT(tests), argc, argv);
}
