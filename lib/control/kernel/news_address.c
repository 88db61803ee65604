/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The host's own addresses on twins: the file's, and those that an operator or
 * keepalived adds.  What is for them goes to the kernel.  Virtual IPs that this
 * component has put there are not the host's.
 */
#include <string.h>

#include "private.h"
#include "sy/log.h"

static uint16_t
find_address(const struct sy_port_state *port, const struct sy_ip *address)
{
	uint16_t i = 0;

	while (i < port->n_addresses && !sy_ip_equal(&port->addresses[i].ip, address))
		i++;
	return i;
}

static void
remove_address(struct sy_kernel *kernel, uint8_t port_index, const struct sy_ip *address)
{
	struct sy_port_state *port = &kernel->routes->ports[port_index];
	uint16_t i = find_address(port, address);

	if (i == port->n_addresses)
		return;
	port->n_addresses--;
	memmove(&port->addresses[i], &port->addresses[i + 1],
		(port->n_addresses - i) * sizeof(port->addresses[0]));
	kernel->routes->version++;
}

/* The file's in their order, then others, then the link-local one: the first address of a family is
 * the source of ICMP errors.  (The kernel lists IPv6 addresses youngest first.) */
static uint32_t
rank(const struct twin *twin, const struct sy_ip *address)
{
	for (uint16_t i = 0; i < twin->n_addresses; i++) {
		if (sy_ip_equal(&twin->addresses[i].ip, address))
			return i;
	}
	if (address->family == SY_IPV6 && address->addr.bytes[0] == 0xfe)
		return UINT32_MAX;
	return SY_MAX_PORT_ADDRESSES;
}

static void
insert_address(struct sy_port_state *port, const struct twin *twin, const struct sy_prefix *address)
{
	uint16_t i = port->n_addresses++;

	while (i > 0 && rank(twin, &port->addresses[i - 1].ip) > rank(twin, &address->ip)) {
		port->addresses[i] = port->addresses[i - 1];
		i--;
	}
	port->addresses[i] = *address;
}

static void
add_address(struct sy_kernel *kernel, const struct twin *twin, const struct sy_prefix *address)
{
	struct sy_port_state *port = &kernel->routes->ports[twin->port];

	if (find_address(port, &address->ip) < port->n_addresses)
		return;
	if (port->n_addresses == SY_MAX_PORT_ADDRESSES) {
		if (!kernel->room_warned)
			sy_warning("twin %s has more than %d addresses: the host is not reached by "
				   "the others",
				twin->name, SY_MAX_PORT_ADDRESSES);
		kernel->room_warned = true;
		return;
	}
	insert_address(port, twin, address);
	kernel->routes->version++;
}

void
sy_news_address(struct sy_kernel *kernel, const struct nlmsghdr *message)
{
	const struct ifaddrmsg *header = mnl_nlmsg_get_payload(message);
	const struct twin *twin = sy_twin_of(kernel, (int)header->ifa_index);
	const struct nlattr *attributes[IFA_MAX + 1];
	struct sy_prefix address = { .length = header->ifa_prefixlen };
	const struct nlattr *value;

	if (twin == NULL)
		return;
	sy_netlink_attributes(message, sizeof(*header), attributes, IFA_MAX + 1);
	value = attributes[IFA_LOCAL] != NULL ? attributes[IFA_LOCAL] : attributes[IFA_ADDRESS];
	if (value == NULL || !sy_netlink_get_ip(value, header->ifa_family, &address.ip))
		return;
	if (message->nlmsg_type == RTM_NEWADDR) {
		if (!sy_vips_contain(kernel, twin->port, &address.ip))
			add_address(kernel, twin, &address);
		return;
	}
	remove_address(kernel, twin->port, &address.ip);
	kernel->resync_wanted = true;
}
