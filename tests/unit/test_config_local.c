/* SPDX-License-Identifier: BSD-3-Clause */
/* Local addresses in the file: whose they may not be, who needs them, and how many ends they make. */
#include "config_text.h"

#define FILE_WITH(locals, service_more) \
	"{" PORTS ",'pools':[" WEB "],\n" \
	"'local_addresses':[" locals "],\n" \
	"'services':[{'name':'www','address':'10.0.0.80','port':80,'pool':'web'" service_more \
	"}]}"

static bool
mode_has(const char *mode, enum sy_mode_trait trait)
{
	return trait == SY_MODE_LOCAL && strcmp(mode, "hides") == 0;
}

static const struct sy_config_names names = { .mode_has = mode_has };

static void
test_lists(void)
{
	static const struct told cases[] = {
		{ FILE_WITH("'10.1.0.100'", ""), NULL },
		{ FILE_WITH("'10.1.0.100/30','10.1.0.104-10.1.0.105','2001:db8:1::/120'", ""),
			"t.json:2:19: local_addresses: found 262 addresses, expected at most 256" },
		{ FILE_WITH("'10.1.0.100/30','10.1.0.103'", ""),
			"t.json:2:36: local_addresses[1]: found 10.1.0.103, which has addresses of "
			"local_addresses[0] (10.1.0.100-10.1.0.103), expected others" },
		{ FILE_WITH("'10.1.0.0/28'", ""),
			"t.json:2:20: local_addresses[0]: found 10.1.0.0-10.1.0.15, of which 10.1.0.1 is "
			"the address of port \"lan\", expected addresses for this purpose alone" },
		{ FILE_WITH("'10.0.0.80'", ""),
			"t.json:2:20: local_addresses[0]: found 10.0.0.80, of which 10.0.0.80 is the "
			"address of service \"www\", expected addresses for this purpose alone" },
		{ FILE_WITH("'10.1.0.10-10.1.0.12'", ""),
			"t.json:2:20: local_addresses[0]: found 10.1.0.10-10.1.0.12, of which 10.1.0.11 "
			"is the address of backend \"b1\", expected addresses for this purpose alone" },
		{ FILE_WITH("", ",\n'local_addresses':['10.1.0.1']"),
			"t.json:4:20: services[0].local_addresses[0]: found 10.1.0.1, of which 10.1.0.1 "
			"is the address of port \"lan\", expected addresses for this purpose alone" },
		{ FILE_WITH("'10.1.0.0/16'", ""),
			"t.json:2:20: local_addresses[0]: found \"10.1.0.0/16\", expected an address, a "
			"prefix or a range of at most 256 addresses of hosts, such as \"10.0.0.100\", "
			"\"2001:db8::100/124\" or \"10.0.0.100-10.0.0.109\"" },
	};

	check_told(cases, SY_UNIT_COUNT(cases), &names);
}

static void
test_need(void)
{
	static const struct told cases[] = {
		{ FILE_WITH("", ""), NULL },
		{ FILE_WITH("", ",\n'mode':'hides'"),
			"t.json:4:8: services[0].mode: found \"hides\", which needs an IPv4 address for "
			"backend \"b1\" to see, expected one in local_addresses, of the service or of "
			"the file's top" },
		{ FILE_WITH("'2001:db8::100'", ",\n'mode':'hides'"),
			"t.json:4:8: services[0].mode: found \"hides\", which needs an IPv4 address for "
			"backend \"b1\" to see, expected one in local_addresses, of the service or of "
			"the file's top" },
		{ FILE_WITH("'10.1.0.100'", ",'mode':'hides'"), NULL },
		{ FILE_WITH("", ",'mode':'hides','local_addresses':['10.1.0.100']"), NULL },
		/* Its own are in place of the top's, not beside them. */
		{ FILE_WITH(
			  "'10.1.0.100'", ",\n'mode':'hides','local_addresses':['2001:db8::100']"),
			"t.json:4:8: services[0].mode: found \"hides\", which needs an IPv4 address for "
			"backend \"b1\" to see, expected one in local_addresses, of the service or of "
			"the file's top" },
	};

	check_told(cases, SY_UNIT_COUNT(cases), &names);
}

static uint32_t
ends_of(const char *text)
{
	struct sy_config *config = NULL;
	struct sy_error error;
	uint32_t n = 0;

	CU_ASSERT_EQUAL(parse_quoted(text, &names, &config, &error), 0);
	if (config != NULL)
		n = sy_config_local_ends(config);
	sy_config_free(config);
	return n;
}

static void
test_ends(void)
{
	CU_ASSERT_EQUAL(ends_of(FILE_WITH("", "")), 64);
	/* 256 addresses, one backend, and as much again. */
	CU_ASSERT_EQUAL(ends_of(FILE_WITH("'10.1.1.0/24'", ",'mode':'hides'")), 512);
	CU_ASSERT_EQUAL(
		ends_of(FILE_WITH("'10.1.1.0/24'], 'max_local_ends':7, 'routes':[", "")), 7);
}

static const struct sy_test tests[] = {
	{ "local addresses are nobody else's, and not too many", test_lists },
	{ "a mode that hides clients has an address for each backend's family", test_need },
	{ "pairs of address and backend are counted, with room for a reload", test_ends },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("config_local", tests, SY_UNIT_COUNT(tests), argc, argv);
}
