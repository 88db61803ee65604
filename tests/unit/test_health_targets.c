/* SPDX-License-Identifier: BSD-3-Clause */
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "health_lab.h"

static bool has_namespace;

static void
test_tcp(void)
{
	struct health_server server = { .port = 0 };
	struct sy_backend_config backend;
	struct health_lab lab;

	health_lab_start(&lab, &backend, 1, SY_HEALTH_TCP);
	health_server_start(&lab, &server, "127.0.0.1", NULL);
	backend = health_lab_backend("web1", "127.0.0.1", server.port);
	health_lab_apply(&lab);
	CU_ASSERT_EQUAL(health_lab_first(&lab)->health, SY_HEALTH_UP);
	CU_ASSERT_STRING_EQUAL(sy_registry_backend(lab.registry, 0)->probe_text, "connected");
	CU_ASSERT_EQUAL(lab.n_changed, 1);
	health_server_stop(&server);
	CU_ASSERT_TRUE(health_lab_becomes(&lab, 0, SY_HEALTH_DOWN));
	CU_ASSERT_STRING_EQUAL(
		sy_registry_backend(lab.registry, 0)->probe_text, "connection refused");
	health_server_start(&lab, &server, "127.0.0.1", NULL);
	CU_ASSERT_TRUE(health_lab_becomes(&lab, 0, SY_HEALTH_UP));
	CU_ASSERT_EQUAL(lab.n_changed, 3);
	health_server_stop(&server);
	health_lab_stop(&lab);
}

/* Another port than the backend's own. */
static void
test_port(void)
{
	struct sy_backend_config backend = health_lab_backend("web1", "127.0.0.1", 1);
	struct health_server server = { .port = 0 };
	struct health_lab lab;

	health_lab_start(&lab, &backend, 1, SY_HEALTH_TCP);
	health_server_start(&lab, &server, "127.0.0.1", NULL);
	lab.pool.health.port = server.port;
	health_lab_apply(&lab);
	CU_ASSERT_EQUAL(health_lab_first(&lab)->health, SY_HEALTH_UP);
	health_server_stop(&server);
	health_lab_stop(&lab);
}

static void
test_none(void)
{
	struct sy_backend_config backend = health_lab_backend("web1", "127.0.0.1", 1);
	struct health_lab lab;

	health_lab_start(&lab, &backend, 1, SY_HEALTH_NONE);
	health_lab_apply(&lab);
	CU_ASSERT_EQUAL(sy_registry_backend(lab.registry, 0)->health, SY_HEALTH_UP);
	health_lab_turn(&lab, 50);
	CU_ASSERT_EQUAL(sy_health_counters(lab.health).sent, 0);
	health_lab_stop(&lab);
}

static void
test_apply(void)
{
	struct sy_backend_config backends[3];
	struct health_server server = { .port = 0 };
	uint64_t since;
	uint64_t sent;
	struct health_lab lab;

	health_lab_start(&lab, backends, 3, SY_HEALTH_TCP);
	health_server_start(&lab, &server, "127.0.0.1", NULL);
	backends[0] = health_lab_backend("web1", "127.0.0.1", server.port);
	backends[1] = health_lab_backend("web2", "127.0.0.1", server.port);
	backends[2] = health_lab_backend("web3", "127.0.0.1", server.port);
	health_lab_apply(&lab);
	for (uint32_t i = 0; i < 3; i++)
		CU_ASSERT_TRUE(health_lab_becomes(&lab, i, SY_HEALTH_UP));
	since = sy_registry_backend(lab.registry, 0)->state_since_us;
	/* One is disabled, one leaves, one stays as it was. */
	backends[1].enabled = false;
	lab.pool.n_backends = 2;
	health_lab_apply(&lab);
	CU_ASSERT_EQUAL(sy_health_counters(lab.health).targets, 1);
	CU_ASSERT_EQUAL(sy_registry_backend(lab.registry, 0)->health, SY_HEALTH_UP);
	CU_ASSERT_EQUAL(sy_registry_backend(lab.registry, 0)->state_since_us, since);
	CU_ASSERT_EQUAL(sy_registry_backend(lab.registry, 1)->health, SY_HEALTH_STARTING);
	/* Back: probed before it gets flows. */
	backends[1].enabled = true;
	health_lab_apply(&lab);
	CU_ASSERT_EQUAL(sy_registry_backend(lab.registry, 1)->health, SY_HEALTH_STARTING);
	CU_ASSERT_TRUE(health_lab_becomes(&lab, 1, SY_HEALTH_UP));
	/* A longer interval holds for all, at once. */
	lab.pool.health.interval_ms = 60000;
	health_lab_apply(&lab);
	health_lab_turn(&lab, 60);
	sent = sy_health_counters(lab.health).sent;
	health_lab_turn(&lab, 100);
	CU_ASSERT_EQUAL(sy_health_counters(lab.health).sent, sent);
	lab.pool.health.interval_ms = 20;
	health_lab_apply(&lab);
	health_lab_turn(&lab, 100);
	CU_ASSERT_TRUE(sy_health_counters(lab.health).sent >= sent + 4);
	/* All stops with probes in flight. */
	health_server_stop(&server);
	health_lab_stop(&lab);
}

static void
probe_echo(const char *address, enum sy_health_state state, const char *text)
{
	struct sy_backend_config backend = health_lab_backend("web1", address, 1);
	const struct sy_backend *row;
	struct health_lab lab;

	health_lab_start(&lab, &backend, 1, SY_HEALTH_ICMP);
	health_lab_apply(&lab);
	row = health_lab_first(&lab);
	CU_ASSERT_EQUAL(row->health, state);
	CU_ASSERT_STRING_EQUAL(row->probe_text, text);
	health_lab_stop(&lab);
}

static void
set_ping_group_range(const char *range)
{
	FILE *file = fopen("/proc/sys/net/ipv4/ping_group_range", "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fputs(range, file);
	fclose(file);
}

static void
test_icmp(void)
{
	static const char *const ranges[] = { "1 0", "0 0" }; /* raw sockets, ping sockets */

	if (!has_namespace) {
		sy_unit_skip("not root: no network namespace of its own, no raw socket");
		return;
	}
	for (size_t i = 0; i < SY_UNIT_COUNT(ranges); i++) {
		set_ping_group_range(ranges[i]);
		probe_echo("127.0.0.1", SY_HEALTH_UP, "echo reply");
		probe_echo("127.9.8.7", SY_HEALTH_UP, "echo reply");
		probe_echo("::1", SY_HEALTH_UP, "echo reply");
		probe_echo("192.0.2.1", SY_HEALTH_DOWN, "network is unreachable");
	}
}

static void
test_icmp_silence(void)
{
	static const char set_up[] =
		"{ ip link add health0 type veth peer name health1 && ip link set health0 up && "
		"ip link set health1 up && ip addr add 192.0.2.2/24 dev health0 && "
		"ip neigh add 192.0.2.1 lladdr 02:00:00:00:00:01 dev health0; } 2>/dev/null";

	if (!has_namespace || system(set_up) != 0) {
		sy_unit_skip("not root, or no ip command, or no veth in this kernel");
		return;
	}
	probe_echo("192.0.2.1", SY_HEALTH_DOWN, "timed out after 200 ms");
}

static bool
make_namespace(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	bool up;
	int fd;

	if (unshare(CLONE_NEWNET) != 0)
		return false;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	request.ifr_flags = IFF_UP;
	up = ioctl(fd, SIOCSIFFLAGS, &request) == 0;
	close(fd);
	return up;
}

static const struct sy_test tests[] = {
	{ "a backend goes down and up with its server", test_tcp },
	{ "the probes' port may be another", test_port },
	{ "without a health check a backend is up and not probed", test_none },
	{ "a reload starts, stops and changes just what it must", test_apply },
	{ "echo requests go by raw and by ping sockets, both families", test_icmp },
	{ "an echo request without reply times out", test_icmp_silence },
};

int
main(int argc, char **argv)
{
	has_namespace = make_namespace();
	return sy_unit_run("health_targets", tests, SY_UNIT_COUNT(tests), argc, argv);
}
