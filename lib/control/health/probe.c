/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sy/http.h"

static const struct probe_kind *const kinds[] = {
	&sy_probe_tcp,
	&sy_probe_http,
	&sy_probe_https,
	&sy_probe_icmp,
	&sy_probe_udp,
	&sy_probe_dns,
	&sy_probe_redis,
	&sy_probe_postgresql,
	&sy_probe_command,
	&sy_probe_grpc,
	&sy_probe_grpcs,
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

int
sy_probe_open_http(struct prober *prober)
{
	return prober->http == NULL ? sy_http_open(prober->loop, &prober->http) : 0;
}

const char *
sy_probe_endpoint(const struct probe *probe, char text[PROBE_ENDPOINT])
{
	char ip[SY_IP_TEXT];

	sy_ip_text(&probe->address, ip);
	snprintf(text, PROBE_ENDPOINT, probe->address.family == SY_IPV4 ? "%s:%u" : "[%s]:%u", ip,
		probe->port);
	return text;
}

/* Closing resets a connection: no TIME_WAIT for each probe, and nothing for an application to wait
 * for. */
int
sy_probe_connect(const struct probe *probe, int kind)
{
	const struct linger reset = { .l_onoff = 1 };
	union probe_address address;
	socklen_t length = sy_probe_address(probe, &address);
	int fd = socket(address.any.sa_family, kind | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int code;

	if (fd < 0)
		return -errno;
	if (kind == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	if (connect(fd, &address.any, length) == 0 || errno == EINPROGRESS)
		return fd;
	code = errno;
	close(fd);
	return -code;
}

int
sy_probe_socket_code(int fd, int status)
{
	socklen_t length = sizeof(int);
	int code = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &length) < 0)
		code = errno;
	return code == 0 && status < 0 ? -status : code;
}
