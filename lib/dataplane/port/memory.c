/* SPDX-License-Identifier: BSD-3-Clause */
#include "memory.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "device.h"
#include "netdev.h"
#include "pool.h"

#define MEBIBYTE (UINT64_C(1) << 20)
/* A descriptor with the driver's own record of it, and what a driver allocates besides. */
#define DESCRIPTOR_BYTES 64
#define DEVICE_BYTES (2 * MEBIBYTE)
#define DEFAULT_PAGE (2 * MEBIBYTE)

static uint16_t
queues_of(const struct sy_config *config, uint32_t index, const struct sy_port_profile *profile)
{
	char interface[SY_TEXT_SIZE];
	struct sy_device_text text;
	uint16_t queues = config->workers, separate;

	sy_device_parse(config->ports[index].device, &text);
	if (profile->all_queues && sy_device_argument(&text, "iface", interface, sizeof(interface)))
		queues = sy_netdev_queues(interface, &separate);
	return queues;
}

uint64_t
sy_eal_port_memory(const struct sy_config *config)
{
	static const struct sy_port_profile nothing_known;
	struct sy_profiles *profiles = NULL;
	uint64_t buffers = (uint64_t)config->workers * sy_pool_worker_buffers(config->n_ports);
	uint64_t bytes = 0;
	uint32_t largest = 0, largest_in_page = 0;

	if (sy_profiles_load(NULL, &profiles, NULL) != 0)
		profiles = NULL; /* opening the ports will say so */
	for (uint32_t i = 0; i < config->n_ports; i++) {
		const struct sy_port_config *port = &config->ports[i];
		const struct sy_port_profile *profile = NULL;
		uint32_t room, n;

		if (profiles == NULL || sy_device_profile(profiles, port, &profile, NULL) != 0 ||
			profile == NULL)
			profile = &nothing_known;
		n = queues_of(config, i, profile);
		room = sy_pool_room(port->mtu, profile, 0, config->hugepages);
		largest = RTE_MAX(room, largest);
		if (profile->page_buffers)
			largest_in_page = RTE_MAX(room, largest_in_page);
		buffers += sy_pool_port_buffers(profile, (uint16_t)n, (uint16_t)n,
			port->rx_descriptors, port->tx_descriptors);
		bytes += DEVICE_BYTES +
			(uint64_t)n * DESCRIPTOR_BYTES *
				(port->rx_descriptors + port->tx_descriptors);
	}
	sy_profiles_free(profiles);
	if (largest_in_page != 0)
		buffers = sy_pool_with_gaps((uint32_t)buffers, largest_in_page, config->hugepages);
	return bytes + buffers * sy_pool_footprint(largest, config->hugepages);
}

void
sy_memory_share(
	const struct sy_eal_placement *placement, uint64_t needed, struct sy_node_memory *memory)
{
	memset(memory, 0, sizeof(*memory));
	for (uint16_t w = 0; w < placement->n_workers; w++) {
		int node = placement->worker_sockets[w];

		if (node < 0 || node >= SY_MAX_NODES)
			node = 0;
		memory->needed[node] += needed / placement->n_workers;
		if (node >= memory->n_nodes)
			memory->n_nodes = node + 1;
	}
}

static uint64_t
read_count(const char *sysfs, int node, unsigned int kilobytes, const char *what)
{
	char path[PATH_MAX];
	uint64_t count = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/devices/system/node/node%d/hugepages/hugepages-%ukB/%s",
		sysfs, node, kilobytes, what);
	file = fopen(path, "r");
	if (file == NULL)
		return 0;
	if (fscanf(file, "%" SCNu64, &count) != 1)
		count = 0;
	fclose(file);
	return count;
}

uint64_t
sy_memory_free(const char *sysfs, int node, uint64_t *page_bytes)
{
	static const unsigned int sizes[] = { 2048, 1048576, 524288, 32768 };
	uint64_t total = 0, most = 0;

	*page_bytes = 0;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint64_t bytes =
			read_count(sysfs, node, sizes[i], "free_hugepages") * sizes[i] * 1024;

		total += bytes;
		if (bytes > most) {
			most = bytes;
			*page_bytes = (uint64_t)sizes[i] * 1024;
		}
	}
	return total;
}

int
sy_memory_check(const char *sysfs, const struct sy_eal_placement *placement, uint64_t needed,
	struct sy_error *error)
{
	struct sy_node_memory memory;

	sy_memory_share(placement, needed, &memory);
	for (int node = 0; node < memory.n_nodes; node++) {
		uint64_t page, available = sy_memory_free(sysfs, node, &page);
		uint64_t rounded = page == 0 ? DEFAULT_PAGE : page;
		uint64_t pages = (memory.needed[node] + rounded - 1) / rounded;

		if (memory.needed[node] == 0 || available >= pages * rounded)
			continue;
		return sy_error_set(error, -ENOMEM,
			"NUMA node %d: %" PRIu64 " MiB of hugepages are needed, %" PRIu64
			" MiB are free: reserve %" PRIu64 " pages of %" PRIu64
			" MiB (`drivers-config/bind hugepages %" PRIu64
			"`), set \"hugepages\": false, or lower \"max_flows\" or the descriptors",
			node, memory.needed[node] / MEBIBYTE + 1, available / MEBIBYTE, pages,
			rounded / MEBIBYTE, pages);
	}
	return 0;
}

/* In bytes; UINT64_MAX when meminfo has no such line. */
static uint64_t
read_available(const char *procfs)
{
	uint64_t kilobytes, available = UINT64_MAX;
	char path[PATH_MAX], line[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/meminfo", procfs);
	file = fopen(path, "r");
	if (file == NULL)
		return available;
	while (fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "MemAvailable: %" SCNu64, &kilobytes) == 1)
			available = kilobytes * 1024;
	}
	fclose(file);
	return available;
}

/* Linux promises more memory than there is, and kills a process, any process, when it is used. */
int
sy_memory_check_ordinary(const char *procfs, uint64_t needed, struct sy_error *error)
{
	uint64_t available = read_available(procfs);

	if (needed <= available)
		return 0;
	return sy_error_set(error, -ENOMEM,
		"%" PRIu64 " MiB of memory are needed, %" PRIu64
		" MiB are available: lower \"max_flows\" or the descriptors",
		needed / MEBIBYTE, available / MEBIBYTE);
}

int
sy_eal_check_memory(const struct sy_config *config, const struct sy_eal_placement *placement,
	uint64_t needed, struct sy_error *error)
{
	return config->hugepages ? sy_memory_check("/sys", placement, needed, error)
				 : sy_memory_check_ordinary("/proc", needed, error);
}
