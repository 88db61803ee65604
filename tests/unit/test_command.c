/* SPDX-License-Identifier: BSD-3-Clause */
/* Programs that the runner starts: what they are given, how they end, and what is left of them. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sy/command.h"
#include "sy/time.h"
#include "unit.h"
#include "wire.h"

#define PATIENCE_US 10000000

struct outcome {
	bool ended;
	struct sy_command_result result;
};

static uv_loop_t loop;
static struct sy_commands *commands;

/* A descriptor that no program may inherit. */
static void
start_runner(const struct sy_command_config *command)
{
	int fd;

	CU_ASSERT_EQUAL_FATAL(dup2(STDERR_FILENO, 77), 77);
	CU_ASSERT_EQUAL_FATAL(sy_command_fork_runner(command, 1, &fd), 0);
	CU_ASSERT_EQUAL_FATAL(uv_loop_init(&loop), 0);
	commands = sy_commands_create(&loop, fd);
	CU_ASSERT_PTR_NOT_NULL_FATAL(commands);
}

static void
stop_runner(void)
{
	sy_commands_destroy(commands);
	uv_run(&loop, UV_RUN_DEFAULT);
	CU_ASSERT_EQUAL(uv_loop_close(&loop), 0);
	close(77);
}

static void
note(void *context, const struct sy_command_result *result)
{
	struct outcome *outcome = context;

	CU_ASSERT_FALSE(outcome->ended);
	outcome->ended = true;
	outcome->result = *result;
}

static struct sy_command_config
shell(const char *script)
{
	struct sy_command_config command = { .name = "c", .n_arguments = 3 };

	snprintf(command.user, sizeof(command.user), "%s", geteuid() == 0 ? "nobody" : "root");
	snprintf(command.arguments[0], SY_TEXT_SIZE, "/bin/sh");
	snprintf(command.arguments[1], SY_TEXT_SIZE, "-c");
	snprintf(command.arguments[2], SY_TEXT_SIZE, "%s", script);
	return command;
}

static int
begin(const struct sy_command_config *command, uint32_t timeout_ms, struct outcome *outcome,
	struct sy_command_run **run)
{
	struct sy_environment environment;
	const struct sy_command_params params = {
		.command = command,
		.environment = &environment,
		.timeout_ms = timeout_ms,
		.done = note,
		.context = outcome,
	};

	sy_environment_init(&environment);
	sy_environment_add(&environment, "STEELYARD_POOL=%s", "web");
	outcome->ended = false;
	return sy_commands_run(commands, &params, run);
}

static void
wait_for(const struct outcome *outcome)
{
	uint64_t until = sy_time_us() + PATIENCE_US;

	while (!outcome->ended && sy_time_us() < until) {
		uv_run(&loop, UV_RUN_NOWAIT);
		usleep(500);
	}
	CU_ASSERT_TRUE(outcome->ended);
}

/* In words, as an operator reads them. */
static const char *
words_of(const struct sy_command_config *command, uint32_t timeout_ms)
{
	static char text[SY_COMMAND_SAID + 64];
	struct sy_command_run *run;
	struct outcome outcome;

	CU_ASSERT_EQUAL_FATAL(begin(command, timeout_ms, &outcome, &run), 0);
	wait_for(&outcome);
	return sy_command_words(&outcome.result, text, sizeof(text));
}

static void
expect(const char *script, uint32_t timeout_ms, const char *words)
{
	const struct sy_command_config command = shell(script);
	const char *found;

	start_runner(&command);
	found = words_of(&command, timeout_ms);
	stop_runner();
	if (strcmp(found, words) != 0)
		printf("# %s\n# found    %s\n# expected %s\n", script, found, words);
	CU_ASSERT_STRING_EQUAL(found, words);
}

static void
test_ends(void)
{
	expect("true", 5000, "exit status 0");
	expect("echo; echo two words; echo more", 5000, "exit status 0: two words");
	expect("echo no route >&2; exit 3", 5000, "exit status 3: no route");
	expect("printf 'a\\033[1mb'", 5000, "exit status 0: a.[1mb");
	expect("kill -SEGV $$", 5000, "killed by signal 11");
	expect("cat", 5000, "exit status 0"); /* there is nothing to read */
	expect("echo begun; sleep 60", 1000, "timed out after 1000 ms: begun");
}

static void
set_oom_score(const char *score)
{
	FILE *file = fopen("/proc/self/oom_score_adj", "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fputs(score, file);
	CU_ASSERT_EQUAL(fclose(file), 0);
}

/* The least that a program could be given. */
static void
test_what_it_has(void)
{
	set_oom_score("500");
	expect("echo /proc/self/fd/*", 5000, /* 3 is that of the shell's own look */
		"exit status 0: /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 /proc/self/fd/3");
	expect("env | grep -v -e ^PATH= -e ^PWD= -e ^_= -e ^SHLVL= -e ^OLDPWD=", 5000,
		"exit status 0: STEELYARD_POOL=web");
	expect("pwd", 5000, "exit status 0: /");
	expect("echo $(ulimit -c) $(ulimit -n) $(ulimit -l)", 5000, "exit status 0: 0 1024 64");
	expect("cat /proc/self/oom_score_adj", 5000, "exit status 0: 0");
	expect("grep -c '^SigIgn:.0*$' /proc/self/status", 5000, "exit status 0: 1");
	expect("grep NoNewPrivs /proc/self/status | tr -d '\\t'", 5000,
		"exit status 0: NoNewPrivs:1");
	if (geteuid() == 0) {
		expect("id -un", 5000, "exit status 0: nobody");
		expect("id -Gn", 5000, "exit status 0: nogroup");
		expect("grep -c '^CapEff:.0*$' /proc/self/status", 5000, "exit status 0: 1");
	}
	set_oom_score("0");
}

/* What cannot start says nothing about what it was to find out. */
static void
test_not_started(void)
{
	struct sy_command_config command = shell("true");

	snprintf(command.arguments[0], SY_TEXT_SIZE, "/no/such/program");
	start_runner(&command);
	CU_ASSERT_STRING_EQUAL(words_of(&command, 5000), "not started: No such file or directory");
	stop_runner();
	command = shell("true");
	snprintf(command.user, sizeof(command.user), "no-such-user");
	start_runner(&command);
	CU_ASSERT_STRING_EQUAL(words_of(&command, 5000), "not started: no such user");
	CU_ASSERT_STRING_EQUAL(words_of(&command, 5000), "not started: no such user");
	stop_runner();
}

/* Whoever has the daemon's end of the socket can run what the table has, as it stands there. */
static void
test_not_in_table(void)
{
	struct sy_command_config command = shell("echo mine");
	const struct sy_command_config table = command;

	start_runner(&table);
	snprintf(command.arguments[2], SY_TEXT_SIZE, "echo other");
	snprintf(command.user, sizeof(command.user), "root");
	CU_ASSERT_STRING_EQUAL(words_of(&command, 5000), "exit status 0: mine");
	snprintf(command.name, sizeof(command.name), "d");
	CU_ASSERT_STRING_EQUAL(words_of(&command, 5000), "not started: Operation not permitted");
	stop_runner();
}

/* What the runner keeps, as its children see it; and a program of root's only where the table has one. */
static void
test_capabilities(void)
{
	const char *own = "exit status 0: CapPrm:00000000000000e0";

	if (geteuid() != 0)
		return;
	expect("grep CapPrm /proc/$PPID/status | tr -d '\\t'", 5000, own);
	expect("grep CapBnd /proc/$PPID/status | tr -d '\\t'", 5000,
		"exit status 0: CapBnd:00000000000000e0");
}

/* Nobody is left: gone, or dead and not yet taken notice of. */
static bool
is_running(long pid)
{
	char file[64], state = 'X';
	FILE *stat;

	snprintf(file, sizeof(file), "/proc/%ld/stat", pid);
	stat = fopen(file, "r");
	if (stat == NULL)
		return false;
	if (fscanf(stat, "%*d (%*[^)]) %c", &state) != 1)
		state = 'X';
	fclose(stat);
	return state != 'X' && state != 'Z';
}

static bool
ends(long pid)
{
	uint64_t until = sy_time_us() + PATIENCE_US;

	while (is_running(pid) && sy_time_us() < until)
		usleep(1000);
	return !is_running(pid);
}

/* Children in the background, when the time is over, and when their parent ended by itself. */
static void
test_nothing_is_left(void)
{
	static const char *const scripts[] = { "sleep 60 & echo $!; wait",
		"sleep 60 & echo $!; exit 0" };

	for (size_t i = 0; i < SY_UNIT_COUNT(scripts); i++) {
		const struct sy_command_config command = shell(scripts[i]);
		struct sy_command_run *run;
		struct outcome outcome;
		long pid;

		start_runner(&command);
		CU_ASSERT_EQUAL_FATAL(begin(&command, i == 0 ? 1000 : 9000, &outcome, &run), 0);
		wait_for(&outcome);
		CU_ASSERT_EQUAL(
			outcome.result.end, i == 0 ? SY_COMMAND_TIMED_OUT : SY_COMMAND_EXITED);
		pid = strtol(outcome.result.said, NULL, 10);
		CU_ASSERT_TRUE(pid > 1);
		CU_ASSERT_TRUE(ends(pid));
		stop_runner();
	}
}

/* Whoever says much is read and not kept. */
static void
test_much_output(void)
{
	const struct sy_command_config command = shell("yes x | head -c 300000; exit 4");
	struct sy_command_run *run;
	struct outcome outcome;

	start_runner(&command);
	CU_ASSERT_EQUAL_FATAL(begin(&command, 10000, &outcome, &run), 0);
	wait_for(&outcome);
	CU_ASSERT_EQUAL(outcome.result.end, SY_COMMAND_EXITED);
	CU_ASSERT_EQUAL(outcome.result.code, 4);
	CU_ASSERT_STRING_EQUAL(outcome.result.said, "x");
	stop_runner();
}

/* One more than may is told to wait; who is cancelled ends, says nothing, and leaves his place. */
static void
test_at_once(void)
{
	const struct sy_command_config command = shell("sleep 60");
	struct sy_command_run *runs[SY_COMMANDS_AT_ONCE + 1];
	struct outcome outcomes[SY_COMMANDS_AT_ONCE + 1];
	uint64_t until = sy_time_us() + PATIENCE_US;
	int status = -EAGAIN;

	start_runner(&command);
	for (int i = 0; i < SY_COMMANDS_AT_ONCE; i++)
		CU_ASSERT_EQUAL_FATAL(begin(&command, 60000, &outcomes[i], &runs[i]), 0);
	CU_ASSERT_EQUAL(
		begin(&command, 60000, &outcomes[SY_COMMANDS_AT_ONCE], &runs[SY_COMMANDS_AT_ONCE]),
		-EAGAIN);
	for (int i = 0; i < SY_COMMANDS_AT_ONCE; i++)
		sy_commands_cancel(runs[i]);
	while (status == -EAGAIN && sy_time_us() < until) {
		uv_run(&loop, UV_RUN_NOWAIT);
		usleep(500);
		status = begin(&command, 60000, &outcomes[SY_COMMANDS_AT_ONCE],
			&runs[SY_COMMANDS_AT_ONCE]);
	}
	CU_ASSERT_EQUAL(status, 0);
	for (int i = 0; i < SY_COMMANDS_AT_ONCE; i++)
		CU_ASSERT_FALSE(outcomes[i].ended);
	stop_runner();
}

/* The runner ends with the daemon and takes its programs along; a runner that dies is told. */
static void
test_runner_ends(void)
{
	struct sy_command_config command = shell("echo $$; sleep 60");
	struct sy_command_run *run;
	struct outcome outcome;

	if (geteuid() != 0)
		return;
	snprintf(command.user, sizeof(command.user), "root");
	snprintf(command.arguments[2], SY_TEXT_SIZE, "kill -9 $PPID; sleep 1");
	start_runner(&command);
	CU_ASSERT_EQUAL_FATAL(begin(&command, 60000, &outcome, &run), 0);
	wait_for(&outcome);
	CU_ASSERT_EQUAL(outcome.result.end, SY_COMMAND_NOT_STARTED);
	CU_ASSERT_EQUAL(begin(&command, 60000, &outcome, &run), -EPIPE);
	stop_runner();
}

/* What cannot be told is refused, and what is not an order is none. */
static void
test_wire(void)
{
	static const char *const not_ours[] = { "LD_PRELOAD=/x", "STEELYARD_=1", "STEELYARD_A",
		"STEELYARD_a=1", "A=1", "" };
	static struct sy_command_config command = { .name = "n" };
	static struct wire_order order;
	struct sy_environment environment;
	const struct sy_command_params params = { .command = &command,
		.environment = &environment };
	char *variables[SY_COMMAND_ENVIRONMENT + 2];
	int length;

	sy_environment_init(&environment);
	sy_environment_add(&environment, "STEELYARD_A=%d", 7);
	length = sy_wire_pack(&order, &params);
	CU_ASSERT_TRUE_FATAL(length > 0);
	CU_ASSERT_EQUAL(sy_wire_unpack(&order, (size_t)length, variables), 0);
	CU_ASSERT_STRING_EQUAL(order.name, "n");
	CU_ASSERT_EQUAL(strncmp(variables[0], "PATH=/", 6), 0);
	CU_ASSERT_STRING_EQUAL(variables[1], "STEELYARD_A=7");
	CU_ASSERT_PTR_NULL(variables[2]);
	for (size_t n = 0; n < (size_t)length; n++)
		CU_ASSERT_EQUAL(sy_wire_unpack(&order, n, variables), -EBADMSG);
	for (size_t i = 0; i < SY_UNIT_COUNT(not_ours); i++) {
		sy_environment_init(&environment);
		sy_environment_add(&environment, "%s", not_ours[i]);
		length = sy_wire_pack(&order, &params);
		CU_ASSERT_EQUAL(sy_wire_unpack(&order, (size_t)length, variables), -EBADMSG);
	}
	sy_environment_init(&environment);
	for (int i = 0; i < 2 * SY_COMMAND_ENVIRONMENT; i++)
		sy_environment_add(&environment, "STEELYARD_B=%d", i);
	CU_ASSERT_EQUAL(environment.n, SY_COMMAND_ENVIRONMENT);
	length = sy_wire_pack(&order, &params);
	CU_ASSERT_EQUAL(sy_wire_unpack(&order, (size_t)length, variables), 0);
}

static const struct sy_test tests[] = {
	{ "a command's end is told in words", test_ends },
	{ "a command has what it is given and nothing else", test_what_it_has },
	{ "a command that cannot start", test_not_started },
	{ "a command that is not the runner's", test_not_in_table },
	{ "the runner's capabilities", test_capabilities },
	{ "nothing of a command is left running", test_nothing_is_left },
	{ "a command that says much", test_much_output },
	{ "so many commands at once, and no more", test_at_once },
	{ "a runner that is gone", test_runner_ends },
	{ "what the runner is told", test_wire },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("command", tests, SY_UNIT_COUNT(tests), argc, argv);
}
