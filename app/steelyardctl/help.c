/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "ctl.h"

static void
print_options(const struct ctl_option *options)
{
	char text[64];

	for (; options != NULL && options->name != NULL; options++) {
		char letter[5] = "    ";

		if (options->letter != 0)
			snprintf(letter, sizeof(letter), "-%c, ", options->letter);
		snprintf(text, sizeof(text), "%s--%s%s%s", letter, options->name,
			options->value != NULL ? " " : "",
			options->value != NULL ? options->value : "");
		printf("  %-23s %s\n", text, options->help);
	}
}

static void
print_all(void)
{
	printf("usage: steelyardctl [OPTION]... COMMAND [ARGUMENT]...\n\n"
	       "Shows and changes a running steelyard.\n\ncommands:\n");
	for (const struct ctl_command *command = ctl_commands; command->name != NULL; command++)
		printf("  %-10s %s\n", command->name, command->help);
	printf("\noptions:\n");
	print_options(ctl_global_options);
	printf("\nexamples:\n");
	for (const struct ctl_command *command = ctl_commands; command->name != NULL; command++)
		printf("%s", command->examples);
	printf("\nexit status: 0 done, 1 refused, 2 usage, 3 the daemon cannot be "
	       "reached.\n");
}

void
ctl_print_help(const struct ctl_command *command)
{
	if (command == NULL) {
		print_all();
		return;
	}
	printf("usage: steelyardctl %s %s\n\n%s\n\noptions:\n", command->name, command->usage,
		command->help);
	print_options(command->options);
	print_options(ctl_global_options);
	printf("\nexamples:\n%s", command->examples);
}
