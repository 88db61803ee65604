/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists of backends: named, put in order, held against each other and against the pool. */
#include "config_text.h"
#include "merge.h"
#include "rows.h"

static const struct sy_discovery_config config = { .port = 80, .weight = 2 };

static void
add(struct sy_found *found, const char *name, const char *address, uint16_t port)
{
	struct sy_backend_config *row = sy_found_add(found, &config);

	CU_ASSERT_PTR_NOT_NULL_FATAL(row);
	snprintf(row->name, sizeof(row->name), "%s", name);
	CU_ASSERT_EQUAL(sy_ip_parse(address, &row->address), 0);
	if (port != 0)
		row->port = port;
}

static void
test_names(void)
{
	struct sy_found found = { .n = 0 };

	add(&found, "", "2001:db8::1", 0);
	add(&found, "", "10.0.0.9", 81);
	add(&found, "own", "10.0.0.10", 0);
	add(&found, "", "::9", 0);
	CU_ASSERT_EQUAL_FATAL(sy_found_settle(&found, false), 0);
	CU_ASSERT_EQUAL_FATAL(found.n, 4);
	CU_ASSERT_STRING_EQUAL(found.rows[0].name, "10.0.0.9_81");
	CU_ASSERT_STRING_EQUAL(found.rows[1].name, "own");
	CU_ASSERT_STRING_EQUAL(found.rows[2].name, "0--9_80");
	CU_ASSERT_STRING_EQUAL(found.rows[3].name, "2001-db8--1_80");
	CU_ASSERT_EQUAL(found.rows[1].weight, 2);
	CU_ASSERT_TRUE(found.rows[1].enabled);
	sy_found_fini(&found);
}

static void
test_unusable(void)
{
	struct sy_found found = { .n = 0 };

	add(&found, "a", "10.0.0.9", 0);
	add(&found, "b", "10.0.0.9", 0);
	add(&found, "a", "10.0.0.8", 0);
	add(&found, "-x", "10.0.0.7", 0);
	add(&found, "", "224.0.0.1", 0);
	add(&found, "", "10.0.0.6", 0);
	CU_ASSERT_EQUAL_FATAL(sy_found_settle(&found, true), 0);
	CU_ASSERT_EQUAL(found.n_left_out, 4);
	CU_ASSERT_STRING_EQUAL(
		found.fault, "b (10.0.0.9 port 80): another has its address and port");
	CU_ASSERT_EQUAL_FATAL(found.n, 2);
	CU_ASSERT_STRING_EQUAL(found.rows[0].name, "a");
	CU_ASSERT_STRING_EQUAL(found.rows[1].name, "10.0.0.6_80");
	sy_found_fini(&found);
	add(&found, "", "224.0.0.1", 0);
	CU_ASSERT_EQUAL(sy_found_settle(&found, true), 0);
	CU_ASSERT_EQUAL(found.n, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(found.fault, "224.0.0.1 port 80): address: found"));
	sy_found_fini(&found);
}

static void
test_missing(void)
{
	struct sy_found before = { .n = 0 }, found = { .n = 0 };
	uint32_t n_gone = 9;

	for (uint16_t i = 0; i < 9; i++)
		add(&before, "", "10.0.0.9", 100 + i);
	for (uint16_t i = 0; i < 9; i += 2)
		add(&found, "", "10.0.0.9", 100 + i);
	CU_ASSERT_EQUAL(sy_found_missing(&found, before.rows, before.n, &n_gone), 0);
	CU_ASSERT_EQUAL(n_gone, 4);
	CU_ASSERT_EQUAL_FATAL(found.n, 9);
	for (uint16_t i = 0; i < 4; i++)
		CU_ASSERT_EQUAL(found.rows[5 + i].port, 101 + 2 * i);
	CU_ASSERT_EQUAL(sy_found_missing(&found, before.rows, before.n, &n_gone), 0);
	CU_ASSERT_EQUAL(n_gone, 0);
	sy_found_fini(&before);
	sy_found_fini(&found);
}

static bool
mode_has(const char *mode, enum sy_mode_trait trait)
{
	if (strcmp(mode, "dr") == 0)
		return trait == SY_MODE_ONE_WAY || trait == SY_MODE_ON_LINK;
	if (strcmp(mode, "fullnat") == 0)
		return trait == SY_MODE_LOCAL || trait == SY_MODE_MIXED;
	return false;
}

static bool
is_any(const char *name)
{
	(void)name;
	return true;
}

static const struct sy_config_names names = { .is_mode = is_any, .mode_has = mode_has };

#define FILE_OF(mode) \
	"{" PORTS ",'local_addresses':['10.1.0.200'],'pools':[{'name':'p','backends':[" \
	"{'name':'own','address':'10.1.0.11','port':80}]},{'name':'q'," \
	"'backends':[{'name':'far','address':'10.1.0.99','port':80}]}],'services':[" \
	"{'name':'t','address':'10.0.0.81','port':80,'pool':'q','mode':'fullnat'," \
	"'local_addresses':['10.1.0.210']}," \
	"{'name':'s','address':'10.0.0.80','port':80,'pool':'p','mode':'" mode "'}]}"

/* Merges the rows with room for so many new ones. */
static void
merge(const char *text, struct sy_found *found, uint32_t room, struct sy_merge *result)
{
	struct sy_config *file = NULL;
	struct sy_admission *admission = NULL;
	struct sy_error error;

	CU_ASSERT_EQUAL_FATAL(parse_quoted(text, &names, &file, &error), 0);
	CU_ASSERT_EQUAL_FATAL(sy_admission_create(file, &names, &admission), 0);
	CU_ASSERT_EQUAL_FATAL(sy_found_settle(found, true), 0);
	*result = (struct sy_merge){ .admission = admission, .config = &file->pools[0] };
	CU_ASSERT_EQUAL(sy_merge_rows(result, found->rows, found->n, &room), 0);
	sy_admission_destroy(admission);
	sy_config_free(file);
	sy_found_fini(found);
}

static void
test_rules(void)
{
	static const struct {
		const char *mode, *name, *address;
		uint16_t port;
		const char *fault; /* a part of it; NULL: it may be there */
	} cases[] = {
		{ "nat", "x", "10.1.0.12", 80, NULL },
		{ "nat", "own", "10.1.0.12", 80, "another has its name" },
		{ "nat", "x", "10.1.0.11", 80, "backend \"own\" has its address and port" },
		{ "nat", "x", "10.0.0.1", 80, "the balancer's own address on port \"wan\"" },
		{ "nat", "x", "10.0.0.80", 80, "it is service \"s\" itself" },
		{ "nat", "x", "2001:db8::9", 80,
			"service \"s\" of mode \"nat\" needs backends of IPv4" },
		{ "nat", "x", "10.1.0.200", 80, "it is one of the local addresses" },
		{ "nat", "x", "10.1.0.210", 80, "one of the local addresses of service \"t\"" },
		{ "dr", "x", "10.1.0.12", 80, NULL },
		{ "dr", "x", "10.1.0.12", 81, "port 81 is not that of service \"s\"" },
		{ "dr", "x", "10.9.0.12", 80, "it is in no network of a port" },
		{ "fullnat", "x", "10.9.0.12", 81, NULL },
		{ "fullnat", "x", "2001:db8::9", 80, "has no IPv6 local address" },
	};

	for (size_t i = 0; i < SY_UNIT_COUNT(cases); i++) {
		struct sy_found found = { .n = 0 };
		struct sy_merge result;
		const char *text = cases[i].mode[0] == 'n' ? FILE_OF("nat")
			: cases[i].mode[0] == 'd'          ? FILE_OF("dr")
							   : FILE_OF("fullnat");

		add(&found, cases[i].name, cases[i].address, cases[i].port);
		merge(text, &found, 9, &result);
		CU_ASSERT_EQUAL(result.n, cases[i].fault == NULL ? 2 : 1);
		CU_ASSERT_EQUAL(result.n_refused, cases[i].fault != NULL);
		CU_ASSERT_STRING_EQUAL(result.backends[0].name, "own");
		if (cases[i].fault != NULL && strstr(result.fault, cases[i].fault) == NULL)
			printf("# told %s, expected %s\n", result.fault, cases[i].fault);
		CU_ASSERT_TRUE(
			cases[i].fault == NULL || strstr(result.fault, cases[i].fault) != NULL);
		free(result.backends);
	}
}

static void
test_room(void)
{
	struct sy_found found = { .n = 0 };
	struct sy_merge result;

	for (uint16_t i = 0; i < 5; i++)
		add(&found, "", "10.1.0.20", 100 + i);
	merge(FILE_OF("nat"), &found, 3, &result);
	CU_ASSERT_EQUAL(result.n, 4);
	CU_ASSERT_EQUAL(result.n_no_room, 2);
	CU_ASSERT_STRING_EQUAL(result.fault,
		"10.1.0.20_103 (10.1.0.20 port 103): no room; raise max_backends and restart");
	free(result.backends);
}

static const struct sy_test tests[] = {
	{ "backends without a name get one, and an order", test_names },
	{ "rows that no file could hold are left out, the first is told", test_unusable },
	{ "what is missing is kept behind what was found", test_missing },
	{ "what is found keeps to the rules of the file", test_rules },
	{ "no more are taken than there is room for", test_room },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("discovery_rows", tests, SY_UNIT_COUNT(tests), argc, argv);
}
