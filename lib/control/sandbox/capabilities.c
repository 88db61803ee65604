/* SPDX-License-Identifier: BSD-3-Clause */
/* Capabilities of one thread, by the kernel's own interface (capabilities(7)). */
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "private.h"

static const char *const names[] = { "chown", "dac_override", "dac_read_search", "fowner", "fsetid",
	"kill", "setgid", "setuid", "setpcap", "linux_immutable", "net_bind_service",
	"net_broadcast", "net_admin", "net_raw", "ipc_lock", "ipc_owner", "sys_module", "sys_rawio",
	"sys_chroot", "sys_ptrace", "sys_pacct", "sys_admin", "sys_boot", "sys_nice",
	"sys_resource", "sys_time", "sys_tty_config", "mknod", "lease", "audit_write",
	"audit_control", "setfcap", "mac_override", "mac_admin", "syslog", "wake_alarm",
	"block_suspend", "audit_read", "perfmon", "bpf", "checkpoint_restore" };
#define N_NAMES (sizeof(names) / sizeof(names[0]))

const char *
sy_sandbox_capabilities_text(uint64_t capabilities, char *text)
{
	size_t length = 0;

	strcpy(text, "none");
	for (unsigned int i = 0; i < 64; i++) {
		const char *comma = length > 0 ? ", " : "";

		if ((capabilities & SY_CAPABILITY(i)) == 0 || length >= SY_SANDBOX_TEXT)
			continue;
		if (i < N_NAMES)
			length += (size_t)snprintf(
				text + length, SY_SANDBOX_TEXT - length, "%s%s", comma, names[i]);
		else
			length += (size_t)snprintf(
				text + length, SY_SANDBOX_TEXT - length, "%s%u", comma, i);
	}
	return text;
}

int
sy_capabilities_permitted(uint64_t *permitted)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data) != 0)
		return -errno;
	*permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	return 0;
}

/* The bounding set comes first, for which it takes setpcap: who has been started without it keeps the
 * bounding set that he was given. */
int
sy_capabilities_limit(uint64_t keep)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	for (unsigned long i = 0; i < 64 && prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++) {
		if ((keep & SY_CAPABILITY(i)) == 0)
			prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
	}
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	memset(data, 0, sizeof(data));
	for (unsigned int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		data[i].permitted = data[i].effective = (uint32_t)(keep >> (32 * i));
	if (syscall(SYS_capset, &header, data) != 0)
		return -errno;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? 0 : -errno;
}
