/* SPDX-License-Identifier: BSD-3-Clause */
/* Start, turn and end. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "private.h"
#include "sy/log.h"

#define TICK_MS 100

static void
release(struct sy_kernel *kernel)
{
	free(kernel->kept);
	free(kernel->vips);
	free(kernel->announcements);
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
	sy_file_entries_tell(kernel, config);
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
	k->announce_table = params->config->announce.table;
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
