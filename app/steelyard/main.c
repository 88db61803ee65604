/* SPDX-License-Identifier: BSD-3-Clause */
/* Options, the start-up table, the event loop, and the way back. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon.h"

enum exit_code {
	EXIT_OK = 0,
	EXIT_FAILED = 1, /* a start that failed, a file that is wrong */
	EXIT_USAGE = 2,
};

static void
print_usage(FILE *out)
{
	fputs("usage: steelyard --config FILE    run in the foreground, log to standard error\n"
	      "                 [--keep-privileges]\n"
	      "       steelyard --check FILE     check a configuration and exit\n"
	      "       steelyard --version\n"
	      "\n"
	      "SIGHUP loads the file again, SIGTERM and SIGINT end the daemon.\n"
	      "steelyardctl talks to a running daemon; steelyard.json(5) describes the file.\n",
		out);
}

struct options {
	const char *config;
	const char *check;
	bool version;
	bool help;
	bool keep_privileges;
};

static int
parse_options(int argc, char **argv, struct options *options)
{
	static const struct option known[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check", required_argument, NULL, 'k' },
		{ "keep-privileges", no_argument, NULL, 'p' },
		{ "version", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "c:k:vhp", known, NULL)) != -1) {
		switch (option) {
		case 'c':
			options->config = optarg;
			break;
		case 'k':
			options->check = optarg;
			break;
		case 'v':
			options->version = true;
			break;
		case 'p':
			options->keep_privileges = true;
			break;
		case 'h':
			options->help = true;
			break;
		default:
			return -EINVAL;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "steelyard: unexpected argument \"%s\"\n", argv[optind]);
		return -EINVAL;
	}
	return 0;
}

static int
check_file(const char *file)
{
	struct sy_error error;
	struct sy_config *config;

	if (daemon_load_config(file, &config, &error) != 0) {
		fprintf(stderr, "%s\n", error.text);
		return EXIT_FAILED;
	}
	printf("%s: good: %u ports, %u pools, %u services\n", file, config->n_ports,
		config->n_pools, config->n_services);
	sy_config_free(config);
	return EXIT_OK;
}

static void
stop_steps(struct daemon *daemon, size_t n_started)
{
	while (n_started > 0) {
		const struct step *step = &daemon_steps[--n_started];

		sy_debug("stopping: %s", step->name);
		if (step->stop != NULL)
			step->stop(daemon);
	}
}

static int
run(const struct options *options)
{
	static struct daemon daemon; /* too large for a stack */
	struct sy_error error = { .text = "" };

	daemon.file = options->config;
	daemon.keep_privileges = options->keep_privileges;
	for (size_t i = 0; i < daemon_n_steps; i++) {
		int status = daemon_steps[i].start(&daemon, &error);

		if (status == 0)
			continue;
		sy_error_log("%s: %s", daemon_steps[i].name,
			error.text[0] != '\0' ? error.text : strerror(-status));
		stop_steps(&daemon, i);
		return EXIT_FAILED;
	}
	sy_notice("running: %u workers, %u services, version %s", daemon.n_workers,
		daemon.config->n_services, SY_VERSION);
	sy_notify_ready(NULL);
	uv_run(&daemon.loop, UV_RUN_DEFAULT);
	sy_notify_stopping(0);
	stop_steps(&daemon, daemon_n_steps);
	sy_notice("stopped");
	return EXIT_OK;
}

int
main(int argc, char **argv)
{
	struct options options = { .config = NULL };

	if (parse_options(argc, argv, &options) != 0) {
		print_usage(stderr);
		return EXIT_USAGE;
	}
	if (options.help) {
		print_usage(stdout);
		return EXIT_OK;
	}
	if (options.version) {
		printf("steelyard %s\n", SY_VERSION);
		return EXIT_OK;
	}
	if (options.check != NULL)
		return check_file(options.check);
	if (options.config == NULL) {
		fprintf(stderr, "steelyard: no configuration; name one with --config\n");
		print_usage(stderr);
		return EXIT_USAGE;
	}
	if (geteuid() != 0) {
		sy_error_log("DPDK and the kernel twins need root: run as root or with sudo");
		return EXIT_FAILED;
	}
	signal(SIGPIPE, SIG_IGN);
	return run(&options);
}
