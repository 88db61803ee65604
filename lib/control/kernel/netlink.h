/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_NETLINK_H
#define SY_NETLINK_H

/*
 * Requests to rtnetlink, one at a time.  The kernel works on a request within
 * the send call, so that its answer is there at once: these calls wait for no
 * one outside this machine.
 */
#include <stdbool.h>
#include <stdint.h>

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

#include "sy/net.h"

struct netlink {
	struct mnl_socket *socket; /* NULL: closed */
	uint32_t sequence;
};

/* flags: SOCK_NONBLOCK or 0. */
int sy_netlink_open(struct netlink *netlink, int flags);
void sy_netlink_close(struct netlink *netlink); /* a closed one too */

/* A message under construction: header, then the family's struct (put by mnl_nlmsg_put_extra_header
 * and filled by the caller), then attributes. */
struct netlink_request {
	struct nlmsghdr *header;
	char buffer[1024];
};
void *sy_netlink_begin(
	struct netlink_request *request, uint16_t type, uint16_t flags, size_t extra_bytes);

/* An attribute with an address, 4 or 16 bytes by its family. */
void sy_netlink_put_ip(struct netlink_request *request, uint16_t type, const struct sy_ip *ip);

/* Sends it and returns the kernel's answer: 0 or a negative errno. */
int sy_netlink_do(struct netlink *netlink, struct netlink_request *request);

/* The same for a dump: visit is called for each message.  -EINTR: what was read changed meanwhile. */
int sy_netlink_dump(struct netlink *netlink, struct netlink_request *request,
	void (*visit)(void *context, const struct nlmsghdr *message), void *context);

/* AF_INET and AF_INET6 as enum sy_family and back. */
static inline uint8_t
sy_family_to_af(uint8_t family)
{
	return family == SY_IPV4 ? AF_INET : AF_INET6;
}

/* Reads an attribute's address; false when its length does not fit the family, or for families other
 * than the two. */
bool sy_netlink_get_ip(const struct nlattr *attribute, uint8_t af, struct sy_ip *ip);

/* All attributes of a message by type, up to room - 1; those not there are NULL. */
void sy_netlink_attributes(const struct nlmsghdr *message, size_t header_bytes,
	const struct nlattr *attributes[], uint16_t room);

#endif /* SY_NETLINK_H */
