/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Linux answers ARP for any of its IPv4 addresses on any interface, unless told
 * otherwise (arp_ignore).  An interface of the host on the same network as a
 * port would so draw clients of virtual IPs to itself, and the host would refuse
 * them.  That is the host's to decide: it is told, not changed.
 */
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "private.h"
#include "sy/log.h"

static int
read_arp_ignore(const char *interface)
{
	char path[128];
	int value = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/arp_ignore", interface);
	file = fopen(path, "re");
	if (file == NULL)
		return 0;
	if (fscanf(file, "%d", &value) != 1)
		value = 0;
	fclose(file);
	return value;
}

static bool
answers_arp(int fd, const char *interface)
{
	struct ifreq request = { .ifr_flags = 0 };

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%.15s", interface);
	if (ioctl(fd, SIOCGIFFLAGS, &request) < 0)
		return false;
	return (request.ifr_flags & IFF_UP) != 0 &&
		(request.ifr_flags & (IFF_LOOPBACK | IFF_NOARP | IFF_POINTOPOINT)) == 0 &&
		read_arp_ignore(interface) == 0;
}

/* Frames that arrive at the interface under an AF_XDP or net_tap port go to the port, not to the
 * kernel's ARP. */
static bool
is_under_port(const struct sy_config *config, const char *interface)
{
	char key[32];

	snprintf(key, sizeof(key), "iface=%.15s", interface);
	for (uint32_t i = 0; i < config->n_ports; i++) {
		const char *device = config->ports[i].device;
		const char *found = strstr(device, key);

		if (found != NULL && (found[strlen(key)] == ',' || found[strlen(key)] == '\0') &&
			(strncmp(device, "net_af_xdp", 10) == 0 ||
				strncmp(device, "net_tap", 7) == 0))
			return true;
	}
	return false;
}

void
sy_arp_flux_tell(struct sy_kernel *kernel, const struct sy_config *config)
{
	struct if_nameindex *interfaces = if_nameindex();
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (interfaces == NULL || fd < 0 || read_arp_ignore("all") != 0)
		goto out;
	for (const struct if_nameindex *each = interfaces; each->if_name != NULL; each++) {
		if (sy_twin_of(kernel, (int)each->if_index) != NULL ||
			is_under_port(config, each->if_name) || !answers_arp(fd, each->if_name))
			continue;
		sy_notice("interface %s answers ARP for the addresses of twins too; if it is on "
			  "the network of a port, set net.ipv4.conf.all.arp_ignore to 1",
			each->if_name);
	}
out:
	if (interfaces != NULL)
		if_freenameindex(interfaces);
	if (fd >= 0)
		close(fd);
}
