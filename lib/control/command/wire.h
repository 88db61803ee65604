/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_COMMAND_WIRE_H
#define SY_COMMAND_WIRE_H

/*
 * What daemon and runner, one program, say to each other: a message is one
 * packet of a SOCK_SEQPACKET socket.
 */
#include <stdint.h>

#include "sy/command.h"

#define WIRE_TEXT 4096
#define WIRE_SAID 512 /* bytes of a program's output, from its beginning */

/*
 * Starts a command of the runner's table, or ends what was started: then it names none.  What it runs,
 * and as whom, is the table's alone: whoever has taken over the daemon can run what the file allows.
 */
struct wire_order {
	uint32_t id;
	uint32_t timeout_ms;
	uint32_t n_variables; /* of the environment */
	char name[SY_NAME_SIZE];
	char text[WIRE_TEXT]; /* variables, each with its end; no longer than needed */
};

/* Exactly one for each that was to be started. */
struct wire_report {
	uint32_t id;
	uint32_t end; /* enum sy_command_end */
	int32_t code;
	uint32_t length; /* of said */
	char said[WIRE_SAID];
};

/* The runner's life; never returns.  The commands are all that it will ever run. */
_Noreturn void sy_runner_run(int fd, const struct sy_command_config *commands, uint32_t n_commands);
/* Gives up what neither the runner nor a program needs; 0 or a negative errno. */
int sy_runner_shut_out(const struct sy_command_config *commands, uint32_t n_commands);

/* Bytes of the order, or -E2BIG. */
int sy_wire_pack(struct wire_order *order, const struct sy_command_params *params);
/* Points the environment, with NULL at its end, into the order, after PATH, which is the runner's.  0,
 * or -EBADMSG, also for a variable that is not called STEELYARD_ and letters. */
int sy_wire_unpack(
	struct wire_order *order, size_t length, char *environment[SY_COMMAND_ENVIRONMENT + 2]);
/* The first line that is not empty, what is not printable replaced. */
void sy_wire_first_line(char line[SY_COMMAND_SAID], const char *said, size_t length);

#endif /* SY_COMMAND_WIRE_H */
