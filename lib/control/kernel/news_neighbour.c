/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Neighbours on twins.
 *
 * An address that does not answer gets no entry, so that a scan of a network
 * cannot fill the table; one that has answered and stopped is kept as
 * unresolved until the kernel forgets it.
 */
#include <string.h>

#include "private.h"
#include "sy/log.h"

#define USABLE (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT)

static bool
is_known(const struct sy_routes *routes, const struct sy_neighbour *neighbour, struct sy_mac *mac)
{
	for (uint32_t i = 0; i < routes->n_neighbours; i++) {
		const struct sy_neighbour *known = &routes->neighbours[i];

		if (known->port != neighbour->port ||
			!sy_ip_equal(&known->address, &neighbour->address))
			continue;
		*mac = known->mac;
		return true;
	}
	return false;
}

static void
set_neighbour(struct sy_kernel *kernel, struct sy_neighbour *neighbour)
{
	int status;

	if (!neighbour->resolved && !is_known(kernel->routes, neighbour, &neighbour->mac))
		return;
	status = sy_routes_set_neighbour(kernel->routes, neighbour);
	if (status != 0 && !kernel->full_warned) {
		kernel->full_warned = true;
		sy_warning("neighbours on the twins do not all fit (%u): %s; put a router "
			   "between the balancer and so many hosts",
			kernel->routes->n_neighbours, strerror(-status));
	}
}

void
sy_news_neighbour(struct sy_kernel *kernel, const struct nlmsghdr *message)
{
	const struct ndmsg *header = mnl_nlmsg_get_payload(message);
	const struct twin *twin = sy_twin_of(kernel, header->ndm_ifindex);
	const struct nlattr *attributes[NDA_MAX + 1];
	struct sy_neighbour neighbour = { .resolved = false };

	if (twin == NULL || (header->ndm_flags & NTF_PROXY) != 0 ||
		(header->ndm_state & NUD_NOARP) != 0)
		return;
	sy_netlink_attributes(message, sizeof(*header), attributes, NDA_MAX + 1);
	if (attributes[NDA_DST] == NULL ||
		!sy_netlink_get_ip(attributes[NDA_DST], header->ndm_family, &neighbour.address))
		return;
	neighbour.port = twin->port;
	if (message->nlmsg_type == RTM_DELNEIGH) {
		sy_routes_remove_neighbour(kernel->routes, &neighbour.address, twin->port);
		sy_resolve_lost(kernel, twin->port, &neighbour.address);
		return;
	}
	if ((header->ndm_state & USABLE) != 0 && attributes[NDA_LLADDR] != NULL &&
		mnl_attr_get_payload_len(attributes[NDA_LLADDR]) == sizeof(neighbour.mac)) {
		memcpy(neighbour.mac.bytes, mnl_attr_get_payload(attributes[NDA_LLADDR]),
			sizeof(neighbour.mac));
		neighbour.resolved = true;
	}
	set_neighbour(kernel, &neighbour);
}
