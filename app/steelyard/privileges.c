/* SPDX-License-Identifier: BSD-3-Clause */
/* What the daemon may still do once it has started, in the log and on the surfaces. */
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <unistd.h>

#include <rte_eal.h>

#include "daemon.h"

/*
 * The kernel twins' addresses, neighbours and carrier want net_admin; probes by ICMP and what
 * devices do with raw sockets want net_raw.  Where devices are told physical addresses, DPDK reads
 * those of memory that it takes later from the kernel, which tells them sys_admin alone.
 */
static uint64_t
needed_capabilities(void)
{
	uint64_t keep = SY_CAPABILITY(CAP_NET_ADMIN) | SY_CAPABILITY(CAP_NET_RAW);

	if (rte_eal_iova_mode() == RTE_IOVA_PA)
		keep |= SY_CAPABILITY(CAP_SYS_ADMIN);
	return keep;
}

static void
tell(const struct daemon *daemon)
{
	const struct sy_sandbox *sandbox = &daemon->sandbox;

	sy_notice("privileges: %u threads have left: %s; system calls are %s", sandbox->n_threads,
		daemon->capabilities, sandbox->filtered ? "filtered" : "not filtered");
	if (sandbox->n_stubborn > 0)
		sy_warning("privileges: %u threads keep all that they had, \"%s\" among them: a "
			   "device's driver shuts signals out",
			sandbox->n_stubborn, sandbox->stubborn);
	if (!sandbox->filtered)
		sy_warning("privileges: this kernel takes no filter of system calls: %s",
			sandbox->unfiltered);
	if ((sandbox->capabilities & SY_CAPABILITY(CAP_SYS_ADMIN)) != 0)
		sy_warning("privileges: sys_admin stays, for a device without an IOMMU; bind it to "
			   "vfio-pci behind one");
	/* Read with all of root's rights so far. */
	if (faccessat(AT_FDCWD, daemon->file, R_OK, AT_EACCESS) != 0)
		sy_warning("%s: a reload will not be able to read it: it belongs to another user; "
			   "give it, and its folders, to root",
			daemon->file);
}

int
daemon_drop_privileges(struct daemon *daemon, struct sy_error *error)
{
	const struct sy_sandbox_params params = { .keep = needed_capabilities() };
	int status;

	if (daemon->keep_privileges) {
		snprintf(daemon->capabilities, sizeof(daemon->capabilities), "all");
		sy_warning("privileges: all are kept, by --keep-privileges");
		return 0;
	}
	status = sy_sandbox_enter(&params, &daemon->sandbox, error);
	if (status != 0)
		return status;
	sy_sandbox_capabilities_text(daemon->sandbox.capabilities, daemon->capabilities);
	tell(daemon);
	return 0;
}
