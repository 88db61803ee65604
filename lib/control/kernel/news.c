/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the kernel knows, kept up with: all of it once, and then its news.
 *
 * All is read again, a little later, whenever the news may have left something
 * out: the socket overflowed, or routes went away without notice (Linux tells
 * nobody of those that leave with an interface that goes down or with an
 * address).  Reading happens in one go between two snapshots, so that no worker
 * sees a table that is half empty.
 */
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "private.h"
#include "sy/log.h"

#define NEWS_BYTES 32768
#define NEWS_QUEUE_BYTES (4 << 20)

/* Messages of one read are few; this bounds what one turn of the loop does under a storm. */
#define READS_A_TURN 32

static const uint32_t groups[] = { RTNLGRP_LINK, RTNLGRP_NEIGH, RTNLGRP_IPV4_IFADDR,
	RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE };

static void
news_link(struct sy_kernel *kernel, const struct nlmsghdr *message)
{
	const struct ifinfomsg *link = mnl_nlmsg_get_payload(message);
	struct twin *twin = sy_twin_of(kernel, link->ifi_index);
	bool up = (link->ifi_flags & IFF_UP) != 0;

	if (twin == NULL)
		return;
	if (twin->up && !up)
		sy_warning("twin %s has been set down: the host is cut off from its port "
			   "(ip link set %s up)",
			twin->name, twin->name);
	twin->up = up;
	kernel->resync_wanted = true;
}

static const struct {
	uint16_t type;
	void (*handle)(struct sy_kernel *kernel, const struct nlmsghdr *message);
} handlers[] = {
	{ RTM_NEWLINK, news_link },
	{ RTM_DELLINK, news_link },
	{ RTM_NEWADDR, sy_news_address },
	{ RTM_DELADDR, sy_news_address },
	{ RTM_NEWROUTE, sy_news_route },
	{ RTM_DELROUTE, sy_news_route },
	{ RTM_NEWNEIGH, sy_news_neighbour },
	{ RTM_DELNEIGH, sy_news_neighbour },
};

static void
handle(void *context, const struct nlmsghdr *message)
{
	for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++) {
		if (handlers[i].type == message->nlmsg_type)
			handlers[i].handle(context, message);
	}
}

static int
handle_one(const struct nlmsghdr *message, void *data)
{
	handle(data, message);
	return MNL_CB_OK;
}

/* What came from the kernel is dropped; what came from the file stays. */
static void
forget_all(struct sy_kernel *kernel)
{
	struct sy_routes *routes = kernel->routes;

	for (uint32_t i = routes->n_routes; i-- > 0;) {
		struct sy_route route = routes->routes[i];

		sy_routes_remove_route(routes, &route);
	}
	for (uint32_t i = routes->n_neighbours; i-- > 0;) {
		struct sy_neighbour neighbour = routes->neighbours[i];

		sy_routes_remove_neighbour(routes, &neighbour.address, neighbour.port);
	}
	for (uint32_t i = 0; i < kernel->n_twins; i++) {
		if (kernel->twins[i].fd >= 0)
			routes->ports[i].n_addresses = 0;
	}
}

static int
dump_addresses(struct sy_kernel *kernel, uint8_t af)
{
	struct netlink_request request;
	struct ifaddrmsg *header = sy_netlink_begin(&request, RTM_GETADDR, 0, sizeof(*header));

	header->ifa_family = af;
	return sy_netlink_dump(&kernel->requests, &request, handle, kernel);
}

static int
dump_routes(struct sy_kernel *kernel, uint8_t af)
{
	struct netlink_request request;
	struct rtmsg *header = sy_netlink_begin(&request, RTM_GETROUTE, 0, sizeof(*header));

	header->rtm_family = af;
	header->rtm_table = RT_TABLE_MAIN;
	return sy_netlink_dump(&kernel->requests, &request, handle, kernel);
}

static int
dump_neighbours(struct sy_kernel *kernel, uint8_t af)
{
	struct netlink_request request;
	struct ndmsg *header = sy_netlink_begin(&request, RTM_GETNEIGH, 0, sizeof(*header));

	header->ndm_family = af;
	return sy_netlink_dump(&kernel->requests, &request, handle, kernel);
}

int
sy_news_read_all(struct sy_kernel *kernel)
{
	static int (*const dumps[])(
		struct sy_kernel *, uint8_t) = { dump_addresses, dump_routes, dump_neighbours };
	int status = 0;

	kernel->resync_wanted = false;
	forget_all(kernel);
	for (size_t i = 0; i < sizeof(dumps) / sizeof(dumps[0]); i++) {
		for (uint8_t family = 0; family < SY_N_FAMILIES; family++) {
			int failed = dumps[i](kernel, sy_family_to_af(family));

			/* ENOENT: an empty table of a family; EINTR: it changed meanwhile. */
			if (failed == -EINTR)
				kernel->resync_wanted = true;
			else if (failed != 0 && failed != -ENOENT && status == 0)
				status = failed;
		}
	}
	return status;
}

static void
read_news(uv_poll_t *poll, int poll_status, int events)
{
	struct sy_kernel *kernel = poll->data;
	uint64_t version = kernel->routes->version;
	char buffer[NEWS_BYTES];

	(void)poll_status;
	(void)events;
	for (int i = 0; i < READS_A_TURN; i++) {
		ssize_t length = mnl_socket_recvfrom(kernel->news.socket, buffer, sizeof(buffer));

		if (length < 0 && errno == ENOBUFS)
			kernel->resync_wanted = true;
		if (length <= 0)
			break;
		mnl_cb_run(buffer, (size_t)length, 0, 0, handle_one, kernel);
	}
	if (kernel->routes->version != version && kernel->changed != NULL)
		kernel->changed(kernel->context);
}

void
sy_news_tick(struct sy_kernel *kernel)
{
	uint64_t version = kernel->routes->version;
	int status;

	if (!kernel->resync_wanted)
		return;
	kernel->counters.resyncs++;
	status = sy_news_read_all(kernel);
	if (status != 0) {
		kernel->resync_wanted = true;
		sy_warning("the kernel's routes and neighbours cannot be read, will try again: %s",
			strerror(-status));
	}
	if (kernel->routes->version != version && kernel->changed != NULL)
		kernel->changed(kernel->context);
}

int
sy_news_start(struct sy_kernel *kernel, struct sy_error *error)
{
	const int queue_bytes = NEWS_QUEUE_BYTES;
	int status = sy_netlink_open(&kernel->news, SOCK_NONBLOCK);
	int fd;

	if (status != 0)
		return sy_error_set(error, status, "no netlink socket: %s", strerror(-status));
	fd = mnl_socket_get_fd(kernel->news.socket);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &queue_bytes, sizeof(queue_bytes));
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		if (mnl_socket_setsockopt(kernel->news.socket, NETLINK_ADD_MEMBERSHIP,
			    (void *)(uintptr_t)&groups[i], sizeof(groups[i])) < 0)
			return sy_error_set(error, -errno,
				"no news of routes and neighbours from the kernel: %s",
				strerror(errno));
	}
	status = uv_poll_init(kernel->loop, &kernel->news_poll, fd);
	if (status != 0)
		return sy_error_set(error, status, "netlink socket: %s", uv_strerror(status));
	kernel->news_poll.data = kernel;
	kernel->n_handles++;
	uv_poll_start(&kernel->news_poll, UV_READABLE, read_news);
	return 0;
}
