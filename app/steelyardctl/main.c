/* SPDX-License-Identifier: BSD-3-Clause */
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "ctl.h"

/* Whether nobody reads the output any more. */
static bool
reader_is_gone(void)
{
	struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };

	return poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0;
}

/* Output that does not arrive is a failure, unless the reader has had enough (`| head`). */
static int
finish(enum ctl_status status)
{
	if ((fflush(stdout) == 0 && !ferror(stdout)) || reader_is_gone())
		return (int)status;
	return (int)ctl_fail(status != CTL_OK ? status : CTL_REFUSED,
		"the output could not be written: is the disk full?");
}

int
main(int argc, char **argv)
{
	struct ctl_args args;
	struct sy_error error;

	signal(SIGPIPE, SIG_IGN);
	if (ctl_parse(argc, argv, &args, &error) != CTL_OK) {
		ctl_fail(CTL_USAGE, "%s", error.text);
		fprintf(stderr, "Try 'steelyardctl%s%s --help'.\n", args.command != NULL ? " " : "",
			args.command != NULL ? args.command->name : "");
		return CTL_USAGE;
	}
	if (args.version) {
		printf("steelyardctl %s\n", SY_VERSION);
		return finish(CTL_OK);
	}
	if (args.help) {
		ctl_print_help(args.command);
		return finish(CTL_OK);
	}
	return finish(args.command->run(&args));
}
