/* SPDX-License-Identifier: BSD-3-Clause */
/* What other threads see of a worker's local ports. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include <rte_memory.h>

#include "sy/local_ports.h"
#include "unit.h"

#define ROOM 4 /* ends at once */
#define NAMES 64
#define CHANGES 300000

/* All parts of a name tell its number. */
static struct sy_local_end
end_of(uint32_t number)
{
	struct sy_local_end end = { .family = SY_IPV6, .protocol = IPPROTO_UDP };

	memset(end.local.bytes, (int)number, sizeof(end.local.bytes));
	memset(end.backend.bytes, (int)number, sizeof(end.backend.bytes));
	end.backend_port_be = (uint16_t)(number << 8 | number);
	return end;
}

static bool
is_whole(const struct sy_local_end *end)
{
	struct sy_local_end expected = end_of(end->local.bytes[0]);

	return memcmp(end, &expected, sizeof(expected)) == 0;
}

static struct sy_local_ports *
create(void)
{
	const struct sy_local_ports_params params = {
		.first = 1024, .last = 65535, .max_ends = ROOM, .socket = SOCKET_ID_ANY
	};
	struct sy_local_ports *ports = NULL;

	CU_ASSERT_EQUAL_FATAL(sy_local_ports_create(&params, &ports), 0);
	return ports;
}

static void
test_counts(void)
{
	struct sy_local_ports *ports = create();
	struct sy_local_end end = end_of(7), other = end_of(8);
	struct sy_local_use use;
	uint16_t port_be, first_be = 0;
	uint32_t n = 0;

	CU_ASSERT_EQUAL(sy_local_ports_max_ends(ports), ROOM);
	for (uint32_t place = 0; place < ROOM; place++)
		CU_ASSERT_FALSE(sy_local_ports_use(ports, place, &use));
	for (; sy_local_ports_take(ports, &end, &port_be) == 0; n++) {
		first_be = n == 0 ? port_be : first_be;
		sy_local_ports_find(ports, &end, &use);
		CU_ASSERT_EQUAL(use.n_taken, n + 1);
		CU_ASSERT_TRUE(use.n_taken <= use.n_ports);
		/* 65,536 slots, of which those below 1,024 count as used once they have been seen. */
		CU_ASSERT_EQUAL(use.tight, use.n_taken + 65536 - use.n_ports >= 57344);
	}
	CU_ASSERT_EQUAL(n, 65536 - 1024);
	CU_ASSERT_EQUAL(use.n_ports, n);
	CU_ASSERT_TRUE(sy_local_ports_use(ports, 0, &use));
	CU_ASSERT_EQUAL(use.n_taken, n);
	CU_ASSERT_TRUE(is_whole(&use.end));
	sy_local_ports_find(ports, &other, &use);
	CU_ASSERT_EQUAL(use.n_taken, 0);
	CU_ASSERT_EQUAL(use.n_ports, 65536);
	CU_ASSERT_FALSE(use.tight);
	sy_local_ports_give(ports, &end, first_be);
	sy_local_ports_find(ports, &end, &use);
	CU_ASSERT_EQUAL(use.n_taken, n - 1);
	sy_local_ports_destroy(ports);
}

struct reader {
	struct sy_local_ports *ports;
	atomic_bool stop;
	uint32_t n_read;
	uint32_t n_torn;
};

static void *
read_on(void *argument)
{
	struct reader *reader = argument;
	struct sy_local_use use;

	for (uint32_t i = 0; !atomic_load(&reader->stop); i++) {
		struct sy_local_end end = end_of(i % NAMES);

		if (sy_local_ports_use(reader->ports, i % ROOM, &use)) {
			reader->n_read++;
			reader->n_torn += !is_whole(&use.end);
		}
		sy_local_ports_find(reader->ports, &end, &use);
		reader->n_torn += memcmp(&use.end, &end, sizeof(end)) != 0;
	}
	return NULL;
}

/* Ends that are idle lend their places to others: names change all the time. */
static void
test_while_it_changes(void)
{
	struct reader reader = { .ports = create() };
	uint16_t ports_be[ROOM] = { 0 };
	pthread_t thread;

	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, read_on, &reader), 0);
	for (uint32_t i = 0; i < CHANGES; i++) {
		struct sy_local_end end = end_of(i % NAMES);
		struct sy_local_end last = end_of((i + NAMES - (ROOM - 1)) % NAMES);

		CU_ASSERT_EQUAL_FATAL(
			sy_local_ports_take(reader.ports, &end, &ports_be[i % ROOM]), 0);
		if (i >= ROOM - 1)
			sy_local_ports_give(reader.ports, &last, ports_be[(i + 1) % ROOM]);
	}
	atomic_store(&reader.stop, true);
	pthread_join(thread, NULL);
	CU_ASSERT_TRUE(reader.n_read > 0);
	CU_ASSERT_EQUAL(reader.n_torn, 0);
	sy_local_ports_destroy(reader.ports);
}

static const struct sy_test tests[] = {
	{ "another thread sees how many ports an end has taken", test_counts },
	{ "another thread never sees half of a name", test_while_it_changes },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("flow_local_use", tests, SY_UNIT_COUNT(tests), argc, argv);
}
