/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_PORT_DEVICE_H
#define SY_PORT_DEVICE_H

/*
 * The device behind a port: the text of the configuration taken apart, the
 * device found or made, and why not.  Management core.
 */
#include "sy/port.h"

struct sy_device_text {
	bool is_pci;
	char name[SY_TEXT_SIZE]; /* PCI address with its domain, or the virtual device's name */
	char arguments[2 * SY_TEXT_SIZE]; /* behind the first comma; may be empty */
};

/* Takes "0000:3b:00.0,x=1" or "net_tap0,iface=a" apart. */
void sy_device_parse(const char *device, struct sy_device_text *text);

/* The value of an argument; value is empty when it is not there. */
bool sy_device_argument(
	const struct sy_device_text *text, const char *key, char *value, size_t size);

/* What is known of the device before it exists: by the profile's name in the file, else by the
 * virtual device's name; else NULL.  -ENOENT when the file names a profile that there is not. */
int sy_device_profile(const struct sy_profiles *profiles, const struct sy_port_config *config,
	const struct sy_port_profile **profile, struct sy_error *error);

/* Adds what the profile says to the arguments, where the file has not said it. */
void sy_device_complete(
	struct sy_device_text *text, const struct sy_port_profile *profile, uint16_t n_workers);

/* Finds or makes the device and fills device, device_name, driver, interface, socket and profile
 * of the port.  0 or a negative errno with the reason and the remedy. */
int sy_device_acquire(struct sy_port *port, const struct sy_port_config *config,
	const struct sy_profiles *profiles, struct sy_error *error);

/* Gives back what acquire made.  The device is stopped. */
void sy_device_release(struct sy_port *port);

#endif /* SY_PORT_DEVICE_H */
