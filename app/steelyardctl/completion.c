/* SPDX-License-Identifier: BSD-3-Clause */
/* `completion bash`: from the tables of commands and views, so that it knows what they know. */
#include <stdio.h>
#include <string.h>

#include "columns.h"
#include "ctl.h"

static void
print_commands(void)
{
	for (const struct ctl_command *command = ctl_commands; command->name != NULL; command++)
		printf("%s%s", command == ctl_commands ? "" : " ", command->name);
}

static void
print_views(void)
{
	for (const struct view_columns *view = view_columns; view->view != NULL; view++)
		printf("%s%s", view == view_columns ? "" : " ", view->view);
}

static void
print_options(const struct ctl_option *options)
{
	for (; options != NULL && options->name != NULL; options++)
		printf(" --%s", options->name);
}

static void
print_options_of_commands(void)
{
	for (const struct ctl_command *command = ctl_commands; command->name != NULL; command++) {
		if (command->options->name == NULL)
			continue;
		printf("\t%s) options=\"$options", command->name);
		print_options(command->options);
		printf("\" ;;\n");
	}
}

/* Names are asked of the daemon; where it is silent, nothing is offered. */
static const char names[] =
	"_steelyardctl_backends() {\n"
	"\tsteelyardctl show backends --json 2>/dev/null | awk -F'\"' '\n"
	"\t\t$2 == \"pool\" { pool = $4 } $2 == \"name\" { name = $4 }\n"
	"\t\tpool != \"\" && name != \"\" { print pool \"/\" name; pool = name = \"\" }'\n"
	"}\n"
	"\n"
	"_steelyardctl_names() {\n"
	"\tcase $1 in\n"
	"\tbackends | health) _steelyardctl_backends ;;\n"
	"\tservices | limits | ports)\n"
	"\t\tsteelyardctl show \"${1/limits/services}\" --json 2>/dev/null |\n"
	"\t\t\t"
	"awk -F'\"' '$2 == \"name\" { print $4 }' ;;\n"
	"\tdrops)\n"
	"\t\tsteelyardctl show drops --json 2>/dev/null |\n"
	"\t\t\t"
	"awk -F'\"' '$2 == \"reason\" { print $4 }' ;;\n"
	"\tesac\n"
	"}\n"
	"\n";

static void
print_head(void)
{
	printf("# bash completion of steelyardctl %s: made by `steelyardctl completion bash`\n\n",
		SY_VERSION);
	fputs(names, stdout);
	printf("_steelyardctl() {\n"
	       "\tlocal word=${COMP_WORDS[COMP_CWORD]} last=${COMP_WORDS[COMP_CWORD - 1]}\n"
	       "\tlocal command='' view='' offer='' options='");
	print_options(ctl_global_options);
	printf("' i\n"
	       "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	       "\t\t[[ ${COMP_WORDS[i]} == -* ]] && continue\n"
	       "\t\tif [[ -z $command ]]; then\n\t\t\tcommand=${COMP_WORDS[i]}\n"
	       "\t\telif [[ -z $view ]]; then\n\t\t\tview=${COMP_WORDS[i]}\n\t\tfi\n"
	       "\tdone\n"
	       "\tcase $command in\n");
	print_options_of_commands();
	printf("\tesac\n");
}

static void
print_choice(void)
{
	printf("\tcase $command in\n\t'') offer='");
	print_commands();
	printf("' ;;\n\tshow | watch)\n\t\tif [[ -z $view ]]; then\n\t\t\toffer='");
	print_views();
	printf("'\n\t\telse\n\t\t\toffer=$(_steelyardctl_names \"$view\")\n\t\tfi ;;\n"
	       "\tdrain | enable | weight) [[ -n $view ]] || offer=$(_steelyardctl_backends) ;;\n"
	       "\tcapture)\n\t\tcase $last in\n"
	       "\t\t--dropped) offer=\"any $(_steelyardctl_names drops)\" ;;\n"
	       "\t\t--port | -p) offer=$(_steelyardctl_names ports) ;;\n"
	       "\t\t--stage) offer='rx tx both' ;;\n"
	       "\t\tesac ;;\n"
	       "\tcompletion) offer=bash ;;\n"
	       "\tesac\n");
}

static void
print_tail(void)
{
	printf("\tif [[ $word == -* ]]; then\n"
	       "\t\tmapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$word\")\n"
	       "\telif [[ $last == --socket || $last == -s || $last == --write || $last == -w || $command == check || $command == diff || $command == doctor "
	       "]]; then\n"
	       "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
	       "\telse\n"
	       "\t\tmapfile -t COMPREPLY < <(compgen -W \"$offer\" -- \"$word\")\n"
	       "\tfi\n"
	       "}\n"
	       "complete -o filenames -F _steelyardctl steelyardctl\n");
}

enum ctl_status
ctl_run_completion(const struct ctl_args *args)
{
	if (strcmp(args->words[0], "bash") != 0)
		return ctl_fail(CTL_USAGE, "no completion for '%s': bash", args->words[0]);
	print_head();
	print_choice();
	print_tail();
	return CTL_OK;
}
