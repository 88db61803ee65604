/* SPDX-License-Identifier: BSD-3-Clause */
/* doctor: on hosts and daemons made by hand, well and broken. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor.h"
#include "table.h"
#include "unit.h"

static char root[] = "/tmp/doctor.XXXXXX";
static struct doctor doctor;

static void
put(const char *path, const char *text)
{
	char full[256];
	FILE *file;

	snprintf(full, sizeof(full), "%s%s", root, path);
	for (char *at = strchr(full + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
		*at = '\0';
		mkdir(full, 0700);
		*at = '/';
	}
	file = fopen(full, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fputs(text, file);
	fclose(file);
}

static const char info[] =
	"{\"version\":\"" SY_VERSION "\",\"workers\":2,\"steering\":\"client-hash\","
	"\"steering_reason\":\"why\",\"flows\":10,\"max_flows\":1000,\"dpdk\":\"DPDK\"}";
static const char ports[] =
	"[{\"name\":\"wan\",\"twin\":\"sy-wan\",\"link\":\"up\",\"driver\":\"net_x\",\"mtu\":1500,"
	"\"rx_queues\":2,\"missed\":0,\"no_buffer\":0,\"offloads\":\"ipv4\"}]";
static const char workers[] =
	"[{\"worker\":0,\"cpu\":1,\"busy_percent\":5,\"received\":1000,\"astray\":1},"
	"{\"worker\":1,\"cpu\":2,\"busy_percent\":5,\"received\":1000,\"astray\":1}]";
static const char backends[] =
	"[{\"pool\":\"web\",\"name\":\"web1\",\"address\":\"10.0.0.11\",\"state\":\"up\"},"
	"{\"pool\":\"web\",\"name\":\"web2\",\"address\":\"10.0.0.12\",\"state\":\"up\"},"
	"{\"pool\":\"web\",\"name\":\"old\",\"address\":\"10.0.0.13\",\"state\":\"leaving\"}]";
static const char drops[] = "[{\"reason\":\"no_flow\",\"packets_rate\":1,\"cause\":\"c\","
			    "\"remedy\":\"what to do\"}]";
static const char arp[] = "IP address HW type Flags HW address Mask Device\n"
			  "10.0.0.11 0x1 0x2 02:00:00:00:00:11 * sy-lan\n"
			  "10.0.0.99 0x1 0x0 00:00:00:00:00:00 * sy-lan\n";

/* A host and a daemon that are well. */
static void
begin(void)
{
	char pattern[] = "/tmp/doctor.XXXXXX";

	strcpy(root, pattern);
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(root));
	put("/proc/sys/net/ipv4/conf/all/rp_filter", "0\n");
	put("/proc/sys/net/ipv4/conf/sy-wan/rp_filter", "2\n");
	put("/sys/class/net/sy-wan/flags", "0x1003\n");
	put("/sys/class/net/sy-wan/mtu", "1500\n");
	put("/proc/net/arp", arp);
	put("/proc/cpuinfo", "processor : 0\nflags : fpu tsc constant_tsc nonstop_tsc\n");
	put("/proc/meminfo", "HugePages_Total: 8\nHugePages_Free: 4\nHugepagesize: 2048 kB\n");
	put("/sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "performance\n");
	put("/sys/devices/system/cpu/cpu2/topology/thread_siblings_list", "2,6\n");
	doctor = (struct doctor){
		.root = root,
		.rows = json_object_new_array(),
		.info = json_tokener_parse(info),
		.ports = json_tokener_parse(ports),
		.workers = json_tokener_parse(workers),
		.backends = json_tokener_parse(backends),
		.drops = json_tokener_parse(drops),
		.config = json_tokener_parse("{\"hugepages\":true}"),
	};
}

static void
end(void)
{
	char command[64];

	json_object_put(doctor.rows);
	json_object_put(doctor.info);
	json_object_put(doctor.ports);
	json_object_put(doctor.workers);
	json_object_put(doctor.backends);
	json_object_put(doctor.drops);
	json_object_put(doctor.config);
	snprintf(command, sizeof(command), "rm -r %s", root);
	CU_ASSERT_EQUAL(system(command), 0);
}

/* The one row that is not well: "" when there is none, "several" when there are. */
static const char *
ill(const char **state)
{
	const char *found = "";

	for (size_t i = 0; i < json_object_array_length(doctor.rows); i++) {
		struct json_object *row = json_object_array_get_idx(doctor.rows, i);

		if (strcmp(row_text(row, "state"), "ok") == 0)
			continue;
		if (found[0] != '\0' && strcmp(found, row_text(row, "check")) != 0)
			return "several";
		found = row_text(row, "check");
		*state = row_text(row, "state");
		CU_ASSERT(row_text(row, "remedy")[0] != '\0');
		CU_ASSERT(row_text(row, "found")[0] != '\0');
	}
	return found;
}

static void
expect(const char *check, const char *state)
{
	const char *found_state = "ok";
	const char *found;

	doctor_live(&doctor);
	found = ill(&found_state);
	if (strcmp(found, check) != 0)
		printf("# found '%s', expected '%s'\n", found, check);
	CU_ASSERT_STRING_EQUAL(found, check);
	CU_ASSERT_STRING_EQUAL(found_state, state);
	end();
}

static void
replace(struct json_object **view, const char *text, const char *old, const char *new)
{
	const char *at = strstr(text, old);
	char changed[1024];

	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	snprintf(changed, sizeof(changed), "%.*s%s%s", (int)(at - text), text, new,
		at + strlen(old));
	json_object_put(*view);
	*view = json_tokener_parse(changed);
	CU_ASSERT_PTR_NOT_NULL_FATAL(*view);
}

static void
test_well(void)
{
	begin();
	expect("", "ok");
}

static void
test_daemon(void)
{
	static const struct {
		size_t view;
		const char *text, *old, *new, *check, *state;
	} rows[] = {
		{ offsetof(struct doctor, ports), ports, "\"up\"", "\"down\"", "link", "fail" },
		{ offsetof(struct doctor, ports), ports, "\"missed\":0", "\"missed\":3", "received",
			"warn" },
		{ offsetof(struct doctor, ports), ports, "\"rx_queues\":2", "\"rx_queues\":1",
			"queues", "warn" },
		{ offsetof(struct doctor, ports), ports, "]",
			",{\"name\":\"lan\",\"link\":\"up\","
			"\"mtu\":1400,\"rx_queues\":2}]",
			"mtu", "warn" },
		{ offsetof(struct doctor, info), info, "client-hash", "software", "steering",
			"warn" },
		{ offsetof(struct doctor, info), info, "\"flows\":10", "\"flows\":900", "flows",
			"warn" },
		{ offsetof(struct doctor, info), info, SY_VERSION, "0.0.9", "version", "warn" },
		{ offsetof(struct doctor, workers), workers, "\"astray\":1", "\"astray\":400",
			"astray", "warn" },
		{ offsetof(struct doctor, workers), workers, "\"busy_percent\":5",
			"\"busy_percent\":97", "load", "warn" },
		{ offsetof(struct doctor, backends), backends, "\"up\"", "\"down\"", "backend",
			"warn" },
		{ offsetof(struct doctor, drops), drops, "rate\":1", "rate\":99", "drops", "warn" },
	};

	for (size_t i = 0; i < SY_UNIT_COUNT(rows); i++) {
		begin();
		replace((struct json_object **)((char *)&doctor + rows[i].view), rows[i].text,
			rows[i].old, rows[i].new);
		expect(rows[i].check, rows[i].state);
	}
}

static void
test_host(void)
{
	static const struct {
		const char *path, *text, *check, *state;
	} rows[] = {
		{ "/proc/sys/net/ipv4/conf/sy-wan/rp_filter", "1\n", "rp_filter", "fail" },
		{ "/sys/class/net/sy-wan/flags", "0x1002\n", "twin", "fail" },
		{ "/sys/class/net/sy-wan/mtu", "1400\n", "mtu", "warn" },
		{ "/proc/net/arp", "head\n10.0.0.12 0x1 0x0 00:00:00:00:00:00 * sy-lan\n",
			"next hop", "fail" },
		{ "/proc/cpuinfo", "flags : fpu tsc\n", "clock", "warn" },
		{ "/proc/meminfo", "HugePages_Total: 0\n", "hugepages", "fail" },
		{ "/sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "powersave\n",
			"governor", "warn" },
		{ "/sys/devices/system/cpu/cpu2/topology/thread_siblings_list", "1-2\n", "core",
			"warn" },
	};

	for (size_t i = 0; i < SY_UNIT_COUNT(rows); i++) {
		begin();
		put(rows[i].path, rows[i].text);
		expect(rows[i].check, rows[i].state);
	}
}

static void
test_file(void)
{
	static struct sy_config config;
	static struct sy_port_config port = {
		.name = "wan", .device = "0000:3b:00.0", .twin = "sy-wan"
	};
	const char *state = "ok";
	char link_path[256];

	config = (struct sy_config){ .ports = &port, .n_ports = 1, .hugepages = true };
	begin();
	put("/dev/net/tun", "");
	doctor_file(&doctor, &config);
	CU_ASSERT_STRING_EQUAL(ill(&state), "device");
	CU_ASSERT_STRING_EQUAL(state, "fail");
	end();
	begin();
	put("/dev/net/tun", "");
	put("/sys/bus/pci/devices/0000:3b:00.0/iommu_group", "");
	snprintf(link_path, sizeof(link_path), "%s/sys/bus/pci/devices/0000:3b:00.0/driver", root);
	CU_ASSERT_EQUAL(symlink("../../drivers/ice", link_path), 0);
	doctor_file(&doctor, &config);
	CU_ASSERT_STRING_EQUAL(ill(&state), "driver");
	unlink(link_path);
	CU_ASSERT_EQUAL(symlink("../../drivers/vfio-pci", link_path), 0);
	json_object_put(doctor.rows);
	doctor.rows = json_object_new_array();
	doctor_file(&doctor, &config);
	CU_ASSERT_STRING_EQUAL(ill(&state), "");
	end();
}

static const struct sy_test tests[] = {
	{ "nothing is found on a host and a daemon that are well", test_well },
	{ "each thing that the daemon knows to be ill is found, and nothing else", test_daemon },
	{ "each thing that is ill on the host is found, and nothing else", test_host },
	{ "a file is held against the host: devices, drivers, pages", test_file },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("ctl_doctor", tests, SY_UNIT_COUNT(tests), argc, argv);
}
