/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include "sy/net.h"
#include "unit.h"

static void
test_ip_round_trip(void)
{
	static const struct {
		const char *text;
		uint8_t family;
	} cases[] = {
		{ "0.0.0.0", SY_IPV4 },
		{ "192.0.2.80", SY_IPV4 },
		{ "255.255.255.255", SY_IPV4 },
		{ "::", SY_IPV6 },
		{ "2001:db8::1", SY_IPV6 },
		{ "fe80::ffff:1234", SY_IPV6 },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", SY_IPV6 },
	};
	char text[SY_IP_TEXT];

	for (size_t i = 0; i < SY_UNIT_COUNT(cases); i++) {
		struct sy_ip ip;

		CU_ASSERT_EQUAL_FATAL(sy_ip_parse(cases[i].text, &ip), 0);
		CU_ASSERT_EQUAL(ip.family, cases[i].family);
		CU_ASSERT_STRING_EQUAL(sy_ip_text(&ip, text), cases[i].text);
	}
}

static void
test_ipv4_layout(void)
{
	struct sy_ip ip;

	CU_ASSERT_EQUAL_FATAL(sy_ip_parse("1.2.3.4", &ip), 0);
	CU_ASSERT_EQUAL(memcmp(ip.addr.bytes, (uint8_t[16]){ 1, 2, 3, 4 }, 16), 0);
	CU_ASSERT_TRUE(sy_addr_equal(&ip.addr, &(struct sy_addr){ .bytes = { 1, 2, 3, 4 } }));
	ip.addr = sy_addr_v4(ip.addr.v4_be);
	CU_ASSERT_EQUAL(ip.addr.words[1], 0);
}

static void
test_ip_bad(void)
{
	static const char *const cases[] = { "", " ", "1", "1.2.3", "1.2.3.4.5", "256.0.0.1",
		"1.2.3.4 ", " 1.2.3.4", "01.2.3.400", "1.2.3.4/24", ":::", "2001:db8",
		"2001:db8::g", "1:2:3:4:5:6:7:8:9", "fe80::1%eth0", "host" };
	struct sy_ip ip = { .family = 77 };

	for (size_t i = 0; i < SY_UNIT_COUNT(cases); i++) {
		CU_ASSERT_EQUAL(sy_ip_parse(cases[i], &ip), -EINVAL);
		CU_ASSERT_EQUAL(ip.family, 77);
	}
}

static void
test_prefix_round_trip(void)
{
	static const char *const cases[] = { "0.0.0.0/0", "192.0.2.2/24", "10.0.0.1/32", "::/0",
		"2001:db8::2/64", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128" };
	char text[SY_PREFIX_TEXT];

	for (size_t i = 0; i < SY_UNIT_COUNT(cases); i++) {
		struct sy_prefix prefix;

		CU_ASSERT_EQUAL_FATAL(sy_prefix_parse(cases[i], &prefix), 0);
		CU_ASSERT_STRING_EQUAL(sy_prefix_text(&prefix, text), cases[i]);
	}
}

static void
test_prefix_bad(void)
{
	static const char *const cases[] = { "", "/", "/24", "192.0.2.2", "192.0.2.2/",
		"192.0.2.2/33", "192.0.2.2/-1", "192.0.2.2/+8", "192.0.2.2/ 8", "192.0.2.2/24x",
		"192.0.2.2/99999999999999999999", "::/129", "2001:db8::/64/64", "x/8",
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/8" };
	struct sy_prefix prefix = { .length = 201 };

	for (size_t i = 0; i < SY_UNIT_COUNT(cases); i++) {
		CU_ASSERT_EQUAL(sy_prefix_parse(cases[i], &prefix), -EINVAL);
		CU_ASSERT_EQUAL(prefix.length, 201);
	}
}

static void
test_mac_round_trip(void)
{
	char text[SY_MAC_TEXT];
	struct sy_mac mac;

	CU_ASSERT_EQUAL_FATAL(sy_mac_parse("02:0a:bc:00:ff:9e", &mac), 0);
	CU_ASSERT_STRING_EQUAL(sy_mac_text(&mac, text), "02:0a:bc:00:ff:9e");
	CU_ASSERT_EQUAL_FATAL(sy_mac_parse("02:0A:BC:00:FF:9E", &mac), 0);
	CU_ASSERT_STRING_EQUAL(sy_mac_text(&mac, text), "02:0a:bc:00:ff:9e");
}

static void
test_mac_bad(void)
{
	static const char *const cases[] = { "", "02", "02:0a:bc:00:ff", "02:0a:bc:00:ff:9e:11",
		"02-0a-bc-00-ff-9e", "020abc00ff9e", "02:0a:bc:00:ff:9g", "2:0a:bc:00:ff:9e:1",
		"-1:0a:bc:00:ff:9e", "+1:0a:bc:00:ff:9e", "02:0a:bc:00:ff: 9", "0x:0a:bc:00:ff:9e",
		"02:0a:bc:00:ff:9e " };
	struct sy_mac mac = { .bytes = { 7 } };

	for (size_t i = 0; i < SY_UNIT_COUNT(cases); i++) {
		CU_ASSERT_EQUAL(sy_mac_parse(cases[i], &mac), -EINVAL);
		CU_ASSERT_EQUAL(mac.bytes[0], 7);
	}
}

static void
test_contains(void)
{
	static const struct {
		const char *prefix;
		const char *ip;
		bool inside;
	} cases[] = {
		{ "192.0.2.2/24", "192.0.2.255", true },
		{ "192.0.2.2/24", "192.0.3.0", false },
		{ "192.0.2.128/25", "192.0.2.127", false },
		{ "192.0.2.128/25", "192.0.2.129", true },
		{ "10.0.0.0/9", "10.127.255.255", true },
		{ "10.0.0.0/9", "10.128.0.0", false },
		{ "0.0.0.0/0", "255.255.255.255", true },
		{ "10.0.0.1/32", "10.0.0.1", true },
		{ "10.0.0.1/32", "10.0.0.0", false },
		{ "0.0.0.0/0", "::", false },
		{ "::/0", "0.0.0.0", false },
		{ "2001:db8::/33", "2001:db8:7fff::1", true },
		{ "2001:db8::/33", "2001:db8:8000::1", false },
		{ "2001:db8::1/128", "2001:db8::1", true },
		{ "2001:db8::1/128", "2001:db8::", false },
		{ "2001:db8::1/127", "2001:db8::", true },
	};

	for (size_t i = 0; i < SY_UNIT_COUNT(cases); i++) {
		struct sy_prefix prefix;
		struct sy_ip ip;

		CU_ASSERT_EQUAL_FATAL(sy_prefix_parse(cases[i].prefix, &prefix), 0);
		CU_ASSERT_EQUAL_FATAL(sy_ip_parse(cases[i].ip, &ip), 0);
		CU_ASSERT_EQUAL(sy_prefix_contains(&prefix, &ip), cases[i].inside);
	}
}

static void
test_equal_needs_family(void)
{
	struct sy_ip v4, v6;

	CU_ASSERT_EQUAL_FATAL(sy_ip_parse("0.0.0.0", &v4), 0);
	CU_ASSERT_EQUAL_FATAL(sy_ip_parse("::", &v6), 0);
	CU_ASSERT_TRUE(sy_addr_equal(&v4.addr, &v6.addr));
	CU_ASSERT_FALSE(sy_ip_equal(&v4, &v6));
	CU_ASSERT_TRUE(sy_ip_equal(&v4, &v4));
}

static void
test_reverse(void)
{
	const struct sy_tuple tuple = { .src = sy_addr_v4(1),
		.dst = sy_addr_v4(2),
		.src_port_be = 3,
		.dst_port_be = 4,
		.family = SY_IPV4,
		.protocol = 6 };
	struct sy_tuple reverse = sy_tuple_reverse(&tuple);
	struct sy_tuple twice = sy_tuple_reverse(&reverse);

	CU_ASSERT_EQUAL(reverse.src.v4_be, 2);
	CU_ASSERT_EQUAL(reverse.dst.v4_be, 1);
	CU_ASSERT_EQUAL(reverse.src_port_be, 4);
	CU_ASSERT_EQUAL(reverse.dst_port_be, 3);
	CU_ASSERT_EQUAL(reverse.protocol, 6);
	CU_ASSERT_TRUE(sy_addr_equal(&twice.src, &tuple.src));
	CU_ASSERT_EQUAL(twice.dst_port_be, tuple.dst_port_be);
}

static const struct sy_test tests[] = {
	{ "an address survives being read and printed", test_ip_round_trip },
	{ "an IPv4 address fills the first four bytes", test_ipv4_layout },
	{ "what is no address is refused and writes nothing", test_ip_bad },
	{ "a prefix survives being read and printed", test_prefix_round_trip },
	{ "what is no prefix is refused and writes nothing", test_prefix_bad },
	{ "a MAC address survives being read and printed", test_mac_round_trip },
	{ "what is no MAC address is refused and writes nothing", test_mac_bad },
	{ "a prefix contains its own addresses and no others", test_contains },
	{ "addresses of two families are never equal", test_equal_needs_family },
	{ "a tuple turned around twice is itself", test_reverse },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("base_net", tests, SY_UNIT_COUNT(tests), argc, argv);
}
