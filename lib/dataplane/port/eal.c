/* SPDX-License-Identifier: BSD-3-Clause */
#include "sy/eal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "memory.h"

#define MEBIBYTE (UINT64_C(1) << 20)
#define LCORES_TEXT 2048
#define NODES_TEXT 256
/* What DPDK's environment takes for itself. */
#define EAL_MEBIBYTES 16

static int add(struct sy_eal_args *args, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int
add(struct sy_eal_args *args, const char *format, ...)
{
	va_list list;
	int length;
	char *text = NULL;

	if (args->argc == SY_EAL_MAX_ARGS)
		return -E2BIG;
	va_start(list, format);
	length = vasprintf(&text, format, list);
	va_end(list);
	if (length < 0)
		return -ENOMEM;
	args->owned[args->argc] = text;
	args->argv[args->argc++] = text;
	args->argv[args->argc] = NULL;
	return 0;
}

/* Each lcore with its CPU, since several may stand on one. */
static int
add_lcores(struct sy_eal_args *args, const struct sy_eal_placement *placement)
{
	char text[LCORES_TEXT];
	int length = snprintf(text, sizeof(text), "0@%d", placement->management_cpu);
	int status;

	for (uint16_t w = 0; w < placement->n_workers; w++)
		length += snprintf(text + length, sizeof(text) - (size_t)length, ",%u@%d",
			sy_eal_worker_lcore(w), placement->worker_cpus[w]);
	status = add(args, "--lcores=%s", text);
	return status == 0 ? add(args, "--main-lcore=0") : status;
}

/* Hugepages are taken at once and on the right nodes; without them the kernel gives pages when they
 * are touched. */
static int
add_memory(struct sy_eal_args *args, const struct sy_config *config,
	const struct sy_eal_placement *placement, uint64_t memory_bytes)
{
	char text[NODES_TEXT] = "";
	struct sy_node_memory memory;
	int length = 0, status;

	if (!config->hugepages) {
		status = add(args, "--no-huge");
		if (status == 0)
			status = add(args, "--no-shconf");
		if (status == 0)
			status = add(args, "-m");
		return status == 0 ? add(args, "%" PRIu64, memory_bytes / MEBIBYTE + EAL_MEBIBYTES)
				   : status;
	}
	sy_memory_share(placement, memory_bytes, &memory);
	for (int node = 0; node < memory.n_nodes; node++)
		length += snprintf(text + length, sizeof(text) - (size_t)length, "%s%" PRIu64,
			node == 0 ? "" : ",", (memory.needed[node] + MEBIBYTE - 1) / MEBIBYTE);
	status = add(args, "--in-memory");
	return status == 0 ? add(args, "--socket-mem=%s", text) : status;
}

/* Virtual devices are made when the ports are opened, where what goes wrong can be said. */
static int
add_devices(struct sy_eal_args *args, const struct sy_config *config)
{
	uint32_t n_pci = 0;
	int status = 0;

	for (uint32_t i = 0; i < config->n_ports && status == 0; i++) {
		struct sy_device_text text;

		sy_device_parse(config->ports[i].device, &text);
		if (!text.is_pci)
			continue;
		n_pci++;
		status = add(args, "--allow=%s%s%s", text.name,
			text.arguments[0] == '\0' ? "" : ",", text.arguments);
	}
	if (status != 0 || n_pci > 0)
		return status;
	status = add(args, "--no-pci");
	/* No device reads physical addresses, so a pool may be one piece of virtual ones. */
	return status == 0 ? add(args, "--iova-mode=va") : status;
}

static int
add_log_level(struct sy_eal_args *args, const struct sy_config *config)
{
	int status;

	if (config->log_level < SY_LOG_DEBUG)
		return add(args, "--log-level=error");
	status = add(args, "--log-level=debug");
	return status == 0 ? add(args, "--log-level=*:info") : status;
}

int
sy_eal_args_build(const struct sy_config *config, const struct sy_eal_placement *placement,
	uint64_t memory_bytes, struct sy_eal_args *args, struct sy_error *error)
{
	int status;

	memset(args, 0, sizeof(*args));
	status = add(args, "%s", config->name);
	if (status == 0)
		status = add(args, "--file-prefix=%s", config->name);
	if (status == 0)
		status = add_lcores(args, placement);
	if (status == 0)
		status = add_memory(args, config, placement, memory_bytes);
	if (status == 0)
		status = add_devices(args, config);
	if (status == 0)
		status = add_log_level(args, config);
	if (status == 0)
		return 0;
	sy_eal_args_free(args);
	return sy_error_set(
		error, status, "the arguments of DPDK's environment: %s", strerror(-status));
}

void
sy_eal_args_free(struct sy_eal_args *args)
{
	for (int i = 0; i < SY_EAL_MAX_ARGS; i++)
		free(args->owned[i]);
	memset(args, 0, sizeof(*args));
}
