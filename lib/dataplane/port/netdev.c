/* SPDX-License-Identifier: BSD-3-Clause */
#include "netdev.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static int
request(const char *name, unsigned long code, struct ifreq *ifreq)
{
	int status, fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	snprintf(ifreq->ifr_name, sizeof(ifreq->ifr_name), "%s", name);
	status = ioctl(fd, code, ifreq) == 0 ? 0 : -errno;
	close(fd);
	return status;
}

bool
sy_netdev_exists(const char *name)
{
	return name[0] != '\0' && if_nametoindex(name) != 0;
}

bool
sy_netdev_running(const char *name)
{
	struct ifreq ifreq = { .ifr_flags = 0 };

	return request(name, SIOCGIFFLAGS, &ifreq) == 0 &&
		(ifreq.ifr_flags & (IFF_UP | IFF_RUNNING)) == (IFF_UP | IFF_RUNNING);
}

uint16_t
sy_netdev_queues(const char *name, uint16_t *n_separate)
{
	struct ethtool_channels channels = { .cmd = ETHTOOL_GCHANNELS };
	struct ifreq ifreq = { .ifr_data = (void *)&channels };

	*n_separate = 0;
	if (request(name, SIOCETHTOOL, &ifreq) != 0)
		return 1;
	*n_separate = (uint16_t)channels.rx_count;
	return channels.combined_count == 0 ? 1 : (uint16_t)channels.combined_count;
}

static int
add_flags(const char *name, short flags)
{
	struct ifreq ifreq = { .ifr_flags = 0 };
	int status = request(name, SIOCGIFFLAGS, &ifreq);

	if (status != 0 || (ifreq.ifr_flags & flags) == flags)
		return status;
	ifreq.ifr_flags = (short)(ifreq.ifr_flags | flags);
	return request(name, SIOCSIFFLAGS, &ifreq);
}

int
sy_netdev_set_up(const char *name)
{
	return add_flags(name, IFF_UP);
}

int
sy_netdev_set_all_multicast(const char *name)
{
	return add_flags(name, IFF_ALLMULTI);
}

int
sy_netdev_set_mac(const char *name, const struct sy_mac *mac)
{
	struct ifreq ifreq = { .ifr_hwaddr.sa_family = ARPHRD_ETHER };

	memcpy(ifreq.ifr_hwaddr.sa_data, mac->bytes, sizeof(mac->bytes));
	return request(name, SIOCSIFHWADDR, &ifreq);
}
