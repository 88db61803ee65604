/* SPDX-License-Identifier: BSD-3-Clause */
/* What people write of a packet. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>

#include "sy/explain.h"
#include "unit.h"

static void
test_parse(void)
{
	static const char *const wrong[][2] = {
		{ "192.0.2.1", "192.0.2.80:80/tcp" },
		{ "192.0.2.1:", "192.0.2.80:80/tcp" },
		{ "192.0.2.1:65536", "192.0.2.80:80/tcp" },
		{ "192.0.2.1:0", "192.0.2.80:80/tcp" },
		{ "192.0.2.1:1x", "192.0.2.80:80/tcp" },
		{ "2001:db8::1:1", "[2001:db8::80]:80/tcp" },
		{ "[2001:db8::1:1", "[2001:db8::80]:80/tcp" },
		{ "[]:1", "[2001:db8::80]:80/tcp" },
		{ ":1", "192.0.2.80:80/tcp" },
		{ "", "" },
		{ "192.0.2.1:1", "192.0.2.80:80" },
		{ "192.0.2.1:1", "192.0.2.80:80/" },
		{ "192.0.2.1:1", "192.0.2.80:80/icmp" },
		{ "192.0.2.1:1", "192.0.2.80/tcp" },
		{ "192.0.2.1:1", "[2001:db8::80]:80/tcp" },
	};
	struct sy_tuple tuple;
	struct sy_error error;

	for (size_t i = 0; i < SY_UNIT_COUNT(wrong); i++)
		CU_ASSERT_EQUAL(
			sy_explain_parse(wrong[i][0], wrong[i][1], &tuple, &error), -EINVAL);
	CU_ASSERT_EQUAL(
		sy_explain_parse("[2001:db8::1]:65535", "[2001:db8::80]:1/sctp", &tuple, &error),
		0);
	CU_ASSERT_EQUAL(tuple.family, SY_IPV6);
	CU_ASSERT_EQUAL(tuple.protocol, IPPROTO_SCTP);
	CU_ASSERT_EQUAL(tuple.src_port_be, htons(65535));
	CU_ASSERT_EQUAL(tuple.dst_port_be, htons(1));
	CU_ASSERT_EQUAL(tuple.dst.bytes[15], 0x80);
}

static const struct sy_test tests[] = {
	{ "addresses, ports and protocols, and nothing else", test_parse },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("explain_parse", tests, SY_UNIT_COUNT(tests), argc, argv);
}
