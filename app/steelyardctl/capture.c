/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `capture`: the daemon makes a pcapng file, and this writes it with its own
 * rights.  The filter's expression is compiled here too, by libpcap: names in it
 * are looked up, which may take its time.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <pcap/pcap.h>

#include "client.h"
#include "show.h"

#define SNAPLEN 262144

static volatile sig_atomic_t had_enough;

static void
on_signal(int number)
{
	(void)number;
	had_enough = 1;
}

/* What waits for packets must come back from it, so no SA_RESTART. */
static void
catch_signals(void)
{
	const struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

/* "code jt jf k,..." of a program; NULL: no memory. */
static char *
program_text(const struct bpf_program *program)
{
	const size_t room = 32;
	char *text = calloc(program->bf_len + 1, room);
	size_t length = 0;

	for (unsigned int i = 0; text != NULL && i < program->bf_len; i++) {
		const struct bpf_insn *insn = &program->bf_insns[i];

		length += (size_t)snprintf(text + length, room, "%s%u %u %u %u", i > 0 ? "," : "",
			insn->code, insn->jt, insn->jf, insn->k);
	}
	return text;
}

static enum ctl_status
add_filter(struct json_object *arguments, const char *expression)
{
	pcap_t *pcap = pcap_open_dead(DLT_EN10MB, SNAPLEN);
	struct bpf_program program;
	char *text;

	if (pcap == NULL)
		return ctl_fail(CTL_REFUSED, "out of memory");
	if (pcap_compile(pcap, &program, expression, 1, PCAP_NETMASK_UNKNOWN) != 0) {
		ctl_fail(CTL_USAGE, "--filter '%s': %s (see pcap-filter(7))", expression,
			pcap_geterr(pcap));
		pcap_close(pcap);
		return CTL_USAGE;
	}
	text = program_text(&program);
	if (text != NULL)
		json_object_object_add(arguments, "filter", json_object_new_string(text));
	json_object_object_add(arguments, "expression", json_object_new_string(expression));
	free(text);
	pcap_freecode(&program);
	pcap_close(pcap);
	return CTL_OK;
}

static enum ctl_status
add_number(const struct ctl_args *args, struct json_object *arguments, const char *name,
	unsigned long low, unsigned long high)
{
	const char *text = ctl_option(args, name);
	unsigned long number;
	char what[32];

	if (text == NULL)
		return CTL_OK;
	snprintf(what, sizeof(what), "--%s", name);
	if (ctl_number(what, text, low, high, &number) != CTL_OK)
		return CTL_USAGE;
	json_object_object_add(arguments, name, json_object_new_uint64(number));
	return CTL_OK;
}

static enum ctl_status
make_arguments(const struct ctl_args *args, struct json_object *arguments)
{
	static const char *const texts[] = { "port", "stage", "dropped" };
	const char *filter = ctl_option(args, "filter");
	enum ctl_status status = CTL_OK;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (ctl_option(args, texts[i]) != NULL)
			json_object_object_add(arguments, texts[i],
				json_object_new_string(ctl_option(args, texts[i])));
	}
	if (filter != NULL)
		status = add_filter(arguments, filter);
	if (status == CTL_OK)
		status = add_number(args, arguments, "count", 1, UINT32_MAX);
	if (status == CTL_OK)
		status = add_number(args, arguments, "seconds", 1, 3600);
	return status == CTL_OK ? add_number(args, arguments, "snaplen", 64, SNAPLEN) : status;
}

/* Where the file goes. */
struct sink {
	const char *name;
	int fd;
};

static enum ctl_status
open_sink(const char *name, struct sink *sink)
{
	*sink = (struct sink){ name, STDOUT_FILENO };
	if (strcmp(name, "-") != 0)
		sink->fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	else if (isatty(STDOUT_FILENO))
		return ctl_fail(CTL_USAGE,
			"-w -: the file would go to this terminal: say '| tshark -r -' behind it, or a "
			"name");
	if (sink->fd < 0)
		return ctl_fail(CTL_REFUSED, "%s: %s", name, strerror(errno));
	return CTL_OK;
}

/* CTL_OK, CTL_REFUSED: it cannot be written, or nobody reads it any more (without a word). */
static enum ctl_status
write_all(const struct sink *sink, const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t written = write(sink->fd, bytes, n);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0 && errno == EPIPE)
			return CTL_REFUSED;
		if (written < 0)
			return ctl_fail(CTL_REFUSED, "%s: %s", sink->name, strerror(errno));
		bytes += written;
		n -= (size_t)written;
	}
	return CTL_OK;
}

/* Messages up to the empty one.  Packets may be long in coming, so there is no time-out. */
static enum ctl_status
copy_file(struct ctl_client *client, const struct sink *sink)
{
	static char bytes[CLIENT_STREAM_MAX];
	struct sy_error error;
	enum ctl_status status = CTL_OK;
	size_t n = 0;

	do {
		status = ctl_receive_part(client, bytes, &n, &had_enough, &error);
		if (status != CTL_OK)
			return ctl_fail(status, "%s", error.text);
		status = write_all(sink, bytes, n);
	} while (status == CTL_OK && n > 0);
	return status;
}

static enum ctl_status
finish(struct ctl_client *client, const struct ctl_args *args, const struct sink *sink)
{
	struct json_object *result = NULL;
	struct sy_error error;
	FILE *out = sink->fd == STDOUT_FILENO ? stderr : stdout;
	enum ctl_status status = ctl_receive(client, &result, &error);

	if (status != CTL_OK)
		return ctl_fail(status, "%s", error.text);
	if (args->json) {
		json_object_object_add(result, "file", json_object_new_string(sink->name));
		show_print_json(out, result);
	} else {
		fprintf(out,
			"%s: %" PRIu64 " packets, %" PRIu64 " bytes; %" PRIu64
			" more matched and were lost\n",
			sink->name, row_number(result, "packets"), row_number(result, "bytes"),
			row_number(result, "lost"));
	}
	json_object_put(result);
	return CTL_OK;
}

static enum ctl_status
capture(const struct ctl_args *args, struct json_object *arguments)
{
	struct ctl_client client;
	struct sy_error error;
	struct json_object *result = NULL;
	struct sink sink;
	enum ctl_status status = ctl_connect(args->socket, &client, &error);

	if (status == CTL_OK)
		status = ctl_ask(&client, "capture", arguments, &result, &error);
	json_object_put(result);
	if (status != CTL_OK) {
		ctl_disconnect(&client);
		return ctl_fail(status, "%s", error.text);
	}
	/* Not before: who is refused keeps the file that he had. */
	status = open_sink(ctl_option(args, "write"), &sink);
	if (status == CTL_OK) {
		catch_signals();
		fprintf(stderr, "capturing; Ctrl-C ends it\n");
		status = copy_file(&client, &sink);
		if (status == CTL_OK)
			status = finish(&client, args, &sink);
		if (sink.fd != STDOUT_FILENO && close(sink.fd) != 0)
			status = ctl_fail(CTL_REFUSED, "%s: %s", sink.name, strerror(errno));
	}
	ctl_disconnect(&client);
	return status;
}

enum ctl_status
ctl_run_capture(const struct ctl_args *args)
{
	struct json_object *arguments = json_object_new_object();
	enum ctl_status status = ctl_option(args, "write") != NULL
		? make_arguments(args, arguments)
		: ctl_fail(CTL_USAGE, "capture needs -w FILE, or -w - into a pipe");

	if (status == CTL_OK)
		status = capture(args, arguments);
	json_object_put(arguments);
	return status;
}
