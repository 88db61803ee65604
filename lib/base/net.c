/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "sy/net.h"

int
sy_ip_parse(const char *text, struct sy_ip *ip)
{
	struct sy_ip parsed = { .family = SY_IPV4 };

	if (inet_pton(AF_INET, text, &parsed.addr.v4_be) != 1) {
		parsed.family = SY_IPV6;
		if (inet_pton(AF_INET6, text, parsed.addr.bytes) != 1)
			return -EINVAL;
	}
	*ip = parsed;
	return 0;
}

int
sy_prefix_parse(const char *text, struct sy_prefix *prefix)
{
	char address[SY_IP_TEXT];
	const char *slash = strchr(text, '/');
	struct sy_ip ip;
	unsigned long length;
	char *end;

	if (slash == NULL || (size_t)(slash - text) >= sizeof(address))
		return -EINVAL;
	memcpy(address, text, (size_t)(slash - text));
	address[slash - text] = '\0';
	if (slash[1] < '0' || slash[1] > '9' || sy_ip_parse(address, &ip) != 0)
		return -EINVAL;
	length = strtoul(slash + 1, &end, 10);
	if (*end != '\0' || length > (ip.family == SY_IPV4 ? 32UL : 128UL))
		return -EINVAL;
	*prefix = (struct sy_prefix){ .ip = ip, .length = (uint8_t)length };
	return 0;
}

/* Digits only: strtoul() and sscanf() would also take a sign, a space or 0x. */
static bool
is_mac(const char *text)
{
	static const char hex[] = "0123456789abcdefABCDEF";

	for (int i = 0; i < SY_MAC_TEXT - 1; i++) {
		bool fits = i % 3 == 2 ? text[i] == ':'
				       : text[i] != '\0' && strchr(hex, text[i]) != NULL;

		if (!fits)
			return false;
	}
	return text[SY_MAC_TEXT - 1] == '\0';
}

int
sy_mac_parse(const char *text, struct sy_mac *mac)
{
	if (!is_mac(text))
		return -EINVAL;
	for (int i = 0; i < 6; i++)
		mac->bytes[i] = (uint8_t)strtoul(text + i * 3, NULL, 16);
	return 0;
}

const char *
sy_addr_text(uint8_t family, const struct sy_addr *addr, char text[SY_IP_TEXT])
{
	inet_ntop(family == SY_IPV4 ? AF_INET : AF_INET6, addr->bytes, text, SY_IP_TEXT);
	return text;
}

const char *
sy_ip_text(const struct sy_ip *ip, char text[SY_IP_TEXT])
{
	return sy_addr_text(ip->family, &ip->addr, text);
}

const char *
sy_prefix_text(const struct sy_prefix *prefix, char text[SY_PREFIX_TEXT])
{
	char address[SY_IP_TEXT];

	snprintf(text, SY_PREFIX_TEXT, "%s/%u", sy_ip_text(&prefix->ip, address), prefix->length);
	return text;
}

const char *
sy_mac_text(const struct sy_mac *mac, char text[SY_MAC_TEXT])
{
	snprintf(text, SY_MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", mac->bytes[0], mac->bytes[1],
		mac->bytes[2], mac->bytes[3], mac->bytes[4], mac->bytes[5]);
	return text;
}

bool
sy_prefix_contains(const struct sy_prefix *prefix, const struct sy_ip *ip)
{
	uint8_t whole = prefix->length / 8;
	uint8_t rest = prefix->length % 8;
	uint8_t mask = (uint8_t)(0xff00 >> rest);

	if (prefix->ip.family != ip->family ||
		memcmp(prefix->ip.addr.bytes, ip->addr.bytes, whole) != 0)
		return false;
	return rest == 0 || ((prefix->ip.addr.bytes[whole] ^ ip->addr.bytes[whole]) & mask) == 0;
}
