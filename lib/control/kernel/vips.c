/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Services' addresses on twins, and local ones.
 *
 * An IPv4 address is added with host scope and an IPv6 one as deprecated, so that
 * the host answers for it but never chooses it as source of what it sends by
 * itself: an answer to that would be taken for a client's packet.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"
#include "sy/log.h"

/* vips is sorted. */
static const struct vip *
find_vip(const struct vip *vips, uint32_t n, const struct place *place)
{
	return sy_places_find(vips, n, sizeof(*vips), place);
}

bool
sy_vips_contain(const struct sy_kernel *kernel, uint8_t port, const struct sy_ip *address)
{
	const struct place place = { .address = *address, .port = port };

	return find_vip(kernel->vips, kernel->n_vips, &place) != NULL;
}

static int
tell_kernel(struct sy_kernel *kernel, uint16_t type, uint16_t flags, const struct vip *vip)
{
	const struct ifa_cacheinfo deprecated = { .ifa_prefered = 0, .ifa_valid = UINT32_MAX };
	struct netlink_request request;
	struct ifaddrmsg *header = sy_netlink_begin(&request, type, flags, sizeof(*header));
	bool is_v4 = vip->place.address.family == SY_IPV4;

	header->ifa_family = sy_family_to_af(vip->place.address.family);
	header->ifa_prefixlen = is_v4 ? 32 : 128;
	header->ifa_index = (uint32_t)kernel->twins[vip->place.port].index;
	header->ifa_scope = is_v4 ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE;
	sy_netlink_put_ip(&request, IFA_LOCAL, &vip->place.address);
	sy_netlink_put_ip(&request, IFA_ADDRESS, &vip->place.address);
	if (type == RTM_NEWADDR && !is_v4) {
		mnl_attr_put_u32(request.header, IFA_FLAGS, IFA_F_NODAD | IFA_F_NOPREFIXROUTE);
		mnl_attr_put(request.header, IFA_CACHEINFO, sizeof(deprecated), &deprecated);
	}
	return sy_netlink_do(&kernel->requests, &request);
}

/* A host address too: it stands on a twin already. */
static bool
is_port_address(const struct sy_kernel *kernel, const struct sy_ip *address)
{
	for (uint32_t t = 0; t < kernel->n_twins; t++) {
		for (uint16_t i = 0; i < kernel->twins[t].n_addresses; i++) {
			if (sy_ip_equal(&kernel->twins[t].addresses[i].ip, address))
				return true;
		}
	}
	return false;
}

bool
sy_vips_choose_port(const struct sy_kernel *kernel, const struct sy_ip *address, uint8_t *port)
{
	bool found = false;

	for (uint32_t t = kernel->n_twins; t-- > 0;) {
		if (kernel->twins[t].fd < 0)
			continue;
		*port = (uint8_t)t;
		found = true;
	}
	for (uint32_t t = kernel->n_twins; t-- > 0;) {
		const struct twin *twin = &kernel->twins[t];

		for (uint16_t i = 0; twin->fd >= 0 && i < twin->n_addresses; i++) {
			if (sy_prefix_contains(&twin->addresses[i], address))
				*port = (uint8_t)t;
		}
	}
	return found;
}

static size_t
count_local(const struct sy_range *ranges, uint16_t n)
{
	return (size_t)sy_config_local_count(ranges, n, SY_IPV4) +
		sy_config_local_count(ranges, n, SY_IPV6);
}

static size_t
count_addresses(struct sy_registry *registry)
{
	const struct sy_config *config = sy_registry_config(registry);
	size_t n = count_local(config->local_addresses, config->n_local_addresses);

	for (uint32_t i = 0; i < sy_registry_n_services(registry); i++) {
		const struct sy_service *service = sy_registry_service(registry, i);

		if (service != NULL)
			n += service->config.n_addresses +
				count_local(service->config.local_addresses,
					service->config.n_local_addresses);
	}
	return n;
}

static uint32_t
put_vip(const struct sy_kernel *kernel, const struct sy_ip *address, struct vip *vips, uint32_t n)
{
	struct place place = { .address = *address };

	if (!is_port_address(kernel, address) && sy_vips_choose_port(kernel, address, &place.port))
		vips[n++] = (struct vip){ .place = place };
	return n;
}

/* Servers ask for local addresses as clients do for services'. */
static uint32_t
put_local(const struct sy_kernel *kernel, const struct sy_range *ranges, uint16_t n_ranges,
	struct vip *vips, uint32_t n)
{
	for (uint16_t i = 0; i < n_ranges; i++) {
		for (uint32_t k = 0; k < sy_range_size(&ranges[i]); k++) {
			struct sy_ip address = sy_range_at(&ranges[i], k);

			n = put_vip(kernel, &address, vips, n);
		}
	}
	return n;
}

/* Sorted, each once. */
static uint32_t
list_vips(const struct sy_kernel *kernel, struct sy_registry *registry, struct vip *vips)
{
	const struct sy_config *config = sy_registry_config(registry);
	uint32_t n = put_local(kernel, config->local_addresses, config->n_local_addresses, vips, 0);

	for (uint32_t i = 0; i < sy_registry_n_services(registry); i++) {
		const struct sy_service *service = sy_registry_service(registry, i);

		/* A leaving one has flows that still come by its address. */
		if (service == NULL)
			continue;
		for (uint16_t a = 0; a < service->config.n_addresses; a++)
			n = put_vip(kernel, &service->config.addresses[a], vips, n);
		n = put_local(kernel, service->config.local_addresses,
			service->config.n_local_addresses, vips, n);
	}
	return sy_places_tidy(vips, n, sizeof(*vips));
}

/* Those that somebody else puts there, as one of their services says; sorted, each once.  NULL: out of
 * memory. */
static struct vip *
list_others(const struct sy_kernel *kernel, struct sy_registry *registry, uint32_t *n)
{
	struct vip *others = calloc(count_addresses(registry) + 1, sizeof(*others));

	*n = 0;
	for (uint32_t i = 0; i < sy_registry_n_services(registry) && others != NULL; i++) {
		const struct sy_service *service = sy_registry_service(registry, i);

		if (service == NULL || service->config.outgoing || service->config.put_on_twin)
			continue;
		for (uint16_t a = 0; a < service->config.n_addresses; a++)
			*n = put_vip(kernel, &service->config.addresses[a], others, *n);
	}
	if (others != NULL)
		*n = sy_places_tidy(others, *n, sizeof(*others));
	return others;
}

/* Returns how many are left; -ENOMEM below 0. */
static int64_t
leave_out_others(
	const struct sy_kernel *kernel, struct sy_registry *registry, struct vip *vips, uint32_t n)
{
	uint32_t n_others, n_left = 0;
	struct vip *others = list_others(kernel, registry, &n_others);

	if (others == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		if (find_vip(others, n_others, &vips[i].place) == NULL)
			vips[n_left++] = vips[i];
	}
	free(others);
	return n_left;
}

/* Returns whether the address stands there now. */
static bool
add_vip(struct sy_kernel *kernel, struct vip *vip, int *first_failure, struct sy_error *error)
{
	int status = tell_kernel(kernel, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, vip);
	char text[SY_IP_TEXT];

	vip->foreign = status == -EEXIST;
	if (status == 0 || status == -EEXIST)
		return true;
	if (*first_failure == 0)
		*first_failure =
			sy_error_set(error, status, "virtual IP %s cannot be added to twin %s: %s",
				sy_ip_text(&vip->place.address, text),
				kernel->twins[vip->place.port].name, strerror(-status));
	return false;
}

static void
remove_vip(struct sy_kernel *kernel, const struct vip *vip)
{
	int status = vip->foreign ? 0 : tell_kernel(kernel, RTM_DELADDR, 0, vip);
	char text[SY_IP_TEXT];

	if (status != 0 && status != -EADDRNOTAVAIL)
		sy_warning("virtual IP %s cannot be removed from twin %s: %s",
			sy_ip_text(&vip->place.address, text), kernel->twins[vip->place.port].name,
			strerror(-status));
}

int
sy_kernel_sync_vips(struct sy_kernel *kernel, struct sy_registry *registry, struct sy_error *error)
{
	struct vip *old = kernel->vips;
	uint32_t n_old = kernel->n_vips;
	struct vip *vips = calloc(count_addresses(registry) + 1, sizeof(*vips));
	int64_t n_wanted = -ENOMEM;
	uint32_t n = 0;
	uint32_t n_known = 0;
	int status = 0;

	if (vips != NULL)
		n_wanted =
			leave_out_others(kernel, registry, vips, list_vips(kernel, registry, vips));
	if (n_wanted < 0) {
		free(vips);
		return sy_error_set(error, -ENOMEM, "virtual IPs: out of memory");
	}
	for (uint32_t i = 0; i < (uint32_t)n_wanted; i++) {
		const struct vip *known = find_vip(old, n_old, &vips[i].place);

		n_known += known != NULL;
		if (known != NULL)
			vips[n++] = *known;
		else if (add_vip(kernel, &vips[i], &status, error))
			vips[n++] = vips[i];
	}
	kernel->vips = vips;
	kernel->n_vips = n;
	for (uint32_t i = 0; i < n_old; i++) {
		if (find_vip(vips, n, &old[i].place) == NULL)
			remove_vip(kernel, &old[i]);
	}
	free(old);
	/* Some of them may have been known as the host's, or be so now. */
	if (n_known != n_old || n != n_old)
		kernel->resync_wanted = true;
	return status;
}
