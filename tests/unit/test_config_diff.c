/* SPDX-License-Identifier: BSD-3-Clause */
/* What a change of the file is told to be, and the versions that are kept. */
#include "config_text.h"
#include "sy/diff.h"
#include "sy/history.h"

#define POOL(backends, more) "{'name':'web'," more "'backends':[" backends "]}"
#define B1 "{'name':'b1','address':'10.1.0.11','port':80}"
#define B1_HEAVY "{'name':'b1','address':'10.1.0.11','port':80,'weight':7}"
#define B2 "{'name':'b2','address':'10.1.0.12','port':80}"
#define FILE_OF(pools, services) "{" PORTS ",'pools':[" pools "],'services':[" services "]}"
#define LATE "{'name':'late','address':'10.0.0.80','port':81,'pool':'web','max_flows':9}"

static char told[2048];

static void
tell(void *context, const struct sy_config_change *change)
{
	size_t length = strlen(told);

	(void)context;
	if (change->kind == SY_CHANGE_CHANGED)
		snprintf(told + length, sizeof(told) - length, "%s%s: %s -> %s;",
			change->needs_restart ? "!" : "", change->path, change->from, change->to);
	else
		snprintf(told + length, sizeof(told) - length, "%s%c%s;",
			change->needs_restart ? "!" : "",
			change->kind == SY_CHANGE_ADDED ? '+' : '-', change->path);
}

static struct sy_config *
parse(const char *quoted)
{
	struct sy_config *config = NULL;
	struct sy_error error;

	if (parse_quoted(quoted, NULL, &config, &error) != 0)
		fprintf(stderr, "# %s\n", error.text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(config);
	return config;
}

static struct sy_config_changes
diff(const char *current, const char *next)
{
	struct sy_config *a = parse(current), *b = parse(next);
	struct sy_config_changes changes;

	told[0] = '\0';
	CU_ASSERT_EQUAL(sy_config_diff(a, b, tell, NULL, &changes), 0);
	sy_config_free(a);
	sy_config_free(b);
	return changes;
}

static void
expect(const char *current, const char *next, const char *words)
{
	diff(current, next);
	if (strcmp(told, words) != 0)
		printf("# told     %s\n# expected %s\n", told, words);
	CU_ASSERT_STRING_EQUAL(told, words);
}

static void
test_values(void)
{
	expect(FILE_OF(POOL(B1, ""), WWW), FILE_OF(POOL(B1, ""), WWW), "");
	expect(FILE_OF(POOL(B1, ""), WWW), FILE_OF(POOL(B1_HEAVY, "'scheduler':'lc',"), WWW),
		"pools/web/scheduler: wlc -> lc;pools/web/backends/b1/weight: 1 -> 7;");
	expect(FILE_OF(POOL(B1, ""), WWW),
		FILE_OF(POOL(B1, "'health':{'type':'none','interval':'9s'},"), WWW),
		"pools/web/health/type: tcp -> none;pools/web/health/interval: 2s -> 9s;");
	/* What is a default, and written down, is no change. */
	expect(FILE_OF(POOL(B1, ""), WWW),
		"{'max_services':1024," PORTS ",'pools':[" WEB "],'services':[" WWW "]}", "");
}

static void
test_lists(void)
{
	static const char one[] = FILE_OF(POOL(B1, ""), WWW);
	static const char two[] = FILE_OF(POOL(B1 "," B2, ""), LATE "," WWW);
	struct sy_config_changes changes = diff(one, two);
	char text[SY_CHANGES_TEXT];

	CU_ASSERT_STRING_EQUAL(told, "+pools/web/backends/b2;+services/late;");
	CU_ASSERT_EQUAL(changes.n[SY_CHANGE_ADDED], 2);
	CU_ASSERT_STRING_EQUAL(sy_changes_text(&changes, text), "2 added");
	expect(two, one, "-pools/web/backends/b2;-services/late;");
	/* Another order is none; names are what counts. */
	expect(FILE_OF(POOL(B1 "," B2, ""), WWW), FILE_OF(POOL(B2 "," B1, ""), WWW), "");
	expect(FILE_OF(POOL(B1 "," B2, ""), WWW), FILE_OF(POOL(B2 "," B1_HEAVY, ""), WWW),
		"pools/web/backends/b1/weight: 1 -> 7;");
	/* A pool's number may change; the name that a service gives does not. */
	expect(FILE_OF(WEB, WWW), FILE_OF("{'name':'a','backends':[]}," WEB, WWW), "+pools/a;");
}

static void
test_restart(void)
{
	struct sy_config_changes changes = diff(FILE_OF(WEB, WWW),
		"{'workers':3,'cores':'0-3'," PORTS
		",'routes':[{'to':'0.0.0.0/0','via':'10.1.0.9'}],"
		"'pools':[" WEB "],'services':[" WWW "," LATE "]}");

	CU_ASSERT_STRING_EQUAL(
		told, "!workers: 1 -> 3;!cores:  -> 0-3;+routes/0.0.0.0/0;+services/late;");
	CU_ASSERT_EQUAL(changes.n_refused, 2);
	CU_ASSERT_EQUAL(changes.n[SY_CHANGE_CHANGED], 2);
}

static struct sy_version
version_of(const char *who, size_t length)
{
	struct sy_version version = { .text = calloc(1, length), .length = length };

	snprintf(version.who, sizeof(version.who), "%s", who);
	return version;
}

static void
test_history(void)
{
	static struct sy_history history;
	struct sy_version version = version_of("start", 10);

	CU_ASSERT_PTR_NULL(sy_history_previous(&history));
	CU_ASSERT_EQUAL(sy_history_add(&history, &version), 1);
	CU_ASSERT_PTR_NULL(sy_history_previous(&history));
	for (uint32_t i = 2; i <= SY_HISTORY_VERSIONS + 3; i++) {
		version = version_of("root", 10);
		CU_ASSERT_EQUAL(sy_history_add(&history, &version), i);
	}
	CU_ASSERT_EQUAL(history.n_versions, SY_HISTORY_VERSIONS);
	CU_ASSERT_PTR_NULL(sy_history_find(&history, 3));
	CU_ASSERT_EQUAL(sy_history_find(&history, 4)->number, 4);
	CU_ASSERT_EQUAL(sy_history_previous(&history)->number, SY_HISTORY_VERSIONS + 2);
	/* Large texts push out all but the two that are always there. */
	for (int i = 0; i < 2; i++) {
		version = version_of("root", SY_HISTORY_BYTES - 1);
		sy_history_add(&history, &version);
	}
	CU_ASSERT_EQUAL(history.n_versions, 2);
	CU_ASSERT_EQUAL(history.n_bytes, 2 * (uint64_t)(SY_HISTORY_BYTES - 1));
	sy_history_fini(&history);
	CU_ASSERT_EQUAL(history.n_bytes, 0);
}

static const struct sy_test tests[] = {
	{ "a changed value is told with its path, before and after", test_values },
	{ "what is added and removed is told by name, whatever the order", test_lists },
	{ "what needs a restart is told apart", test_restart },
	{ "versions are kept, few enough and small enough", test_history },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("config_diff", tests, SY_UNIT_COUNT(tests), argc, argv);
}
