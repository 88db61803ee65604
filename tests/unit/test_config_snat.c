/* SPDX-License-Identifier: BSD-3-Clause */
/* Rules of snat in the file: families, names, addresses, and how much room they take. */
#include "config_text.h"

#define FILE_WITH(more, rules) \
	"{" PORTS "," more "'pools':[" WEB "],'services':[" WWW "],\n'snat':[" rules "]}"
#define RULE(name, from, to, more) "{'name':'" name "','from':[" from "],'to':[" to "]" more "}"
#define OUT RULE("out", "'10.1.0.0/16'", "'10.0.0.10'", "")

static void
test_rules(void)
{
	static const struct told cases[] = {
		{ FILE_WITH("", ""), NULL },
		{ FILE_WITH("", OUT), NULL },
		/* Addresses may serve two rules. */
		{ FILE_WITH("",
			  OUT "," RULE("far", "'10.1.0.0/16','10.2.0.0/16'",
				  "'10.0.0.8/30','2001:db8::10'", ",'except':['10.0.0.0/8']")),
			"t.json:2:137: snat[1].to[1]: found 2001:db8::10, expected IPv4, as the rule's "
			"first source is" },
		{ FILE_WITH("", RULE("out6", "'fd00::/8'", "'2001:db8::10'", "")), NULL },
		{ FILE_WITH("", RULE("out", "'fd00::/8'", "'10.0.0.10'", "")),
			"t.json:2:49: snat[0].to[0]: found 10.0.0.10, expected IPv6, as the rule's first "
			"source is" },
		{ FILE_WITH("", RULE("out", "'10.1.0.0/16','fd00::/8'", "'10.0.0.10'", "")),
			"t.json:2:45: snat[0].from[1]: found fd00::/8, expected IPv4, as the rule's "
			"first source is" },
		{ FILE_WITH("", RULE("out", "'10.1.0.0/16'", "'10.0.0.10'", ",'except':['::/0']")),
			"t.json:2:75: snat[0].except[0]: found ::/0, expected IPv4, as the rule's first "
			"source is" },
		{ FILE_WITH("", OUT "," OUT),
			"t.json:2:74: snat[1].name: found \"out\", expected another name than that of "
			"snat[0]" },
		{ FILE_WITH("", RULE("www", "'10.1.0.0/16'", "'10.0.0.10'", "")),
			"t.json:2:17: snat[0].name: found \"www\", expected another name than that of "
			"services[0]" },
		{ FILE_WITH("", RULE("out", "'10.1.0.0/16'", "'10.0.0.0/30'", "")),
			"t.json:2:52: snat[0].to[0]: found 10.0.0.0-10.0.0.3, of which 10.0.0.1 is the "
			"address of port \"wan\", expected addresses for this purpose alone" },
		{ FILE_WITH("", RULE("out", "'10.1.0.0/16'", "'10.0.0.80'", "")),
			"t.json:2:52: snat[0].to[0]: found 10.0.0.80, of which 10.0.0.80 is the address "
			"of service \"www\", expected addresses for this purpose alone" },
		{ FILE_WITH("", RULE("out", "", "'10.0.0.10'", "")),
			"t.json:2:30: snat[0].from: found 0, expected at least 1" },
		{ FILE_WITH("'max_services':1,", OUT),
			"t.json:1:172: max_services: found 1, expected at least the 2 services and rules "
			"of snat of this file" },
		{ FILE_WITH("'max_backends':1,", OUT),
			"t.json:1:172: max_backends: found 1, expected at least the 2 backends and rules "
			"of snat of this file" },
	};

	check_told(cases, SY_UNIT_COUNT(cases), NULL);
}

static struct sy_config *
parse(const char *text)
{
	struct sy_config *config = NULL;
	struct sy_error error;

	CU_ASSERT_EQUAL_FATAL(parse_quoted(text, NULL, &config, &error), 0);
	return config;
}

static void
test_defaults(void)
{
	struct sy_config *config = parse(FILE_WITH("'max_flows':40000,", OUT));
	const struct sy_snat_config *snat = &config->snats[0];

	CU_ASSERT_EQUAL(sy_config_snat_flows(snat, config->max_flows), 10000);
	CU_ASSERT_EQUAL(snat->max_source_flows, 32768);
	/* RFC 5382 REQ-5, RFC 4787 REQ-5, RFC 5508 REQ-2. */
	CU_ASSERT_TRUE(snat->timeouts.established >= 7440000);
	CU_ASSERT_TRUE(snat->timeouts.fin >= 240000);
	CU_ASSERT_TRUE(snat->timeouts.udp >= 120000);
	CU_ASSERT_TRUE(snat->timeouts.echo >= 60000);
	sy_config_free(config);
}

static void
test_room(void)
{
	struct sy_config *config =
		parse(FILE_WITH("", RULE("out", "'10.1.0.0/16'", "'10.0.0.8/30'", "")));

	CU_ASSERT_EQUAL(sy_config_local_ends(config), 4 * 128);
	sy_config_free(config);
}

static const struct sy_test tests[] = {
	{ "a rule is of one family, with a name and addresses of its own", test_rules },
	{ "what a rule does not say is what the RFCs want", test_defaults },
	{ "each address has room for ports of hosts of their own", test_room },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("config_snat", tests, SY_UNIT_COUNT(tests), argc, argv);
}
