/* SPDX-License-Identifier: BSD-3-Clause */
/* What the client makes of its words, and of sockets that are not there. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "client.h"
#include "ctl.h"
#include "unit.h"

#define MOST_WORDS 12

static struct ctl_args args;
static struct sy_error error;

/* Words with single spaces in between. */
static enum ctl_status
parse(const char *line)
{
	static char copy[256];
	char *argv[MOST_WORDS + 1] = { (char[]){ "steelyardctl" } };
	char *rest = copy;
	int argc = 1;

	unsetenv("STEELYARD_SOCKET");
	error.text[0] = '\0';
	strcpy(copy, line);
	for (char *word = strsep(&rest, " "); word != NULL && argc < MOST_WORDS;
		word = strsep(&rest, " "))
		argv[argc++] = word;
	return ctl_parse(argc, argv, &args, &error);
}

static void
test_commands(void)
{
	CU_ASSERT_EQUAL(parse("show backends"), CTL_OK);
	CU_ASSERT_STRING_EQUAL(args.command->name, "show");
	CU_ASSERT_STRING_EQUAL(args.words[0], "backends");
	CU_ASSERT_STRING_EQUAL(args.socket, CTL_SOCKET);
	CU_ASSERT_FALSE(args.json);
	CU_ASSERT_EQUAL(parse("weight web/web1 7"), CTL_OK);
	CU_ASSERT_EQUAL(args.n_words, 2);
	CU_ASSERT_EQUAL(parse("reload"), CTL_OK);
}

static void
test_options(void)
{
	CU_ASSERT_EQUAL(parse("show --json -s /a/b backends web1"), CTL_OK);
	CU_ASSERT_TRUE(args.json);
	CU_ASSERT_STRING_EQUAL(args.socket, "/a/b");
	CU_ASSERT_STRING_EQUAL(args.words[1], "web1");
	CU_ASSERT_EQUAL(parse("--socket=/c top -n5 --delay 2"), CTL_OK);
	CU_ASSERT_STRING_EQUAL(args.socket, "/c");
	CU_ASSERT_STRING_EQUAL(ctl_option(&args, "count"), "5");
	CU_ASSERT_STRING_EQUAL(ctl_option(&args, "delay"), "2");
	CU_ASSERT_EQUAL(parse("flows --backend=web1"), CTL_OK);
	CU_ASSERT_STRING_EQUAL(ctl_option(&args, "backend"), "web1");
	CU_ASSERT_PTR_NULL(ctl_option(&args, "service"));
	CU_ASSERT_EQUAL(parse("drain -- --odd"), CTL_OK);
	CU_ASSERT_STRING_EQUAL(args.words[0], "--odd");
	/* A number below 0 is a wrong weight, not an option that is not there. */
	CU_ASSERT_EQUAL(parse("weight web1 -5"), CTL_OK);
	CU_ASSERT_STRING_EQUAL(args.words[1], "-5");
	CU_ASSERT_EQUAL(parse("weight --help"), CTL_OK);
	CU_ASSERT_TRUE(args.help);
}

static void
test_usage(void)
{
	static const struct {
		const char *line;
		const char *error;
	} rows[] = {
		{ "dance",
			"no command 'dance': show, top, check, explain, drain, enable, weight, discovery, reload, diff, "
			"history, rollback, audit, watch, capture, doctor, completion, serving or flows" },
		{ "--json", "no command given" },
		{ "show", "usage: steelyardctl show" },
		{ "weight web1", "usage: steelyardctl weight" },
		{ "reload now", "usage: steelyardctl reload" },
		{ "show backends --limit 3", "no option --limit of show" },
		{ "flows --limit", "--limit needs a value: N" },
		{ "show info --json=yes", "--json takes no value" },
		{ "--jso show info", "no option --jso" },
	};

	for (size_t i = 0; i < SY_UNIT_COUNT(rows); i++) {
		CU_ASSERT_EQUAL(parse(rows[i].line), CTL_USAGE);
		CU_ASSERT_PTR_NOT_NULL(strstr(error.text, rows[i].error));
	}
}

static void
test_environment(void)
{
	char *argv[] = { (char[]){ "steelyardctl" }, (char[]){ "reload" } };

	setenv("STEELYARD_SOCKET", "/e", 1);
	CU_ASSERT_EQUAL(ctl_parse(2, argv, &args, &error), CTL_OK);
	CU_ASSERT_STRING_EQUAL(args.socket, "/e");
	unsetenv("STEELYARD_SOCKET");
}

/* Every command can tell what it is for, by example. */
static void
test_table(void)
{
	for (const struct ctl_command *command = ctl_commands; command->name != NULL; command++) {
		CU_ASSERT_PTR_NOT_NULL(strstr(command->examples, command->name));
		CU_ASSERT_PTR_NOT_NULL(command->help);
		CU_ASSERT_PTR_NOT_NULL(command->run);
	}
}

static void
test_unreachable(void)
{
	char folder[] = "/tmp/sy_ctl_XXXXXX";
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct ctl_client client;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/s", folder);
	CU_ASSERT_EQUAL(ctl_connect(address.sun_path, &client, &error), CTL_UNREACHABLE);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "is the daemon running?"));
	CU_ASSERT_EQUAL(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	CU_ASSERT_EQUAL(ctl_connect(address.sun_path, &client, &error), CTL_UNREACHABLE);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "start it"));
	close(fd);
	unlink(address.sun_path);
	rmdir(folder);
}

/* What answers with this instead of a message. */
static enum ctl_status
ask_stranger(const void *bytes, size_t length)
{
	struct ctl_client client;
	struct json_object *result = NULL;
	enum ctl_status status;
	int ends[2];

	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	CU_ASSERT_EQUAL(send(ends[1], bytes, length, 0), (ssize_t)length);
	shutdown(ends[1], SHUT_WR);
	client.fd = ends[0];
	status = ctl_ask(&client, "info", NULL, &result, &error);
	json_object_put(result);
	ctl_disconnect(&client);
	close(ends[1]);
	return status;
}

static void
test_strangers(void)
{
	CU_ASSERT_EQUAL(ask_stranger("", 0), CTL_UNREACHABLE);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "closed the connection"));
	CU_ASSERT_EQUAL(ask_stranger("HTTP/1.1 400", 12), CTL_UNREACHABLE);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "no steelyard"));
	CU_ASSERT_EQUAL(ask_stranger("\0\0\0\2[]", 6), CTL_UNREACHABLE);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "no steelyard"));
	CU_ASSERT_EQUAL(ask_stranger("\0\0\0\40{}", 6), CTL_UNREACHABLE);
	CU_ASSERT_EQUAL(ask_stranger("\0\0\0\31{\"ok\":false,\"error\":\"no\"}", 29), CTL_REFUSED);
	CU_ASSERT_STRING_EQUAL(error.text, "no");
	CU_ASSERT_EQUAL(ask_stranger("\0\0\0\30{\"ok\":true,\"result\":[1]}", 28), CTL_OK);
}

static const struct sy_test tests[] = {
	{ "commands and their words", test_commands },
	{ "options stand anywhere, in every form", test_options },
	{ "what makes no sense is told in words", test_usage },
	{ "the environment names the socket", test_environment },
	{ "every command has help and an example", test_table },
	{ "a socket that cannot be reached: why, and what to do", test_unreachable },
	{ "who answers nonsense is no daemon", test_strangers },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("ctl_args", tests, SY_UNIT_COUNT(tests), argc, argv);
}
