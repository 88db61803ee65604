/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Does the backend's host answer an echo request (RFC 792, RFC 4443)?
 *
 * One socket for each family serves all probes.  A 'ping socket' where the
 * host's net.ipv4.ping_group_range lets us have one, else a raw one; both take
 * an ICMP message and give one back, but the raw IPv4 socket gives its IP header
 * too, and every echo reply that the host receives.  A reply counts when
 * sequence number, nonce and sender are those of a probe in flight.
 */
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probe.h"
#include "sy/hash.h"
#include "sy/random.h"
#include "sy/time.h"

#define N_SEQUENCES 65536
#define QUEUE_BYTES (1 << 20)
#define REPLIES_A_TURN 512

/* linux/icmp.h, which has this, does not go with netinet/ip_icmp.h. */
#define ICMP_FILTER_OPTION 1

struct icmp_state {
	struct probe *probe;
	uint64_t nonce;
	uint16_t sequence;
};

struct icmp_socket {
	uv_poll_t poll;
	struct icmp_shared *shared;
	int fd;
	uint8_t family;
	bool is_raw;
};

struct icmp_shared {
	struct icmp_socket *sockets[SY_N_FAMILIES]; /* freed when the loop has closed them */
	struct icmp_state *in_flight[N_SEQUENCES];
	struct sy_random random;
	uint16_t identifier; /* ping sockets put their own */
	uint16_t next;
};

/* The same layout in both families. */
struct echo {
	uint8_t type;
	uint8_t code;
	uint16_t checksum_be;
	uint16_t identifier_be;
	uint16_t sequence_be;
	uint64_t nonce;
} __attribute__((packed));

static void
cancel(struct probe *probe)
{
	struct icmp_state *state = probe->state;

	probe->state = NULL;
	probe->prober->icmp->in_flight[state->sequence] = NULL;
	free(state);
}

static bool
is_from(const struct probe *probe, const union probe_address *from)
{
	if (probe->address.family == SY_IPV4)
		return from->v4.sin_addr.s_addr == probe->address.addr.v4_be;
	return memcmp(&from->v6.sin6_addr, probe->address.addr.bytes, 16) == 0;
}

static void
take_reply(const struct icmp_socket *sock, const uint8_t *bytes, size_t length,
	const union probe_address *from)
{
	uint8_t wanted = sock->family == SY_IPV4 ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY;
	struct icmp_state *state;
	struct probe *probe;
	struct echo echo;
	size_t header = 0;

	if (sock->is_raw && sock->family == SY_IPV4)
		header = length > 0 ? (size_t)(bytes[0] & 0x0f) * 4 : 0;
	if (length < header + sizeof(echo))
		return;
	memcpy(&echo, bytes + header, sizeof(echo));
	state = sock->shared->in_flight[ntohs(echo.sequence_be)];
	if (echo.type != wanted || state == NULL || state->nonce != echo.nonce ||
		!is_from(state->probe, from))
		return;
	probe = state->probe;
	cancel(probe);
	probe->done(probe, true, "echo reply");
}

static void
receive_replies(uv_poll_t *poll, int status, int events)
{
	const struct icmp_socket *sock = poll->data;
	uint8_t bytes[256];

	(void)status;
	(void)events;
	for (int i = 0; i < REPLIES_A_TURN; i++) {
		union probe_address from = { .any = { .sa_family = 0 } };
		socklen_t from_length = sizeof(from);
		ssize_t length =
			recvfrom(sock->fd, bytes, sizeof(bytes), 0, &from.any, &from_length);

		if (length < 0)
			break;
		take_reply(sock, bytes, (size_t)length, &from);
	}
}

/* The host's other ICMP is not copied to us. */
static void
filter_raw(int fd, uint8_t family)
{
	const uint32_t all_but_reply = ~(1U << ICMP_ECHOREPLY);
	struct icmp6_filter filter;

	if (family == SY_IPV4) {
		setsockopt(fd, SOL_RAW, ICMP_FILTER_OPTION, &all_but_reply, sizeof(all_but_reply));
		return;
	}
	ICMP6_FILTER_SETBLOCKALL(&filter);
	ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter);
	setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof(filter));
}

static int
open_fd(struct icmp_socket *sock)
{
	const int queue_bytes = QUEUE_BYTES;
	int domain = sock->family == SY_IPV4 ? AF_INET : AF_INET6;
	int protocol = sock->family == SY_IPV4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;

	sock->fd = socket(domain, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
	if (sock->fd < 0) {
		sock->is_raw = true;
		sock->fd = socket(domain, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
	}
	if (sock->fd < 0)
		return -errno;
	if (sock->is_raw)
		filter_raw(sock->fd, sock->family);
	setsockopt(sock->fd, SOL_SOCKET, SO_RCVBUF, &queue_bytes, sizeof(queue_bytes));
	return 0;
}

static int
open_socket(struct prober *prober, uint8_t family)
{
	struct icmp_socket *sock = calloc(1, sizeof(*sock));
	int status;

	if (sock == NULL)
		return -ENOMEM;
	sock->shared = prober->icmp;
	sock->family = family;
	status = open_fd(sock);
	if (status == 0) {
		status = uv_poll_init(prober->loop, &sock->poll, sock->fd);
		if (status != 0)
			close(sock->fd);
	}
	if (status != 0) {
		free(sock);
		return status;
	}
	sock->poll.data = sock;
	uv_poll_start(&sock->poll, UV_READABLE, receive_replies);
	prober->icmp->sockets[family] = sock;
	return 0;
}

static int
open_shared(struct prober *prober)
{
	prober->icmp = calloc(1, sizeof(*prober->icmp));
	if (prober->icmp == NULL)
		return -ENOMEM;
	prober->icmp->random.state = sy_hash_pair(sy_time_wall_us(), (uint64_t)getpid());
	prober->icmp->identifier = (uint16_t)sy_random_next(&prober->icmp->random);
	return 0;
}

static void
free_socket(uv_handle_t *handle)
{
	free(handle->data);
}

static void
close_shared(struct prober *prober)
{
	if (prober->icmp == NULL)
		return;
	for (int i = 0; i < SY_N_FAMILIES; i++) {
		struct icmp_socket *sock = prober->icmp->sockets[i];

		if (sock == NULL)
			continue;
		uv_close((uv_handle_t *)&sock->poll, free_socket);
		close(sock->fd);
	}
	free(prober->icmp);
	prober->icmp = NULL;
}

/* RFC 1071.  Raw IPv4 sockets want it; for IPv6 and ping sockets the kernel makes it anyway. */
static uint16_t
checksum(const struct echo *echo)
{
	uint16_t words[sizeof(*echo) / 2];
	uint32_t sum = 0;

	memcpy(words, echo, sizeof(words));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		sum += words[i];
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~(sum + (sum >> 16));
}

static int
send_request(const struct probe *probe, const struct icmp_state *state)
{
	const struct icmp_shared *shared = probe->prober->icmp;
	struct echo echo = {
		.type = probe->address.family == SY_IPV4 ? ICMP_ECHO : ICMP6_ECHO_REQUEST,
		.identifier_be = htons(shared->identifier),
		.sequence_be = htons(state->sequence),
		.nonce = state->nonce,
	};
	union probe_address address;
	socklen_t length = sy_probe_address(probe, &address);

	/* For raw sockets the port would be a protocol. */
	if (address.any.sa_family == AF_INET6)
		address.v6.sin6_port = 0;
	echo.checksum_be = checksum(&echo);
	return sendto(shared->sockets[probe->address.family]->fd, &echo, sizeof(echo), 0,
		       &address.any, length) < 0
		? -errno
		: 0;
}

/* A sequence number that no probe in flight has. */
static int
take_sequence(struct icmp_shared *shared, uint16_t *sequence)
{
	for (uint32_t i = 0; i < N_SEQUENCES; i++) {
		*sequence = shared->next++;
		if (shared->in_flight[*sequence] == NULL)
			return 0;
	}
	return -ENOBUFS;
}

static int
start(struct probe *probe)
{
	struct prober *prober = probe->prober;
	struct icmp_state *state;
	int status = 0;

	if (prober->icmp == NULL)
		status = open_shared(prober);
	if (status == 0 && prober->icmp->sockets[probe->address.family] == NULL)
		status = open_socket(prober, probe->address.family);
	if (status != 0)
		return status;
	state = calloc(1, sizeof(*state));
	if (state == NULL)
		return -ENOMEM;
	state->probe = probe;
	state->nonce = sy_random_next(&prober->icmp->random);
	status = take_sequence(prober->icmp, &state->sequence);
	if (status == 0)
		status = send_request(probe, state);
	if (status != 0) {
		free(state);
		return status;
	}
	prober->icmp->in_flight[state->sequence] = state;
	probe->state = state;
	return 0;
}

const struct probe_kind sy_probe_icmp = {
	.type = SY_HEALTH_ICMP,
	.start = start,
	.cancel = cancel,
	.close = close_shared,
};
