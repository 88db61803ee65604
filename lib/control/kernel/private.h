/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_KERNEL_PRIVATE_H
#define SY_KERNEL_PRIVATE_H

/* What the files of this component share. */
#include <stdbool.h>

#include "netlink.h"
#include "sy/kernel.h"

/* An address on a port's network. */
struct place {
	struct sy_ip address;
	uint8_t port;
};

/* A next hop that the kernel is to keep resolved. */
struct kept {
	struct place place; /* first: see sy_places_tidy() */
	bool absent; /* the kernel has dropped it: ask again */
};

/* A service's address on a twin. */
struct vip {
	struct place place; /* first: see sy_places_tidy() */
	bool foreign; /* somebody else had put it there: never removed by us */
};

/* An address that services announce, and what they say of it together. */
struct sy_announcement {
	struct place place; /* first: see sy_places_tidy() */
	bool has_say; /* some service is not ignored */
	bool lacks; /* one that is required cannot */
	bool barred; /* one leaves it to somebody else who gets the address's packets */
	bool there; /* the kernel has its route */
	bool warned; /* that it refuses to change that, since it was changed last */
	uint32_t n_able; /* backends of its services that can serve */
	uint64_t since_us; /* it is wanted, sy_time_us() */
	uint64_t grown_us; /* n_able has grown last */
};

struct twin {
	struct sy_kernel *kernel;
	uint8_t port;
	bool has_handle; /* poll is known to the loop */
	bool carrier; /* as last told to the kernel */
	bool up; /* as last heard from it */
	char name[16];
	int fd; /* below 0: the port has no twin, or has lost it */
	int index; /* the kernel's number of the interface */
	uv_poll_t poll;
	struct sy_prefix addresses[SY_MAX_PORT_ADDRESSES]; /* the file's */
	uint16_t n_addresses;
};

/* What has been asked lately, one place for each hash value. */
#define ASKED 1024
struct asked {
	struct sy_ip address;
	uint8_t port;
	uint64_t at_us;
};

struct sy_kernel {
	uv_loop_t *loop;
	struct sy_routes *routes;
	struct sy_mailbox **mailboxes;
	struct rte_mempool *pool;
	void (*changed)(void *context);
	void *context;
	uint32_t n_workers;
	uint32_t n_twins; /* ports, with and without a twin */
	uint32_t first_worker; /* where the next poll begins, so that each is first in turn */
	uint32_t n_handles; /* not yet closed: the last one frees all */

	struct netlink requests; /* ask, and wait for the kernel's answer */
	struct netlink news; /* multicast */
	uv_poll_t news_poll;
	uv_timer_t timer;
	bool resync_wanted;
	bool full_warned;
	bool room_warned;

	struct kept *kept; /* sorted */
	uint32_t n_kept;
	bool some_absent;
	struct asked asked[ASKED];
	uint64_t second_us; /* when the running second of resolutions began */
	uint32_t n_in_second;

	struct vip *vips;
	uint32_t n_vips;

	struct sy_announcement *announcements; /* sorted */
	uint32_t n_announcements;
	uint32_t announce_table; /* 0: nothing is announced */
	uint32_t put_again; /* the next of them */
	uint64_t announced_version; /* of the registry */
	bool farewell; /* all are withdrawn for good */

	struct sy_kernel_counters counters;
	struct twin twins[SY_MAX_PORTS];
};

/* By interface number; NULL: none of ours. */
static inline struct twin *
sy_twin_of(struct sy_kernel *kernel, int index)
{
	for (uint32_t i = 0; i < kernel->n_twins; i++) {
		if (kernel->twins[i].fd >= 0 && kernel->twins[i].index == index)
			return &kernel->twins[i];
	}
	return NULL;
}

static inline bool
sy_port_has_twin(const struct sy_kernel *kernel, uint8_t port)
{
	return port < kernel->n_twins && kernel->twins[port].fd >= 0;
}

/* twin.c */
int sy_twin_create(struct twin *twin, const struct sy_port_config *config, struct sy_error *error);
void sy_twin_set_carrier(struct twin *twin, bool up);

/* arp_flux.c */
void sy_arp_flux_tell(struct sy_kernel *kernel, const struct sy_config *config);

/* file_entries.c */
void sy_file_entries_tell(struct sy_kernel *kernel, const struct sy_config *config);

/* packets.c */
void sy_packets_to_kernel(struct sy_kernel *kernel);
void sy_packets_from_kernel(uv_poll_t *poll, int status, int events);

/* news.c */
int sy_news_start(struct sy_kernel *kernel, struct sy_error *error);
int sy_news_read_all(struct sy_kernel *kernel);
void sy_news_tick(struct sy_kernel *kernel);

/* news_route.c, news_neighbour.c, news_address.c: handlers of one kind of message each */
void sy_news_route(struct sy_kernel *kernel, const struct nlmsghdr *message);
void sy_news_neighbour(struct sy_kernel *kernel, const struct nlmsghdr *message);
void sy_news_address(struct sy_kernel *kernel, const struct nlmsghdr *message);

/* resolve.c */
void sy_resolve_lost(struct sy_kernel *kernel, uint8_t port, const struct sy_ip *address);
void sy_resolve_port_up(struct sy_kernel *kernel, uint8_t port);
void sy_resolve_tick(struct sy_kernel *kernel);

/* places.c: size is a row's.  Sorting is by place.  Tidying sorts and leaves one row of each place; returns how many. */
void sy_places_sort(void *rows, uint32_t n, size_t size);
uint32_t sy_places_tidy(void *rows, uint32_t n, size_t size);
void *sy_places_find(const void *rows, uint32_t n, size_t size, const struct place *place);

/* vips.c */
bool sy_vips_contain(const struct sy_kernel *kernel, uint8_t port, const struct sy_ip *address);
/* The port whose clients may ask for the address on their own network, or the first; false: no port has
 * a twin. */
bool sy_vips_choose_port(
	const struct sy_kernel *kernel, const struct sy_ip *address, uint8_t *port);

#endif /* SY_KERNEL_PRIVATE_H */
