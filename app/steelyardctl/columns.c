/* SPDX-License-Identifier: BSD-3-Clause */
#include "columns.h"

static const struct column port_columns[] = {
	{ "PORT", "name", cell_text, true },
	{ "LINK", "link", cell_text, true },
	{ "ADDRESS", "addresses", cell_first, true },
	{ "DRIVER", "driver", cell_text, true },
	{ "PKT/S IN", "packets_in_rate", cell_count, false },
	{ "OUT", "packets_out_rate", cell_count, false },
	{ "BIT/S IN", "bits_in_rate", cell_count, false },
	{ "OUT", "bits_out_rate", cell_count, false },
	{ "MISSED", "missed", cell_count, false },
	{ .header = NULL },
};

static const struct column worker_columns[] = {
	{ "WORKER", "worker", cell_number, false },
	{ "CPU", "cpu", cell_number, false },
	{ "BUSY", "busy_percent", cell_percent, false },
	{ "TURN US", "longest_turn_us_now", cell_count, false },
	{ "RECEIVED", "received", cell_count, false },
	{ "SENT", "transmitted", cell_count, false },
	{ "KERNEL", "to_kernel", cell_count, false },
	{ "HANDED", "handed_over", cell_count, false },
	{ "DROPS", "dropped", cell_count, false },
	{ "FLOWS", "flows", cell_count, false },
	{ "NEW", "flows_created", cell_count, false },
	{ .header = NULL },
};

static const struct column cycle_columns[] = {
	{ "WORKER", "worker", cell_number, false },
	{ "STAGE", "stage", cell_text, true },
	{ "CYCLES/PKT", "cycles_per_packet", cell_text, false },
	{ "LAST SECOND", "cycles_per_packet_now", cell_text, false },
	{ "SHARE %", "share_percent", cell_text, false },
	{ "PACKETS", "packets", cell_count, false },
	{ "WHAT", "help", cell_text, true },
	{ .header = NULL },
};

static const struct column service_columns[] = {
	{ "SERVICE", "name", cell_text, true },
	{ "ADDRESS", "address", cell_endpoint, true },
	{ "PROTO", "protocol", cell_text, true },
	{ "POOL", "pool", cell_text, true },
	{ "ACTIVE", "active", cell_count, false },
	{ "CONN/S", "connections_rate", cell_count, false },
	{ "BIT/S IN", "bits_in_rate", cell_count, false },
	{ "OUT", "bits_out_rate", cell_count, false },
	{ "REFUSED", "flows_refused", cell_count, false },
	{ .header = NULL },
};

static const struct column limit_columns[] = {
	{ "SERVICE", "name", cell_text, true },
	{ "ACTIVE", "active", cell_count, false },
	{ "AT MOST", "max_flows", cell_count, false },
	{ "HALF-OPEN", "embryonic", cell_count, false },
	{ "AT MOST", "max_half_open", cell_count, false },
	{ "REFUSED", "flows_refused", cell_count, false },
	{ "SHED", "flows_shed", cell_count, false },
	{ "STATELESS IN", "stateless_in", cell_count, false },
	{ "OUT", "stateless_out", cell_count, false },
	{ "AT THE LIMIT", "on_full", cell_text, true },
	{ .header = NULL },
};

static const struct column local_columns[] = {
	{ "LOCAL ADDRESS", "local", cell_text, true },
	{ "BACKEND", "backend", cell_text, true },
	{ "PROTO", "protocol", cell_text, true },
	{ "TAKEN", "taken", cell_count, false },
	{ "PORTS", "ports", cell_count, false },
	{ "FULLEST WORKER", "fullest_worker", cell_number, false },
	{ "ITS SHARE", "fullest_percent", cell_percent, false },
	{ "STATE", "state", cell_text, true },
	{ .header = NULL },
};

static const struct column persistence_columns[] = {
	{ "TABLE", "table", cell_text, true },
	{ "SERVICE", "service", cell_text, true },
	{ "ENTRIES", "entries", cell_nonzero, false },
	{ "AT MOST", "max_persistent", cell_nonzero, false },
	{ "HITS", "hits", cell_count, false },
	{ "MADE", "made", cell_count, false },
	{ "EXPIRED", "expired", cell_count, false },
	{ "NO ROOM", "full", cell_count, false },
	{ .header = NULL },
};

static const struct column backend_columns[] = {
	{ "BACKEND", "name", cell_backend, true },
	{ "ADDRESS", "address", cell_endpoint, true },
	{ "STATE", "state", cell_state, true },
	{ "SINCE", "state_since_s", cell_seconds, false },
	{ "WEIGHT", "weight", cell_weight, false },
	{ "ACTIVE", "active", cell_count, false },
	{ "TOTAL", "flows_created", cell_count, false },
	{ "CONN/S", "connections_rate", cell_count, false },
	{ .header = NULL },
};

static const struct column discovery_columns[] = {
	{ "POOL", "pool", cell_text, true },
	{ "TYPE", "type", cell_text, true },
	{ "STATE", "state", cell_text, true },
	{ "FOUND", "found", cell_count, false },
	{ "IN FORCE", "in_force", cell_count, false },
	{ "HELD", "held", cell_count, false },
	{ "LEFT OUT", "left_out", cell_count, false },
	{ "LAST GOOD", "last_good_ms", cell_ms, false },
	{ "TROUBLE", "error", cell_text, true },
	{ .header = NULL },
};

static const struct column flow_columns[] = {
	{ "PROTO", "protocol", cell_text, true },
	{ "CLIENT", "client", cell_text, true },
	{ "SERVICE ADDRESS", "vip", cell_text, true },
	{ "BACKEND", "backend", cell_text, true },
	{ "STATE", "state", cell_text, true },
	{ "IDLE", "idle_ms", cell_ms, false },
	{ "WHY", "reason", cell_text, true },
	{ .header = NULL },
};

static const struct column steering_columns[] = {
	{ "RUNG", "rung", cell_text, true },
	{ "STATE", "state", cell_text, true },
	{ "WHY", "reason", cell_text, true },
	{ .header = NULL },
};

static const struct column drop_columns[] = {
	{ "REASON", "reason", cell_text, true },
	{ "PACKETS", "packets", cell_count, false },
	{ "PER S", "packets_rate", cell_count, false },
	{ "MEANING", "help", cell_text, true },
	{ .header = NULL },
};

static const struct column health_columns[] = {
	{ "BACKEND", "name", cell_backend, true },
	{ "STATE", "state", cell_text, true },
	{ "SINCE", "state_since_s", cell_seconds, false },
	{ "PROBE", "type", cell_text, true },
	{ "EVERY", "interval_ms", cell_ms, false },
	{ "MS", "probe_ms", cell_text, false },
	{ "REFUSED", "connect_failures", cell_count, false },
	{ "FOUND", "found", cell_text, true },
	{ .header = NULL },
};

static const struct column history_columns[] = {
	{ "VERSION", "version", cell_number, false },
	{ "APPLIED", "applied", cell_text, true },
	{ "BY", "by", cell_text, true },
	{ "AGAIN", "from_version", cell_nonzero, false },
	{ "CHANGES", "changes", cell_text, true },
	{ "MS", "took_ms", cell_number, false },
	{ .header = NULL },
};

static const struct column audit_columns[] = {
	{ "TIME", "time", cell_text, true },
	{ "BY", "by", cell_text, true },
	{ "COMMAND", "command", cell_text, true },
	{ "ARGUMENTS", "arguments", cell_text, true },
	{ "RESULT", "result", cell_text, true },
	{ .header = NULL },
};

const struct view_columns view_columns[] = {
	{ "info", NULL, NULL, "", NULL },
	{ "ports", "port", port_columns, "no ports", NULL },
	{ "workers", "worker", worker_columns, "no workers", NULL },
	{ "cycles", "worker", cycle_columns, "no packet has been measured", NULL },
	{ "steering", "rung", steering_columns, "no steering", NULL },
	{ "services", "service", service_columns, "no services", NULL },
	{ "limits", "service", limit_columns, "no services", NULL },
	{ "locals", NULL, local_columns, "no local port is taken", NULL },
	{ "persistence", NULL, persistence_columns, "no table", NULL },
	{ "backends", "backend", backend_columns, "no backends", NULL },
	{ "discovery", "pool", discovery_columns, "no pool has discovery", NULL },
	{ "flows", NULL, flow_columns, "no flows", NULL },
	{ "drops", "reason", drop_columns, "no packet has been dropped", "packets" },
	{ "health", "backend", health_columns, "no backends", NULL },
	{ "history", NULL, history_columns, "no versions", NULL },
	{ "audit", NULL, audit_columns, "nobody has changed anything", NULL },
	{ "config", "path", NULL, "", NULL },
	{ .view = NULL },
};
