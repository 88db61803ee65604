/* SPDX-License-Identifier: BSD-3-Clause */
/* What the daemon's views tell. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "doctor.h"
#include "table.h"

#define FLOWS_PERCENT 80 /* of what the table holds */
#define BUSY_PERCENT 90
#define ASTRAY_PERMILLE 10
#define DROPS_A_SECOND 10

static size_t
length_of(struct json_object *rows)
{
	return json_object_is_type(rows, json_type_array) ? json_object_array_length(rows) : 0;
}

static void
check_port(struct doctor *doctor, struct json_object *port)
{
	const char *name = row_text(port, "name");
	uint64_t n_workers = row_number(doctor->info, "workers");
	bool up = strcmp(row_text(port, "link"), "up") == 0;
	uint64_t lost = row_number(port, "missed") + row_number(port, "no_buffer");

	doctor_tell(doctor, up ? DOCTOR_OK : DOCTOR_FAIL, "link", name,
		"look at cable, transceiver and switch; virtual devices: is the peer up?", "%s, %s",
		row_text(port, "link"), row_text(port, "driver"));
	doctor_tell(doctor, lost == 0 ? DOCTOR_OK : DOCTOR_WARN, "received", name,
		"more workers, larger rx_descriptors, or idle.longest below what a queue holds",
		"%" PRIu64 " packets were lost before a worker saw them", lost);
	doctor_tell(doctor, row_number(port, "rx_queues") >= n_workers ? DOCTOR_OK : DOCTOR_WARN,
		"queues", name,
		"a device or profile with a queue for each worker, or fewer workers",
		"%" PRIu64 " receive queues for %" PRIu64 " workers", row_number(port, "rx_queues"),
		n_workers);
	doctor_tell(doctor, DOCTOR_OK, "offloads", name, "", "%s",
		row_text(port, "offloads")[0] != '\0' ? row_text(port, "offloads")
						      : "none: checksums by software");
}

static void
check_mtus(struct doctor *doctor)
{
	uint64_t least = UINT64_MAX, most = 0;

	for (size_t i = 0; i < length_of(doctor->ports); i++) {
		uint64_t mtu = row_number(json_object_array_get_idx(doctor->ports, i), "mtu");

		least = mtu < least ? mtu : least;
		most = mtu > most ? mtu : most;
	}
	if (most == 0)
		return;
	doctor_tell(doctor, least == most ? DOCTOR_OK : DOCTOR_WARN, "mtu", "ports",
		"give all ports the same mtu, or set mss_clamp for services",
		least == most ? "%" PRIu64 " bytes on all"
			      : "from %" PRIu64 " to %" PRIu64 " bytes",
		least, most);
}

static void
check_steering(struct doctor *doctor)
{
	uint64_t n_workers = row_number(doctor->info, "workers");
	bool software =
		n_workers > 1 && strcmp(row_text(doctor->info, "steering"), "software") == 0;
	uint64_t received = 0, astray = 0;

	for (size_t i = 0; i < length_of(doctor->workers); i++) {
		struct json_object *worker = json_object_array_get_idx(doctor->workers, i);

		received += row_number(worker, "received");
		astray += row_number(worker, "astray");
	}
	doctor_tell(doctor, software ? DOCTOR_WARN : DOCTOR_OK, "steering", "NICs",
		"steelyardctl show steering: why no better rung", "%s: %s",
		row_text(doctor->info, "steering"), row_text(doctor->info, "steering_reason"));
	if (n_workers > 1 && !software)
		doctor_tell(doctor,
			astray * 1000 <= received * ASTRAY_PERMILLE ? DOCTOR_OK : DOCTOR_WARN,
			"astray", "NICs", "steelyardctl show steering: what is not steered",
			"%" PRIu64 " of %" PRIu64 " packets came to another worker's queue", astray,
			received);
}

static void
check_workers(struct doctor *doctor)
{
	for (size_t i = 0; i < length_of(doctor->workers); i++) {
		struct json_object *worker = json_object_array_get_idx(doctor->workers, i);
		uint64_t busy = row_number(worker, "busy_percent");
		char name[32];

		snprintf(name, sizeof(name), "worker %" PRIu64, row_number(worker, "worker"));
		doctor_tell(doctor, busy < BUSY_PERCENT ? DOCTOR_OK : DOCTOR_WARN, "load", name,
			"more workers, or a NIC that hashes (show steering)",
			"%" PRIu64 " %% busy on CPU %" PRIu64, busy, row_number(worker, "cpu"));
	}
}

static void
check_flows(struct doctor *doctor)
{
	uint64_t flows = row_number(doctor->info, "flows");
	uint64_t most = row_number(doctor->info, "max_flows");

	doctor_tell(doctor, flows * 100 < most * FLOWS_PERCENT ? DOCTOR_OK : DOCTOR_WARN, "flows",
		"table", "raise max_flows (a restart), or shorten timeouts",
		"%" PRIu64 " of %" PRIu64, flows, most);
}

static bool
serves(struct json_object *backend)
{
	return strcmp(row_text(backend, "state"), "up") == 0 ||
		strcmp(row_text(backend, "state"), "drain") == 0;
}

/* Not one that the file has disabled, or has no longer: flows keep that one in the list. */
static bool
should_serve(struct json_object *backend)
{
	return strcmp(row_text(backend, "state"), "disabled") != 0 &&
		strcmp(row_text(backend, "state"), "leaving") != 0;
}

static void
check_backends(struct doctor *doctor)
{
	size_t n = 0;
	size_t n_down = 0;

	for (size_t i = 0; i < length_of(doctor->backends); i++) {
		struct json_object *backend = json_object_array_get_idx(doctor->backends, i);
		char name[160];

		if (!should_serve(backend))
			continue;
		n++;
		if (serves(backend))
			continue;
		n_down++;
		snprintf(name, sizeof(name), "%s/%s", row_text(backend, "pool"),
			row_text(backend, "name"));
		doctor_tell(doctor, DOCTOR_WARN, "backend", name,
			"steelyardctl show health: what its probe found", "%s",
			row_text(backend, "state"));
	}
	doctor_tell(doctor, n > 0 && n_down == n ? DOCTOR_FAIL : DOCTOR_OK, "backends", "all",
		"start the servers; steelyardctl show health", "%zu of %zu do not serve", n_down,
		n);
}

static void
check_drops(struct doctor *doctor)
{
	uint64_t rate = 0;

	for (size_t i = 0; i < length_of(doctor->drops); i++) {
		struct json_object *drop = json_object_array_get_idx(doctor->drops, i);

		rate += row_number(drop, "packets_rate");
		if (row_number(drop, "packets_rate") >= DROPS_A_SECOND)
			doctor_tell(doctor, DOCTOR_WARN, "drops", row_text(drop, "reason"),
				row_text(drop, "remedy"), "%" PRIu64 " a second: %s",
				row_number(drop, "packets_rate"), row_text(drop, "cause"));
	}
	doctor_tell(doctor, DOCTOR_OK, "drops", "all", "", "%" PRIu64 " a second", rate);
}

static void
check_versions(struct doctor *doctor)
{
	const char *version = row_text(doctor->info, "version");

	doctor_tell(doctor, strcmp(version, SY_VERSION) == 0 ? DOCTOR_OK : DOCTOR_WARN, "version",
		"daemon", "restart the daemon after an upgrade", "%s, steelyardctl %s, %s", version,
		SY_VERSION, row_text(doctor->info, "dpdk"));
}

void
doctor_live(struct doctor *doctor)
{
	bool hugepages =
		json_object_get_boolean(json_object_object_get(doctor->config, "hugepages"));

	check_versions(doctor);
	for (size_t i = 0; i < length_of(doctor->ports); i++)
		check_port(doctor, json_object_array_get_idx(doctor->ports, i));
	check_mtus(doctor);
	doctor_twins(doctor);
	doctor_neighbours(doctor);
	check_steering(doctor);
	check_workers(doctor);
	doctor_cpus(doctor);
	doctor_clock(doctor);
	doctor_hugepages(doctor, hugepages, true);
	check_flows(doctor);
	check_backends(doctor);
	check_drops(doctor);
}
