/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Routes of the main table that leave by a twin.
 *
 * A route whose port has lost its link, or that leads to another interface, is
 * to workers as if it were not there: then the one with the next metric counts.
 */
#include <errno.h>
#include <string.h>

#include "private.h"
#include "sy/log.h"

/* Where a route or one of its branches leads. */
struct branch {
	const struct twin *twin; /* NULL: not our way, or its link is down */
	bool has_via;
	struct sy_ip via;
};

/* RTA_VIA: a next hop of another family than the route's. */
static bool
get_via(const struct nlattr *attribute, struct sy_ip *via)
{
	const struct rtvia *value = mnl_attr_get_payload(attribute);
	size_t length = mnl_attr_get_payload_len(attribute);
	bool is_v6;

	if (length < sizeof(*value))
		return false;
	length -= sizeof(*value);
	is_v6 = value->rtvia_family == AF_INET6;
	if (length != (is_v6 ? 16 : 4) || (!is_v6 && value->rtvia_family != AF_INET))
		return false;
	memset(via, 0, sizeof(*via));
	via->family = is_v6 ? SY_IPV6 : SY_IPV4;
	memcpy(via->addr.bytes, value->rtvia_addr, length);
	return true;
}

static struct branch
read_branch(struct sy_kernel *kernel, uint8_t af, int index, uint32_t flags,
	const struct nlattr *const attributes[])
{
	struct branch branch = { .twin = NULL };

	if ((flags & RTNH_F_DEAD) == 0)
		branch.twin = sy_twin_of(kernel, index);
	/* The kernel marks a lost link up to a second later than its port notices. */
	if (branch.twin != NULL && !kernel->routes->ports[branch.twin->port].link_up)
		branch.twin = NULL;
	if (attributes[RTA_GATEWAY] != NULL)
		branch.has_via = sy_netlink_get_ip(attributes[RTA_GATEWAY], af, &branch.via);
	else if (attributes[RTA_VIA] != NULL)
		branch.has_via = get_via(attributes[RTA_VIA], &branch.via);
	return branch;
}

/* The first branch of a multipath route that is ours and up. */
static struct branch
read_multipath(struct sy_kernel *kernel, uint8_t af, const struct nlattr *multipath)
{
	const struct rtnexthop *hop = mnl_attr_get_payload(multipath);
	int left = (int)mnl_attr_get_payload_len(multipath);
	struct branch branch = { .twin = NULL };

	while (branch.twin == NULL && RTNH_OK(hop, left)) {
		const struct nlattr *attributes[RTA_MAX + 1] = { NULL };
		const struct nlattr *attribute = (const struct nlattr *)RTNH_DATA(hop);
		int bytes = (int)(hop->rtnh_len - RTNH_LENGTH(0));

		for (; mnl_attr_ok(attribute, bytes); attribute = mnl_attr_next(attribute)) {
			if (mnl_attr_get_type(attribute) <= RTA_MAX)
				attributes[mnl_attr_get_type(attribute)] = attribute;
			bytes -= MNL_ALIGN(attribute->nla_len);
		}
		branch = read_branch(kernel, af, hop->rtnh_ifindex, hop->rtnh_flags, attributes);
		left -= (int)RTNH_ALIGN(hop->rtnh_len);
		hop = RTNH_NEXT(hop);
	}
	return branch;
}

static struct branch
find_branch(struct sy_kernel *kernel, const struct rtmsg *header,
	const struct nlattr *const attributes[])
{
	int index = 0;

	if (attributes[RTA_MULTIPATH] != NULL)
		return read_multipath(kernel, header->rtm_family, attributes[RTA_MULTIPATH]);
	if (attributes[RTA_OIF] != NULL)
		index = (int)mnl_attr_get_u32(attributes[RTA_OIF]);
	return read_branch(kernel, header->rtm_family, index, header->rtm_flags, attributes);
}

/* Every twin has a link-local network: as routes they say nothing. */
static bool
is_link_local(const struct sy_prefix *to)
{
	return to->ip.family == SY_IPV6 && to->length >= 10 && to->ip.addr.bytes[0] == 0xfe &&
		(to->ip.addr.bytes[1] & 0xc0) == 0x80;
}

/* False: not one of those that count here. */
static bool
read_route(
	const struct rtmsg *header, const struct nlattr *const attributes[], struct sy_route *route)
{
	uint32_t table = header->rtm_table;

	if (attributes[RTA_TABLE] != NULL)
		table = mnl_attr_get_u32(attributes[RTA_TABLE]);
	if (table != RT_TABLE_MAIN || (header->rtm_flags & RTM_F_CLONED) != 0)
		return false;
	memset(route, 0, sizeof(*route));
	route->to.ip.family = header->rtm_family == AF_INET ? SY_IPV4 : SY_IPV6;
	route->to.length = header->rtm_dst_len;
	if (attributes[RTA_DST] != NULL &&
		!sy_netlink_get_ip(attributes[RTA_DST], header->rtm_family, &route->to.ip))
		return false;
	if (attributes[RTA_PRIORITY] != NULL)
		route->metric = mnl_attr_get_u32(attributes[RTA_PRIORITY]);
	return !is_link_local(&route->to);
}

/* Routes of the same prefix and metric over other ports than `but`. */
static void
remove_elsewhere(struct sy_kernel *kernel, const struct sy_route *route, int but)
{
	for (uint32_t port = 0; port < kernel->n_twins; port++) {
		struct sy_route other = *route;

		other.port = (uint8_t)port;
		if ((int)port != but)
			sy_routes_remove_route(kernel->routes, &other);
	}
}

static void
add_route(struct sy_kernel *kernel, struct sy_route *route, const struct branch *branch)
{
	int status;

	route->port = branch->twin->port;
	route->on_link = !branch->has_via;
	route->via = branch->via;
	status = sy_routes_set_route(kernel->routes, route);
	if (status != 0 && !kernel->full_warned) {
		kernel->full_warned = true;
		sy_warning("routes over the twins do not all fit (%u): %s; filter what the "
			   "routing daemon puts into the kernel",
			kernel->routes->n_routes, strerror(-status));
	}
}

void
sy_news_route(struct sy_kernel *kernel, const struct nlmsghdr *message)
{
	const struct rtmsg *header = mnl_nlmsg_get_payload(message);
	const struct nlattr *attributes[RTA_MAX + 1];
	bool is_new = message->nlmsg_type == RTM_NEWROUTE;
	struct branch branch = { .twin = NULL };
	struct sy_route route;

	if (header->rtm_family != AF_INET && header->rtm_family != AF_INET6)
		return;
	sy_netlink_attributes(message, sizeof(*header), attributes, RTA_MAX + 1);
	if (!read_route(header, attributes, &route))
		return;
	/* IPv6 may remove one branch of several, and tells just that one. */
	if (!is_new && header->rtm_family == AF_INET6)
		kernel->resync_wanted = true;
	if (is_new && header->rtm_type == RTN_UNICAST)
		branch = find_branch(kernel, header, attributes);
	if (!is_new || (message->nlmsg_flags & NLM_F_REPLACE) != 0)
		remove_elsewhere(kernel, &route, branch.twin == NULL ? -1 : branch.twin->port);
	if (branch.twin != NULL)
		add_route(kernel, &route, &branch);
}
