/* SPDX-License-Identifier: BSD-3-Clause */
#include "device.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_dev.h>
#include <rte_errno.h>

#include "netdev.h"
#include "sy/log.h"

#define BIND "drivers-config/bind"

/* What stands in the way of a device that is bound to this driver. */
static int
explain_driver(const char *address, const char *driver, const struct sy_profiles *profiles,
	struct sy_error *error)
{
	const struct sy_port_profile *profile;

	if (strcmp(driver, "vfio-pci") == 0)
		return sy_error_set(error, -ENODEV,
			"it is bound to vfio-pci, but no DPDK driver took it: is it a NIC that DPDK "
			"knows, is its IOMMU group all bound, may this process use /dev/vfio");
	if (strcmp(driver, "uio_pci_generic") == 0)
		return sy_error_set(error, -ENODEV,
			"it is bound to uio_pci_generic, but no DPDK driver took it: is it a NIC "
			"that DPDK knows, is this process root");
	for (uint32_t i = 0; (profile = sy_profiles_at(profiles, i)) != NULL; i++)
		if (strcmp(profile->kernel_driver, driver) == 0)
			return sy_error_set(error, -ENODEV,
				"it is bound to %s, as it should be, but DPDK's driver did not take "
				"it: `" BIND " vfio %s` tells what is missing",
				driver, address);
	return sy_error_set(error, -ENODEV,
		"it is bound to the kernel's driver %s: `" BIND " vfio %s` binds it to vfio-pci",
		driver, address);
}

/* Why DPDK has no port for this PCI address. */
static int
explain_pci(const char *address, const struct sy_profiles *profiles, struct sy_error *error)
{
	char path[PATH_MAX], target[PATH_MAX];
	ssize_t length;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s", address);
	if (access(path, F_OK) != 0)
		return sy_error_set(error, -ENODEV,
			"this machine has no PCI device %s; `" BIND " list` shows what it has",
			address);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver", address);
	length = readlink(path, target, sizeof(target) - 1);
	if (length < 0)
		return sy_error_set(error, -ENODEV,
			"it is bound to no driver: `" BIND " vfio %s` binds it", address);
	target[length] = '\0';
	return explain_driver(address, basename(target), profiles, error);
}

static int
explain_virtual(const struct sy_device_text *text, const struct sy_port_profile *profile,
	int status, struct sy_error *error)
{
	if (profile == NULL)
		return sy_error_set(error, -ENODEV,
			"no DPDK driver of that name; known are net_af_xdp, net_tap and others, "
			"followed by a number");
	if (strcmp(profile->name, "tap") == 0 && access("/dev/net/tun", R_OK | W_OK) != 0)
		return sy_error_set(error, -ENODEV,
			"/dev/net/tun cannot be used (%s): `modprobe tun`, and run as root",
			strerror(errno));
	return sy_error_set(error, status == -1 ? -ENODEV : status,
		"its driver refused the arguments \"%s\" (%s); with \"log_level\": \"debug\" it "
		"says why",
		text->arguments, strerror(status == -1 ? ENODEV : -status));
}

/* AF_XDP and its like want an interface that is there, up, and has its MAC address. */
static int
prepare_interface(struct sy_port *port, const struct sy_device_text *text,
	const struct sy_port_config *config, struct sy_error *error)
{
	char name[SY_TEXT_SIZE];
	int status;

	if (!sy_device_argument(text, "iface", name, sizeof(name)))
		return 0; /* pcap files */
	if (strlen(name) >= sizeof(port->interface) || !sy_netdev_exists(name))
		return sy_error_set(error, -ENODEV,
			"there is no interface %s in this network namespace (`ip link` shows them)",
			name);
	memcpy(port->interface, name, strlen(name) + 1);
	if (config->has_mac && (status = sy_netdev_set_mac(name, &config->mac)) != 0)
		return sy_error_set(error, status, "interface %s refuses the MAC address: %s", name,
			strerror(-status));
	status = sy_netdev_set_up(name);
	if (status != 0)
		return sy_error_set(error, status, "interface %s cannot be set up: %s", name,
			strerror(-status));
	return 0;
}

/* Packets on a queue that nobody reads go to the kernel, and seem lost. */
static void
warn_of_unread_queues(const struct sy_port *port, const struct sy_port_profile *profile)
{
	uint16_t separate;

	if (!profile->all_queues || port->interface[0] == '\0')
		return;
	sy_netdev_queues(port->interface, &separate);
	if (separate > 1)
		sy_warning("port %s: interface %s receives on %u queues, of which one is read: "
			   "`ethtool -L %s rx 1`",
			port->name, port->interface, separate, port->interface);
}

static int
make_virtual(struct sy_port *port, const struct sy_port_config *config,
	const struct sy_port_profile *profile, struct sy_error *error)
{
	struct sy_device_text text;
	int status = 0;

	sy_device_parse(config->device, &text);
	if (rte_eth_dev_get_port_by_name(text.name, &port->device) == 0)
		return sy_error_set(error, -EEXIST, "another port has this device");
	if (profile != NULL) {
		sy_device_complete(&text, profile, port->n_workers);
		if (profile->interface)
			status = prepare_interface(port, &text, config, error);
	}
	if (status != 0)
		return status;
	status = rte_eal_hotplug_add("vdev", text.name, text.arguments);
	if (status != 0)
		return explain_virtual(&text, profile, status, error);
	if (rte_eth_dev_get_port_by_name(text.name, &port->device) != 0)
		return explain_virtual(&text, profile, -ENODEV, error);
	port->is_virtual = true;
	if (profile != NULL)
		warn_of_unread_queues(port, profile);
	return 0;
}

static int
find_pci(struct sy_port *port, const struct sy_device_text *text,
	const struct sy_profiles *profiles, struct sy_error *error)
{
	if (rte_eth_dev_get_port_by_name(text->name, &port->device) == 0)
		return 0;
	/* Named on the command line of DPDK's environment, but not there at that time. */
	if (rte_eal_hotplug_add("pci", text->name, text->arguments) == 0 &&
		rte_eth_dev_get_port_by_name(text->name, &port->device) == 0)
		return 0;
	return explain_pci(text->name, profiles, error);
}

static int
learn(struct sy_port *port, const struct sy_profiles *profiles,
	const struct sy_port_profile *profile, struct sy_error *error)
{
	struct rte_eth_dev_info info;
	int status = rte_eth_dev_info_get(port->device, &info);

	if (status != 0)
		return sy_error_set(
			error, status, "the device tells nothing: %s", rte_strerror(-status));
	snprintf(port->driver, sizeof(port->driver), "%s", info.driver_name);
	port->profile = profile != NULL ? profile : sy_profiles_match(profiles, info.driver_name);
	port->socket = rte_eth_dev_socket_id(port->device);
	return 0;
}

int
sy_device_acquire(struct sy_port *port, const struct sy_port_config *config,
	const struct sy_profiles *profiles, struct sy_error *error)
{
	const struct sy_port_profile *profile;
	struct sy_device_text text;
	int status = sy_device_profile(profiles, config, &profile, error);

	if (status != 0)
		return status;
	port->device = RTE_MAX_ETHPORTS;
	sy_device_parse(config->device, &text);
	snprintf(port->device_name, sizeof(port->device_name), "%s", text.name);
	if (text.is_pci)
		status = find_pci(port, &text, profiles, error);
	else
		status = make_virtual(port, config, profile, error);
	if (status == 0)
		status = learn(port, profiles, profile, error);
	if (status != 0) {
		sy_error_prefix(error, status, "port %s, device %s", config->name, text.name);
		if (port->is_virtual)
			sy_device_release(port);
	}
	return status;
}

void
sy_device_release(struct sy_port *port)
{
	if (!rte_eth_dev_is_valid_port(port->device))
		return;
	if (port->is_virtual)
		rte_eal_hotplug_remove("vdev", port->device_name);
	else
		rte_eth_dev_close(port->device);
}
