/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The filter of system calls, as a classic BPF program (seccomp(2)).
 *
 * Allowed is what stands in calls.c.  The rest is refused by an error and never
 * by a signal: a library that tries something new must not end the balancer.
 * Calls newer than the table do not exist (ENOSYS), so that libraries fall back
 * to older ones; known ones are not permitted (EPERM).
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "private.h"

#ifdef __aarch64__
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#define ARCHITECTURE AUDIT_ARCH_X86_64
#endif

/* set_mempolicy_home_node(2) of Linux 5.17: from 424 on numbers are the same everywhere. */
#define LAST_KNOWN 450

#define REFUSE(code) (SECCOMP_RET_ERRNO | (code))
/* An argument's low half, where what we look at is on machines that DPDK knows. */
#define ARGUMENT(i) ((uint32_t)offsetof(struct seccomp_data, args[i]))

struct program {
	struct sock_filter *lines;
	uint16_t n;
};

static void
add(struct program *program, uint16_t code, uint32_t k, uint8_t if_true, uint8_t if_false)
{
	if (program->n < SY_MAX_FILTER)
		program->lines[program->n++] =
			(struct sock_filter)BPF_JUMP(code, k, if_true, if_false);
}

static void
load(struct program *program, uint32_t offset)
{
	add(program, BPF_LD | BPF_W | BPF_ABS, offset, 0, 0);
}

static void
end(struct program *program, uint32_t verdict)
{
	add(program, BPF_RET | BPF_K, verdict, 0, 0);
}

/* What follows is for this call; the number stays loaded for others, which jump over it. */
static uint16_t
begin_call(struct program *program, int number)
{
	add(program, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 0);
	return (uint16_t)(program->n - 1);
}

static void
end_call(struct program *program, uint16_t start)
{
	program->lines[start].jf = (uint8_t)(program->n - start - 1);
}

/* Packets, addresses, routes, the control socket: no other kind of socket is ever wanted. */
static void
judge_socket(struct program *program, int number)
{
	static const int families[] = { AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, AF_XDP };
	uint16_t start = begin_call(program, number);

	load(program, ARGUMENT(0));
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		add(program, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)families[i], 0, 1);
		end(program, SECCOMP_RET_ALLOW);
	}
	end(program, REFUSE(EAFNOSUPPORT));
	end_call(program, start);
}

/* Threads, but no processes.  clone3(2) hides what it wants in memory, and does not exist: the C library
 * then takes clone(2). */
static void
judge_clone(struct program *program)
{
	uint16_t start = begin_call(program, SYS_clone3);

	end(program, REFUSE(ENOSYS));
	end_call(program, start);
	start = begin_call(program, SYS_clone);
	load(program, ARGUMENT(0));
	add(program, BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 1, 0);
	end(program, REFUSE(EPERM));
	end(program, SECCOMP_RET_ALLOW);
	end_call(program, start);
}

/* All but what types into the terminal that the daemon was started from. */
static void
judge_ioctl(struct program *program)
{
	uint16_t start = begin_call(program, SYS_ioctl);

	load(program, ARGUMENT(1));
	add(program, BPF_JMP | BPF_JEQ | BPF_K, TIOCSTI, 1, 0);
	add(program, BPF_JMP | BPF_JEQ | BPF_K, TIOCLINUX, 0, 1);
	end(program, REFUSE(EPERM));
	end(program, SECCOMP_RET_ALLOW);
	end_call(program, start);
}

static int
compare(const void *a, const void *b)
{
	const int *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

/* In rising order, so that the first range that ends at or after the number decides. */
static void
judge_ranges(struct program *program)
{
	int calls[SY_MAX_CALLS];
	size_t n = sy_calls_allowed(calls);

	qsort(calls, n, sizeof(calls[0]), compare);
	for (size_t i = 0; i < n;) {
		int low = calls[i], high = low;

		while (i < n && calls[i] <= high + 1)
			high = calls[i++];
		add(program, BPF_JMP | BPF_JGE | BPF_K, (uint32_t)low, 1, 0);
		end(program, REFUSE(EPERM));
		add(program, BPF_JMP | BPF_JGT | BPF_K, (uint32_t)high, 1, 0);
		end(program, SECCOMP_RET_ALLOW);
	}
}

uint16_t
sy_filter_build(struct sock_filter lines[SY_MAX_FILTER])
{
	struct program program = { .lines = lines };

	load(&program, offsetof(struct seccomp_data, arch));
	add(&program, BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
	end(&program, REFUSE(EPERM));
	load(&program, offsetof(struct seccomp_data, nr));
	judge_clone(&program);
	judge_ioctl(&program);
	judge_socket(&program, SYS_socket);
	judge_socket(&program, SYS_socketpair);
	judge_ranges(&program);
	/* The 32-bit numbers of x86-64 (x32) are beyond it too. */
	add(&program, BPF_JMP | BPF_JGT | BPF_K, LAST_KNOWN, 1, 0);
	end(&program, REFUSE(EPERM));
	end(&program, REFUSE(ENOSYS));
	return program.n;
}

int
sy_filter_install(void)
{
	struct sock_filter lines[SY_MAX_FILTER];
	struct sock_fprog program = { .filter = lines, .len = sy_filter_build(lines) };
	long status;

	if (program.len == SY_MAX_FILTER)
		return -E2BIG;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -errno;
	/* With the kernel's word in its log about what is refused. */
	status = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_LOG, &program);
	if (status == 0)
		return 0;
	/* A number above 0 is that of a thread that has a filter of its own. */
	return status > 0 ? -EBUSY : -errno;
}
