/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include <numa.h>

#include "device.h"
#include "sy/eal.h"
#include "sy/log.h"

struct cpu_list {
	int cpus[CPU_SETSIZE];
	int n;
};

static int
node_of_cpu(int cpu)
{
	int node = numa_available() < 0 ? 0 : numa_node_of_cpu(cpu);

	return node < 0 ? 0 : node;
}

static int
read_node(const char *path)
{
	FILE *file = fopen(path, "r");
	int node = -1;

	if (file != NULL) {
		if (fscanf(file, "%d", &node) != 1)
			node = -1;
		fclose(file);
	}
	return node;
}

/* The NUMA node of a port's hardware; -1: it has none. */
static int
node_of_port(const struct sy_port_config *config)
{
	char path[PATH_MAX], interface[SY_TEXT_SIZE];
	struct sy_device_text text;

	sy_device_parse(config->device, &text);
	if (text.is_pci)
		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/numa_node", text.name);
	else if (sy_device_argument(&text, "iface", interface, sizeof(interface)))
		snprintf(path, sizeof(path), "/sys/class/net/%s/device/numa_node", interface);
	else
		return -1;
	return read_node(path);
}

static int
add_cpu(struct cpu_list *list, const cpu_set_t *allowed, long cpu, struct sy_error *error)
{
	if (cpu < 0 || cpu >= CPU_SETSIZE || !CPU_ISSET((size_t)cpu, allowed))
		return sy_error_set(error, -EINVAL,
			"\"cores\": this process may not run on CPU %ld (`taskset -p $$` and "
			"/sys/devices/system/cpu/online tell where it may)",
			cpu);
	if (list->n < CPU_SETSIZE)
		list->cpus[list->n++] = (int)cpu;
	return 0;
}

/* "2,4-7": the order is kept. */
static int
parse_cores(
	const char *text, const cpu_set_t *allowed, struct cpu_list *list, struct sy_error *error)
{
	const char *at = text;

	while (*at != '\0') {
		char *end = NULL;
		long first = isdigit((unsigned char)*at) ? strtol(at, &end, 10) : -1, last = first;

		if (first >= 0 && *end == '-' && isdigit((unsigned char)end[1]))
			last = strtol(end + 1, &end, 10);
		if (first < 0 || last < first || (*end != ',' && *end != '\0') ||
			(*end == ',' && end[1] == '\0'))
			return sy_error_set(error, -EINVAL,
				"\"cores\": found \"%s\", expected a list of CPUs such as "
				"\"0-3,8\"",
				text);
		for (long cpu = first; cpu <= last; cpu++) {
			int status = add_cpu(list, allowed, cpu, error);

			if (status != 0)
				return status;
		}
		at = *end == ',' ? end + 1 : end;
	}
	return 0;
}

/* Those on the node of the first port that has one, then the others. */
static void
choose_cores(const struct sy_config *config, const cpu_set_t *allowed, struct cpu_list *list)
{
	int node = -1;

	for (uint32_t i = 0; i < config->n_ports && node < 0; i++)
		node = node_of_port(&config->ports[i]);
	for (int round = 0; round < 2; round++)
		for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
			bool near = node < 0 || node_of_cpu(cpu) == node;

			if (CPU_ISSET((size_t)cpu, allowed) && near == (round == 0))
				list->cpus[list->n++] = cpu;
		}
}

int
sy_eal_place(
	const struct sy_config *config, struct sy_eal_placement *placement, struct sy_error *error)
{
	struct cpu_list list = { .n = 0 };
	cpu_set_t allowed;
	int status = 0;

	if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0)
		return sy_error_set(error, -errno, "this process's CPUs are not known");
	if (config->cores[0] != '\0')
		status = parse_cores(config->cores, &allowed, &list, error);
	else
		choose_cores(config, &allowed, &list);
	if (status != 0)
		return status;
	if (list.n == 0)
		return sy_error_set(error, -EINVAL, "this process may use no CPU");
	if (list.n < config->workers + 1)
		sy_info("%u workers and the management core share %d CPUs", config->workers,
			list.n);
	placement->n_workers = config->workers;
	placement->management_cpu = list.cpus[0];
	for (int w = 0; w < config->workers; w++) {
		placement->worker_cpus[w] = list.cpus[(w + 1) % list.n];
		placement->worker_sockets[w] = node_of_cpu(placement->worker_cpus[w]);
	}
	return 0;
}
