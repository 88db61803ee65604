/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DPDK, and memory for what is measured.
 *
 * All of that lives in a heap of the benchmark's own, so that it has huge pages
 * where there are any, whatever DPDK's own memory is made of: reserved ones, or
 * else those that the kernel puts together by itself.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/mman.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_malloc.h>

#include "bench.h"

#define HUGE ((uint64_t)2 << 20)
#define HEAP "bench"

static enum bench_pages pages;

int
bench_socket(void)
{
	return rte_malloc_heap_get_socket(HEAP);
}

enum bench_pages
bench_pages(void)
{
	return pages;
}

const char *
bench_pages_name(void)
{
	static const char *const names[] = {
		[BENCH_PAGES_HUGE] = "huge pages",
		[BENCH_PAGES_TRANSPARENT] = "transparent huge pages",
		[BENCH_PAGES_SMALL] = "ordinary pages: slower beyond the caches",
	};

	return names[pages];
}

uint64_t
bench_heap_used(void)
{
	struct rte_malloc_socket_stats stats;

	return rte_malloc_get_socket_stats(bench_socket(), &stats) == 0 ? stats.heap_allocsz_bytes
									: 0;
}

/* The first two CPUs that this process may use, as lcores 0 and 1. */
static void
write_lcores(char *text, size_t size)
{
	cpu_set_t cpus;
	size_t length = 0;
	int n = 0;

	CPU_ZERO(&cpus);
	sched_getaffinity(0, sizeof(cpus), &cpus);
	for (int cpu = 0; cpu < CPU_SETSIZE && n < BENCH_MAX_MEMBERS; cpu++) {
		if (CPU_ISSET(cpu, &cpus))
			length += (size_t)snprintf(
				text + length, size - length, "%s%d@%d", n > 0 ? "," : "", n, cpu),
				n++;
	}
}

static int
start_eal(struct sy_error *error)
{
	char lcores[64] = "0";
	char *args[] = {
		(char *)"steelyard-bench",
		(char *)"--no-huge",
		(char *)"--no-pci",
		(char *)"--no-telemetry",
		(char *)"--no-shconf",
		(char *)"--log-level=3",
		(char *)"-m64",
		(char *)"--lcores",
		lcores,
	};

	write_lcores(lcores, sizeof(lcores));
	if (rte_eal_init(RTE_DIM(args), args) >= 0)
		return 0;
	return sy_error_set(
		error, -rte_errno, "DPDK refused to start: %s", rte_strerror(rte_errno));
}

static void *
map(uint64_t bytes)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS;
	uint8_t *area = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags | MAP_HUGETLB, -1, 0);

	if (area != MAP_FAILED)
		return area;
	area = mmap(NULL, bytes + HUGE, PROT_READ | PROT_WRITE, flags | MAP_NORESERVE, -1, 0);
	if (area == MAP_FAILED)
		return NULL;
	area = RTE_PTR_ALIGN_CEIL(area, HUGE);
	pages = madvise(area, bytes, MADV_HUGEPAGE) == 0 ? BENCH_PAGES_TRANSPARENT
							 : BENCH_PAGES_SMALL;
	return area;
}

/* DPDK wants an address for devices with each page: there are none, so any will do. */
static int
make_heap(uint8_t *area, uint64_t bytes)
{
	unsigned int n = (unsigned int)(bytes / HUGE);
	rte_iova_t *iovas = calloc(n, sizeof(*iovas));
	int status;

	if (iovas == NULL)
		return -ENOMEM;
	for (unsigned int i = 0; i < n; i++)
		iovas[i] = (uintptr_t)(area + i * HUGE);
	status = rte_malloc_heap_create(HEAP) != 0 ||
			rte_malloc_heap_memory_add(HEAP, area, bytes, iovas, n, HUGE) != 0
		? -rte_errno
		: 0;
	free(iovas);
	return status;
}

int
bench_start(uint64_t bytes, struct sy_error *error)
{
	int status = start_eal(error);
	void *area;

	if (status != 0)
		return status;
	bytes = RTE_ALIGN_CEIL(bytes, HUGE);
	area = map(bytes);
	if (area == NULL)
		return sy_error_set(error, -ENOMEM, "no %lu MB of memory", bytes >> 20);
	status = make_heap(area, bytes);
	if (status != 0)
		sy_error_set(error, status, "DPDK takes no heap of %lu MB: %s", bytes >> 20,
			strerror(-status));
	return status;
}
