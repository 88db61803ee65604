/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl.h"

const struct ctl_option ctl_global_options[] = {
	{ "socket", 's', "PATH", "control socket (" CTL_SOCKET ")" },
	{ "json", 'j', NULL, "print JSON, with numbers as they are" },
	{ "help", 'h', NULL, "print this help, or that of a command" },
	{ "version", 'V', NULL, "print the version" },
	{ .name = NULL },
};

static const struct ctl_option no_options[] = { { .name = NULL } };

static const struct ctl_option top_options[] = {
	{ "count", 'n', "COUNT", "stop after so many pictures (else: q or Ctrl-C)" },
	{ "delay", 'd', "SECONDS", "time between two pictures, 1 to 3600 (default 1)" },
	{ .name = NULL },
};

static const struct ctl_option drain_options[] = {
	{ "deadline", 0, "TIME", "end the flows that are left then: 30s, 10m, 1h; 0: never" },
	{ "on-deadline", 0, "reset|forget", "with RST to both sides, or without a word" },
	{ .name = NULL },
};

static const struct ctl_option flow_options[] = {
	{ "service", 0, "SERVICE", "only flows of this service" },
	{ "backend", 0, "BACKEND", "only flows to this backend" },
	{ "limit", 'l', "N", "at most so many, 1 to 10000 (default 100)" },
	{ .name = NULL },
};

static const struct ctl_option capture_options[] = {
	{ "write", 'w', "FILE", "the pcapng file; -: standard output, for a pipe" },
	{ "filter", 'f', "EXPRESSION", "packets that match it, as for tcpdump" },
	{ "port", 'p', "PORT", "seen at this port" },
	{ "stage", 0, "rx|tx|both", "as they came, as they leave, or both (default)" },
	{ "dropped", 0, "REASON|any", "only what was dropped, for this reason or for any" },
	{ "count", 'n', "N", "end after so many packets" },
	{ "seconds", 't', "N", "end after so long, 1 to 3600 (default 60)" },
	{ "snaplen", 0, "N", "bytes of each packet, 64 or more (default: all)" },
	{ .name = NULL },
};

const struct ctl_command ctl_commands[] = {
	{ .name = "show",
		.usage = "VIEW [NAME]",
		.help = "print a view: info, ports, workers, cycles, steering, services, limits,\n"
			"           locals, persistence, backends, discovery, flows, drops, health or config",
		.examples = "  steelyardctl show backends\n"
			    "  steelyardctl show backends web/web1\n"
			    "  steelyardctl show drops\n"
			    "  steelyardctl show config pools/web\n"
			    "  steelyardctl show services --json | jq '.[].active'\n",
		.min_words = 1,
		.max_words = 2,
		.options = no_options,
		.run = ctl_run_show },
	{ .name = "top",
		.usage = "[-n COUNT] [-d SECONDS]",
		.help = "watch rates, connections and health, refreshed in place",
		.examples = "  steelyardctl top\n"
			    "  steelyardctl top -n 10 -d 5 > ten-pictures.txt\n",
		.max_words = 0,
		.options = top_options,
		.run = ctl_run_top },
	{ .name = "check",
		.usage = "FILE",
		.help = "check a configuration file; the daemon need not run",
		.examples = "  steelyardctl check /etc/steelyard/steelyard.json\n",
		.min_words = 1,
		.max_words = 1,
		.options = no_options,
		.run = ctl_run_check },
	{ .name = "explain",
		.usage = "CLIENT:PORT VIP:PORT/PROTOCOL",
		.help = "tell what becomes of a packet now, and why its flow is where it is",
		.examples =
			"  steelyardctl explain 198.51.100.7:4312 192.0.2.80:80/tcp\n"
			"  steelyardctl explain [2001:db8::1]:4312 [2001:db8::80]:443/udp\n"
			"  steelyardctl explain 198.51.100.7:4312 192.0.2.80:80/tcp --json | jq "
			"-r .backend\n",
		.min_words = 2,
		.max_words = 2,
		.options = no_options,
		.run = ctl_run_explain },
	{ .name = "drain",
		.usage = "BACKEND [--deadline TIME] [--on-deadline reset|forget]",
		.help = "give a backend no new flows; those it has go on, to a deadline if there is one",
		.examples = "  steelyardctl drain web/web1\n"
			    "  steelyardctl drain web1         (when only one pool has a web1)\n"
			    "  steelyardctl drain web1 --deadline 10m --on-deadline reset\n",
		.min_words = 1,
		.max_words = 1,
		.options = drain_options,
		.run = ctl_run_drain },
	{ .name = "enable",
		.usage = "BACKEND",
		.help = "end a drain",
		.examples = "  steelyardctl enable web/web1\n",
		.min_words = 1,
		.max_words = 1,
		.options = no_options,
		.run = ctl_run_enable },
	{ .name = "weight",
		.usage = "BACKEND N|default",
		.help = "change a backend's weight until it is set back to the file's",
		.examples = "  steelyardctl weight web/web1 20\n"
			    "  steelyardctl weight web/web1 0         (no new flows)\n"
			    "  steelyardctl weight web/web1 default   (as in the file)\n",
		.min_words = 2,
		.max_words = 2,
		.options = no_options,
		.run = ctl_run_weight },
	{ .name = "discovery",
		.usage = "accept|refresh POOL",
		.help = "give up backends that have vanished and are held; ask the source now",
		.examples = "  steelyardctl show discovery\n"
			    "  steelyardctl discovery accept web\n"
			    "  steelyardctl discovery refresh web\n",
		.min_words = 2,
		.max_words = 2,
		.options = no_options,
		.run = ctl_run_discovery },
	{ .name = "reload",
		.usage = "",
		.help = "load the configuration file again; a bad file changes nothing",
		.examples = "  steelyardctl check steelyard.json && steelyardctl reload\n",
		.max_words = 0,
		.options = no_options,
		.run = ctl_run_reload },
	{ .name = "diff",
		.usage = "[FILE]",
		.help = "tell what a file would change, and what of it is refused; nothing is",
		.examples = "  steelyardctl diff /tmp/new.json\n"
			    "  steelyardctl diff && steelyardctl reload   (of the daemon's file)\n",
		.max_words = 1,
		.options = no_options,
		.run = ctl_run_diff },
	{ .name = "history",
		.usage = "",
		.help = "list the configurations that have been in force, and by whom",
		.examples = "  steelyardctl history\n",
		.max_words = 0,
		.options = no_options,
		.run = ctl_run_history },
	{ .name = "rollback",
		.usage = "[VERSION]",
		.help = "take an earlier configuration again: the one before, or a VERSION",
		.examples = "  steelyardctl rollback\n"
			    "  steelyardctl rollback 3         (see history)\n",
		.max_words = 1,
		.options = no_options,
		.run = ctl_run_rollback },
	{ .name = "audit",
		.usage = "",
		.help = "list who has changed what, and what came of it",
		.examples =
			"  steelyardctl audit\n"
			"  steelyardctl audit --json | jq '.[] | select(.result != \"done\")'\n",
		.max_words = 0,
		.options = no_options,
		.run = ctl_run_audit },
	{ .name = "watch",
		.usage = "[-n COUNT] [-d SECONDS] VIEW [NAME]",
		.help = "print a view again and again, in place on a terminal",
		.examples = "  steelyardctl watch drops\n"
			    "  steelyardctl watch -d 5 -n 12 backends web/web1 --json\n",
		.min_words = 1,
		.max_words = 2,
		.options = top_options,
		.run = ctl_run_watch },
	{ .name = "capture",
		.usage = "-w FILE [--filter EXPRESSION] [--port PORT] [--stage rx|tx|both]\n"
			 "       [--dropped REASON|any] [--count N] [--seconds N] [--snaplen N]",
		.help = "write packets to a pcapng file; each has a comment: what became of it",
		.examples =
			"  steelyardctl capture -w web.pcapng --filter 'tcp port 80' --seconds 10\n"
			"  steelyardctl capture -w drops.pcapng --dropped any --count 100\n"
			"  steelyardctl capture -w - --port wan | tshark -r - -T fields \\\n"
			"      -e frame.comment -e ip.src -e ip.dst\n",
		.max_words = 0,
		.options = capture_options,
		.run = ctl_run_capture },
	{ .name = "doctor",
		.usage = "[FILE]",
		.help = "check ports, twins, steering, hosts and CPUs, and tell the remedies;\n"
			"           with a FILE, whether this host is ready for it",
		.examples =
			"  steelyardctl doctor\n"
			"  steelyardctl doctor --json | jq '.[] | select(.state != \"ok\")'\n"
			"  steelyardctl doctor /etc/steelyard/steelyard.json   (no daemon runs)\n",
		.max_words = 1,
		.options = no_options,
		.run = ctl_run_doctor },
	{ .name = "completion",
		.usage = "bash",
		.help = "print what lets the shell complete commands, views and names",
		.examples = "  source <(steelyardctl completion bash)\n",
		.min_words = 1,
		.max_words = 1,
		.options = no_options,
		.run = ctl_run_completion },
	{ .name = "serving",
		.usage = "[SERVICE]",
		.help = "tell whether services have a backend that can serve; exit status 1: one has none",
		.examples = "  steelyardctl serving www || echo www is down\n",
		.max_words = 1,
		.options = no_options,
		.run = ctl_run_serving },
	{ .name = "flows",
		.usage = "[--service SERVICE] [--backend BACKEND] [--limit N]",
		.help = "list flows: client, virtual address, backend, state",
		.examples = "  steelyardctl flows --backend web/web1\n"
			    "  steelyardctl flows --service www --limit 1000 --json\n",
		.max_words = 0,
		.options = flow_options,
		.run = ctl_run_flows },
	{ .name = NULL },
};
