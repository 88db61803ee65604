/* SPDX-License-Identifier: BSD-3-Clause */
/* What people see of the operator's client, word for word. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "human.h"
#include "show.h"
#include "unit.h"

#define WIDTH 80

static const char backends[] =
	"[{\"pool\":\"web\",\"name\":\"web1\",\"address\":\"10.0.0.11\",\"port\":8080,"
	"\"state\":\"up\",\"spare\":false,\"weight\":10,\"effective_weight\":10,\"active\":33,"
	"\"flows_created\":123456,\"connections_rate\":300,\"connect_failures\":0,"
	"\"state_since_s\":3725,\"last_probe\":\"HTTP 200\",\"probe_ms\":0.412},"
	"{\"pool\":\"web\",\"name\":\"web2\",\"address\":\"fd00::12\",\"port\":8080,"
	"\"state\":\"down\",\"spare\":false,\"weight\":20,\"effective_weight\":2,\"active\":0,"
	"\"flows_created\":9999,\"connections_rate\":100,\"connect_failures\":7,"
	"\"state_since_s\":59,\"last_probe\":\"connection refused\",\"probe_ms\":0.1},"
	"{\"pool\":\"web\",\"name\":\"sorry\",\"address\":\"10.0.0.19\",\"port\":8080,"
	"\"state\":\"up\",\"spare\":true,\"weight\":1,\"effective_weight\":1,\"active\":0,"
	"\"flows_created\":0,\"connections_rate\":0,\"connect_failures\":0,"
	"\"state_since_s\":200000,\"last_probe\":\"HTTP 200\",\"probe_ms\":0.5}]";

static void
expect_text(const char *found, const char *expected)
{
	if (strcmp(found, expected) != 0)
		printf("# found:\n%s# expected:\n%s", found, expected);
	CU_ASSERT_STRING_EQUAL(found, expected);
}

/* The caller frees the text. */
static char *
show(const char *view, const char *json, unsigned int width)
{
	struct json_object *result = json_tokener_parse(json);
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	CU_ASSERT_PTR_NOT_NULL_FATAL(result);
	show_print(out, show_find(view), result, width);
	fclose(out);
	json_object_put(result);
	return text;
}

static size_t
longest_line(const char *text)
{
	size_t longest = 0;

	while (*text != '\0') {
		size_t length = strcspn(text, "\n");

		longest = length > longest ? length : longest;
		text += length + (text[length] != '\0');
	}
	return longest;
}

static void
test_numbers(void)
{
	static const struct {
		uint64_t number;
		const char *text;
	} counts[] = { { 0, "0" }, { 9999, "9999" }, { 10000, "10.0k" }, { 99999, "99.9k" },
		{ 999999, "999k" }, { 1000000, "1.00M" }, { 1234567890, "1.23G" },
		{ UINT64_MAX, "18.4E" } },
	  durations[] = { { 0, "0s" }, { 59, "59s" }, { 60, "1m00s" }, { 3599, "59m59s" },
		  { 3600, "1h00m" }, { 86399, "23h59m" }, { 86400, "1d00h" } },
	  times[] = { { 999, "999ms" }, { 1250, "1.2s" }, { 61000, "1m01s" } };
	char text[HUMAN_TEXT];

	for (size_t i = 0; i < SY_UNIT_COUNT(counts); i++)
		CU_ASSERT_STRING_EQUAL(human_count(counts[i].number, text), counts[i].text);
	for (size_t i = 0; i < SY_UNIT_COUNT(durations); i++)
		CU_ASSERT_STRING_EQUAL(
			human_duration(durations[i].number, text), durations[i].text);
	for (size_t i = 0; i < SY_UNIT_COUNT(times); i++)
		CU_ASSERT_STRING_EQUAL(human_ms(times[i].number, text), times[i].text);
}

static void
test_backends(void)
{
	char *text = show("backends", backends, WIDTH);

	expect_text(text,
		"BACKEND            ADDRESS          STATE  SINCE  WEIGHT  ACTIVE  TOTAL  CONN/S\n"
		"web/web1           10.0.0.11:8080   up     1h02m      10      33   123k     300\n"
		"web/web2           [fd00::12]:8080  down     59s    2/20       0   9999     100\n"
		"web/sorry (spare)  10.0.0.19:8080   up     2d07h       1       0      0       0\n");
	free(text);
}

static void
test_drain(void)
{
	char *text = show("backends",
		"[{\"pool\":\"web\",\"name\":\"web1\",\"address\":\"10.0.0.11\",\"port\":80,"
		"\"state\":\"drain\",\"weight\":1,\"effective_weight\":1,\"active\":12,"
		"\"flows_created\":99,\"connections_rate\":0,\"state_since_s\":57,"
		"\"drain_flows_left\":12,\"drain_flows_at_start\":40,\"drain_ends_in_s\":543},"
		"{\"pool\":\"web\",\"name\":\"web2\",\"address\":\"10.0.0.12\",\"port\":80,"
		"\"state\":\"leaving\",\"weight\":1,\"effective_weight\":1,\"active\":1,"
		"\"flows_created\":99,\"connections_rate\":0,\"state_since_s\":57,"
		"\"drain_flows_left\":1,\"drain_flows_at_start\":20000}]",
		2 * WIDTH);

	expect_text(text,
		"BACKEND   ADDRESS       STATE              SINCE  WEIGHT  ACTIVE  TOTAL  CONN/S\n"
		"web/web1  10.0.0.11:80  drain 12/40 9m03s    57s       1      12     99       0\n"
		"web/web2  10.0.0.12:80  leaving 1/20.0k      57s       1       1     99       0\n");
	free(text);
}

static void
test_drops(void)
{
	char *text = show("drops",
		"[{\"reason\":\"no_flow\",\"packets\":12345,\"packets_rate\":3,\"help\":\"a segment or "
		"reply of no known flow\"},{\"reason\":\"tx_full\",\"packets\":0,\"packets_rate\":0,"
		"\"help\":\"the port's transmit queue took no more\"}]",
		WIDTH);

	expect_text(text,
		"REASON   PACKETS  PER S  MEANING\n"
		"no_flow    12.3k      3  a segment or reply of no known flow\n");
	free(text);
	text = show("drops", "[{\"reason\":\"a\",\"packets\":0},{\"reason\":\"b\",\"packets\":0}]",
		WIDTH);
	expect_text(text, "no packet has been dropped\n");
	free(text);
	text = show("flows", "[]", WIDTH);
	expect_text(text, "no flows\n");
	free(text);
}

static void
test_objects(void)
{
	char *text = show("info", "{\"version\":\"0.1.0\",\"uptime_s\":12,\"none\":null}", WIDTH);

	expect_text(text, "version   0.1.0\nuptime_s  12\nnone      -\n");
	free(text);
	text = show("config", "{\"to\":\"0.0.0.0/0\"}", WIDTH);
	expect_text(text, "{\n  \"to\":\"0.0.0.0/0\"\n}\n");
	free(text);
}

/* Names of 63 characters, the longest IPv6 addresses, the largest counters. */
static void
test_width(void)
{
	static const char *const views[] = { "ports", "workers", "services", "backends", "flows",
		"health" };
	static const char row[] =
		"[{\"pool\":\"a-pool-with-a-name-of-just-about-sixty-characters-in-it\","
		"\"name\":\"a-backend-with-a-name-of-just-about-sixty-characters-in\","
		"\"address\":\"2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff\",\"port\":65535,"
		"\"state\":\"starting\",\"last_probe\":\"connection refused by somebody far away\","
		"\"client\":\"[2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff]:65535\","
		"\"vip\":\"[2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff]:65535\",\"protocol\":\"tcp\","
		"\"backend\":\"a-pool-with-a-name/and-a-backend\",\"idle_ms\":899000,"
		"\"state_since_s\":8640000,\"weight\":65535,\"effective_weight\":1,\"active\":999999,"
		"\"flows_created\":99999999999,\"connections_rate\":999999,\"received\":99999999,"
		"\"transmitted\":99999999,\"driver\":\"net_af_xdp\",\"link\":\"down\"}]";

	for (size_t i = 0; i < SY_UNIT_COUNT(views); i++) {
		char *text = show(views[i], row, WIDTH);

		if (longest_line(text) > WIDTH)
			printf("# %s is %zu columns wide:\n%s", views[i], longest_line(text), text);
		CU_ASSERT(longest_line(text) <= WIDTH);
		free(text);
		/* Into a pipe nothing is cut. */
		text = show(views[i], row, 0);
		CU_ASSERT_PTR_NULL(strchr(text, '~'));
		free(text);
	}
}

static char *
draw(struct frame *frame, const char *rows)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	frame->info = json_tokener_parse(
		"{\"version\":\"0.1.0\",\"uptime_s\":192,\"workers\":2,\"steering\":\"software\","
		"\"snapshot\":17,\"flows\":1234,\"connections_rate\":400,\"received_rate\":12345,"
		"\"transmitted_rate\":12340,\"dropped_rate\":5,\"backends\":3,\"backends_up\":2}");
	frame->workers = json_tokener_parse(
		"[{\"worker\":0,\"cpu\":1,\"busy_percent\":37,\"received_rate\":6000,"
		"\"transmitted_rate\":5998,\"dropped_rate\":2,\"flows\":600,"
		"\"flows_created_rate\":200}]");
	frame->services = json_tokener_parse(
		"[{\"name\":\"www\",\"address\":\"192.0.2.80\",\"port\":80,\"protocol\":\"tcp\","
		"\"active\":1234,\"connections_rate\":400,\"bits_in_rate\":1234567,"
		"\"bits_out_rate\":98765432}]");
	frame->backends = json_tokener_parse(rows);
	frame->clock = "14:03:22";
	frame_print(out, frame);
	fclose(out);
	json_object_put(frame->info);
	json_object_put(frame->workers);
	json_object_put(frame->services);
	json_object_put(frame->backends);
	return text;
}

static void
test_frame(void)
{
	struct frame frame = { .width = WIDTH };
	char *text = draw(&frame, backends);

	expect_text(text,
		"steelyard 0.1.0  up 3m12s  workers 2 (software)  snapshot 17            14:03:22\n"
		"flows 1234  conn/s 400  pkt/s in 12.3k out 12.3k dropped 5  backends 2/3 up\n"
		"\n"
		"WORKER   CPU  BUSY     PKT/S IN    PKT/S OUT    DROPPED/S      FLOWS     CONN/S \n"
		"     0     1   37%         6000         5998            2        600        200\n"
		"\n"
		"SERVICE        ADDRESS                    PROTO  ACTIVE  CONN/S BIT/S IN     OUT\n"
		"www            192.0.2.80:80              tcp      1234     400    1.23M   98.7M\n"
		"\n"
		"BACKEND              STATE    WEIGHT ACTIVE CONN/S SHARE           LAST PROBE   \n"
		"web/web1             up           10     33    300 ########..  75% HTTP 200\n"
		"web/web2             down       2/20      0    100 ###.......  25% connection re\n"
		"web/sorry (spare)    up            1      0      0 ..........   0% HTTP 200\n");
	CU_ASSERT(longest_line(text) <= WIDTH);
	free(text);
}

/* However small the window is, there are no more lines and none is longer. */
static void
test_small_frames(void)
{
	for (unsigned int height = 1; height < 30; height++) {
		for (unsigned int width = 1; width < 100; width += 7) {
			struct frame frame = { .width = width, .height = height };
			char *text = draw(&frame, backends);
			unsigned int n_lines = 0;

			for (const char *at = text; *at != '\0'; at++)
				n_lines += *at == '\n';
			CU_ASSERT(n_lines <= height);
			CU_ASSERT(longest_line(text) <= width);
			free(text);
		}
	}
}

static void
test_many_rows(void)
{
	struct frame frame = { .width = WIDTH, .height = 24 };
	char *rows = calloc(500, 64);
	size_t length = 0;
	char *text;

	for (int i = 0; i < 500; i++)
		length += (size_t)sprintf(rows + length, "%s{\"pool\":\"p\",\"name\":\"b%d\"}",
			i == 0 ? "[" : ",", i);
	strcpy(rows + length, "]");
	text = draw(&frame, rows);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "p/b0 "));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, " more\n"));
	free(text);
	free(rows);
}

static const struct sy_test tests[] = {
	{ "numbers have four figures at most", test_numbers },
	{ "backends as a table", test_backends },
	{ "a drain says how far it is", test_drain },
	{ "only reasons that dropped something are listed", test_drops },
	{ "objects as names and values", test_objects },
	{ "tables fit 80 columns, whatever they hold", test_width },
	{ "a picture of top", test_frame },
	{ "a picture fits the smallest window", test_small_frames },
	{ "a picture of many backends says how many more", test_many_rows },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("ctl_format", tests, SY_UNIT_COUNT(tests), argc, argv);
}
