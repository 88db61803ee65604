/* SPDX-License-Identifier: BSD-3-Clause */
/* What orders about whole configurations do, and what is on record of them afterwards. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "surface.h"
#include "surface_fixture.h"
#include "unit.h"
#include "views.h"

struct asked {
	struct sy_answer answer; /* first: done() gets it */
	bool done;
};

static struct surface_fixture fixture;
static struct sy_surface surface;
static struct sy_error error;

static void
open_surface(void)
{
	surface_fixture_start(&fixture, "");
	CU_ASSERT_EQUAL_FATAL(sy_surface_init(&surface, &fixture.loop, &fixture.context), 0);
}

static void
close_surface(void)
{
	sy_surface_close(&surface);
	surface_fixture_drain(&fixture);
	sy_surface_fini(&surface);
	surface_fixture_stop(&fixture);
}

static void
done(struct sy_answer *answer)
{
	((struct asked *)answer)->done = true;
}

/* A request of this user's; NULL with the words of the failure in error. */
static struct json_object *
ask(uid_t uid, const char *command, const char *arguments)
{
	const struct sy_caller caller = { .uid = uid, .pid = 4711 };
	struct asked asked = { .answer = { .done = done } };
	struct json_object *result = NULL, *row;
	struct sy_call call;
	char text[512];

	snprintf(text, sizeof(text), "{\"version\":1,\"command\":\"%s\",\"arguments\":%s}", command,
		arguments);
	CU_ASSERT_EQUAL_FATAL(sy_call_parse(text, strlen(text), &call, &error), 0);
	sy_call_run(&surface, &call, &caller, &asked.answer);
	CU_ASSERT_TRUE_FATAL(asked.done);
	error = asked.answer.error;
	if (asked.answer.object != NULL)
		result = json_object_get(asked.answer.object);
	else if (asked.answer.rows != NULL)
		result = json_object_new_array();
	while (asked.answer.rows != NULL &&
		(row = asked.answer.rows->next(asked.answer.rows)) != NULL)
		json_object_array_add(result, row);
	sy_answer_fini(&asked.answer);
	sy_call_fini(&call);
	return result;
}

/* The daemon's file becomes the running configuration with a change or none. */
static void
write_file(const char *find, const char *put)
{
	char *text = sy_config_text(fixture.config);
	char *at = find != NULL ? strstr(text, find) : NULL;
	FILE *out;

	snprintf(fixture.file, sizeof(fixture.file), "%s/steelyard.json", fixture.folder);
	out = fopen(fixture.file, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	if (at != NULL)
		fprintf(out, "%.*s%s%s", (int)(at - text), text, put, at + strlen(find));
	else
		fputs(text, out);
	fclose(out);
	free(text);
}

static struct json_object *
nth(struct json_object *rows, size_t i)
{
	return json_object_array_get_idx(rows, i);
}

static void
test_history(void)
{
	struct json_object *result;

	open_surface();
	json_object_put(ask(0, "reload", "{}"));
	result = ask(7, "reload", "{}");
	CU_ASSERT_EQUAL(number_of(result, "version"), 2);
	json_object_put(result);
	result = ask(8, "rollback", "{\"version\":1}");
	CU_ASSERT_EQUAL(number_of(result, "version"), 3);
	json_object_put(result);
	CU_ASSERT_PTR_NULL(ask(8, "rollback", "{\"version\":77}"));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "no version 77"));
	result = ask(0, "history", "{}");
	CU_ASSERT_EQUAL_FATAL(json_object_array_length(result), 3);
	CU_ASSERT_EQUAL(number_of(nth(result, 0), "version"), 3);
	CU_ASSERT_EQUAL(number_of(nth(result, 0), "from_version"), 1);
	CU_ASSERT_STRING_EQUAL(text_of(nth(result, 0), "by"), "uid 8, pid 4711");
	CU_ASSERT_STRING_EQUAL(text_of(nth(result, 1), "by"), "uid 7, pid 4711");
	CU_ASSERT_STRING_EQUAL(text_of(nth(result, 1), "changes"), "nothing");
	json_object_put(result);
	result = ask(0, "info", "{}");
	CU_ASSERT_EQUAL(number_of(result, "config_version"), 3);
	CU_ASSERT_EQUAL(number_of(result, "config_rolled_back_to"), 1);
	json_object_put(result);
	close_surface();
}

static void
test_diff(void)
{
	struct json_object *result, *changes;

	open_surface();
	write_file(NULL, NULL);
	result = ask(0, "diff", "{}");
	CU_ASSERT_EQUAL(json_object_array_length(json_object_object_get(result, "changes")), 0);
	json_object_put(result);
	write_file("\"weight\": 20", "\"weight\": 21");
	result = ask(1234, "diff", "{}");
	changes = json_object_object_get(result, "changes");
	CU_ASSERT_EQUAL_FATAL(json_object_array_length(changes), 1);
	CU_ASSERT_STRING_EQUAL(text_of(nth(changes, 0), "path"), "pools/web/backends/web2/weight");
	CU_ASSERT_STRING_EQUAL(text_of(nth(changes, 0), "from"), "20");
	CU_ASSERT_STRING_EQUAL(text_of(nth(changes, 0), "to"), "21");
	CU_ASSERT_STRING_EQUAL(text_of(result, "refused"), "");
	json_object_put(result);
	CU_ASSERT_EQUAL(sy_registry_backend(fixture.registry, 1)->config.weight, 20);
	unlink(fixture.file);
	CU_ASSERT_PTR_NULL(ask(0, "diff", "{}"));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "cannot open"));
	close_surface();
}

static void
test_diff_refused(void)
{
	struct json_object *result, *changes;

	open_surface();
	write_file("\"hugepages\": true", "\"hugepages\": false");
	result = ask(0, "diff", "{}");
	changes = json_object_object_get(result, "changes");
	CU_ASSERT_EQUAL_FATAL(json_object_array_length(changes), 1);
	CU_ASSERT_TRUE(
		json_object_get_boolean(json_object_object_get(nth(changes, 0), "needs_restart")));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of(result, "refused"), "restart"));
	json_object_put(result);
	write_file(NULL, NULL);
	fixture.refusal = "its ports forbid it";
	result = ask(0, "diff", "{}");
	CU_ASSERT_STRING_EQUAL(text_of(result, "refused"), "its ports forbid it");
	json_object_put(result);
	unlink(fixture.file);
	close_surface();
}

/* The daemon reads as root, and tells what it found in a line that it cannot use. */
static void
test_others_files(void)
{
	open_surface();
	CU_ASSERT_PTR_NULL(ask(1234, "diff", "{\"file\":\"/etc/shadow\"}"));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "only root"));
	CU_ASSERT_PTR_NULL(ask(0, "diff", "{\"file\":\"/nowhere\"}"));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "cannot open"));
	close_surface();
}

static void
test_audit(void)
{
	struct json_object *result;

	open_surface();
	json_object_put(ask(5, "drain", "{\"backend\":\"web2\"}"));
	CU_ASSERT_PTR_NULL(ask(6, "drain", "{\"backend\":\"web9\"}"));
	json_object_put(ask(6, "backends", "{}")); /* who only looks is not on record */
	sy_surface_audit(&surface, "SIGHUP", "reload", NULL);
	result = ask(0, "audit", "{}");
	CU_ASSERT_EQUAL_FATAL(json_object_array_length(result), 3);
	CU_ASSERT_STRING_EQUAL(text_of(nth(result, 0), "by"), "SIGHUP");
	CU_ASSERT_STRING_EQUAL(text_of(nth(result, 1), "by"), "uid 6, pid 4711");
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of(nth(result, 1), "result"), "web9: no backend"));
	CU_ASSERT_STRING_EQUAL(text_of(nth(result, 2), "command"), "drain");
	CU_ASSERT_STRING_EQUAL(text_of(nth(result, 2), "arguments"), "{\"backend\":\"web2\"}");
	CU_ASSERT_STRING_EQUAL(text_of(nth(result, 2), "result"), "done");
	json_object_put(result);
	for (int i = 0; i < 2 * SY_AUDIT_RECORDS; i++)
		json_object_put(ask(5, "enable", "{\"backend\":\"web2\"}"));
	result = ask(0, "audit", "{}");
	CU_ASSERT_EQUAL(json_object_array_length(result), SY_AUDIT_RECORDS);
	CU_ASSERT_EQUAL(number_of(nth(result, 0), "number"), 3 + 2 * SY_AUDIT_RECORDS);
	CU_ASSERT_EQUAL(
		number_of(nth(result, SY_AUDIT_RECORDS - 1), "number"), 4 + SY_AUDIT_RECORDS);
	json_object_put(result);
	close_surface();
}

static const struct sy_test tests[] = {
	{ "each version has a number, and who made it", test_history },
	{ "a file is held against what is in force, and changes nothing", test_diff },
	{ "what a file may not change is told with the reason", test_diff_refused },
	{ "who is not root may have no other file read", test_others_files },
	{ "changes are on record with who asked and what came of them", test_audit },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("telemetry_versions", tests, SY_UNIT_COUNT(tests), argc, argv);
}
