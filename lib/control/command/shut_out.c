/* SPDX-License-Identifier: BSD-3-Clause */
/* What the runner gives up of what the daemon was started with, for itself and for programs. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "wire.h"

/* To become a program's user, and to kill what that user runs. */
#define KEPT (1U << CAP_SETUID | 1U << CAP_SETGID | 1U << CAP_KILL)

static void
limit(__rlimit_resource_t resource, rlim_t most)
{
	struct rlimit limits;

	if (getrlimit(resource, &limits) != 0)
		return;
	if (limits.rlim_max > most)
		limits.rlim_max = most;
	if (limits.rlim_cur > limits.rlim_max)
		limits.rlim_cur = limits.rlim_max;
	setrlimit(resource, &limits);
}

/* A program that takes all memory goes before the daemon, whose unit spares it. */
static void
become_killable(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, "0", 1) != 1) {
		/* As it was: no reason not to run commands. */
	}
	close(fd);
}

static bool
has_root(const struct sy_command_config *commands, uint32_t n_commands)
{
	for (uint32_t i = 0; i < n_commands; i++) {
		if (strcmp(commands[i].user, "root") == 0)
			return true;
	}
	return false;
}

/* The bounding set is what a program of root's gets: it stays where the table has one.  To drop it
 * takes setpcap: without that it is what this process was started with. */
static int
drop_capabilities(bool root)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	for (unsigned long i = 0; !root && i < 64 && prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++) {
		if (i >= 32 || (KEPT & 1U << i) == 0)
			prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
	}
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (syscall(SYS_capget, &header, data) != 0)
		return -errno;
	for (unsigned int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		data[i].permitted &= i == 0 ? KEPT : 0;
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	return syscall(SYS_capset, &header, data) == 0 ? 0 : -errno;
}

/* The daemon's end is told by the socket: signals to the whole group, from a terminal or a service
 * manager, are the daemon's. */
int
sy_runner_shut_out(const struct sy_command_config *commands, uint32_t n_commands)
{
	close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_NOFILE, 1024);
	limit(RLIMIT_MEMLOCK, 64 << 10);
	become_killable();
	prctl(PR_SET_NAME, "steelyard-run", 0, 0, 0);
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -errno;
	return drop_capabilities(has_root(commands, n_commands));
}
