/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_COMMAND_WIRE_H
#define SY_COMMAND_WIRE_H

/*
 * What daemon and runner, one program, say to each other: a message is one
 * packet of a SOCK_SEQPACKET socket.
 */
#include <stdint.h>

#include "sy/command.h"

#define WIRE_TEXT (SY_MAX_ARGUMENTS * SY_TEXT_SIZE + 4096)
#define WIRE_SAID 512 /* bytes of a program's output, from its beginning */

/* Starts a program, or ends it: then it has no arguments. */
struct wire_order {
	uint32_t id;
	uint32_t timeout_ms;
	uint16_t n_arguments;
	uint16_t n_variables; /* of the environment */
	char user[SY_NAME_SIZE];
	char text
		[WIRE_TEXT]; /* arguments, then variables, each with its end; no longer than needed */
};

/* Exactly one for each that was to be started. */
struct wire_report {
	uint32_t id;
	uint32_t end; /* enum sy_command_end */
	int32_t code;
	uint32_t length; /* of said */
	char said[WIRE_SAID];
};

/* The runner's life; never returns. */
_Noreturn void sy_runner_run(int fd);

/* Bytes of the order, or -E2BIG. */
int sy_wire_pack(struct wire_order *order, const struct sy_command_params *params);
/* Points argv and environment, each with NULL at its end, into the order.  0, or -EBADMSG. */
int sy_wire_unpack(struct wire_order *order, size_t length, char *argv[SY_MAX_ARGUMENTS + 1],
	char *environment[SY_COMMAND_ENVIRONMENT + 1]);
/* The first line that is not empty, what is not printable replaced. */
void sy_wire_first_line(char line[SY_COMMAND_SAID], const char *said, size_t length);

#endif /* SY_COMMAND_WIRE_H */
