/* SPDX-License-Identifier: BSD-3-Clause */
/* What a pool says to its scheduler. */
#include "config_text.h"

#define WITH(pools, services) "{" PORTS ",'pools':[\n" pools "],'services':[\n" services "]}"

static void
test_zones(void)
{
	static const struct told cases[] = {
		{ WITH("{'name':'p','zone':'west/hall1','backends':[]}", ""), NULL },
		{ WITH("{'name':'p','zone':'w','spill_over':'80%','backends':[]}", ""), NULL },
		{ WITH("{'name':'p','backends':[],'zone':'west/'}", ""),
			"t.json:2:34: pools[0].zone: found \"west/\", expected a name, or two with '/' "
			"in between, of letters, digits, '-', '_' and '.', of at most 63 bytes, or \"\"" },
		{ WITH("{'name':'p','backends':[],'zone':'a/b/c'}", ""),
			"t.json:2:34: pools[0].zone: found \"a/b/c\", expected a name, or two with '/' "
			"in between, of letters, digits, '-', '_' and '.', of at most 63 bytes, or \"\"" },
		{ WITH("{'name':'p','backends':[],'load_factor':'100%'}", ""),
			"t.json:2:41: pools[0].load_factor: found \"100%\", expected a share from "
			"\"101%\" to \"900%\"" },
	};

	check_told(cases, SY_UNIT_COUNT(cases), NULL);
}

static const struct sy_test tests[] = {
	{ "zones and shares of a pool have a form", test_zones },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("config_pools", tests, SY_UNIT_COUNT(tests), argc, argv);
}
