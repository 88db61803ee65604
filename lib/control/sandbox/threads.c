/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Linux keeps capabilities for each thread, and a thread can give up only its
 * own.  So each of the others gets a signal, whose handler does that, as the C
 * library does for setuid(2).  Whether it did is read from the kernel.
 */
#include <dirent.h>
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "private.h"

#define PAUSE_NS 1000000
#define PATIENCE 1000 /* pauses */
#define RESEND 100 /* pauses after which a thread is asked again */

static atomic_uint_fast64_t wanted; /* what the handler keeps */

static void
on_signal(int number)
{
	(void)number;
	sy_capabilities_limit(atomic_load(&wanted));
}

/* Whether what the kernel says of the thread goes beyond keep.  One that has ended does not. */
static bool
has_more(int thread, uint64_t keep, char name[16])
{
	char path[64], line[256];
	uint64_t found = 0, set;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/status", thread);
	file = fopen(path, "re");
	if (file == NULL)
		return false;
	while (fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "Name: %15s", name) == 1)
			continue;
		if (sscanf(line, "CapInh: %" SCNx64, &set) == 1 ||
			sscanf(line, "CapPrm: %" SCNx64, &set) == 1 ||
			sscanf(line, "CapEff: %" SCNx64, &set) == 1 ||
			sscanf(line, "CapAmb: %" SCNx64, &set) == 1)
			found |= set;
	}
	fclose(file);
	return (found & ~keep) != 0;
}

/* One look at all threads; those that have more are asked, if it is time to. */
static void
look(uint64_t keep, bool ask, int number, struct sy_sandbox *sandbox)
{
	DIR *folder = opendir("/proc/self/task");
	char name[16];

	sandbox->n_threads = sandbox->n_stubborn = 0;
	for (struct dirent *entry = NULL; folder != NULL && (entry = readdir(folder)) != NULL;) {
		int thread = atoi(entry->d_name);

		if (thread == 0)
			continue;
		sandbox->n_threads++;
		if (!has_more(thread, keep, name))
			continue;
		sandbox->n_stubborn++;
		memcpy(sandbox->stubborn, name, sizeof(name));
		if (ask)
			syscall(SYS_tgkill, getpid(), thread, number);
	}
	if (folder != NULL)
		closedir(folder);
}

/* A thread that was born while we looked has its parent's capabilities; so the last look must find
 * none that has more. */
void
sy_threads_limit(uint64_t keep, struct sy_sandbox *sandbox)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	struct sigaction before;
	int number = SIGRTMAX - 1;

	atomic_store(&wanted, keep);
	sigfillset(&action.sa_mask);
	sigaction(number, &action, &before);
	for (int i = 0; i < PATIENCE; i++) {
		look(keep, i % RESEND == 0, number, sandbox);
		if (sandbox->n_stubborn == 0)
			break;
		nanosleep(&pause, NULL);
	}
	/* To a thread that blocks it, it may still come: the handler stays. */
	if (sandbox->n_stubborn == 0)
		sigaction(number, &before, NULL);
}
