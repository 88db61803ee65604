/* SPDX-License-Identifier: BSD-3-Clause */
/* Probes that are commands, and commands that are run when a state changes. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "health_lab.h"
#include "sy/time.h"

#define PATIENCE_US 10000000

static char folder[] = "/tmp/steelyard-hooks-XXXXXX";
static struct sy_command_config commands[2];

static void __attribute__((format(printf, 3, 4)))
write_command(struct sy_command_config *command, const char *name, const char *format, ...)
{
	va_list args;

	*command = (struct sy_command_config){ .n_arguments = 3, .timeout_ms = 5000 };
	snprintf(command->name, sizeof(command->name), "%s", name);
	snprintf(command->user, sizeof(command->user), "root");
	snprintf(command->arguments[0], SY_TEXT_SIZE, "/bin/sh");
	snprintf(command->arguments[1], SY_TEXT_SIZE, "-c");
	va_start(args, format);
	vsnprintf(command->arguments[2], SY_TEXT_SIZE, format, args);
	va_end(args);
}

/* One backend; the command "check" is its probe, "tell" writes a line for each change. */
static void
start(struct health_lab *lab, struct sy_backend_config *backend, uint32_t n, const char *check,
	const char *program)
{
	write_command(&commands[0], "check", "%s", check);
	if (program != NULL)
		snprintf(commands[0].arguments[0], SY_TEXT_SIZE, "%s", program);
	health_lab_start(lab, backend, n, SY_HEALTH_COMMAND);
	lab->config.commands = commands;
	lab->config.n_commands = 2;
	lab->pool.health.timeout_ms = 2000;
	snprintf(lab->pool.health.command, SY_NAME_SIZE, "check");
	health_lab_apply(lab);
}

static void
test_verdicts(void)
{
	static const struct {
		const char *check;
		enum sy_health_state state;
		const char *text;
	} rows[] = {
		{ "exit 0", SY_HEALTH_UP, "exit status 0" },
		{ "echo $STEELYARD_POOL/$STEELYARD_BACKEND $STEELYARD_ADDRESS $STEELYARD_PORT",
			SY_HEALTH_UP, "exit status 0: web/b1 127.0.0.1 81" },
		{ "echo replica lags; exit 1", SY_HEALTH_DOWN, "exit status 1: replica lags" },
	};
	struct sy_backend_config backend = health_lab_backend("b1", "127.0.0.1", 81);

	for (size_t i = 0; i < SY_UNIT_COUNT(rows); i++) {
		struct health_lab lab;
		const struct sy_backend *found;

		start(&lab, &backend, 1, rows[i].check, NULL);
		found = health_lab_first(&lab);
		CU_ASSERT_EQUAL(found->health, rows[i].state);
		CU_ASSERT_STRING_EQUAL(found->probe_text, rows[i].text);
		health_lab_stop(&lab);
	}
}

/* Out of time it has failed; what could not be started says nothing. */
static void
test_no_verdict(void)
{
	struct sy_backend_config backend = health_lab_backend("b1", "127.0.0.1", 81);
	const struct sy_backend *found;
	struct health_lab lab;
	uint64_t until;

	start(&lab, &backend, 1, "sleep 60", NULL);
	lab.pool.health.timeout_ms = 100;
	health_lab_apply(&lab);
	found = health_lab_first(&lab);
	CU_ASSERT_EQUAL(found->health, SY_HEALTH_DOWN);
	CU_ASSERT_STRING_EQUAL(found->probe_text, "timed out after 100 ms");
	health_lab_stop(&lab);

	start(&lab, &backend, 1, "exit 0", "/no/such/program");
	found = sy_registry_backend(lab.registry, 0);
	until = sy_time_us() + PATIENCE_US;
	while (found->probe_text[0] == '\0' && sy_time_us() < until)
		health_lab_turn(&lab, 1);
	CU_ASSERT_STRING_EQUAL(
		found->probe_text, "not sent: not started: No such file or directory");
	CU_ASSERT_EQUAL(found->health, SY_HEALTH_STARTING);
	health_lab_stop(&lab);
}

/* Lines of the file that "tell" writes, and whether one of them is this. */
static unsigned int
lines(const char *wanted, bool *found)
{
	char file[64], line[256];
	unsigned int n = 0;
	FILE *in;

	snprintf(file, sizeof(file), "%s/told", folder);
	*found = false;
	in = fopen(file, "r");
	if (in == NULL)
		return 0;
	while (fgets(line, sizeof(line), in) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		*found |= strcmp(line, wanted) == 0;
		n++;
	}
	fclose(in);
	return n;
}

/* The commands of a pool and a backend run at the same time: either may write first. */
static void
expect_lines(struct health_lab *lab, unsigned int n, const char *wanted)
{
	uint64_t until = sy_time_us() + PATIENCE_US;
	bool found;

	while (lines(wanted, &found) < n && sy_time_us() < until)
		health_lab_turn(lab, 5);
	CU_ASSERT_EQUAL(lines(wanted, &found), n);
	CU_ASSERT_EQUAL(found, n > 0);
}

static void
forget_lines(void)
{
	char file[64];

	snprintf(file, sizeof(file), "%s/told", folder);
	unlink(file);
}

static void
set_well(bool well)
{
	char file[64];
	FILE *out;

	snprintf(file, sizeof(file), "%s/well", folder);
	unlink(file);
	if (!well)
		return;
	out = fopen(file, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	fclose(out);
}

#define TELL \
	"echo $STEELYARD_EVENT $STEELYARD_POOL/$STEELYARD_BACKEND $STEELYARD_BEFORE " \
	"$STEELYARD_STATE $STEELYARD_REASON >> %s/told"

/* The probe is a command too: the backend is well while a file is there. */
static void
start_with_hook(struct health_lab *lab, struct sy_backend_config *backend, const char *tell)
{
	char check[128];

	forget_lines();
	set_well(true);
	snprintf(check, sizeof(check), "test -e %s/well", folder);
	write_command(&commands[1], "tell", "%s", tell);
	start(lab, backend, 1, check, NULL);
	snprintf(lab->pool.on_change, SY_NAME_SIZE, "tell");
	lab->pool.health.interval_ms = 50;
	health_lab_apply(lab);
	CU_ASSERT_TRUE(health_lab_becomes(lab, 0, SY_HEALTH_UP));
	sy_registry_set_effective_weight(lab->registry, sy_registry_backend(lab->registry, 0), 1);
	health_lab_turn(lab, 300);
	expect_lines(lab, 0, ""); /* to be found well first is no change */
}

/* The pool goes down with its only backend. */
static void
test_changes_are_told(void)
{
	struct sy_backend_config backend = health_lab_backend("b1", "127.0.0.1", 81);
	struct health_lab lab;
	char tell[SY_TEXT_SIZE];

	snprintf(tell, sizeof(tell), TELL, folder);
	start_with_hook(&lab, &backend, tell);
	set_well(false);
	expect_lines(&lab, 2, "backend web/b1 up down exit status 1");
	set_well(true);
	expect_lines(&lab, 4, "backend web/b1 down up exit status 0");
	sy_registry_set_draining(lab.registry, sy_registry_backend(lab.registry, 0), true);
	expect_lines(&lab, 6, "backend web/b1 up drain exit status 0");
	CU_ASSERT_EQUAL(sy_health_counters(lab.health).commands_run, 6);
	CU_ASSERT_EQUAL(sy_health_counters(lab.health).commands_failed, 0);
	health_lab_stop(&lab);
}

/* While the command runs the state changes twice: it is what it was told to be, and nothing is due. */
static void
test_changes_are_coalesced(void)
{
	struct sy_backend_config backend = health_lab_backend("b1", "127.0.0.1", 81);
	struct sy_backend *row;
	struct health_lab lab;
	char tell[SY_TEXT_SIZE];
	char file[64];
	bool found;

	snprintf(tell, sizeof(tell),
		"test $STEELYARD_EVENT = pool && exit 1; cd %s; echo $STEELYARD_STATE >> told; until "
		"test -e go; do sleep 0.01; done",
		folder);
	start_with_hook(&lab, &backend, tell);
	row = sy_registry_backend(lab.registry, 0);
	sy_registry_set_draining(lab.registry, row, true);
	expect_lines(&lab, 1, "drain");
	for (int i = 0; i < 3; i++) {
		sy_registry_set_draining(lab.registry, row, false);
		health_lab_turn(&lab, 120);
		sy_registry_set_draining(lab.registry, row, true);
		health_lab_turn(&lab, 120);
	}
	CU_ASSERT_EQUAL(lines("drain", &found), 1);
	sy_registry_set_draining(lab.registry, row, false);
	snprintf(file, sizeof(file), "%s/go", folder);
	fclose(fopen(file, "w"));
	expect_lines(&lab, 2, "up");
	CU_ASSERT_TRUE(sy_health_counters(lab.health).commands_failed > 0); /* those of the pool */
	unlink(file);
	health_lab_stop(&lab);
}

/* A hundred that fall at once: their commands are run one after the other. */
static void
test_rate(void)
{
	static struct sy_backend_config backends[100];
	struct health_lab lab;
	bool found;

	forget_lines();
	write_command(&commands[1], "tell", TELL, folder);
	for (uint32_t i = 0; i < SY_UNIT_COUNT(backends); i++) {
		char name[16];

		snprintf(name, sizeof(name), "b%u", i);
		backends[i] = health_lab_backend(name, "127.0.0.1", (uint16_t)(i + 1));
	}
	health_lab_start(&lab, backends, SY_UNIT_COUNT(backends), SY_HEALTH_NONE);
	lab.config.commands = commands;
	lab.config.n_commands = 2;
	snprintf(lab.config.on_change, SY_NAME_SIZE, "tell");
	health_lab_apply(&lab);
	health_lab_turn(&lab, 150);
	for (uint32_t i = 0; i < SY_UNIT_COUNT(backends); i++)
		sy_registry_set_draining(lab.registry, sy_registry_backend(lab.registry, i), true);
	health_lab_turn(&lab, 450);
	CU_ASSERT_TRUE(sy_health_counters(lab.health).commands_run <= 14); /* 20 a second */
	CU_ASSERT_TRUE(sy_health_counters(lab.health).commands_run >= 2);
	CU_ASSERT_TRUE(lines("", &found) <= 14);
	health_lab_stop(&lab);
}

static const struct sy_test tests[] = {
	{ "an exit status is a verdict", test_verdicts },
	{ "a command that is late, and one that cannot start", test_no_verdict },
	{ "each change of state is told to a command", test_changes_are_told },
	{ "changes that come too fast are told once", test_changes_are_coalesced },
	{ "many changes are told at a rate", test_rate },
};

int
main(int argc, char **argv)
{
	char line[128];
	int status;

	if (mkdtemp(folder) == NULL)
		return 1;
	health_lab_commands = commands;
	health_lab_n_commands = SY_UNIT_COUNT(commands);
	status = sy_unit_run("health_commands", tests, SY_UNIT_COUNT(tests), argc, argv);
	snprintf(line, sizeof(line), "rm -rf %s", folder);
	return system(line) == 0 ? status : 1;
}
