/* SPDX-License-Identifier: BSD-3-Clause */
#include "config_text.h"

/* What a service must be for other nodes to carry its connections on. */

#define FILE_OF(scheduler, service) \
	"{" PORTS ",'pools':[{'name':'p','scheduler':'" scheduler \
	"','backends':[]}],'services':[\n" \
	"{'name':'s','address':'10.0.0.80','port':80,'pool':'p'," service "}]}"
#define ADOPT "'on_no_flow':'adopt'"

static bool
is_any(const char *name)
{
	(void)name;
	return true;
}

static bool
is_maglev(const char *name)
{
	return strcmp(name, "maglev") == 0;
}

static bool
mode_has(const char *mode, enum sy_mode_trait trait)
{
	return strcmp(mode, "fullnat") == 0 && trait == SY_MODE_LOCAL;
}

static void
test_adopt(void)
{
	static const struct sy_config_names names = {
		.is_scheduler = is_any,
		.is_consistent = is_maglev,
		.is_mode = is_any,
		.mode_has = mode_has,
		.schedulers = "all",
		.modes = "all",
	};
	static const struct told cases[] = {
		{ FILE_OF("maglev", ADOPT), NULL },
		{ FILE_OF("wlc", ADOPT ",'consistency':'hash'"), NULL },
		{ FILE_OF("wlc", ADOPT),
			"t.json:2:69: services[0].on_no_flow: found \"adopt\" with pool \"p\", whose "
			"scheduler \"wlc\" chooses anew on each node, expected one that goes by hashes "
			"alone, such as \"maglev\", or consistency \"hash\"" },
		{ FILE_OF("maglev", ADOPT ",'consistency':'both'"),
			"t.json:2:91: services[0].consistency: found what this node alone remembers, "
			"expected \"hash\" or \"none\" where connections of other nodes are adopted" },
		{ FILE_OF("maglev", ADOPT ",'protocol':'udp'"),
			"t.json:2:69: services[0].on_no_flow: found \"adopt\", expected it of a TCP "
			"service only" },
		{ FILE_OF("maglev", ADOPT ",'client_address':'proxy-v1'"),
			"t.json:2:69: services[0].on_no_flow: found \"adopt\" with client_address or "
			"strip_client_address, expected neither: no other node knows by how much the "
			"stream was shifted" },
	};

	check_told(cases, SY_UNIT_COUNT(cases), &names);
}

static void
test_table(void)
{
	static const struct told cases[] = {
		{ "{'announce':{'table':4600}," PORTS ",'pools':[],'services':[]}", NULL },
		{ "{'announce':{'table':254}," PORTS ",'pools':[],'services':[]}",
			"t.json:1:22: announce.table: found 254, one of the kernel's own tables, "
			"expected another" },
	};

	check_told(cases, SY_UNIT_COUNT(cases), NULL);
}

static const struct sy_test tests[] = {
	{ "connections are adopted where all nodes choose alike", test_adopt },
	{ "addresses are announced in a table of their own", test_table },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("config_nodes", tests, SY_UNIT_COUNT(tests), argc, argv);
}
