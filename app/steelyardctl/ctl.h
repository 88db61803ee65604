/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_CTL_H
#define SY_CTL_H

/*
 * The operator's client: one row of ctl_commands[] a command, one file a
 * command or a family of them.
 *
 * A command gets its words and options checked, and returns the exit code.
 */
#include <stdbool.h>
#include <stddef.h>

#include "sy/error.h"

#define CTL_SOCKET "/run/steelyard/control.sock"
#define CTL_MAX_WORDS 8
#define CTL_MAX_OPTIONS 8

/* Exit codes, which are also what functions return that talk to the daemon. */
enum ctl_status {
	CTL_OK = 0,
	CTL_REFUSED = 1, /* the daemon, or the check of a file, said no */
	CTL_USAGE = 2,
	CTL_UNREACHABLE = 3,
};

struct ctl_option {
	const char *name; /* without dashes; NULL ends a list */
	char letter; /* 0: none */
	const char *value; /* what the help calls it; NULL: a flag */
	const char *help;
};

struct ctl_args {
	const char *socket;
	bool json;
	bool help;
	bool version;
	const struct ctl_command *command; /* NULL: none was given */
	const char *words[CTL_MAX_WORDS]; /* after the command */
	int n_words;
	const char *options[CTL_MAX_OPTIONS]; /* by row of the command's options; NULL: not given */
};

struct ctl_command {
	const char *name;
	const char *usage; /* what follows the name */
	const char *help; /* one line */
	const char *examples; /* lines */
	int min_words;
	int max_words;
	const struct ctl_option *options;
	enum ctl_status (*run)(const struct ctl_args *args);
};

extern const struct ctl_command ctl_commands[]; /* up to a row without a name */
extern const struct ctl_option ctl_global_options[];

/* Options may stand anywhere, `--` ends them.  Returns CTL_OK, or CTL_USAGE with error filled. */
enum ctl_status ctl_parse(int argc, char **argv, struct ctl_args *args, struct sy_error *error);

/* The value of a command's option, by name; NULL: not given. */
const char *ctl_option(const struct ctl_args *args, const char *name);

/* A whole number from low to high; anything else is an error that names what. */
enum ctl_status ctl_number(const char *what, const char *text, unsigned long low,
	unsigned long high, unsigned long *number);

/* How often a picture is drawn, and how long each stays: -n and -d. */
struct ctl_repeat {
	unsigned long count; /* 0: no end */
	unsigned int delay_ms;
};

/* CTL_OK, or CTL_USAGE, told. */
enum ctl_status ctl_read_repeat(const struct ctl_args *args, struct ctl_repeat *repeat);

/* Says "steelyardctl: text" on standard error and returns status. */
enum ctl_status ctl_fail(enum ctl_status status, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

void ctl_print_help(const struct ctl_command *command); /* NULL: of all */

enum ctl_status ctl_run_show(const struct ctl_args *args);
enum ctl_status ctl_run_top(const struct ctl_args *args);
enum ctl_status ctl_run_check(const struct ctl_args *args);
enum ctl_status ctl_run_serving(const struct ctl_args *args);
enum ctl_status ctl_run_drain(const struct ctl_args *args);
enum ctl_status ctl_run_enable(const struct ctl_args *args);
enum ctl_status ctl_run_discovery(const struct ctl_args *args);
enum ctl_status ctl_run_weight(const struct ctl_args *args);
enum ctl_status ctl_run_reload(const struct ctl_args *args);
enum ctl_status ctl_run_flows(const struct ctl_args *args);
enum ctl_status ctl_run_history(const struct ctl_args *args);
enum ctl_status ctl_run_audit(const struct ctl_args *args);
enum ctl_status ctl_run_diff(const struct ctl_args *args);
enum ctl_status ctl_run_rollback(const struct ctl_args *args);
enum ctl_status ctl_run_watch(const struct ctl_args *args);
enum ctl_status ctl_run_capture(const struct ctl_args *args);
enum ctl_status ctl_run_doctor(const struct ctl_args *args);
enum ctl_status ctl_run_explain(const struct ctl_args *args);
enum ctl_status ctl_run_completion(const struct ctl_args *args);

#endif /* SY_CTL_H */
