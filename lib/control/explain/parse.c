/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "sy/explain.h"

/* A port from 1 to 65535, and nothing behind it. */
static bool
parse_port(const char *text, uint16_t *port_be)
{
	unsigned long port = 0;
	size_t n = 0;

	for (; text[n] >= '0' && text[n] <= '9' && n < 6; n++)
		port = port * 10 + (unsigned long)(text[n] - '0');
	if (n == 0 || text[n] != '\0' || port == 0 || port > UINT16_MAX)
		return false;
	*port_be = htons((uint16_t)port);
	return true;
}

/* "address:port" or "[address]:port". */
static bool
parse_end(const char *text, struct sy_ip *ip, uint16_t *port_be)
{
	const char *colon = strrchr(text, ':');
	char address[SY_IP_TEXT];
	size_t length;

	if (colon == NULL || colon == text)
		return false;
	length = (size_t)(colon - text);
	if (text[0] == '[') {
		if (text[length - 1] != ']' || length < 3)
			return false;
		text++;
		length -= 2;
	} else if (memchr(text, ':', length) != NULL) {
		return false;
	}
	if (length >= sizeof(address))
		return false;
	memcpy(address, text, length);
	address[length] = '\0';
	return sy_ip_parse(address, ip) == 0 && parse_port(colon + 1, port_be);
}

static bool
parse_protocol(const char *word, uint8_t *protocol)
{
	static const struct {
		const char *name;
		uint8_t number;
	} known[] = { { "tcp", IPPROTO_TCP }, { "udp", IPPROTO_UDP }, { "sctp", IPPROTO_SCTP } };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(word, known[i].name) == 0) {
			*protocol = known[i].number;
			return true;
		}
	}
	return false;
}

int
sy_explain_parse(
	const char *client, const char *vip, struct sy_tuple *tuple, struct sy_error *error)
{
	const char *slash = strrchr(vip, '/');
	struct sy_ip from, to;
	struct sy_tuple read;
	char end[SY_IP_TEXT + 16];

	memset(&read, 0, sizeof(read));
	if (!parse_end(client, &from, &read.src_port_be))
		return sy_error_set(error, -EINVAL,
			"client '%.64s': expected ADDRESS:PORT, or [ADDRESS]:PORT of IPv6", client);
	if (slash == NULL || (size_t)(slash - vip) >= sizeof(end) ||
		!parse_protocol(slash + 1, &read.protocol))
		return sy_error_set(error, -EINVAL,
			"'%.64s': expected ADDRESS:PORT/PROTOCOL with tcp, udp or sctp", vip);
	memcpy(end, vip, (size_t)(slash - vip));
	end[slash - vip] = '\0';
	if (!parse_end(end, &to, &read.dst_port_be))
		return sy_error_set(error, -EINVAL,
			"'%.64s': expected ADDRESS:PORT/PROTOCOL, [ADDRESS]:PORT/PROTOCOL of IPv6",
			vip);
	if (from.family != to.family)
		return sy_error_set(error, -EINVAL,
			"%.64s and %.64s are of two families: no packet has both", client, vip);
	read.src = from.addr;
	read.dst = to.addr;
	read.family = from.family;
	*tuple = read;
	return 0;
}
