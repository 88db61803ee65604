/* SPDX-License-Identifier: BSD-3-Clause */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "health_lab.h"
#include "sy/time.h"

#define DAY 86400

/* openssl's own server, with a certificate that nobody has signed. */
static struct {
	char folder[64];
	uint16_t port;
	pid_t pid;
} server;

static bool
make_certificate(void)
{
	char command[512];

	strcpy(server.folder, "/tmp/steelyard-https-XXXXXX");
	if (mkdtemp(server.folder) == NULL)
		return false;
	snprintf(command, sizeof(command),
		"cd %s && openssl req -x509 -newkey rsa:2048 -nodes -keyout key -out cert "
		"-subj /CN=www.example.com -days 2 >log 2>&1",
		server.folder);
	return system(command) == 0;
}

static void
run_server(void)
{
	char accept[32];
	int null = open("/dev/null", O_RDWR);

	if (chdir(server.folder) != 0)
		_exit(1);
	dup2(null, 0);
	dup2(null, 1);
	dup2(null, 2);
	snprintf(accept, sizeof(accept), "127.0.0.1:%u", server.port);
	execlp("openssl", "openssl", "s_server", "-accept", accept, "-cert", "cert", "-key", "key",
		"-www", "-quiet", (char *)NULL);
	_exit(1);
}

static bool
start_server(void)
{
	if (!make_certificate())
		return false;
	server.port = (uint16_t)(20000 + getpid() % 10000);
	server.pid = fork();
	if (server.pid == 0)
		run_server();
	return server.pid > 0;
}

static void
stop_server(void)
{
	static const char *const names[] = { "key", "cert", "log" };
	char path[128];

	kill(server.pid, SIGKILL);
	waitpid(server.pid, NULL, 0);
	for (size_t i = 0; i < SY_UNIT_COUNT(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", server.folder, names[i]);
		unlink(path);
	}
	rmdir(server.folder);
}

/* How the backend is found, with the text: "" where any will do. */
static void
probe(const char *host, const char *authorities, bool verify, bool up, const char *text)
{
	struct sy_backend_config backend = health_lab_backend("web1", "127.0.0.1", server.port);
	uint64_t now = sy_time_wall_us() / 1000000;
	const struct sy_backend *row;
	struct health_lab lab;

	health_lab_start(&lab, &backend, 1, SY_HEALTH_HTTPS);
	snprintf(lab.pool.health.host, SY_TEXT_SIZE, "%s", host);
	if (authorities[0] != '\0')
		snprintf(
			lab.pool.health.ca_file, SY_TEXT_SIZE, "%s/%s", server.folder, authorities);
	lab.pool.health.verify = verify;
	lab.pool.health.timeout_ms = 2000;
	lab.pool.health.interval_ms = 100;
	lab.pool.health.expiry_warning_s = 3 * DAY;
	health_lab_apply(&lab);
	/* openssl needs a moment to listen. */
	if (up)
		CU_ASSERT_TRUE(health_lab_becomes(&lab, 0, SY_HEALTH_UP));
	row = health_lab_first(&lab);
	CU_ASSERT_EQUAL(row->health, up ? SY_HEALTH_UP : SY_HEALTH_DOWN);
	CU_ASSERT_PTR_NOT_NULL(strstr(row->probe_text, text));
	if (up) {
		CU_ASSERT_TRUE(row->certificate_until_s > now + 2 * DAY - 600);
		CU_ASSERT_TRUE(row->certificate_until_s < now + 2 * DAY + 600);
	}
	health_lab_stop(&lab);
}

static void
test_https(void)
{
	if (!start_server()) {
		sy_unit_skip("openssl is not installed");
		return;
	}
	probe("www.example.com", "", false, true, "HTTP 200");
	probe("www.example.com", "", true, false, "certificate");
	probe("www.example.com", "cert", true, true, "HTTP 200");
	probe("other.example.com", "cert", true, false, "does not match");
	stop_server();
}

static const struct sy_test tests[] = {
	{ "HTTPS works, and verify refuses certificates of others, or of nobody", test_https },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("health_https", tests, SY_UNIT_COUNT(tests), argc, argv);
}
