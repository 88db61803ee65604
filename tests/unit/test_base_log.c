/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sy/log.h"
#include "sy/time.h"
#include "unit.h"

#define TEXT 4096

/* What the lines between the two calls wrote to standard error. */
static int saved_stderr;
static FILE *captured;

static void
capture_start(void)
{
	captured = tmpfile();
	CU_ASSERT_PTR_NOT_NULL_FATAL(captured);
	saved_stderr = dup(STDERR_FILENO);
	CU_ASSERT_FATAL(dup2(fileno(captured), STDERR_FILENO) >= 0);
}

static void
capture_end(char text[TEXT])
{
	size_t n;

	CU_ASSERT_FATAL(dup2(saved_stderr, STDERR_FILENO) >= 0);
	close(saved_stderr);
	rewind(captured);
	n = fread(text, 1, TEXT - 1, captured);
	text[n] = '\0';
	fclose(captured);
}

static void
test_level_words(void)
{
	static const char *const bad[] = { "", "Error", "warn", "infos", "6", " info" };
	enum sy_log_level level = SY_LOG_NOTICE;

	for (size_t i = 0; i < SY_UNIT_COUNT(bad); i++) {
		CU_ASSERT_EQUAL(sy_log_level_parse(bad[i], &level), -EINVAL);
		CU_ASSERT_EQUAL(level, SY_LOG_NOTICE);
	}
	CU_ASSERT_EQUAL(sy_log_level_parse("error", &level), 0);
	CU_ASSERT_EQUAL(level, SY_LOG_ERROR);
	CU_ASSERT_EQUAL(sy_log_level_parse("warning", &level), 0);
	CU_ASSERT_EQUAL(level, SY_LOG_WARNING);
	CU_ASSERT_EQUAL(sy_log_level_parse("debug", &level), 0);
	CU_ASSERT_EQUAL(level, SY_LOG_DEBUG);
}

static void
test_threshold(void)
{
	char text[TEXT];

	unsetenv("JOURNAL_STREAM");
	sy_log_set_level(SY_LOG_WARNING);
	CU_ASSERT_EQUAL(sy_log_get_level(), SY_LOG_WARNING);
	capture_start();
	sy_warning("queue %d is full", 3);
	sy_info("not seen");
	sy_error_log("seen too");
	capture_end(text);
	CU_ASSERT_STRING_EQUAL(
		text, "steelyard: warning: queue 3 is full\nsteelyard: error: seen too\n");
}

static void
test_journal(void)
{
	char text[TEXT];

	setenv("JOURNAL_STREAM", "8:1", 1);
	sy_log_set_level(SY_LOG_INFO);
	capture_start();
	sy_notice("up");
	sy_debug("not seen");
	capture_end(text);
	unsetenv("JOURNAL_STREAM");
	CU_ASSERT_STRING_EQUAL(text, "<5>up\n");
}

static void
test_long_line(void)
{
	char words[2 * 1024];
	char text[TEXT];

	memset(words, 'w', sizeof(words));
	words[sizeof(words) - 1] = '\0';
	capture_start();
	sy_notice("%s", words);
	capture_end(text);
	CU_ASSERT(strlen(text) > 1000 && strlen(text) <= 1024);
	CU_ASSERT_PTR_EQUAL(strchr(text, '\n'), text + strlen(text) - 1);
}

static void
test_clocks(void)
{
	uint64_t before = sy_time_us();
	uint64_t after;

	usleep(2000);
	after = sy_time_us();
	CU_ASSERT(after - before >= 2000);
	CU_ASSERT(after - before < 10 * 1000 * 1000);
	/* This was written in the year that starts here. */
	CU_ASSERT(sy_time_wall_us() > UINT64_C(1767225600) * 1000 * 1000);
}

static void
test_ticks_wrap(void)
{
	CU_ASSERT_EQUAL(sy_ticks_since(5, 3), 2);
	CU_ASSERT_EQUAL(sy_ticks_since(2, UINT32_MAX - 1), 4);
}

static const struct sy_test tests[] = {
	{ "a level is known by its word only", test_level_words },
	{ "lines above the threshold are not written", test_threshold },
	{ "the journal gets the level as a number", test_journal },
	{ "a line that is too long is cut and stays one line", test_long_line },
	{ "clocks move at the pace of time", test_clocks },
	{ "ticks are compared across their wrap", test_ticks_wrap },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("base_log", tests, SY_UNIT_COUNT(tests), argc, argv);
}
