/* SPDX-License-Identifier: BSD-3-Clause */
#include "config_text.h"

/* What forwarding modes ask of their services' keys and backends. */

#define WITH(pools, services) "{" PORTS ",'pools':[\n" pools "],'services':[\n" services "]}"
#define BEHIND(address, port, service) \
	"{" PORTS ",'pools':[\n{'name':'p','backends':[{'name':'b','address':'" address \
	"','port':" port "}]}],'services':[\n" service "]}"

static bool
mode_has(const char *name, enum sy_mode_trait trait)
{
	return strcmp(name, "dr") == 0 ? trait == SY_MODE_ONE_WAY || trait == SY_MODE_ON_LINK
		: strcmp(name, "l3dsr") == 0
		? trait == SY_MODE_ONE_WAY || trait == SY_MODE_MARKS
		: strcmp(name, "ipip") == 0 && (trait == SY_MODE_ONE_WAY || trait == SY_MODE_MIXED);
}

#define ONE_WAY(mode, port, more) \
	"{'name':'s','address':'10.0.0.80','port':" port ",\n'pool':'p','mode':'" mode "'" more "}"

/* What one-way modes ask for. */
static void
test_one_way(void)
{
	static const struct sy_config_names names = { .mode_has = mode_has };
	static const struct told cases[] = {
		{ BEHIND("10.1.0.9", "80", ONE_WAY("dr", "80", "")), NULL },
		{ BEHIND("10.1.0.9", "8080", ONE_WAY("nat", "80", "")), NULL },
		{ BEHIND("10.1.0.9", "8080", ONE_WAY("dr", "80", "")),
			"t.json:4:8: services[0].pool: found \"p\", whose backend \"b\" has port 8080, "
			"expected 80 as the service: mode \"dr\" leaves ports as they are" },
		{ BEHIND("172.16.0.9", "80", ONE_WAY("ipip", "80", "")), NULL },
		{ BEHIND("2001:db8::9", "80", ONE_WAY("ipip", "80", "")), NULL },
		{ BEHIND("172.16.0.9", "80", ONE_WAY("dr", "80", "")),
			"t.json:4:8: services[0].pool: found \"p\", whose backend \"b\" has the address "
			"172.16.0.9, expected one in a network of a port: mode \"dr\" reaches no backend "
			"behind a router" },
		{ BEHIND("10.1.0.9", "80", ONE_WAY("l3dsr", "80", "")),
			"t.json:4:19: services[0].mode: found \"l3dsr\" and no mark, expected "
			"tunnel.dscp from 1 to 63, by which the backends know the virtual IP" },
		{ BEHIND("10.1.0.9", "80", ONE_WAY("l3dsr", "80", ",'tunnel':{'dscp':63}")), NULL },
		{ BEHIND("10.1.0.9", "80", ONE_WAY("l3dsr", "80", ",\n'tunnel':{'dscp':64}")),
			"t.json:5:18: services[0].tunnel.dscp: found 64, expected a number from 0 to "
			"63" },
		{ BEHIND("10.1.0.9", "80",
			  ONE_WAY("ipip", "80", ",\n'tunnel':{'source4':'2001:db8::1'}")),
			"t.json:5:21: services[0].tunnel.source4: found 2001:db8::1, expected an IPv4 "
			"address" },
		{ BEHIND("10.1.0.9", "80", ONE_WAY("ipip", "80", ",\n'mss_clamp':'12'")),
			"t.json:5:13: services[0].mss_clamp: found \"12\", expected one of \"auto\", "
			"\"off\", or a text with a number from 64 to 65495" },
	};

	check_told(cases, SY_UNIT_COUNT(cases), &names);
}

#define MARKED(name, address, port, pool) \
	"{'name':'" name "'," address ",'port':" port ",'pool':'" pool \
	"','mode':'l3dsr','tunnel':{'dscp':9}}"
#define POOL(name, backend) \
	"{'name':'" name "','backends':[{'name':'" backend "','address':'" backend \
	"','port':0}],'health':{'type':'none'}}"
#define SECOND(address, port, pool) \
	WITH(POOL("p", "10.1.0.9") "," POOL("q", "10.1.0.8") "," POOL("r", "10.1.0.9"), \
		MARKED("s", "'address':'10.0.0.80'", "80", "p") ",\n" MARKED( \
			"t", address, port, pool))

/* A backend knows the virtual IP by the mark alone. */
static void
test_marks(void)
{
	static const struct sy_config_names names = { .mode_has = mode_has };
	static const struct told cases[] = {
		{ SECOND("'address':'10.0.0.80'", "81", "p"), NULL },
		{ SECOND("'address':'10.0.0.81'", "80", "q"), NULL },
		{ SECOND("'address':'10.0.0.81'", "80", "r"),
			"t.json:4:88: services[1].tunnel.dscp: found 9, which service \"s\" has too, "
			"expected another mark: it tells their backend \"10.1.0.9\" that 10.0.0.80 "
			"is meant" },
		{ SECOND("'addresses':['10.0.0.81','10.0.0.82']", "80", "q"),
			"t.json:4:79: services[1].mode: found \"l3dsr\" and 2 addresses, expected "
			"one: the mark tells backends which it is" },
	};

	check_told(cases, SY_UNIT_COUNT(cases), &names);
}

static bool
is_known(const char *name)
{
	return strcmp(name, "known") == 0;
}

static void
test_outer_names(void)
{
	static const struct sy_config_names names = {
		.is_scheduler = is_known,
		.is_mode = is_known,
		.schedulers = "known, other",
		.modes = "known",
	};
	static const struct told cases[] = {
		{ WITH("{'name':'p','backends':[],'scheduler':'known'}", ""), NULL },
		{ WITH("{'name':'p','backends':[],'scheduler':'wrong'}", ""),
			"t.json:2:39: pools[0].scheduler: found \"wrong\", expected a scheduler (known: "
			"known, other)" },
		{ WITH("{'name':'p','backends':[],'scheduler':'known'}",
			  "{'name':'s','address':'10.0.0.80','port':80,'pool':'p',\n'mode':'wrong'}"),
			"t.json:4:8: services[0].mode: found \"wrong\", expected a forwarding mode "
			"(known: known)" },
	};

	check_told(cases, SY_UNIT_COUNT(cases), &names);
}

static const struct sy_test tests[] = {
	{ "schedulers and modes are those that the caller knows", test_outer_names },
	{ "one-way modes keep ports, marks and networks", test_one_way },
	{ "a mark tells a backend one virtual IP", test_marks },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("config_modes", tests, SY_UNIT_COUNT(tests), argc, argv);
}
