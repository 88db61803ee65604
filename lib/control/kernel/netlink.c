/* SPDX-License-Identifier: BSD-3-Clause */
#include "netlink.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#define ANSWER_BYTES 32768

int
sy_netlink_open(struct netlink *netlink, int flags)
{
	/* Never reached: a kernel that does not answer must not take the management core with it. */
	const struct timeval patience = { .tv_sec = 2 };
	const int on = 1;
	int fd;

	netlink->sequence = 0;
	netlink->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | flags);
	if (netlink->socket == NULL)
		return -errno;
	if (mnl_socket_bind(netlink->socket, 0, MNL_SOCKET_AUTOPID) < 0) {
		int status = -errno;

		sy_netlink_close(netlink);
		return status;
	}
	fd = mnl_socket_get_fd(netlink->socket);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	/* Dumps then honour the table asked for. */
	mnl_socket_setsockopt(
		netlink->socket, NETLINK_GET_STRICT_CHK, (void *)(uintptr_t)&on, sizeof(on));
	return 0;
}

void
sy_netlink_close(struct netlink *netlink)
{
	if (netlink->socket != NULL)
		mnl_socket_close(netlink->socket);
	netlink->socket = NULL;
}

void *
sy_netlink_begin(struct netlink_request *request, uint16_t type, uint16_t flags, size_t extra_bytes)
{
	request->header = mnl_nlmsg_put_header(request->buffer);
	request->header->nlmsg_type = type;
	request->header->nlmsg_flags = NLM_F_REQUEST | flags;
	return mnl_nlmsg_put_extra_header(request->header, extra_bytes);
}

void
sy_netlink_put_ip(struct netlink_request *request, uint16_t type, const struct sy_ip *ip)
{
	mnl_attr_put(request->header, type, ip->family == SY_IPV4 ? 4 : 16, ip->addr.bytes);
}

struct visitor {
	void (*visit)(void *context, const struct nlmsghdr *message);
	void *context;
};

static int
visit_message(const struct nlmsghdr *message, void *data)
{
	const struct visitor *visitor = data;

	if (visitor->visit != NULL)
		visitor->visit(visitor->context, message);
	return MNL_CB_OK;
}

/* The answer to an earlier request that was given up on.  mnl_cb_run() says ESRCH of such a one, and of
 * the kernel's own answer that there is none such. */
static bool
is_of_another_request(const struct netlink *netlink, const char *buffer, ssize_t length)
{
	struct nlmsghdr header;

	if ((size_t)length < sizeof(header))
		return false;
	memcpy(&header, buffer, sizeof(header));
	return header.nlmsg_seq != netlink->sequence ||
		header.nlmsg_pid != mnl_socket_get_portid(netlink->socket);
}

static int
receive_answer(struct netlink *netlink, const struct visitor *visitor)
{
	const unsigned int port = mnl_socket_get_portid(netlink->socket);
	char buffer[ANSWER_BYTES];

	for (;;) {
		ssize_t length = mnl_socket_recvfrom(netlink->socket, buffer, sizeof(buffer));
		int status;

		if (length < 0)
			return -errno;
		if (is_of_another_request(netlink, buffer, length))
			continue;
		status = mnl_cb_run(buffer, (size_t)length, netlink->sequence, port, visit_message,
			(void *)(uintptr_t)visitor);
		if (status < 0)
			return -errno;
		if (status == MNL_CB_STOP)
			return 0;
	}
}

static int
send_request(
	struct netlink *netlink, struct netlink_request *request, const struct visitor *visitor)
{
	request->header->nlmsg_seq = ++netlink->sequence;
	if (mnl_socket_sendto(netlink->socket, request->header, request->header->nlmsg_len) < 0)
		return -errno;
	return receive_answer(netlink, visitor);
}

int
sy_netlink_do(struct netlink *netlink, struct netlink_request *request)
{
	const struct visitor nobody = { .visit = NULL };

	request->header->nlmsg_flags |= NLM_F_ACK;
	return send_request(netlink, request, &nobody);
}

int
sy_netlink_dump(struct netlink *netlink, struct netlink_request *request,
	void (*visit)(void *context, const struct nlmsghdr *message), void *context)
{
	const struct visitor visitor = { .visit = visit, .context = context };

	request->header->nlmsg_flags |= NLM_F_DUMP;
	return send_request(netlink, request, &visitor);
}

bool
sy_netlink_get_ip(const struct nlattr *attribute, uint8_t af, struct sy_ip *ip)
{
	uint16_t length = mnl_attr_get_payload_len(attribute);

	if (!(af == AF_INET && length == 4) && !(af == AF_INET6 && length == 16))
		return false;
	memset(ip, 0, sizeof(*ip));
	ip->family = af == AF_INET ? SY_IPV4 : SY_IPV6;
	memcpy(ip->addr.bytes, mnl_attr_get_payload(attribute), length);
	return true;
}

struct collection {
	const struct nlattr **attributes;
	uint16_t room;
};

static int
collect_attribute(const struct nlattr *attribute, void *data)
{
	const struct collection *collection = data;
	uint16_t type = mnl_attr_get_type(attribute);

	if (type < collection->room)
		collection->attributes[type] = attribute;
	return MNL_CB_OK;
}

void
sy_netlink_attributes(const struct nlmsghdr *message, size_t header_bytes,
	const struct nlattr *attributes[], uint16_t room)
{
	struct collection collection = { .attributes = attributes, .room = room };

	memset(attributes, 0, room * sizeof(attributes[0]));
	mnl_attr_parse(message, (unsigned int)header_bytes, collect_attribute, &collection);
}
