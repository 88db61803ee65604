/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_PROFILE_H
#define SY_PROFILE_H

/*
 * Driver profiles: what there is to know about a family of devices and cannot
 * be asked of the device itself.  One JSON file each in drivers-config/, whose
 * README describes the keys.
 *
 * Management core only.  Loaded once at start, immutable after.
 */
#include <stdbool.h>
#include <stdint.h>

#include "sy/config.h"
#include "sy/error.h"

#define SY_PROFILE_DRIVERS 8
#define SY_PROFILE_NOTES 8
#define SY_PROFILE_MAX_BURST 64

struct sy_port_profile {
	char name[SY_NAME_SIZE]; /* the file's, without .json */
	char help[SY_TEXT_SIZE]; /* which devices these are */
	char drivers[SY_PROFILE_DRIVERS][SY_NAME_SIZE]; /* as DPDK names them */
	uint32_t n_drivers;
	uint16_t burst; /* packets a receive call, at most 64; 0: what the driver likes */
	uint16_t held_per_queue; /* buffers that a queue pair holds besides its descriptors */
	bool equal_queues; /* as many receive as transmit queues */
	bool power_of_two_queues;
	bool page_buffers; /* a buffer, all in all, must fit a page of memory */
	uint16_t buffer_overhead; /* bytes of each buffer that the kernel keeps for itself */
	bool interface; /* sits on a kernel interface, named by the argument iface */
	bool all_queues; /* the interface spreads over its queues itself: read every one */
	char kernel_driver
		[SY_NAME_SIZE]; /* PCI: stays bound to this one; empty: goes to vfio-pci */
	bool rss; /* the guide says so; the device is asked too */
	bool flow_rules;
	uint32_t avoid_offloads; /* enum sy_port_offload: never asked for */
	char queues_argument[SY_NAME_SIZE]; /* device argument with the number of queues */
	char arguments[SY_TEXT_SIZE]; /* device arguments, added where the file has not set them */
	char notes[SY_PROFILE_NOTES][SY_TEXT_SIZE]; /* for the operator */
	uint32_t n_notes;
};

struct sy_profiles; /* opaque */

/*
 * Loads every *.json of folder.  folder NULL: $STEELYARD_DRIVERS_CONFIG, else the build's data
 * folder, else the source folder that it was built from.  0 and sets *profiles; or -ENOENT, -EINVAL
 * (a file is malformed: file, key, found and expected are in error) or -ENOMEM.
 */
int sy_profiles_load(const char *folder, struct sy_profiles **profiles, struct sy_error *error);
void sy_profiles_free(struct sy_profiles *profiles); /* NULL is no error */

uint32_t sy_profiles_count(const struct sy_profiles *profiles);
const struct sy_port_profile *sy_profiles_at(const struct sy_profiles *profiles, uint32_t row);

/* By the file's name; NULL when there is none. */
const struct sy_port_profile *sy_profiles_find(
	const struct sy_profiles *profiles, const char *name);

/* By DPDK's name of a driver ("net_ice").  Never NULL: an unknown driver gets safe values. */
const struct sy_port_profile *sy_profiles_match(
	const struct sy_profiles *profiles, const char *driver);

#endif /* SY_PROFILE_H */
