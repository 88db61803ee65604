/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>

#include "sy/forward.h"
#include "unit.h"

static struct sy_addr
address(const char *text)
{
	struct sy_ip ip = { .family = SY_IPV4 };

	CU_ASSERT_EQUAL_FATAL(sy_ip_parse(text, &ip), 0);
	return ip.addr;
}

static void
test_find(void)
{
	uint8_t row = sy_forward_find("nat");

	CU_ASSERT_NOT_EQUAL_FATAL(row, SY_NO_FORWARD);
	CU_ASSERT_STRING_EQUAL(sy_forward_at(row)->name, "nat");
	CU_ASSERT_TRUE(sy_forward_exists("nat"));
	CU_ASSERT_EQUAL(sy_forward_find("telepathy"), SY_NO_FORWARD);
	CU_ASSERT_FALSE(sy_forward_exists(""));
	CU_ASSERT_PTR_NULL(sy_forward_at(SY_NO_FORWARD));
}

/* Each name in the list is found, and the table holds no others that a service may have. */
static void
test_names(void)
{
	char names[128];
	char *rest = names;
	uint8_t n_names = 0, n_modes = 0;

	snprintf(names, sizeof(names), "%s", sy_forward_names());
	for (char *name = strtok_r(names, ", ", &rest); name != NULL;
		name = strtok_r(NULL, ", ", &rest))
		n_names += sy_forward_exists(name);
	for (uint8_t row = 0; sy_forward_at(row) != NULL; row++)
		n_modes += (sy_forward_at(row)->flags & SY_FORWARD_OUTGOING) == 0;
	CU_ASSERT(n_names > 0);
	CU_ASSERT_EQUAL(n_names, n_modes);
	CU_ASSERT_NOT_EQUAL(sy_forward_find("snat"), SY_NO_FORWARD);
	CU_ASSERT_FALSE(sy_forward_exists("snat"));
}

static void
test_complete(void)
{
	for (uint8_t row = 0; sy_forward_at(row) != NULL; row++) {
		const struct sy_forward *mode = sy_forward_at(row);

		CU_ASSERT_PTR_NOT_NULL(mode->help);
		CU_ASSERT_EQUAL(mode->reply_tuple == NULL, (mode->flags & SY_FORWARD_ONE_WAY) != 0);
		CU_ASSERT_PTR_NOT_NULL(mode->apply);
	}
}

static void
check_reply(const char *client, const char *vip, const char *backend, uint8_t family)
{
	struct sy_tuple original = { .src = address(client),
		.dst = address(vip),
		.src_port_be = htons(40000),
		.dst_port_be = htons(80),
		.family = family,
		.protocol = IPPROTO_TCP };
	struct sy_forward_target target = {
		.address = address(backend), .port_be = htons(8080), .family = family
	};
	struct sy_addr from = address(backend), to = address(client);
	struct sy_tuple reply;

	sy_forward_at(sy_forward_find("nat"))->reply_tuple(&original, &target, &reply);
	CU_ASSERT_TRUE(sy_addr_equal(&reply.src, &from));
	CU_ASSERT_TRUE(sy_addr_equal(&reply.dst, &to));
	CU_ASSERT_EQUAL(reply.src_port_be, htons(8080));
	CU_ASSERT_EQUAL(reply.dst_port_be, htons(40000));
	CU_ASSERT_EQUAL(reply.family, family);
	CU_ASSERT_EQUAL(reply.protocol, IPPROTO_TCP);
}

static void
test_reply_tuple(void)
{
	check_reply("198.51.100.7", "192.0.2.80", "10.0.0.11", SY_IPV4);
	check_reply("2001:db8:c::7", "2001:db8:5::80", "fd00:10::11", SY_IPV6);
}

static const struct sy_test tests[] = {
	{ "a mode is found by its name, and nothing by another", test_find },
	{ "the list of names is the table's", test_names },
	{ "every mode is complete", test_complete },
	{ "replies under nat come from the backend to the client", test_reply_tuple },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("forward_nat", tests, SY_UNIT_COUNT(tests), argc, argv);
}
