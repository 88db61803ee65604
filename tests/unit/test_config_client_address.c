/* SPDX-License-Identifier: BSD-3-Clause */
#include "config_text.h"

/* Telling backends their client's address: what the keys of a service mean together. */

#define SERVICE(more) \
	"{" PORTS ",'pools':[" WEB "],'services':[\n{'name':'s','address':'10.0.0.80','port':80," \
	"'pool':'web'," more "}]}"

static void
test_keys(void)
{
	static const struct told cases[] = {
		{ SERVICE("'client_address':'proxy-v2'"), NULL },
		{ SERVICE("'client_address':'toa','toa_option':200,"
			  "'trust_client_address':['192.0.2.0/24','2001:db8::/32']"),
			NULL },
		{ SERVICE("'client_address':'proxy'"),
			"t.json:2:75: services[0].client_address: found \"proxy\", expected one of "
			"\"none\", \"proxy-v1\", \"proxy-v2\", \"toa\"" },
		{ SERVICE("'toa_option':8"),
			"t.json:2:71: services[0].toa_option: found 8, expected a number from 64 to "
			"254" },
		{ SERVICE("'trust_client_address':['192.0.2.1']"),
			"t.json:2:82: services[0].trust_client_address[0]: found \"192.0.2.1\", "
			"expected an address and a prefix length, such as \"192.0.2.0/24\" or "
			"\"2001:db8::/64\"" },
	};

	check_told(cases, SY_UNIT_COUNT(cases), NULL);
}

static bool
mode_has(const char *name, enum sy_mode_trait trait)
{
	return trait == SY_MODE_ONE_WAY && strcmp(name, "dr") == 0;
}

static void
test_only_tcp(void)
{
	static const struct told cases[] = {
		{ SERVICE("'protocol':'udp','client_address':'proxy-v2'"),
			"t.json:2:69: services[0].protocol: found a service that is not \"tcp\" with "
			"client_address, expected \"tcp\": no other has a place for it" },
		{ SERVICE("'protocol':'udp','strip_client_address':true"),
			"t.json:2:69: services[0].protocol: found a service that is not \"tcp\" with "
			"strip_client_address, expected \"tcp\": no other has a place for it" },
		{ SERVICE("'protocol':'udp','client_address':'none'"), NULL },
	};

	check_told(cases, SY_UNIT_COUNT(cases), NULL);
}

static void
test_only_both_ways(void)
{
	static const struct sy_config_names names = { .mode_has = mode_has };
	static const struct told cases[] = {
		{ SERVICE("'mode':'dr','client_address':'toa'"),
			"t.json:2:65: services[0].mode: found \"dr\" with client_address, expected a "
			"mode whose replies come back: this one leaves the client's address as it is" },
		{ SERVICE("'mode':'dr','strip_client_address':true"),
			"t.json:2:65: services[0].mode: found \"dr\" with strip_client_address, "
			"expected a mode whose replies come back: this one leaves the client's address "
			"as it is" },
		{ SERVICE("'mode':'dr'"), NULL },
		{ SERVICE("'mode':'nat','client_address':'toa'"), NULL },
	};

	check_told(cases, SY_UNIT_COUNT(cases), &names);
}

static const struct sy_test tests[] = {
	{ "each key takes what it is for, and says so", test_keys },
	{ "only a TCP service tells", test_only_tcp },
	{ "only a mode whose replies come back tells", test_only_both_ways },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("config_client_address", tests, SY_UNIT_COUNT(tests), argc, argv);
}
