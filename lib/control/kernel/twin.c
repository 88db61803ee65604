/* SPDX-License-Identifier: BSD-3-Clause */
/* Making a twin: the TAP interface, its settings, addresses, and carrier. */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "private.h"
#include "sy/log.h"

/* The kernel's default of 500 frames is less than one round of probes or neighbour questions for a
 * thousand backends. */
#define QUEUE_FRAMES 4096

/*
 * Settings of the interface, written before it comes up.
 *
 * A twin answers ARP for its own addresses only (arp_ignore), asks with the address of the network
 * it asks in, not with a virtual IP (arp_announce), and takes what comes by another way than the
 * host would answer (rp_filter 2).  Its port's link decides whether routes over it count
 * (ignore_routes_with_linkdown).  Duplicate address detection is off: the device under the port may
 * have a kernel interface of its own with the same MAC (AF_XDP, AF_PACKET), whose link-local
 * address would count as a duplicate of the twin's.
 */
static const struct {
	const char *family;
	const char *key;
	const char *value;
} settings[] = {
	{ "ipv4", "arp_ignore", "1" },
	{ "ipv4", "arp_announce", "2" },
	{ "ipv4", "arp_notify", "1" },
	{ "ipv4", "rp_filter", "2" },
	{ "ipv4", "accept_redirects", "0" },
	{ "ipv4", "send_redirects", "0" },
	{ "ipv4", "ignore_routes_with_linkdown", "1" },
	{ "ipv6", "disable_ipv6", "0" },
	{ "ipv6", "accept_ra", "0" },
	{ "ipv6", "autoconf", "0" },
	{ "ipv6", "accept_redirects", "0" },
	{ "ipv6", "accept_dad", "0" },
	{ "ipv6", "dad_transmits", "0" },
	{ "ipv6", "ndisc_notify", "1" },
	{ "ipv6", "ignore_routes_with_linkdown", "1" },
};

static void
write_setting(const char *twin, const char *family, const char *key, const char *value)
{
	char path[128];
	ssize_t written;
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/net/%s/conf/%s/%s", family, twin, key);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0) {
		/* A kernel without IPv6 has none of its settings. */
		if (errno != ENOENT)
			sy_warning("%s: cannot be set to %s: %s", path, value, strerror(errno));
		return;
	}
	written = write(fd, value, strlen(value));
	if (written < 0)
		sy_warning("%s: cannot be set to %s: %s", path, value, strerror(errno));
	close(fd);
}

static int
explain_open(int code, const char *name, struct sy_error *error)
{
	if (code == -ENOENT || code == -ENODEV || code == -ENXIO)
		return sy_error_set(error, -ENOENT,
			"twin %s: /dev/net/tun is missing; load the module tun, or set the port's "
			"twin to \"\" to do without",
			name);
	return sy_error_set(
		error, code, "twin %s: cannot open /dev/net/tun: %s", name, strerror(-code));
}

static int
explain_attach(int code, const char *name, struct sy_error *error)
{
	if (code == -EBUSY || code == -EEXIST)
		return sy_error_set(error, -EEXIST,
			"twin %s: an interface of this name exists already; stop the other "
			"steelyard, remove the interface (ip link delete %s), or give the port "
			"another twin name",
			name, name);
	if (code == -EPERM)
		return sy_error_set(error, code,
			"twin %s: not permitted; run as root or with CAP_NET_ADMIN", name);
	return sy_error_set(error, code, "twin %s: cannot be created: %s", name, strerror(-code));
}

static int
attach(struct twin *twin, struct sy_error *error)
{
	struct ifreq request = { .ifr_flags = (short)(IFF_TAP | IFF_NO_PI | IFF_TUN_EXCL) };

	twin->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (twin->fd < 0)
		return explain_open(-errno, twin->name, error);
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", twin->name);
	if (ioctl(twin->fd, TUNSETIFF, &request) < 0)
		return explain_attach(-errno, twin->name, error);
	/* Checksums are complete and segments final in what is read. */
	if (ioctl(twin->fd, TUNSETOFFLOAD, 0) < 0)
		return explain_attach(-errno, twin->name, error);
	twin->index = (int)if_nametoindex(twin->name);
	return twin->index > 0 ? 0 : explain_attach(-errno, twin->name, error);
}

static int
bring_up(struct twin *twin, struct sy_error *error)
{
	const struct sy_port_state *port = &twin->kernel->routes->ports[twin->port];
	struct netlink_request request;
	struct ifinfomsg *link = sy_netlink_begin(&request, RTM_NEWLINK, 0, sizeof(*link));
	int status;

	link->ifi_index = twin->index;
	link->ifi_flags = IFF_UP;
	link->ifi_change = IFF_UP;
	mnl_attr_put(request.header, IFLA_ADDRESS, sizeof(port->mac.bytes), port->mac.bytes);
	mnl_attr_put_u32(request.header, IFLA_MTU, port->mtu);
	mnl_attr_put_u32(request.header, IFLA_TXQLEN, QUEUE_FRAMES);
	status = sy_netlink_do(&twin->kernel->requests, &request);
	if (status != 0)
		return sy_error_set(error, status,
			"twin %s: cannot be set up with MTU %u and its port's MAC address: %s",
			twin->name, port->mtu, strerror(-status));
	return 0;
}

static int
add_address(struct twin *twin, const struct sy_prefix *address, struct sy_error *error)
{
	struct netlink_request request;
	struct ifaddrmsg *message = sy_netlink_begin(
		&request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, sizeof(*message));
	char text[SY_PREFIX_TEXT];
	int status;

	message->ifa_family = sy_family_to_af(address->ip.family);
	message->ifa_prefixlen = address->length;
	message->ifa_index = (uint32_t)twin->index;
	message->ifa_flags = IFA_F_NODAD;
	sy_netlink_put_ip(&request, IFA_LOCAL, &address->ip);
	sy_netlink_put_ip(&request, IFA_ADDRESS, &address->ip);
	status = sy_netlink_do(&twin->kernel->requests, &request);
	if (status != 0 && status != -EEXIST)
		return sy_error_set(error, status, "twin %s: address %s cannot be added: %s",
			twin->name, sy_prefix_text(address, text), strerror(-status));
	return 0;
}

int
sy_twin_create(struct twin *twin, const struct sy_port_config *config, struct sy_error *error)
{
	int status;

	memcpy(twin->name, config->twin, sizeof(twin->name));
	memcpy(twin->addresses, config->addresses, sizeof(twin->addresses));
	twin->n_addresses = config->n_addresses;
	status = attach(twin, error);
	if (status != 0)
		return status;
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		write_setting(twin->name, settings[i].family, settings[i].key, settings[i].value);
	status = bring_up(twin, error);
	for (uint16_t i = 0; status == 0 && i < twin->n_addresses; i++)
		status = add_address(twin, &twin->addresses[i], error);
	twin->carrier = true;
	return status;
}

void
sy_twin_set_carrier(struct twin *twin, bool up)
{
	int carrier = up;

	twin->carrier = up;
	if (ioctl(twin->fd, TUNSETCARRIER, &carrier) < 0)
		sy_warning("twin %s: carrier cannot be set %s: %s", twin->name, up ? "up" : "down",
			strerror(errno));
}
