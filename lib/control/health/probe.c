/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const struct probe_kind *const kinds[] = {
	&sy_probe_tcp,
	&sy_probe_http,
	&sy_probe_https,
	&sy_probe_icmp,
	&sy_probe_udp,
	&sy_probe_dns,
	&sy_probe_redis,
	&sy_probe_postgresql,
};

#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

const struct probe_kind *
sy_probe_find(uint8_t type)
{
	for (size_t i = 0; i < N_KINDS; i++) {
		if (kinds[i]->type == type)
			return kinds[i];
	}
	return NULL;
}

void
sy_probe_close_all(struct prober *prober)
{
	for (size_t i = 0; i < N_KINDS; i++) {
		if (kinds[i]->close != NULL)
			kinds[i]->close(prober);
	}
}

const char *
sy_probe_errno(int code, char text[PROBE_TEXT])
{
	snprintf(text, PROBE_TEXT, "%s", strerror(code));
	text[0] = (char)tolower((unsigned char)text[0]);
	return text;
}

socklen_t
sy_probe_address(const struct probe *probe, union probe_address *address)
{
	memset(address, 0, sizeof(*address));
	if (probe->address.family == SY_IPV4) {
		address->v4.sin_family = AF_INET;
		address->v4.sin_port = htons(probe->port);
		address->v4.sin_addr.s_addr = probe->address.addr.v4_be;
		return sizeof(address->v4);
	}
	address->v6.sin6_family = AF_INET6;
	address->v6.sin6_port = htons(probe->port);
	memcpy(&address->v6.sin6_addr, probe->address.addr.bytes, 16);
	return sizeof(address->v6);
}
