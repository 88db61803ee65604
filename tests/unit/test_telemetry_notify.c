/* SPDX-License-Identifier: BSD-3-Clause */
/* The service manager, played by a socket. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "sy/notify.h"
#include "unit.h"

static char path[64];

/* A manager that listens at path; the daemon finds it in the environment. */
static int
open_manager(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timeval timeout = { .tv_usec = 200000 };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	snprintf(path, sizeof(path), "%s_%d", name, (int)getpid());
	strcpy(address.sun_path, path);
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	else
		unlink(path);
	CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&address,
				      (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
					      strlen(path) + (path[0] == '/'))),
		0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	setenv("NOTIFY_SOCKET", path, 1);
	sy_notify_init();
	return fd;
}

static void
close_manager(int fd)
{
	close(fd);
	if (path[0] == '/')
		unlink(path);
	sy_notify_init();
}

/* The next message, "" when there is none. */
static const char *
message(int fd)
{
	static char text[1024];
	ssize_t n = recv(fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void
test_states(void)
{
	int fd = open_manager("/tmp/sy_notify");

	CU_ASSERT_EQUAL(sy_notify_ready("2 workers"), 0);
	CU_ASSERT_STRING_EQUAL(message(fd), "READY=1\nSTATUS=2 workers");
	CU_ASSERT_EQUAL(sy_notify_ready(NULL), 0);
	CU_ASSERT_STRING_EQUAL(message(fd), "READY=1\n");
	CU_ASSERT_EQUAL(sy_notify_status("%d of %d\nREADY=1", 1, 2), 0);
	CU_ASSERT_STRING_EQUAL(message(fd), "STATUS=1 of 2 READY=1");
	CU_ASSERT_EQUAL(sy_notify_reloading(), 0);
	CU_ASSERT_EQUAL(strncmp(message(fd), "RELOADING=1\nMONOTONIC_USEC=", 27), 0);
	CU_ASSERT_EQUAL(sy_notify_stopping(0), 0);
	CU_ASSERT_STRING_EQUAL(message(fd), "STOPPING=1");
	CU_ASSERT_EQUAL(sy_notify_stopping(60000 + 30000), 0);
	CU_ASSERT_STRING_EQUAL(message(fd), "STOPPING=1\nEXTEND_TIMEOUT_USEC=90000000");
	CU_ASSERT_PTR_NULL(getenv("NOTIFY_SOCKET"));
	close_manager(fd);
}

static void
test_abstract(void)
{
	int fd = open_manager("@sy_notify");

	CU_ASSERT_EQUAL(sy_notify_ready(NULL), 0);
	CU_ASSERT_STRING_EQUAL(message(fd), "READY=1\n");
	close_manager(fd);
}

static void
test_no_manager(void)
{
	unsetenv("NOTIFY_SOCKET");
	sy_notify_init();
	CU_ASSERT_EQUAL(sy_notify_ready("x"), 0);
	setenv("NOTIFY_SOCKET", "relative", 1);
	sy_notify_init();
	CU_ASSERT_EQUAL(sy_notify_ready("x"), 0);
	setenv("NOTIFY_SOCKET", "/tmp/sy_notify_nobody", 1);
	sy_notify_init();
	CU_ASSERT(sy_notify_ready("x") < 0);
	sy_notify_init();
}

/* Runs the loop for a while and counts what the watchdog is given. */
static int
count_meals(int fd, bool (*is_alive)(void *), void *context, unsigned int ms)
{
	struct sy_watchdog watchdog;
	uv_loop_t loop;
	int n = 0;
	uint64_t end;

	uv_loop_init(&loop);
	CU_ASSERT_EQUAL(sy_watchdog_start(&watchdog, &loop, is_alive, context), 0);
	end = uv_hrtime() + ms * 1000000ull;
	while (uv_hrtime() < end) {
		uv_run(&loop, UV_RUN_NOWAIT);
		usleep(1000);
	}
	sy_watchdog_stop(&watchdog);
	uv_run(&loop, UV_RUN_DEFAULT);
	CU_ASSERT_EQUAL(uv_loop_close(&loop), 0);
	while (strcmp(message(fd), "WATCHDOG=1") == 0)
		n++;
	return n;
}

static bool
say(void *context)
{
	return *(bool *)context;
}

static void
test_watchdog(void)
{
	bool alive = false;
	int fd, n;

	setenv("WATCHDOG_USEC", "100000", 1);
	fd = open_manager("/tmp/sy_notify");
	n = count_meals(fd, NULL, NULL, 320);
	CU_ASSERT(n >= 4 && n <= 8);
	CU_ASSERT_EQUAL(count_meals(fd, say, &alive, 200), 0);
	alive = true;
	CU_ASSERT(count_meals(fd, say, &alive, 200) >= 2);
	CU_ASSERT_PTR_NULL(getenv("WATCHDOG_USEC"));
	close_manager(fd);
}

static void
test_other_process(void)
{
	int fd;

	setenv("WATCHDOG_USEC", "20000", 1);
	setenv("WATCHDOG_PID", "1", 1);
	fd = open_manager("/tmp/sy_notify");
	CU_ASSERT_EQUAL(count_meals(fd, NULL, NULL, 50), 0);
	close_manager(fd);
	setenv("WATCHDOG_USEC", "soon", 1);
	fd = open_manager("/tmp/sy_notify");
	CU_ASSERT_EQUAL(count_meals(fd, NULL, NULL, 50), 0);
	close_manager(fd);
}

static const struct sy_test tests[] = {
	{ "the manager is told each state, and a status is one line", test_states },
	{ "an abstract socket is found", test_abstract },
	{ "without a manager nothing is sent, without a listener it is an error", test_no_manager },
	{ "the watchdog is fed twice a period, while all is well", test_watchdog },
	{ "a watchdog of another process, or of no period, is not fed", test_other_process },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("telemetry_notify", tests, SY_UNIT_COUNT(tests), argc, argv);
}
