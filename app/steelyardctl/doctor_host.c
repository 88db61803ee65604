/* SPDX-License-Identifier: BSD-3-Clause */
/* What the host's /proc and /sys tell: of the namespace that steelyardctl runs in. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"
#include "table.h"

#define STRICT 1 /* rp_filter, RFC 3704 section 2.2 */
#define IFF_UP_BIT 1

/* The greater of what all interfaces and this one have counts. */
static long
read_rp_filter(const struct doctor *doctor, const char *interface)
{
	long all = doctor_read_number(doctor, 0, "/proc/sys/net/ipv4/conf/all/rp_filter");
	long own = doctor_read_number(doctor, 0, "/proc/sys/net/ipv4/conf/%s/rp_filter", interface);

	return all > own ? all : own;
}

static void
check_twin(struct doctor *doctor, struct json_object *port, const char *twin)
{
	long flags = doctor_read_number(doctor, -1, "/sys/class/net/%s/flags", twin);
	long mtu = doctor_read_number(doctor, -1, "/sys/class/net/%s/mtu", twin);
	long rp_filter = read_rp_filter(doctor, twin);
	char remedy[DOCTOR_LINE];

	if (flags < 0) {
		doctor_tell(doctor, DOCTOR_FAIL, "twin", twin,
			"run steelyardctl in the daemon's network namespace, or restart the daemon",
			"there is no such interface here");
		return;
	}
	snprintf(remedy, sizeof(remedy), "ip link set %s up", twin);
	doctor_tell(doctor, (flags & IFF_UP_BIT) != 0 ? DOCTOR_OK : DOCTOR_FAIL, "twin", twin,
		remedy, (flags & IFF_UP_BIT) != 0 ? "up" : "down: no ARP, no routes, no probes");
	snprintf(remedy, sizeof(remedy), "ip link set %s mtu %" PRIu64, twin,
		row_number(port, "mtu"));
	doctor_tell(doctor, (uint64_t)mtu == row_number(port, "mtu") ? DOCTOR_OK : DOCTOR_WARN,
		"mtu", twin, remedy, "%ld, its port has %" PRIu64, mtu, row_number(port, "mtu"));
	snprintf(remedy, sizeof(remedy),
		"sysctl net.ipv4.conf.%s.rp_filter=2, and conf.all likewise", twin);
	doctor_tell(doctor, rp_filter == STRICT ? DOCTOR_FAIL : DOCTOR_OK, "rp_filter", twin,
		remedy,
		rp_filter == STRICT ? "strict: answers that come by another way are lost" : "%ld",
		rp_filter);
}

void
doctor_twins(struct doctor *doctor)
{
	for (size_t i = 0; i < json_object_array_length(doctor->ports); i++) {
		struct json_object *port = json_object_array_get_idx(doctor->ports, i);

		if (row_text(port, "twin")[0] != '\0')
			check_twin(doctor, port, row_text(port, "twin"));
	}
}

static bool
is_backend(const struct doctor *doctor, const char *address)
{
	for (size_t i = 0; i < json_object_array_length(doctor->backends); i++) {
		struct json_object *row = json_object_array_get_idx(doctor->backends, i);

		if (strcmp(row_text(row, "address"), address) == 0)
			return true;
	}
	return false;
}

/* IPv4's only: the kernel has no such file for IPv6, whose backends' probes tell. */
void
doctor_neighbours(struct doctor *doctor)
{
	char path[DOCTOR_PATH], line[DOCTOR_LINE], address[64], mac[64], device[64];
	unsigned int flags, n_missing = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/proc/net/arp", doctor->root);
	file = fopen(path, "r");
	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "%63s %*s 0x%x %63s %*s %63s", address, &flags, mac, device) !=
				4 ||
			flags != 0 || !is_backend(doctor, address))
			continue;
		n_missing++;
		doctor_tell(doctor, DOCTOR_FAIL, "next hop", address,
			"is it on, in this network and VLAN? arping -I its twin",
			"no MAC address on %s", device);
	}
	if (file != NULL)
		fclose(file);
	if (n_missing == 0)
		doctor_tell(doctor, DOCTOR_OK, "next hop", "backends", "",
			"no IPv4 backend's MAC address is missing");
}

static void
check_governor(struct doctor *doctor, const char *name, uint64_t cpu)
{
	char governor[DOCTOR_LINE], remedy[DOCTOR_LINE];
	bool fast;

	if (!doctor_read(doctor, governor,
		    "/sys/devices/system/cpu/cpu%" PRIu64 "/cpufreq/scaling_governor", cpu))
		return;
	fast = strcmp(governor, "performance") == 0;
	snprintf(remedy, sizeof(remedy), "cpupower -c %" PRIu64 " frequency-set -g performance",
		cpu);
	doctor_tell(doctor, fast ? DOCTOR_OK : DOCTOR_WARN, "governor", name, remedy, "%.100s",
		governor);
}

/* "0,4" or "0-1": whether it names the CPU. */
static bool
names_cpu(const char *list, uint64_t cpu)
{
	while (*list >= '0' && *list <= '9') {
		char *end;
		uint64_t low = strtoul(list, &end, 10);
		uint64_t high = *end == '-' ? strtoul(end + 1, &end, 10) : low;

		if (cpu >= low && cpu <= high)
			return true;
		list = *end == ',' ? end + 1 : end;
	}
	return false;
}

static void
check_siblings(struct doctor *doctor, size_t index, const char *name, uint64_t cpu)
{
	char list[DOCTOR_LINE];

	if (!doctor_read(doctor, list,
		    "/sys/devices/system/cpu/cpu%" PRIu64 "/topology/thread_siblings_list", cpu))
		return;
	for (size_t i = 0; i < index; i++) {
		struct json_object *other = json_object_array_get_idx(doctor->workers, i);

		if (row_number(other, "cpu") != cpu && names_cpu(list, row_number(other, "cpu")))
			doctor_tell(doctor, DOCTOR_WARN, "core", name,
				"fewer workers, or SMT off: one of the two waits for the other",
				"CPU %" PRIu64 " shares its core with CPU %" PRIu64
				" of worker %" PRIu64,
				cpu, row_number(other, "cpu"), row_number(other, "worker"));
	}
}

void
doctor_cpus(struct doctor *doctor)
{
	for (size_t i = 0; i < json_object_array_length(doctor->workers); i++) {
		struct json_object *worker = json_object_array_get_idx(doctor->workers, i);
		uint64_t cpu = row_number(worker, "cpu");
		char name[32];

		snprintf(name, sizeof(name), "worker %" PRIu64, row_number(worker, "worker"));
		check_governor(doctor, name, cpu);
		check_siblings(doctor, i, name, cpu);
	}
}

void
doctor_clock(struct doctor *doctor)
{
	char path[DOCTOR_PATH], *line = NULL;
	size_t room = 0;
	bool steady = false;
	FILE *file;

	snprintf(path, sizeof(path), "%s/proc/cpuinfo", doctor->root);
	file = fopen(path, "r");
	while (file != NULL && !steady && getline(&line, &room, file) > 0)
		steady = strncmp(line, "flags", 5) == 0 && strstr(line, " constant_tsc") != NULL;
	if (file != NULL)
		fclose(file);
	free(line);
	doctor_tell(doctor, steady ? DOCTOR_OK : DOCTOR_WARN, "clock", "CPU",
		"in a virtual machine: pass the host's CPU through; timeouts follow this counter",
		steady ? "the time stamp counter is constant"
		       : "the time stamp counter is not said to be constant");
}

static long
meminfo(const struct doctor *doctor, const char *key)
{
	char path[DOCTOR_PATH], line[DOCTOR_LINE];
	size_t length = strlen(key);
	long value = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/proc/meminfo", doctor->root);
	file = fopen(path, "r");
	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		if (strncmp(line, key, length) == 0 && line[length] == ':')
			value = strtol(line + length + 1, NULL, 10);
	}
	if (file != NULL)
		fclose(file);
	return value;
}

void
doctor_hugepages(struct doctor *doctor, bool wanted, bool running)
{
	long total = meminfo(doctor, "HugePages_Total");
	long free_pages = meminfo(doctor, "HugePages_Free");

	doctor_tell(doctor,
		!wanted || (total > 0 && (running || free_pages > 0)) ? DOCTOR_OK : DOCTOR_FAIL,
		"hugepages", "host", "drivers-config/bind hugepages 1024",
		wanted ? "%ld of %ld are free, of %ld kB"
		       : "not wanted (%ld of %ld are free, of %ld kB)",
		free_pages, total, meminfo(doctor, "Hugepagesize"));
}
