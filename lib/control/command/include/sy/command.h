/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_COMMAND_H
#define SY_COMMAND_H

/*
 * Running programs, for probes and hooks.
 *
 * The daemon starts none itself: a fork of a process with its memory stops
 * workers on every page that they write next, and its rights and system call
 * filter are no program's.  A small process, the runner, is forked off as soon
 * as the configuration is read and starts them; the daemon asks it by messages
 * over a socket, for one of the commands of that configuration by its name.
 *
 * A program runs as its user, in a session of its own, with no descriptors but
 * 0 (nothing to read), 1 and 2 (what it says), and no environment but the one
 * given.  When its time is over, or it is cancelled, or it ends by itself, all
 * that is left of its process group is killed.
 *
 * Management core only, but for the runner itself.
 */
#include <stdint.h>
#include <sys/types.h>

#include <uv.h>

#include "sy/config.h"

#define SY_COMMANDS_AT_ONCE 64
#define SY_COMMAND_SAID 160
#define SY_COMMAND_ENVIRONMENT 16 /* variables at most */

struct sy_commands;
struct sy_command_run;

/*
 * Forks the runner off, which runs these commands (its copy of them) and nothing else: call before there are threads, and before this process has what a program
 * must not have.  Returns 0 with *fd set, our end of the socket, or a negative errno.  The runner
 * ends when that end is closed, and takes its programs along.
 */
int sy_command_fork_runner(const struct sy_command_config *commands, uint32_t n_commands, int *fd);

/* Takes fd, and closes it at the end (also on failure).  NULL: out of memory. */
struct sy_commands *sy_commands_create(uv_loop_t *loop, int fd);
/* Ends the runner; no done() is called.  Closes its handle: run the loop once more.  NULL is no error. */
void sy_commands_destroy(struct sy_commands *commands);

enum sy_command_end {
	SY_COMMAND_EXITED, /* code: its exit status */
	SY_COMMAND_KILLED, /* code: the signal */
	SY_COMMAND_TIMED_OUT, /* code: milliseconds */
	SY_COMMAND_NOT_STARTED, /* code: an errno; says nothing about what it was to find out */
};

#define SY_COMMAND_NO_USER 4096 /* as a code, beyond every errno: there is no user of that name */

struct sy_command_result {
	enum sy_command_end end;
	int code;
	char said[SY_COMMAND_SAID]; /* the first line of its output that is not empty, printable */
};

/* What a program is told, but for PATH, which is the runner's.  The caller's, and not to be copied. */
struct sy_environment {
	char text[2048];
	size_t length;
	const char *variables[SY_COMMAND_ENVIRONMENT + 1]; /* up to NULL */
	uint32_t n;
};
void sy_environment_init(struct sy_environment *environment);
/* "STEELYARD_NAME=what the format says".  What there is no room for is left out. */
void sy_environment_add(struct sy_environment *environment, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

struct sy_command_params {
	const struct sy_command_config
		*command; /* read within run() only, as all that is given here */
	const struct sy_environment *environment;
	uint32_t timeout_ms;
	void (*done)(void *context, const struct sy_command_result *result);
	void *context;
};

/*
 * Later, from the loop, calls done() once, unless the run is cancelled before.  Returns 0 with *run
 * set, valid until done(); -EAGAIN: as many run as may at once, or the runner is behind; -EPIPE: the
 * runner is gone; -E2BIG; -ENOMEM.
 */
int sy_commands_run(struct sy_commands *commands, const struct sy_command_params *params,
	struct sy_command_run **run);
/* Has it killed.  Its place is free when that is done. */
void sy_commands_cancel(struct sy_command_run *run);

/* "exit status 1: no answer", "killed by signal 9", "timed out after 500 ms"; returns text. */
const char *sy_command_words(const struct sy_command_result *result, char *text, size_t size);

#endif /* SY_COMMAND_H */
