/* SPDX-License-Identifier: BSD-3-Clause */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "sy/net.h"

/* Whatever text is accepted as an address, prefix or MAC must be accepted again, with the same
 * value, in the way it is printed. */

static void
check(bool holds)
{
	if (!holds)
		abort();
}

static void
fuzz_ip(const char *input)
{
	struct sy_ip ip, again;
	char text[SY_IP_TEXT];

	if (sy_ip_parse(input, &ip) != 0)
		return;
	check(sy_ip_parse(sy_ip_text(&ip, text), &again) == 0);
	check(sy_ip_equal(&ip, &again));
}

static void
fuzz_prefix(const char *input)
{
	struct sy_prefix prefix, again;
	char text[SY_PREFIX_TEXT];

	if (sy_prefix_parse(input, &prefix) != 0)
		return;
	check(sy_prefix_contains(&prefix, &prefix.ip));
	check(sy_prefix_parse(sy_prefix_text(&prefix, text), &again) == 0);
	check(prefix.length == again.length && sy_ip_equal(&prefix.ip, &again.ip));
}

static void
fuzz_mac(const char *input)
{
	struct sy_mac mac, again;
	char text[SY_MAC_TEXT];

	if (sy_mac_parse(input, &mac) != 0)
		return;
	check(sy_mac_parse(sy_mac_text(&mac, text), &again) == 0);
	check(memcmp(&mac, &again, sizeof(mac)) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *input = strndup((const char *)data, size);

	if (input == NULL)
		return 0;
	fuzz_ip(input);
	fuzz_prefix(input);
	fuzz_mac(input);
	free(input);
	return 0;
}
