/* SPDX-License-Identifier: BSD-3-Clause */
/* A file held against the host, before the daemon starts. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"

/* "0000:3b:00.0" */
static bool
is_pci(const char *device)
{
	unsigned int domain, bus, slot, function;
	char rest;

	return sscanf(device, "%4x:%2x:%2x.%1x%c", &domain, &bus, &slot, &function, &rest) == 4;
}

static void
bound_driver(const struct doctor *doctor, const char *device, char name[64])
{
	char path[DOCTOR_PATH], target[DOCTOR_PATH];
	ssize_t n;

	snprintf(path, sizeof(path), "%s/sys/bus/pci/devices/%.32s/driver", doctor->root, device);
	n = readlink(path, target, sizeof(target) - 1);
	name[0] = '\0';
	if (n <= 0)
		return;
	target[n] = '\0';
	snprintf(name, 64, "%.63s",
		strrchr(target, '/') != NULL ? strrchr(target, '/') + 1 : target);
}

static bool
is_userspace(const char *driver)
{
	return strcmp(driver, "vfio-pci") == 0 || strncmp(driver, "uio", 3) == 0 ||
		strcmp(driver, "igb_uio") == 0 || strncmp(driver, "mlx", 3) == 0;
}

static void
check_pci(struct doctor *doctor, const struct sy_port_config *port)
{
	char driver[64], remedy[DOCTOR_LINE];

	if (!doctor_exists(doctor, "/sys/bus/pci/devices/%.32s", port->device)) {
		doctor_tell(doctor, DOCTOR_FAIL, "device", port->name,
			"drivers-config/bind list: the host's NICs", "there is no PCI device %s",
			port->device);
		return;
	}
	bound_driver(doctor, port->device, driver);
	snprintf(remedy, sizeof(remedy), "drivers-config/bind vfio %.32s", port->device);
	doctor_tell(doctor, is_userspace(driver) ? DOCTOR_OK : DOCTOR_FAIL, "driver", port->name,
		remedy, "%s is bound to %s", port->device,
		driver[0] != '\0' ? driver : "no driver");
	if (strcmp(driver, "vfio-pci") == 0)
		doctor_tell(doctor,
			doctor_exists(
				doctor, "/sys/bus/pci/devices/%.32s/iommu_group", port->device)
				? DOCTOR_OK
				: DOCTOR_WARN,
			"iommu", port->name, "boot with intel_iommu=on or amd_iommu=on",
			"an IOMMU keeps the device to the daemon's memory, or none does");
}

static void
check_interface(struct doctor *doctor, const struct sy_port_config *port)
{
	const char *at = strstr(port->device, "iface=");
	char name[16];

	/* net_tap makes its own. */
	if (at == NULL || strncmp(port->device, "net_tap", 7) == 0) {
		doctor_tell(doctor, DOCTOR_OK, "device", port->name, "", "%s", port->device);
		return;
	}
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(at + 6, ","), at + 6);
	doctor_tell(doctor,
		doctor_exists(doctor, "/sys/class/net/%s", name) ? DOCTOR_OK : DOCTOR_FAIL,
		"device", port->name, "ip link: the host's interfaces",
		doctor_exists(doctor, "/sys/class/net/%s", name) ? "interface %s is there"
								 : "there is no interface %s",
		name);
}

static bool
has_twins(const struct sy_config *config)
{
	for (uint32_t i = 0; i < config->n_ports; i++) {
		if (config->ports[i].twin[0] != '\0')
			return true;
	}
	return false;
}

void
doctor_file(struct doctor *doctor, const struct sy_config *config)
{
	long n_cpus = sysconf(_SC_NPROCESSORS_ONLN);

	for (uint32_t i = 0; i < config->n_ports; i++) {
		if (is_pci(config->ports[i].device))
			check_pci(doctor, &config->ports[i]);
		else
			check_interface(doctor, &config->ports[i]);
	}
	doctor_tell(doctor, (long)config->workers < n_cpus ? DOCTOR_OK : DOCTOR_WARN, "cpus",
		"workers", "fewer workers: one CPU is the management core's",
		"%u workers and the management core on %ld CPUs", config->workers, n_cpus);
	if (has_twins(config))
		doctor_tell(doctor, doctor_exists(doctor, "/dev/net/tun") ? DOCTOR_OK : DOCTOR_FAIL,
			"tun", "host", "modprobe tun", "twins need /dev/net/tun");
	doctor_hugepages(doctor, config->hugepages, false);
	doctor_clock(doctor);
}
