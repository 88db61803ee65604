/* SPDX-License-Identifier: BSD-3-Clause */
/* Start, turn and end. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "private.h"
#include "sy/log.h"

#define TICK_MS 100

/* The file's routes give way to whatever the host has for the same prefix, so that a default route
 * for clients does not take over the host's own way out. */
#define FILE_ROUTE_METRIC 20000

static void
release(struct sy_kernel *kernel)
{
	free(kernel->kept);
	free(kernel->vips);
	free(kernel);
}

static void
close_handle(struct sy_kernel *kernel)
{
	if (--kernel->n_handles == 0)
		release(kernel);
}

static void
own_handle_closed(uv_handle_t *handle)
{
	close_handle(handle->data);
}

static void
twin_handle_closed(uv_handle_t *handle)
{
	const struct twin *twin = handle->data;

	close_handle(twin->kernel);
}

static void
tick(uv_timer_t *timer)
{
	struct sy_kernel *kernel = timer->data;

	sy_news_tick(kernel);
	sy_resolve_tick(kernel);
}

static int
create_twin(struct sy_kernel *kernel, const struct sy_port_config *config, uint8_t port,
	struct sy_error *error)
{
	struct twin *twin = &kernel->twins[port];
	int status;

	if (config->twin[0] == '\0')
		return 0;
	status = sy_twin_create(twin, config, error);
	if (status != 0)
		return status;
	status = uv_poll_init(kernel->loop, &twin->poll, twin->fd);
	if (status != 0)
		return sy_error_set(error, status, "twin %s: %s", twin->name, uv_strerror(status));
	twin->poll.data = twin;
	twin->has_handle = true;
	kernel->n_handles++;
	uv_poll_start(&twin->poll, UV_READABLE, sy_packets_from_kernel);
	kernel->routes->ports[port].has_twin = true;
	sy_info("port %s: the host has it as %s", config->name, twin->name);
	return 0;
}

/* So that the host, and with it every probe, reaches what workers reach. */
static void
tell_route(struct sy_kernel *kernel, const struct sy_route_config *config)
{
	struct netlink_request request;
	struct rtmsg *header = sy_netlink_begin(
		&request, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, sizeof(*header));
	char text[SY_PREFIX_TEXT];
	int status;

	header->rtm_family = sy_family_to_af(config->to.ip.family);
	header->rtm_dst_len = config->to.length;
	header->rtm_table = RT_TABLE_MAIN;
	header->rtm_protocol = RTPROT_STATIC;
	header->rtm_scope = RT_SCOPE_UNIVERSE;
	header->rtm_type = RTN_UNICAST;
	sy_netlink_put_ip(&request, RTA_DST, &config->to.ip);
	sy_netlink_put_ip(&request, RTA_GATEWAY, &config->via);
	mnl_attr_put_u32(request.header, RTA_OIF, (uint32_t)kernel->twins[config->port].index);
	mnl_attr_put_u32(request.header, RTA_PRIORITY, FILE_ROUTE_METRIC);
	status = sy_netlink_do(&kernel->requests, &request);
	if (status != 0 && status != -EEXIST)
		sy_warning("twin %s: the host does not take the route to %s: %s",
			kernel->twins[config->port].name, sy_prefix_text(&config->to, text),
			strerror(-status));
}

static void
tell_neighbour(struct sy_kernel *kernel, const struct sy_neighbour_config *config)
{
	struct netlink_request request;
	struct ndmsg *header = sy_netlink_begin(
		&request, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, sizeof(*header));
	char text[SY_IP_TEXT];
	int status;

	header->ndm_family = sy_family_to_af(config->address.family);
	header->ndm_ifindex = kernel->twins[config->port].index;
	header->ndm_state = NUD_PERMANENT;
	header->ndm_type = RTN_UNICAST;
	sy_netlink_put_ip(&request, NDA_DST, &config->address);
	mnl_attr_put(request.header, NDA_LLADDR, sizeof(config->mac.bytes), config->mac.bytes);
	status = sy_netlink_do(&kernel->requests, &request);
	if (status != 0)
		sy_warning("twin %s: the host does not take the neighbour %s: %s",
			kernel->twins[config->port].name, sy_ip_text(&config->address, text),
			strerror(-status));
}

static int
set_up(struct sy_kernel *kernel, const struct sy_config *config, struct sy_error *error)
{
	int status = sy_netlink_open(&kernel->requests, 0);

	if (status != 0)
		return sy_error_set(error, status, "no netlink socket: %s", strerror(-status));
	/* News first: what changes from here on is not missed. */
	status = sy_news_start(kernel, error);
	for (uint32_t i = 0; status == 0 && i < config->n_ports; i++)
		status = create_twin(kernel, &config->ports[i], (uint8_t)i, error);
	if (status != 0)
		return status;
	for (uint32_t i = 0; i < config->n_routes; i++) {
		if (sy_port_has_twin(kernel, (uint8_t)config->routes[i].port))
			tell_route(kernel, &config->routes[i]);
	}
	for (uint32_t i = 0; i < config->n_neighbours; i++) {
		if (sy_port_has_twin(kernel, (uint8_t)config->neighbours[i].port))
			tell_neighbour(kernel, &config->neighbours[i]);
	}
	status = sy_news_read_all(kernel);
	if (status != 0)
		return sy_error_set(error, status,
			"the kernel's routes and neighbours cannot be read: %s", strerror(-status));
	sy_arp_flux_tell(kernel, config);
	return 0;
}

int
sy_kernel_create(
	const struct sy_kernel_params *params, struct sy_kernel **kernel, struct sy_error *error)
{
	struct sy_kernel *k = calloc(1, sizeof(*k));
	int status;

	if (k == NULL)
		return sy_error_set(error, -ENOMEM, "kernel twins: out of memory");
	k->loop = params->loop;
	k->routes = params->routes;
	k->mailboxes = params->mailboxes;
	k->n_workers = params->n_workers;
	k->pool = params->pool;
	k->changed = params->changed;
	k->context = params->context;
	k->n_twins = params->config->n_ports;
	for (uint32_t i = 0; i < SY_MAX_PORTS; i++) {
		k->twins[i].kernel = k;
		k->twins[i].port = (uint8_t)i;
		k->twins[i].fd = -1;
	}
	uv_timer_init(k->loop, &k->timer);
	k->timer.data = k;
	k->n_handles = 1;
	status = set_up(k, params->config, error);
	if (status != 0) {
		sy_kernel_destroy(k);
		return status;
	}
	uv_timer_start(&k->timer, tick, TICK_MS, TICK_MS);
	*kernel = k;
	return 0;
}

void
sy_kernel_destroy(struct sy_kernel *kernel)
{
	if (kernel == NULL)
		return;
	for (uint32_t i = 0; i < kernel->n_twins; i++) {
		struct twin *twin = &kernel->twins[i];

		if (twin->has_handle)
			uv_close((uv_handle_t *)&twin->poll, twin_handle_closed);
		if (twin->fd >= 0)
			close(twin->fd);
		twin->fd = -1;
		kernel->routes->ports[i].has_twin = false;
	}
	if (kernel->news_poll.data != NULL)
		uv_close((uv_handle_t *)&kernel->news_poll, own_handle_closed);
	sy_netlink_close(&kernel->news);
	sy_netlink_close(&kernel->requests);
	uv_close((uv_handle_t *)&kernel->timer, own_handle_closed);
}

void
sy_kernel_poll(struct sy_kernel *kernel)
{
	sy_packets_to_kernel(kernel);
	for (uint32_t i = 0; i < kernel->n_twins; i++) {
		struct twin *twin = &kernel->twins[i];
		bool up = kernel->routes->ports[i].link_up;

		if (twin->fd < 0 || twin->carrier == up)
			continue;
		sy_twin_set_carrier(twin, up);
		kernel->resync_wanted = true;
		if (up)
			sy_resolve_port_up(kernel, twin->port);
	}
}

struct sy_kernel_counters
sy_kernel_counters(const struct sy_kernel *kernel)
{
	return kernel->counters;
}
