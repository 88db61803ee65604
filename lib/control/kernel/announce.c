/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Services' addresses for a routing daemon: a route to each, over a twin, in a
 * table of their own, while the services on it can serve.
 *
 * The table is in no rule, so that the host itself goes by none of these routes;
 * and the kernel removes them with the twin, however the process ends.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"
#include "sy/log.h"
#include "sy/time.h"

/* Of our own: see "ip route show table N".  rtnetlink.h leaves all above RTPROT_STATIC to others. */
#define PROTOCOL 83
/* Routes put again each time, so that those come back which the kernel has dropped with a twin that
 * was down for a while. */
#define PUT_AGAIN 64
/* A backend that comes and goes must not put the announcement off for ever. */
#define LONGEST_HOLDS 4

static struct sy_announcement *
find(const struct sy_kernel *kernel, const struct place *place)
{
	return sy_places_find(kernel->announcements, kernel->n_announcements,
		sizeof(*kernel->announcements), place);
}

static int
tell_kernel(struct sy_kernel *kernel, uint16_t type, uint16_t flags, const struct place *place)
{
	struct netlink_request request;
	struct rtmsg *header = sy_netlink_begin(&request, type, flags, sizeof(*header));

	header->rtm_family = sy_family_to_af(place->address.family);
	header->rtm_dst_len = place->address.family == SY_IPV4 ? 32 : 128;
	header->rtm_protocol = PROTOCOL;
	header->rtm_scope = place->address.family == SY_IPV4 ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
	header->rtm_type = RTN_UNICAST;
	sy_netlink_put_ip(&request, RTA_DST, &place->address);
	mnl_attr_put_u32(request.header, RTA_OIF, (uint32_t)kernel->twins[place->port].index);
	mnl_attr_put_u32(request.header, RTA_TABLE, kernel->announce_table);
	return sy_netlink_do(&kernel->requests, &request);
}

/* Returns what the kernel says. */
static int
put(struct sy_kernel *kernel, struct sy_announcement *announcement)
{
	int status =
		tell_kernel(kernel, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &announcement->place);
	bool there = status == 0 || status == -EEXIST;
	char text[SY_IP_TEXT];

	if (there && !announcement->there)
		sy_notice("announced: %s", sy_ip_text(&announcement->place.address, text));
	else if (!there && !announcement->warned)
		sy_warning("%s cannot be announced by table %u, will try again: %s",
			sy_ip_text(&announcement->place.address, text), kernel->announce_table,
			strerror(-status));
	announcement->warned = !there;
	announcement->there = there;
	return status;
}

/* Returns what the kernel says. */
static int
take_away(struct sy_kernel *kernel, struct sy_announcement *announcement, const char *why)
{
	char text[SY_IP_TEXT];
	int status;

	if (!announcement->there)
		return 0;
	status = tell_kernel(kernel, RTM_DELROUTE, 0, &announcement->place);
	announcement->there = status != 0 && status != -ESRCH;
	if (!announcement->there)
		sy_notice("withdrawn: %s, %s", sy_ip_text(&announcement->place.address, text), why);
	else if (!announcement->warned)
		sy_warning("%s cannot be taken out of table %u, will try again: %s",
			sy_ip_text(&announcement->place.address, text), kernel->announce_table,
			strerror(-status));
	announcement->warned = announcement->there;
	return status;
}

static size_t
count_addresses(struct sy_registry *registry)
{
	size_t n = 0;

	for (uint32_t i = 0; i < sy_registry_n_services(registry); i++) {
		const struct sy_service *service = sy_registry_service(registry, i);

		n += service != NULL && !service->leaving ? service->config.n_addresses : 0;
	}
	return n;
}

/* What one service says of its addresses. */
static void
add_service(struct sy_kernel *kernel, const struct sy_service *service, uint32_t n_able,
	struct sy_announcement *list, uint32_t *n)
{
	const uint8_t kind = service->config.announce;

	for (uint16_t a = 0; a < service->config.n_addresses; a++) {
		struct sy_announcement *row = &list[*n];

		*row = (struct sy_announcement){ .place.address = service->config.addresses[a],
			.has_say = kind != SY_ANNOUNCE_IGNORED,
			.n_able = kind != SY_ANNOUNCE_IGNORED ? n_able : 0,
			.lacks = kind == SY_ANNOUNCE_REQUIRED && n_able == 0,
			.barred = !service->config.put_on_twin };
		*n += sy_vips_choose_port(kernel, &row->place.address, &row->place.port);
	}
}

/* Rows of one address become one; the list is sorted by then.  Returns how many are left. */
static uint32_t
merge(struct sy_announcement *list, uint32_t n)
{
	uint32_t n_each = 0;

	for (uint32_t i = 0; i < n; i++) {
		struct sy_announcement *last = n_each > 0 ? &list[n_each - 1] : NULL;
		const struct sy_announcement *row = &list[i];

		if (last == NULL || !sy_ip_equal(&last->place.address, &row->place.address)) {
			list[n_each++] = *row;
			continue;
		}
		last->has_say |= row->has_say;
		last->n_able += row->n_able;
		last->lacks |= row->lacks;
		last->barred |= row->barred;
	}
	return n_each;
}

static bool
is_wanted(const struct sy_announcement *row)
{
	return !row->barred && !row->lacks && (row->n_able > 0 || !row->has_say);
}

/* -ENOMEM, or 0 with the list sorted, each address once. */
static int
make_list(struct sy_kernel *kernel, struct sy_registry *registry, struct sy_announcement **list,
	uint32_t *n)
{
	const struct sy_config *config = sy_registry_config(registry);
	uint32_t *pools = calloc(config->n_pools + 1, sizeof(*pools));

	*list = calloc(count_addresses(registry) + 1, sizeof(**list));
	*n = 0;
	for (uint32_t i = 0; i < config->n_pools && pools != NULL; i++)
		pools[i] = sy_registry_n_able(registry, i);
	for (uint32_t i = 0; i < sy_registry_n_services(registry) && *list != NULL && pools != NULL;
		i++) {
		const struct sy_service *service = sy_registry_service(registry, i);

		if (service == NULL || service->leaving || service->config.outgoing)
			continue;
		add_service(kernel, service,
			pools[service->config.pool] +
				(service->config.spare_pool == SY_NO_POOL
						? 0
						: pools[service->config.spare_pool]),
			*list, n);
	}
	if (pools == NULL || *list == NULL) {
		free(pools);
		free(*list);
		return -ENOMEM;
	}
	free(pools);
	sy_places_sort(*list, *n, sizeof(**list));
	*n = merge(*list, *n);
	return 0;
}

/* What was known of the address goes on. */
static void
take_over(struct sy_kernel *kernel, struct sy_announcement *row)
{
	const struct sy_announcement *known = find(kernel, &row->place);

	row->since_us = row->grown_us = sy_time_us();
	if (known == NULL)
		return;
	row->there = known->there;
	row->warned = known->warned;
	if (!is_wanted(known))
		return;
	row->since_us = known->since_us;
	if (row->n_able <= known->n_able)
		row->grown_us = known->grown_us;
}

/* Able for long enough, and while no more backends join: who comes first would have all clients, and a
 * node that chooses among some only chooses otherwise than the others. */
static bool
is_settled(const struct sy_announcement *row, uint64_t now_us, uint64_t hold_us)
{
	return now_us - row->grown_us >= hold_us ||
		now_us - row->since_us >= LONGEST_HOLDS * hold_us;
}

static int
review(struct sy_kernel *kernel, struct sy_registry *registry)
{
	struct sy_announcement *list;
	uint32_t n;
	int status = make_list(kernel, registry, &list, &n);

	if (status != 0)
		return status;
	for (uint32_t i = 0; i < n; i++)
		take_over(kernel, &list[i]);
	for (uint32_t i = 0; i < kernel->n_announcements; i++) {
		struct sy_announcement *old = &kernel->announcements[i];

		if (sy_places_find(list, n, sizeof(*list), &old->place) == NULL)
			take_away(kernel, old, "no service has it any more");
	}
	free(kernel->announcements);
	kernel->announcements = list;
	kernel->n_announcements = n;
	return 0;
}

void
sy_kernel_announce(struct sy_kernel *kernel, struct sy_registry *registry)
{
	const uint64_t hold_us = UINT64_C(1000) * sy_registry_config(registry)->announce.hold_ms;
	uint64_t now_us;

	if (kernel->announce_table == 0 || kernel->farewell)
		return;
	if (kernel->announced_version != sy_registry_version(registry) &&
		review(kernel, registry) == 0)
		kernel->announced_version = sy_registry_version(registry);
	now_us = sy_time_us();
	for (uint32_t i = 0; i < kernel->n_announcements; i++) {
		struct sy_announcement *row = &kernel->announcements[i];
		int status = 0;

		if (!is_wanted(row))
			status = take_away(kernel, row,
				row->barred ? "somebody else puts it on a twin"
					    : "no backend can serve");
		else if (!row->there && is_settled(row, now_us, hold_us))
			status = put(kernel, row);
		/* It does not answer: the rest would wait for it as long. */
		if (status == -EAGAIN)
			return;
	}
	for (uint32_t i = 0; i < PUT_AGAIN && i < kernel->n_announcements; i++) {
		struct sy_announcement *row =
			&kernel->announcements[kernel->put_again++ % kernel->n_announcements];

		if (row->there && is_wanted(row))
			put(kernel, row);
	}
}

bool
sy_kernel_withdraw(struct sy_kernel *kernel)
{
	bool any = false;

	for (uint32_t i = 0; i < kernel->n_announcements; i++) {
		any |= kernel->announcements[i].there;
		take_away(kernel, &kernel->announcements[i], "the daemon ends");
	}
	kernel->farewell = true;
	return any;
}
