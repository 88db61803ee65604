/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device.h"
#include "profile_parse.h"
#include "unit.h"

static const char *const families[] = { "af_packet", "af_xdp", "e1000", "ena", "i40e", "ice",
	"ixgbe", "memif", "mlx5", "null", "pcap", "ring", "tap", "virtio", "vmxnet3" };

static struct sy_profiles *
load(void)
{
	struct sy_profiles *profiles = NULL;
	struct sy_error error = { "" };

	if (sy_profiles_load(NULL, &profiles, &error) != 0)
		fprintf(stderr, "# %s\n", error.text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(profiles);
	return profiles;
}

static void
test_families(void)
{
	struct sy_profiles *profiles = load();

	CU_ASSERT_EQUAL(sy_profiles_count(profiles), SY_UNIT_COUNT(families));
	for (size_t i = 0; i < SY_UNIT_COUNT(families); i++) {
		const struct sy_port_profile *profile = sy_profiles_find(profiles, families[i]);

		CU_ASSERT_PTR_NOT_NULL_FATAL(profile);
		CU_ASSERT(profile->n_drivers > 0 && profile->help[0] != '\0');
		for (uint32_t d = 0; d < profile->n_drivers; d++)
			CU_ASSERT_PTR_EQUAL(
				sy_profiles_match(profiles, profile->drivers[d]), profile);
	}
	sy_profiles_free(profiles);
}

static void
test_unknown_driver(void)
{
	struct sy_profiles *profiles = load();
	const struct sy_port_profile *profile = sy_profiles_match(profiles, "net_unheard_of");

	CU_ASSERT_PTR_NOT_NULL_FATAL(profile);
	CU_ASSERT_STRING_EQUAL(profile->name, "unknown");
	CU_ASSERT_EQUAL(profile->avoid_offloads, 0);
	CU_ASSERT_PTR_NULL(sy_profiles_find(profiles, "unknown"));
	sy_profiles_free(profiles);
}

static void
test_vmxnet3_checksums(void)
{
	struct sy_profiles *profiles = load();
	const struct sy_port_profile *profile = sy_profiles_find(profiles, "vmxnet3");

	CU_ASSERT_PTR_NOT_NULL_FATAL(profile);
	CU_ASSERT_EQUAL(profile->avoid_offloads, SY_PORT_RX_IP_CHECKSUM | SY_PORT_TX_IP_CHECKSUM);
	sy_profiles_free(profiles);
}

static int
parse(const char *text, struct sy_port_profile *profile, struct sy_error *error)
{
	memset(profile, 0, sizeof(*profile));
	memset(error, 0, sizeof(*error));
	return sy_profile_parse(text, strlen(text), profile, error);
}

static void
test_malformed(void)
{
	static const struct {
		const char *text;
		const char *words; /* that the error must have */
	} cases[] = {
		{ "", "line 1, column 1" },
		{ "[]", "expected an object" },
		{ "{\n \"help\": \"x\",\n }", "line 3" },
		{ "{\"help\":\"x\",\"drivers\":[\"a\"]} {}", "line 1" },
		{ "{\"drivers\":[\"a\"]}", "key \"help\" is missing" },
		{ "{\"help\":\"x\"}", "key \"drivers\" is missing" },
		{ "{\"help\":\"x\",\"drivers\":[\"a\"],\"brust\":1}",
			"key \"brust\" is not known" },
		{ "{\"help\":7,\"drivers\":[\"a\"]}", "key \"help\": found 7, expected a text" },
		{ "{\"help\":\"x\",\"drivers\":\"a\"}", "key \"drivers\": expected a list" },
		{ "{\"help\":\"x\",\"drivers\":[1]}", "item 0: found 1" },
		{ "{\"help\":\"x\",\"drivers\":[\"a\"],\"burst\":65}", "from 0 to 64" },
		{ "{\"help\":\"x\",\"drivers\":[\"a\"],\"burst\":-1}", "found -1" },
		{ "{\"help\":\"x\",\"drivers\":[\"a\"],\"rss\":1}", "expected true or false" },
		{ "{\"help\":\"x\",\"drivers\":[\"a\"],\"avoid_offloads\":[\"tso\"]}",
			"\"tso\", which is no offload" },
	};
	struct sy_port_profile profile;
	struct sy_error error;

	for (size_t i = 0; i < SY_UNIT_COUNT(cases); i++) {
		CU_ASSERT_EQUAL(parse(cases[i].text, &profile, &error), -EINVAL);
		if (strstr(error.text, cases[i].words) == NULL) {
			fprintf(stderr, "# \"%s\" lacks \"%s\"\n", error.text, cases[i].words);
			CU_FAIL("an error has other words");
		}
	}
}

static void
test_values(void)
{
	struct sy_port_profile profile;
	struct sy_error error;

	CU_ASSERT_EQUAL(parse("{\"help\":\"x\",\"drivers\":[\"a\",\"b\"],\"burst\":64,"
			      "\"rss\":true,\"arguments\":\"k=v\","
			      "\"avoid_offloads\":[\"rx_ip_checksum\",\"tx_fast_free\"]}",
				&profile, &error),
		0);
	CU_ASSERT_EQUAL(profile.n_drivers, 2);
	CU_ASSERT_STRING_EQUAL(profile.drivers[1], "b");
	CU_ASSERT_EQUAL(profile.burst, 64);
	CU_ASSERT_TRUE(profile.rss);
	CU_ASSERT_FALSE(profile.interface);
	CU_ASSERT_STRING_EQUAL(profile.arguments, "k=v");
	CU_ASSERT_EQUAL(profile.avoid_offloads, SY_PORT_RX_IP_CHECKSUM | SY_PORT_TX_FAST_FREE);
}

static void
test_folder_errors(void)
{
	char folder[] = "/tmp/sy_profiles_XXXXXX", path[64];
	struct sy_profiles *profiles = NULL;
	struct sy_error error;
	FILE *file;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	CU_ASSERT_EQUAL(sy_profiles_load("/nonexistent", &profiles, &error), -ENOENT);
	CU_ASSERT_EQUAL(sy_profiles_load(folder, &profiles, &error), 0);
	CU_ASSERT_EQUAL(sy_profiles_count(profiles), 0);
	sy_profiles_free(profiles);
	snprintf(path, sizeof(path), "%s/bad.json", folder);
	file = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fputs("{ \"help\": ", file);
	fclose(file);
	profiles = NULL;
	CU_ASSERT_EQUAL(sy_profiles_load(folder, &profiles, &error), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, path));
	CU_ASSERT_PTR_NULL(profiles);
	unlink(path);
	rmdir(folder);
	sy_profiles_free(NULL);
}

static void
test_device_text(void)
{
	static const struct {
		const char *device, *name, *arguments;
		bool is_pci;
	} cases[] = {
		{ "0000:3B:00.0", "0000:3b:00.0", "", true },
		{ "3b:00.1,dv_flow_en=1", "0000:3b:00.1", "dv_flow_en=1", true },
		{ "net_tap0,iface=a,persist", "net_tap0", "iface=a,persist", false },
		{ "0000:3b:00", "0000:3b:00", "", false },
		{ "net_null0", "net_null0", "", false },
	};
	struct sy_device_text text;
	char value[16];

	for (size_t i = 0; i < SY_UNIT_COUNT(cases); i++) {
		sy_device_parse(cases[i].device, &text);
		CU_ASSERT_STRING_EQUAL(text.name, cases[i].name);
		CU_ASSERT_STRING_EQUAL(text.arguments, cases[i].arguments);
		CU_ASSERT_EQUAL(text.is_pci, cases[i].is_pci);
	}
	sy_device_parse("net_x0,ifaces=n,iface=y,flag", &text);
	CU_ASSERT_TRUE(sy_device_argument(&text, "iface", value, sizeof(value)));
	CU_ASSERT_STRING_EQUAL(value, "y");
	CU_ASSERT_TRUE(sy_device_argument(&text, "flag", value, sizeof(value)));
	CU_ASSERT_FALSE(sy_device_argument(&text, "fla", value, sizeof(value)));
}

static void
test_completed_arguments(void)
{
	static const struct sy_port_profile profile = { .arguments = "a=1,b=2",
		.queues_argument = "queues" };
	static const struct {
		const char *device, *arguments;
	} cases[] = {
		{ "net_x0", "a=1,b=2,queues=3" },
		{ "net_x0,b=7", "b=7,a=1,queues=3" },
		{ "net_x0,queues=1,a=,b=", "queues=1,a=,b=" },
		{ "net_x0,start_queue=1", "start_queue=1,a=1,b=2" },
	};
	struct sy_device_text text;

	for (size_t i = 0; i < SY_UNIT_COUNT(cases); i++) {
		sy_device_parse(cases[i].device, &text);
		sy_device_complete(&text, &profile, 3);
		CU_ASSERT_STRING_EQUAL(text.arguments, cases[i].arguments);
	}
}

static const struct sy_test tests[] = {
	{ "each family of devices has a profile, and its drivers find it", test_families },
	{ "an unknown driver gets safe values", test_unknown_driver },
	{ "vmxnet3 is never asked for IPv4 header checksums", test_vmxnet3_checksums },
	{ "a malformed profile is refused with place and reason", test_malformed },
	{ "a profile's values arrive", test_values },
	{ "a folder is refused as a whole, with the file's name", test_folder_errors },
	{ "devices are taken apart into name and arguments", test_device_text },
	{ "the file's arguments win over the profile's", test_completed_arguments },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("port_profiles", tests, SY_UNIT_COUNT(tests), argc, argv);
}
