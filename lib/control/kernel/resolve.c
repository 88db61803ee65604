/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Having the kernel resolve neighbours.
 *
 * The kernel does not see the traffic that workers send, so by itself it would
 * never ask for a neighbour, and would let an entry in full use go stale and
 * collect it.  Two requests help:
 *
 *	NTF_USE, once: as if a packet had been sent.  For what a worker lacks.
 *	NTF_EXT_MANAGED (Linux 5.16): the kernel itself keeps the entry resolved,
 *	asking again whenever it goes stale or fails.  For next hops of backends
 *	and gateways.
 *
 * An update without NTF_EXT_MANAGED ends it, so that what is kept is always asked
 * for with both.  Other neighbours, clients on our own networks, are learnt from
 * their ARP or neighbour solicitation for the virtual IP.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"
#include "sy/hash.h"
#include "sy/log.h"
#include "sy/time.h"

#define SECOND_US 1000000
#define ASKED_A_SECOND 1000

static int
ask(struct sy_kernel *kernel, uint8_t port, const struct sy_ip *address, bool managed)
{
	struct netlink_request request;
	struct ndmsg *header = sy_netlink_begin(
		&request, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, sizeof(*header));

	header->ndm_family = sy_family_to_af(address->family);
	header->ndm_ifindex = kernel->twins[port].index;
	header->ndm_flags = NTF_USE;
	header->ndm_type = RTN_UNICAST;
	sy_netlink_put_ip(&request, NDA_DST, address);
	if (managed)
		mnl_attr_put_u32(request.header, NDA_FLAGS_EXT, NTF_EXT_MANAGED);
	kernel->counters.resolutions++;
	return sy_netlink_do(&kernel->requests, &request);
}

static void
ask_and_tell(struct sy_kernel *kernel, uint8_t port, const struct sy_ip *address, bool managed)
{
	int status = ask(kernel, port, address, managed);
	char text[SY_IP_TEXT];

	if (status == -ENOBUFS && !kernel->room_warned) {
		kernel->room_warned = true;
		sy_warning("the kernel's neighbour table is full; raise "
			   "net.ipv4.neigh.default.gc_thresh3 and "
			   "net.ipv6.neigh.default.gc_thresh3 above the number of neighbours");
	} else if (status != 0 && status != -ENOBUFS) {
		sy_debug("twin %s: %s cannot be resolved: %s", kernel->twins[port].name,
			sy_ip_text(address, text), strerror(-status));
	}
}

static struct kept *
find_kept(const struct kept *kept, uint32_t n, uint8_t port, const struct sy_ip *address)
{
	const struct place place = { .address = *address, .port = port };

	return sy_places_find(kept, n, sizeof(*kept), &place);
}

/* Whether this may be asked now; remembers that it was. */
static bool
within_limits(struct sy_kernel *kernel, uint8_t port, const struct sy_ip *address)
{
	uint64_t now = sy_time_us();
	struct asked *asked = &kernel->asked[sy_hash_addr(&address->addr) % ASKED];

	if (asked->port == port && sy_ip_equal(&asked->address, address) &&
		now - asked->at_us < SECOND_US)
		return false;
	if (now - kernel->second_us >= SECOND_US) {
		kernel->second_us = now;
		kernel->n_in_second = 0;
	}
	if (++kernel->n_in_second > ASKED_A_SECOND)
		return false;
	*asked = (struct asked){ .address = *address, .port = port, .at_us = now };
	return true;
}

void
sy_kernel_resolve(struct sy_kernel *kernel, uint8_t port, const struct sy_ip *address)
{
	if (!sy_port_has_twin(kernel, port) || !within_limits(kernel, port, address)) {
		kernel->counters.resolutions_ignored++;
		return;
	}
	ask_and_tell(kernel, port, address,
		find_kept(kernel->kept, kernel->n_kept, port, address) != NULL);
}

/* The list under construction: as long as the file's and the kernel's entries together at most. */
struct list {
	struct kept *rows;
	uint32_t n;
};

static void
add_to_list(const struct sy_kernel *kernel, struct list *list, uint8_t port,
	const struct sy_ip *address)
{
	if (sy_port_has_twin(kernel, port))
		list->rows[list->n++] =
			(struct kept){ .place = { .address = *address, .port = port } };
}

static void
list_backends(const struct sy_kernel *kernel, const struct sy_snapshot *snapshot, struct list *list)
{
	for (uint32_t i = 0; i < snapshot->n_backends; i++) {
		const struct sy_backend_row *backend = &snapshot->backends[i];
		struct sy_path path;

		if (!backend->used)
			continue;
		path = sy_snapshot_route(snapshot, backend->family, &backend->address);
		if (path.port == UINT8_MAX)
			continue;
		if (path.next_hop == SY_NONE)
			add_to_list(kernel, list, path.port, &path.gateway);
		else
			add_to_list(kernel, list, snapshot->next_hops[path.next_hop].port,
				&snapshot->next_hops[path.next_hop].address);
	}
}

static void
list_gateways(const struct sy_kernel *kernel, struct list *list)
{
	for (uint32_t i = 0; i < kernel->routes->n_routes; i++) {
		const struct sy_route *route = &kernel->routes->routes[i];

		if (!route->on_link)
			add_to_list(kernel, list, route->port, &route->via);
	}
}

/* Sorts, and leaves one of each and none that the file has an answer for. */
static void
tidy_list(const struct sy_routes *routes, struct list *list)
{
	list->n = sy_places_tidy(list->rows, list->n, sizeof(*list->rows));
	for (uint32_t i = 0; i < routes->n_neighbours; i++) {
		const struct sy_neighbour *neighbour = &routes->neighbours[i];
		struct kept *row =
			find_kept(list->rows, list->n, neighbour->port, &neighbour->address);

		if (!neighbour->is_static || row == NULL)
			continue;
		list->n--;
		memmove(row, row + 1, (size_t)(&list->rows[list->n] - row) * sizeof(*row));
	}
}

/* Asks for what is in the new list only, and lets go of what is in the old one only. */
static void
exchange_lists(struct sy_kernel *kernel, struct list *list)
{
	for (uint32_t i = 0; i < list->n; i++) {
		struct kept *row = &list->rows[i];
		const struct kept *old = find_kept(
			kernel->kept, kernel->n_kept, row->place.port, &row->place.address);

		if (old == NULL)
			ask_and_tell(kernel, row->place.port, &row->place.address, true);
		else
			row->absent = old->absent;
	}
	for (uint32_t i = 0; i < kernel->n_kept; i++) {
		const struct kept *row = &kernel->kept[i];

		if (find_kept(list->rows, list->n, row->place.port, &row->place.address) == NULL)
			ask_and_tell(kernel, row->place.port, &row->place.address, false);
	}
	free(kernel->kept);
	kernel->kept = list->rows;
	kernel->n_kept = list->n;
}

void
sy_kernel_keep_resolved(struct sy_kernel *kernel, const struct sy_snapshot *snapshot)
{
	struct list list = { .n = 0 };

	list.rows = calloc(snapshot->n_backends + kernel->routes->n_routes + 1, sizeof(*list.rows));
	if (list.rows == NULL)
		return; /* the old list serves until the next publication */
	list_backends(kernel, snapshot, &list);
	list_gateways(kernel, &list);
	tidy_list(kernel->routes, &list);
	exchange_lists(kernel, &list);
}

void
sy_resolve_lost(struct sy_kernel *kernel, uint8_t port, const struct sy_ip *address)
{
	struct kept *row = find_kept(kernel->kept, kernel->n_kept, port, address);

	if (row == NULL)
		return;
	row->absent = true;
	kernel->some_absent = true;
}

void
sy_resolve_port_up(struct sy_kernel *kernel, uint8_t port)
{
	for (uint32_t i = 0; i < kernel->n_kept; i++)
		kernel->kept[i].absent |= kernel->kept[i].place.port == port;
	kernel->some_absent = true;
}

void
sy_resolve_tick(struct sy_kernel *kernel)
{
	if (!kernel->some_absent)
		return;
	kernel->some_absent = false;
	for (uint32_t i = 0; i < kernel->n_kept; i++) {
		struct kept *row = &kernel->kept[i];

		if (!row->absent)
			continue;
		row->absent = false;
		ask_and_tell(kernel, row->place.port, &row->place.address, true);
	}
}
