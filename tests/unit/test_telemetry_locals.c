/* SPDX-License-Identifier: BSD-3-Clause */
/* The view of local ports. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "surface.h"
#include "surface_fixture.h"
#include "unit.h"
#include "views.h"

static struct surface_fixture fixture;
static struct sy_surface surface;

static struct sy_surface_local
local_of(const char *local, const char *backend, uint32_t percent, bool tight)
{
	struct sy_ip ours, theirs;

	CU_ASSERT_EQUAL_FATAL(sy_ip_parse(local, &ours), 0);
	CU_ASSERT_EQUAL_FATAL(sy_ip_parse(backend, &theirs), 0);
	return (struct sy_surface_local){
		.local = ours.addr,
		.backend = theirs.addr,
		.backend_port_be = htons(8080),
		.family = ours.family,
		.protocol = IPPROTO_TCP,
		.n_taken = 1000 * percent,
		.n_ports = 64512,
		.fullest = 1,
		.fullest_percent = percent,
		.tight = tight,
	};
}

static void
done(struct sy_answer *answer)
{
	(void)answer;
}

static void
test_rows(void)
{
	static const char *const states[] = { "ok", "tight", "full" };
	const struct sy_view *view = sy_view_find("locals");
	struct sy_answer answer = { .done = done };
	struct json_object *row;
	char name[128];

	CU_ASSERT_PTR_NOT_NULL_FATAL(view);
	surface_fixture_start(&fixture, "");
	CU_ASSERT_EQUAL_FATAL(sy_surface_init(&surface, &fixture.loop, &fixture.context), 0);
	fixture.locals[0] = local_of("10.0.0.100", "10.0.0.11", 3, false);
	fixture.locals[1] = local_of("10.0.0.100", "10.0.0.12", 90, true);
	fixture.locals[2] = local_of("fd00::100", "fd00::12", 100, true);
	fixture.n_locals = 3;
	view->begin(&surface, NULL, &answer);
	CU_ASSERT_PTR_NOT_NULL_FATAL(answer.rows);
	for (uint32_t i = 0; i < 3; i++) {
		row = answer.rows->next(answer.rows);
		CU_ASSERT_PTR_NOT_NULL_FATAL(row);
		CU_ASSERT_STRING_EQUAL(text_of(row, "state"), states[i]);
		CU_ASSERT_EQUAL(number_of(row, "taken"), fixture.locals[i].n_taken);
		CU_ASSERT_EQUAL(number_of(row, "ports"), 64512);
		CU_ASSERT_EQUAL(number_of(row, "fullest_worker"), 1);
		CU_ASSERT_EQUAL(
			number_of(row, "fullest_percent"), fixture.locals[i].fullest_percent);
		sy_view_row_name(view, row, name, sizeof(name));
		CU_ASSERT_STRING_EQUAL(name,
			i == 0           ? "10.0.0.100 10.0.0.11:8080 tcp"
				: i == 1 ? "10.0.0.100 10.0.0.12:8080 tcp"
					 : "fd00::100 [fd00::12]:8080 tcp");
		json_object_put(row);
	}
	CU_ASSERT_PTR_NULL(answer.rows->next(answer.rows));
	sy_answer_fini(&answer);
	sy_surface_close(&surface);
	surface_fixture_drain(&fixture);
	sy_surface_fini(&surface);
	surface_fixture_stop(&fixture);
}

static const struct sy_test tests[] = {
	{ "locals: each pair with the fullest share of its ports", test_rows },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("telemetry_locals", tests, SY_UNIT_COUNT(tests), argc, argv);
}
