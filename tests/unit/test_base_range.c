/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include "sy/range.h"
#include "unit.h"

static struct sy_range
range_of(const char *text)
{
	struct sy_range range = { .family = SY_IPV4 };

	CU_ASSERT_EQUAL(sy_range_parse(text, &range), 0);
	return range;
}

static struct sy_ip
ip_of(const char *text)
{
	struct sy_ip ip = { .family = SY_IPV4 };

	CU_ASSERT_EQUAL(sy_ip_parse(text, &ip), 0);
	return ip;
}

static void
test_parse(void)
{
	static const struct {
		const char *text;
		const char *printed;
		uint32_t size;
	} cases[] = {
		{ "10.0.0.9", "10.0.0.9", 1 },
		{ "10.0.0.9/32", "10.0.0.9", 1 },
		{ "10.0.0.96/28", "10.0.0.96-10.0.0.111", 16 },
		{ "10.0.0.255-10.0.1.0", "10.0.0.255-10.0.1.0", 2 },
		{ "0.0.0.0/0", "0.0.0.0-255.255.255.255", UINT32_MAX },
		{ "2001:db8::9", "2001:db8::9", 1 },
		{ "2001:db8::10/124", "2001:db8::10-2001:db8::1f", 16 },
		{ "2001:db8::/64", "2001:db8::-2001:db8::ffff:ffff:ffff:ffff", UINT32_MAX },
		{ "2001:db8::ffff-2001:db8::1:0", "2001:db8::ffff-2001:db8::1:0", 2 },
	};
	char text[SY_RANGE_TEXT];

	for (size_t i = 0; i < SY_UNIT_COUNT(cases); i++) {
		struct sy_range range = range_of(cases[i].text);

		CU_ASSERT_STRING_EQUAL(sy_range_text(&range, text), cases[i].printed);
		CU_ASSERT_EQUAL(sy_range_size(&range), cases[i].size);
	}
}

static void
test_bad(void)
{
	static const char *const cases[] = { "", "-", "10.0.0.1-", "-10.0.0.1", "10.0.0.2-10.0.0.1",
		"10.0.0.1-2001:db8::1", "10.0.0.1/28", "10.0.0.0/33", "10.0.0.1-10.0.0.2-10.0.0.3",
		"10.0.0.0/24-10.0.1.0", "2001:db8::1/64", "host" };
	struct sy_range range = { .family = 77 };

	for (size_t i = 0; i < SY_UNIT_COUNT(cases); i++) {
		CU_ASSERT_EQUAL(sy_range_parse(cases[i], &range), -EINVAL);
		CU_ASSERT_EQUAL(range.family, 77);
	}
}

static void
test_walk(void)
{
	struct sy_range range = range_of("10.0.0.254-10.0.1.1");
	struct sy_range other = range_of("2001:db8::fffe-2001:db8::1:1");
	char text[SY_IP_TEXT];
	struct sy_ip ip = sy_range_at(&range, 3);

	CU_ASSERT_STRING_EQUAL(sy_ip_text(&ip, text), "10.0.1.1");
	ip = sy_range_at(&other, 2);
	CU_ASSERT_STRING_EQUAL(sy_ip_text(&ip, text), "2001:db8::1:0");
}

static void
test_contains(void)
{
	struct sy_range range = range_of("10.0.0.254-10.0.1.1");
	struct sy_ip inside[] = { ip_of("10.0.0.254"), ip_of("10.0.1.0"), ip_of("10.0.1.1") };
	struct sy_ip outside[] = { ip_of("10.0.0.253"), ip_of("10.0.1.2"), ip_of("::") };
	struct sy_range apart = range_of("10.0.1.2/32"), touching = range_of("10.0.1.0/31");

	for (int i = 0; i < 3; i++) {
		CU_ASSERT(sy_range_contains(&range, &inside[i]));
		CU_ASSERT(!sy_range_contains(&range, &outside[i]));
	}
	CU_ASSERT(sy_range_overlaps(&range, &touching));
	CU_ASSERT(sy_range_overlaps(&touching, &range));
	CU_ASSERT(!sy_range_overlaps(&range, &apart));
	apart = range_of("::/0");
	CU_ASSERT(!sy_range_overlaps(&range, &apart));
}

static void
test_mapped(void)
{
	struct sy_tuple tuple = { .src = sy_addr_v4(1), .dst = sy_addr_v4(2), .family = SY_IPV4 };
	struct sy_tuple mapped = sy_tuple_map(&tuple);
	struct sy_tuple back = sy_tuple_unmap(&mapped);
	char text[SY_IP_TEXT];

	CU_ASSERT_EQUAL(mapped.family, SY_IPV6);
	CU_ASSERT(sy_addr_is_mapped(&mapped.dst));
	CU_ASSERT_EQUAL(back.family, SY_IPV4);
	CU_ASSERT(sy_addr_equal(&back.src, &tuple.src) && sy_addr_equal(&back.dst, &tuple.dst));
	mapped.src = ip_of("2001:db8::1").addr; /* one of the two is IPv6's own: no IPv4 packet */
	back = sy_tuple_unmap(&mapped);
	CU_ASSERT_EQUAL(back.family, SY_IPV6);
	CU_ASSERT_STRING_EQUAL(
		sy_addr_text(SY_IPV6, &back.dst, text)[0] == ':' ? "mapped" : text, "mapped");
}

static const struct sy_test tests[] = {
	{ "addresses, prefixes and ranges are read, counted and printed", test_parse },
	{ "what is no range is refused and writes nothing", test_bad },
	{ "a range is walked over the end of a byte", test_walk },
	{ "a range contains its own addresses and no others", test_contains },
	{ "an IPv4 tuple comes back from among IPv6's", test_mapped },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("base_range", tests, SY_UNIT_COUNT(tests), argc, argv);
}
