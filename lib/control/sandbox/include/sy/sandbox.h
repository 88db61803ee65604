/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_SANDBOX_H
#define SY_SANDBOX_H

/*
 * What the process may still do once it has started.
 *
 * A start needs nearly all that root may do: hugepages, devices, XDP programs,
 * TUN interfaces.  Running needs little of it.  So when all is open, every
 * thread (DPDK's among them, which are older) gives up the other capabilities
 * for good, and a filter refuses the system calls that running never needs.
 *
 * Management core only, once; what it did lasts until the process ends.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sy/error.h"

#define SY_SANDBOX_TEXT 512

/* Sets of capabilities: 1 << CAP_..., see capabilities(7). */
#define SY_CAPABILITY(number) (UINT64_C(1) << (number))

struct sy_sandbox_params {
	uint64_t keep; /* capabilities; those that the process does not have are left out */
};

struct sy_sandbox {
	uint64_t capabilities; /* that every thread has now, but for n_stubborn */
	uint32_t n_threads;
	uint32_t n_stubborn; /* threads that did not give up theirs within a second */
	char stubborn[16]; /* the name of one of them */
	bool filtered; /* system calls are */
	char unfiltered[128]; /* if not: why */
};

/*
 * Gives up all capabilities but params->keep in all threads, forbids to gain any by what is executed
 * (no_new_privs), and filters the system calls of all threads.  Returns 0 with *sandbox filled:
 * threads that did not follow and a kernel without filters are told there, and by no error; or a negative
 * errno where this thread could not give up its own.
 */
int sy_sandbox_enter(
	const struct sy_sandbox_params *params, struct sy_sandbox *sandbox, struct sy_error *error);

/* "net_admin, net_raw", "none"; returns text, which has SY_SANDBOX_TEXT bytes. */
const char *sy_sandbox_capabilities_text(uint64_t capabilities, char *text);

#endif /* SY_SANDBOX_H */
