/* SPDX-License-Identifier: BSD-3-Clause */
/* Backends with limits: who is passed over, and when clients are refused. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_tcp.h>

#include "fixture.h"
#include "unit.h"

static struct fixture fixture;

/* The usual services; more stands in each backend of the pool, which has this scheduler. */
static void
start(const char *scheduler, const char *const more[3], const char *service_more)
{
	static const char *const names[] = { "\"web1\"", "\"web2\"", "\"web3\"" };
	char *text = fixture_config("", service_more);
	char config[8192] = "", *rest = text;
	char *rr = strstr(text, "\"scheduler\":\"rr\"");

	memset(rr, ' ', strlen("\"scheduler\":\"rr\","));
	rest = text;
	for (int i = 0; i < 3; i++) {
		char *name = strstr(rest, names[i]) + strlen(names[i]);

		strncat(config, rest, (size_t)(name - rest));
		strcat(config, more[i]);
		rest = name;
	}
	strcat(config, rest);
	rest = strstr(config, "\"pools\":[{") + strlen("\"pools\":[{");
	snprintf(text, strlen(text), "\"scheduler\":\"%s\",", scheduler);
	memmove(rest + strlen(text), rest, strlen(rest) + 1);
	memcpy(rest, text, strlen(text));
	free(text);
	fixture_start(&fixture, config, 1);
	fixture_settle(&fixture);
}

struct shares {
	uint32_t of[3]; /* by backend */
	uint32_t refused;
};

static struct shares
open_flows(uint16_t first, uint32_t n)
{
	struct shares shares = { .refused = 0 };

	for (uint32_t i = 0; i < n; i++) {
		uint32_t backend = fixture_open(&fixture, (uint16_t)(first + i));

		if (backend == 0)
			shares.refused++;
		else
			shares.of[(ntohl(backend) & 0xff) - 11]++;
		fixture_forget_sent(&fixture);
		fixture_settle(&fixture);
	}
	return shares;
}

static void
end(void)
{
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

/* Whatever the scheduler, a full backend's flows go to the others, and nobody is refused before. */
static void
test_full_one_is_passed_over(void)
{
	static const char *const schedulers[] = { "rr", "wrr", "random", "source-hash", "maglev",
		"lc", "wlc" };

	for (size_t i = 0; i < RTE_DIM(schedulers); i++) {
		static const char *const more[3] = { ",\"max_flows\":2", ",\"max_flows\":3",
			",\"max_flows\":5" };
		struct shares shares;

		start(schedulers[i], more, "");
		shares = open_flows(4000, 20);
		CU_ASSERT_EQUAL(shares.of[0], 2);
		CU_ASSERT_EQUAL(shares.of[1], 3);
		CU_ASSERT_EQUAL(shares.of[2], 5);
		CU_ASSERT_EQUAL(shares.refused, 10);
		CU_ASSERT_EQUAL(sy_stats_counter(fixture.stats, SY_COUNTER_FLOWS_FULL), 10);
		CU_ASSERT_EQUAL(sy_stats_service(fixture.stats, 0).flows_refused, 10);
		end();
	}
}

/* Others keep their weights when one is full: the scheduler picks again. */
static void
test_unlimited_take_the_rest(void)
{
	static const char *const more[3] = { ",\"max_flows\":1", "", "" };
	struct shares shares;

	start("rr", more, "");
	shares = open_flows(4000, 60);
	CU_ASSERT_EQUAL(shares.of[0], 1);
	CU_ASSERT_EQUAL(shares.refused, 0);
	CU_ASSERT_TRUE(shares.of[1] >= 29 && shares.of[2] >= 19);
	CU_ASSERT_TRUE(sy_stats_backend(fixture.stats, 0).flows_refused > 0);
	end();
}

/* One client, whom the service keeps, finds no room at his backend: he moves as a whole. */
static void
test_kept_client_moves_once(void)
{
	static const char *const consistencies[] = { "\"consistency\":\"sticky\",",
		"\"consistency\":\"hash\",", "\"consistency\":\"both\"," };
	static const char *const more[3] = { ",\"max_flows\":1", ",\"max_flows\":1000",
		",\"max_flows\":1000" };

	for (size_t i = 0; i < RTE_DIM(consistencies); i++) {
		struct shares shares;

		start("rr", more, consistencies[i]);
		shares = open_flows(4000, 40);
		CU_ASSERT_EQUAL(shares.refused, 0);
		CU_ASSERT_TRUE(shares.of[0] <= 1);
		CU_ASSERT_TRUE(shares.of[1] == 0 || shares.of[2] == 0);
		end();
	}
}

static void
test_refused_as_told(void)
{
	static const char *const more[3] = { ",\"max_flows\":1", ",\"max_flows\":1",
		",\"max_flows\":1" };
	struct shares shares;

	start("lc", more, "\"on_empty\":\"drop\",");
	shares = open_flows(4000, 5);
	CU_ASSERT_EQUAL(shares.refused, 2);
	CU_ASSERT_EQUAL(fixture_drops(&fixture, SY_DROP_BACKENDS_FULL), 2);
	end();
	start("lc", more, "");
	shares = open_flows(4000, 4);
	CU_ASSERT_EQUAL(fixture_open(&fixture, 5000), 0);
	CU_ASSERT_EQUAL(fixture.ports[FIXTURE_WAN].n_out, 1); /* an RST */
	CU_ASSERT_EQUAL(fixture_drops(&fixture, SY_DROP_BACKENDS_FULL), 0);
	end();
}

/* An ended flow makes room. */
static void
test_room_again(void)
{
	static const char *const more[3] = { ",\"max_flows\":1", ",\"max_flows\":1",
		",\"max_flows\":1" };

	start("rr", more, "");
	fixture_establish(&fixture, 4000, fixture_open(&fixture, 4000));
	fixture_settle(&fixture);
	CU_ASSERT_EQUAL(open_flows(4001, 3).refused, 1);
	fixture_receive(&fixture, FIXTURE_WAN,
		fixture_packet(
			&fixture, FIXTURE_CLIENT, 4000, FIXTURE_VIP, 80, RTE_TCP_RST_FLAG, 101, 0));
	fixture_forget_sent(&fixture);
	fixture_settle(&fixture);
	usleep(2000); /* that all were full is remembered for a millisecond */
	fixture_turn(&fixture);
	CU_ASSERT_EQUAL(open_flows(5000, 2).refused, 1);
	end();
}

static void
test_new_flows_a_second(void)
{
	static const char *const more[3] = { ",\"max_new_per_s\":4", ",\"max_new_per_s\":6",
		",\"enabled\":false" };
	struct shares shares;

	start("wlc", more, "");
	shares = open_flows(4000, 20);
	/* The test's own time may bring one or two more. */
	CU_ASSERT_TRUE(shares.of[0] >= 4 && shares.of[0] <= 6);
	CU_ASSERT_TRUE(shares.of[1] >= 6 && shares.of[1] <= 8);
	CU_ASSERT_EQUAL(shares.of[2], 0);
	CU_ASSERT_EQUAL(shares.refused, 20 - shares.of[0] - shares.of[1]);
	end();
}

/* Without flows no limit would hold. */
static void
test_never_stateless(void)
{
	static const char *const more[3] = { ",\"max_flows\":100", "", "" };

	start("rr", more, "");
	for (uint32_t i = 0; i < 3; i++) {
		const struct sy_service_row *service =
			&sy_snapshot_load(&fixture.publisher.publication)->services[i];

		CU_ASSERT_TRUE(service->limits_backends);
		CU_ASSERT_FALSE(service->stateless);
	}
	end();
}

static const struct sy_test tests[] = {
	{ "a full backend is passed over until all are full", test_full_one_is_passed_over },
	{ "backends without a limit share the rest", test_unlimited_take_the_rest },
	{ "a client who is kept moves as a whole", test_kept_client_moves_once },
	{ "when all are full clients are refused as the service says", test_refused_as_told },
	{ "a flow that ends makes room", test_room_again },
	{ "new flows a second are limited", test_new_flows_a_second },
	{ "services with limited backends are not served without flows", test_never_stateless },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("pipeline_room", tests, SY_UNIT_COUNT(tests), argc, argv);
}
