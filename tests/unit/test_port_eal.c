/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/stat.h>
#include <sys/wait.h>

#include <rte_eal.h>
#include <rte_lcore.h>
#include <rte_malloc.h>

#include "memory.h"
#include "pool.h"
#include "unit.h"

#define MEBIBYTE (UINT64_C(1) << 20)

static struct sy_port_config ports[2];

static struct sy_config
config_of(uint16_t workers, const char *device, bool hugepages)
{
	struct sy_config config = { .name = "unit",
		.workers = workers,
		.hugepages = hugepages,
		.ports = ports,
		.n_ports = 1,
		.log_level = SY_LOG_INFO };

	memset(ports, 0, sizeof(ports));
	snprintf(ports[0].name, sizeof(ports[0].name), "a");
	snprintf(ports[0].device, sizeof(ports[0].device), "%s", device);
	ports[0].mtu = 1500;
	ports[0].rx_descriptors = ports[0].tx_descriptors = 1024;
	return config;
}

static bool
has(const struct sy_eal_args *args, const char *argument)
{
	for (int i = 0; i < args->argc; i++)
		if (strcmp(args->argv[i], argument) == 0)
			return true;
	return false;
}

static void
test_arguments(void)
{
	const struct sy_eal_placement placement = { .n_workers = 2,
		.management_cpu = 4,
		.worker_cpus = { 5, 5 },
		.worker_sockets = { 0, 0 } };
	struct sy_config config = config_of(2, "3b:00.0,x=1", true);
	struct sy_eal_args args;
	struct sy_error error;

	CU_ASSERT_EQUAL_FATAL(
		sy_eal_args_build(&config, &placement, 100 * MEBIBYTE, &args, &error), 0);
	CU_ASSERT_PTR_NULL(args.argv[args.argc]);
	CU_ASSERT_TRUE(has(&args, "--file-prefix=unit"));
	CU_ASSERT_TRUE(has(&args, "--lcores=0@4,1@5,2@5"));
	CU_ASSERT_TRUE(has(&args, "--in-memory"));
	CU_ASSERT_TRUE(has(&args, "--socket-mem=100"));
	CU_ASSERT_TRUE(has(&args, "--allow=0000:3b:00.0,x=1"));
	CU_ASSERT_FALSE(has(&args, "--no-pci"));
	CU_ASSERT_FALSE(has(&args, "--no-huge"));
	sy_eal_args_free(&args);
}

static void
test_arguments_without_hugepages(void)
{
	const struct sy_eal_placement placement = { .n_workers = 1 };
	struct sy_config config = config_of(1, "net_null0", false);
	struct sy_eal_args args;
	struct sy_error error;

	CU_ASSERT_EQUAL_FATAL(
		sy_eal_args_build(&config, &placement, 100 * MEBIBYTE, &args, &error), 0);
	CU_ASSERT_TRUE(has(&args, "--no-huge"));
	CU_ASSERT_FALSE(has(&args, "--in-memory")); /* DPDK refuses both together */
	CU_ASSERT_TRUE(has(&args, "--no-pci"));
	CU_ASSERT_TRUE(has(&args, "--iova-mode=va"));
	sy_eal_args_free(&args);
}

/* The CPUs that this process may use. */
static int
allowed(int cpus[], int room)
{
	cpu_set_t set;
	int n = 0;

	CU_ASSERT_EQUAL_FATAL(sched_getaffinity(0, sizeof(set), &set), 0);
	for (int cpu = 0; cpu < CPU_SETSIZE && n < room; cpu++)
		if (CPU_ISSET((size_t)cpu, &set))
			cpus[n++] = cpu;
	return n;
}

static void
test_more_workers_than_cpus(void)
{
	struct sy_config config = config_of(SY_MAX_WORKERS, "net_null0", false);
	struct sy_eal_placement placement;
	struct sy_error error;
	int cpus[2], n = allowed(cpus, 2);

	snprintf(config.cores, sizeof(config.cores), "%d", cpus[0]);
	CU_ASSERT_EQUAL(sy_eal_place(&config, &placement, &error), 0);
	for (int w = 0; w < SY_MAX_WORKERS; w++)
		CU_ASSERT_EQUAL(placement.worker_cpus[w], cpus[0]);
	if (n < 2)
		return;
	snprintf(config.cores, sizeof(config.cores), "%d,%d", cpus[1], cpus[0]);
	CU_ASSERT_EQUAL(sy_eal_place(&config, &placement, &error), 0);
	CU_ASSERT_EQUAL(placement.management_cpu, cpus[1]);
	for (int w = 0; w < SY_MAX_WORKERS; w++)
		CU_ASSERT_EQUAL(placement.worker_cpus[w], cpus[w % 2]);
}

static void
test_chosen_cores(void)
{
	struct sy_config config = config_of(1, "net_null0", false);
	struct sy_eal_placement placement;
	struct sy_error error;
	int cpus[2], n = allowed(cpus, 2);

	CU_ASSERT_EQUAL(sy_eal_place(&config, &placement, &error), 0);
	CU_ASSERT_EQUAL(placement.management_cpu, cpus[0]);
	CU_ASSERT_EQUAL(placement.worker_cpus[0], cpus[n > 1 ? 1 : 0]);
	CU_ASSERT(placement.worker_sockets[0] >= 0);
}

static void
test_bad_cores(void)
{
	static const char *const texts[] = { "x", "1,", "3-1", "0;1", "-1", "0-", "99999", ",0" };
	struct sy_config config = config_of(1, "net_null0", false);
	struct sy_eal_placement placement;
	struct sy_error error;

	for (size_t i = 0; i < SY_UNIT_COUNT(texts); i++) {
		snprintf(config.cores, sizeof(config.cores), "%s", texts[i]);
		CU_ASSERT_EQUAL(sy_eal_place(&config, &placement, &error), -EINVAL);
		CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "\"cores\""));
	}
}

static void
test_port_memory(void)
{
	struct sy_config config = config_of(1, "net_null0", true);
	uint64_t small = sy_eal_port_memory(&config), large;

	/* 2,048 descriptors, what a worker holds, each buffer with 2 KiB and a little more. */
	CU_ASSERT(small > 2048 * 2048 + 4096 * 2048 && small < 64 * MEBIBYTE);
	ports[0].mtu = 9000;
	large = sy_eal_port_memory(&config);
	CU_ASSERT(large > 3 * small);
	ports[0].mtu = 1500;
	/* Without hugepages DPDK gives each buffer a page of its own. */
	config.hugepages = false;
	CU_ASSERT(sy_eal_port_memory(&config) > small * 3 / 2);
	config.hugepages = true;
	snprintf(ports[0].device, sizeof(ports[0].device), "net_af_xdp0,iface=nosuch");
	CU_ASSERT(sy_eal_port_memory(&config) > small + 4096 * 2048);
}

/* How many of n elements end within n times their own size, when each page ends with a gap. */
static uint32_t
count_within(uint32_t n, uint32_t room, uint64_t page)
{
	uint64_t element = sy_pool_element_bytes(room), bytes = n * element;

	return (uint32_t)(bytes / page * (page / element) + bytes % page / element);
}

static void
test_gaps(void)
{
	static const struct sy_port_profile profile = { .page_buffers = true,
		.buffer_overhead = 256 };

	for (int huge = 0; huge < 2; huge++) {
		uint64_t page = huge ? 2 * MEBIBYTE : sy_pool_page_bytes();
		uint32_t room = sy_pool_room(1500, &profile, 0, huge);
		uint32_t n = sy_pool_with_gaps(10000, room, huge);

		CU_ASSERT(count_within(n, room, page) >= 10000);
		CU_ASSERT(n < 10500);
		CU_ASSERT_EQUAL(sy_pool_footprint(room, huge),
			sy_pool_footprint(sy_pool_room(1500, &profile, 0, true), huge));
	}
}

static void
write_file(const char *root, const char *path, const char *text)
{
	char full[256];
	FILE *file;

	snprintf(full, sizeof(full), "%s%s", root, path);
	for (char *slash = strchr(full + strlen(root) + 1, '/'); slash != NULL;
		slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(full, 0700);
		*slash = '/';
	}
	file = fopen(full, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fputs(text, file);
	fclose(file);
}

#define NODE(n, size) \
	"/devices/system/node/node" #n "/hugepages/hugepages-" #size "kB/free_hugepages"

static void
test_hugepages(void)
{
	const struct sy_eal_placement placement = { .n_workers = 2, .worker_sockets = { 0, 1 } };
	char root[] = "/tmp/sy_sysfs_XXXXXX", command[64];
	struct sy_error error;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(root));
	CU_ASSERT_EQUAL(sy_memory_check(root, &placement, MEBIBYTE, &error), -ENOMEM);
	write_file(root, NODE(0, 2048), "100\n");
	write_file(root, NODE(1, 2048), "10\n");
	CU_ASSERT_EQUAL(sy_memory_check(root, &placement, 40 * MEBIBYTE, &error), 0);
	CU_ASSERT_EQUAL(sy_memory_check(root, &placement, 100 * MEBIBYTE, &error), -ENOMEM);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "node 1"));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "reserve 25 pages of 2 MiB"));
	write_file(root, NODE(1, 1048576), "1\n");
	CU_ASSERT_EQUAL(sy_memory_check(root, &placement, 100 * MEBIBYTE, &error), 0);
	snprintf(command, sizeof(command), "rm -r %s", root);
	CU_ASSERT_EQUAL(system(command), 0);
}

static void
test_ordinary_memory(void)
{
	char root[] = "/tmp/sy_proc_XXXXXX", command[64];
	struct sy_error error;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(root));
	/* A kernel that does not tell is not held against the configuration. */
	CU_ASSERT_EQUAL(sy_memory_check_ordinary(root, 101 * MEBIBYTE, &error), 0);
	write_file(root, "/meminfo", "MemTotal:  999999 kB\nMemAvailable:   102400 kB\n");
	CU_ASSERT_EQUAL(sy_memory_check_ordinary(root, 100 * MEBIBYTE, &error), 0);
	CU_ASSERT_EQUAL(sy_memory_check_ordinary(root, 101 * MEBIBYTE, &error), -ENOMEM);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "101 MiB of memory are needed"));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "100 MiB are available"));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "lower \"max_flows\""));
	snprintf(command, sizeof(command), "rm -r %s", root);
	CU_ASSERT_EQUAL(system(command), 0);
}

/* In a process of its own, since DPDK's environment comes up once only.  Exit status: 0, or the line
 * that was not so. */
static void
run_environment(bool hugepages)
{
	struct sy_config config = config_of(3, "net_null0", hugepages);
	struct sy_eal_placement placement;
	struct sy_eal_args args;
	struct sy_error error;
	char path[256];

	snprintf(config.name, sizeof(config.name), "unit_eal_%d", (int)getpid());
	if (sy_eal_place(&config, &placement, &error) != 0)
		_exit(1);
	if (sy_eal_args_build(&config, &placement, 32 * MEBIBYTE, &args, &error) != 0)
		_exit(2);
	if (rte_eal_init(args.argc, args.argv) < 0)
		_exit(3);
	snprintf(path, sizeof(path), "%s/dpdk_telemetry.v2", rte_eal_get_runtime_dir());
	if (access(path, F_OK) != 0)
		_exit(4);
	if (rte_lcore_count() != 4 || rte_get_main_lcore() != 0)
		_exit(5);
	for (uint16_t w = 0; w < 3; w++) {
		rte_cpuset_t cpus = rte_lcore_cpuset(sy_eal_worker_lcore(w));

		if (CPU_COUNT(&cpus) != 1 || !CPU_ISSET((size_t)placement.worker_cpus[w], &cpus))
			_exit(6);
	}
	if (rte_malloc(NULL, 16 * MEBIBYTE, 0) == NULL)
		_exit(7);
	rte_eal_cleanup();
	sy_eal_args_free(&args);
	_exit(0);
}

static void
expect_environment(bool hugepages)
{
	pid_t child = fork();
	int status = -1;

	CU_ASSERT_FATAL(child >= 0);
	if (child == 0)
		run_environment(hugepages);
	CU_ASSERT_EQUAL_FATAL(waitpid(child, &status, 0), child);
	CU_ASSERT_TRUE(WIFEXITED(status));
	CU_ASSERT_EQUAL(WEXITSTATUS(status), 0);
}

static void
test_environment(void)
{
	expect_environment(false);
}

static void
test_environment_with_hugepages(void)
{
	uint64_t page;

	if (sy_memory_free("/sys", 0, &page) < 64 * MEBIBYTE) {
		sy_unit_skip("64 MiB of hugepages are not free");
		return;
	}
	expect_environment(true);
}

static const struct sy_test tests[] = {
	{ "DPDK is given lcores, memory and PCI devices", test_arguments },
	{ "without hugepages and PCI devices DPDK looks for neither",
		test_arguments_without_hugepages },
	{ "more workers than CPUs share them in turn", test_more_workers_than_cpus },
	{ "without a list the management core comes first, then workers", test_chosen_cores },
	{ "a bad list of CPUs is refused", test_bad_cores },
	{ "memory for buffers follows descriptors, MTU and driver", test_port_memory },
	{ "enough buffers lie before what gaps push out of one range", test_gaps },
	{ "DPDK starts without hugepages, with telemetry and three workers", test_environment },
	{ "DPDK starts with hugepages, with telemetry and three workers",
		test_environment_with_hugepages },
	{ "too few hugepages on a node are refused with the number to set", test_hugepages },
	{ "without hugepages, more memory than is available is refused", test_ordinary_memory },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("port_eal", tests, SY_UNIT_COUNT(tests), argc, argv);
}
