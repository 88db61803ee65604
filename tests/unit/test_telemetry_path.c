/* SPDX-License-Identifier: BSD-3-Clause */
/* The control socket's file: what is replaced, and what is left alone. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "control.h"
#include "surface_fixture.h"
#include "unit.h"

static void
test_stale_file(void)
{
	struct surface_fixture fixture;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct sy_error error;
	int dead, fd, second;

	surface_fixture_start(&fixture, "");
	strcpy(address.sun_path, fixture.socket);
	dead = socket(AF_UNIX, SOCK_STREAM, 0);
	CU_ASSERT_EQUAL(bind(dead, (struct sockaddr *)&address, sizeof(address)), 0);
	close(dead);
	fd = sy_control_listen(fixture.socket, (gid_t)-1, &error);
	CU_ASSERT(fd >= 0);
	second = sy_control_listen(fixture.socket, (gid_t)-1, &error);
	CU_ASSERT_EQUAL(second, -EADDRINUSE);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "another daemon listens"));
	CU_ASSERT_EQUAL(access(fixture.socket, F_OK), 0);
	close(fd);
	surface_fixture_stop(&fixture);
}

static void
test_no_socket_file(void)
{
	struct surface_fixture fixture;
	struct sy_error error;
	FILE *file;

	surface_fixture_start(&fixture, "");
	file = fopen(fixture.socket, "w");
	fputs("precious", file);
	fclose(file);
	CU_ASSERT_EQUAL(sy_control_listen(fixture.socket, (gid_t)-1, &error), -EEXIST);
	CU_ASSERT_EQUAL(access(fixture.socket, F_OK), 0);
	CU_ASSERT_EQUAL(sy_control_listen("relative", (gid_t)-1, &error), -EINVAL);
	CU_ASSERT_EQUAL(sy_control_listen("/nowhere/at/all/x", (gid_t)-1, &error), -ENOENT);
	surface_fixture_stop(&fixture);
}

static const struct sy_test tests[] = {
	{ "a dead daemon's file is replaced, a live one's is not", test_stale_file },
	{ "a file that is no socket is left alone", test_no_socket_file },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("telemetry_path", tests, SY_UNIT_COUNT(tests), argc, argv);
}
