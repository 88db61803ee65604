/* SPDX-License-Identifier: BSD-3-Clause */
/* The daemon's side: orders to the runner, and what it reports. */
#include "sy/command.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sy/log.h"
#include "wire.h"

struct sy_command_run {
	struct sy_commands *commands;
	uint32_t id; /* 0: free */
	bool cancelled;
	void (*done)(void *context, const struct sy_command_result *result);
	void *context;
};

struct sy_commands {
	uv_poll_t poll;
	int fd;
	bool gone; /* the runner */
	uint32_t last_id;
	struct sy_command_run runs[SY_COMMANDS_AT_ONCE];
};

static struct sy_command_run *
find(struct sy_commands *commands, uint32_t id)
{
	for (uint32_t i = 0; i < SY_COMMANDS_AT_ONCE; i++) {
		if (commands->runs[i].id == id)
			return &commands->runs[i];
	}
	return NULL;
}

static void
end_run(struct sy_command_run *run, const struct sy_command_result *result)
{
	const struct sy_command_run ended = *run;

	run->id = 0;
	if (!ended.cancelled)
		ended.done(ended.context, result);
}

static void
lose_runner(struct sy_commands *commands)
{
	const struct sy_command_result result = { .end = SY_COMMAND_NOT_STARTED, .code = EPIPE };

	if (commands->gone)
		return;
	commands->gone = true;
	uv_poll_stop(&commands->poll);
	sy_error_log("the process that runs commands is gone: none can be run until steelyard is "
		     "restarted");
	for (uint32_t i = 0; i < SY_COMMANDS_AT_ONCE; i++) {
		if (commands->runs[i].id != 0)
			end_run(&commands->runs[i], &result);
	}
}

static void
take_report(struct sy_commands *commands, const struct wire_report *report, size_t length)
{
	const size_t head = offsetof(struct wire_report, said);
	struct sy_command_result result;
	struct sy_command_run *run;

	if (length < head || report->length != length - head ||
		report->end > SY_COMMAND_NOT_STARTED || report->id == 0)
		return;
	run = find(commands, report->id);
	if (run == NULL)
		return;
	result.end = (enum sy_command_end)report->end;
	result.code = report->code;
	sy_wire_first_line(result.said, report->said, report->length);
	end_run(run, &result);
}

/* No more in a turn than may run at once. */
static void
take_reports(uv_poll_t *poll, int status, int events)
{
	struct sy_commands *commands = poll->data;
	struct wire_report report;

	(void)status;
	(void)events;
	for (int i = 0; i < SY_COMMANDS_AT_ONCE; i++) {
		ssize_t n = recv(commands->fd, &report, sizeof(report), MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			lose_runner(commands);
			return;
		}
		take_report(commands, &report, (size_t)n);
	}
}

struct sy_commands *
sy_commands_create(uv_loop_t *loop, int fd)
{
	struct sy_commands *commands = calloc(1, sizeof(*commands));

	if (commands == NULL || uv_poll_init(loop, &commands->poll, fd) != 0) {
		free(commands);
		close(fd);
		return NULL;
	}
	commands->fd = fd;
	commands->poll.data = commands;
	uv_poll_start(&commands->poll, UV_READABLE, take_reports);
	return commands;
}

static void
free_commands(uv_handle_t *handle)
{
	free(handle->data);
}

void
sy_commands_destroy(struct sy_commands *commands)
{
	if (commands == NULL)
		return;
	uv_close((uv_handle_t *)&commands->poll, free_commands);
	close(commands->fd);
}

static int
send_order(struct sy_commands *commands, const struct wire_order *order, size_t length)
{
	ssize_t n = send(commands->fd, order, length, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n >= 0)
		return 0;
	return errno == EAGAIN || errno == ENOBUFS || errno == EINTR ? -EAGAIN : -EPIPE;
}

static uint32_t
next_id(struct sy_commands *commands)
{
	if (++commands->last_id == 0)
		commands->last_id = 1;
	return commands->last_id;
}

int
sy_commands_run(struct sy_commands *commands, const struct sy_command_params *params,
	struct sy_command_run **run)
{
	struct sy_command_run *place = find(commands, 0);
	struct wire_order order;
	int length, status;

	if (commands->gone)
		return -EPIPE;
	if (place == NULL)
		return -EAGAIN;
	length = sy_wire_pack(&order, params);
	if (length < 0)
		return length;
	order.id = next_id(commands);
	status = send_order(commands, &order, (size_t)length);
	if (status != 0)
		return status;
	*place = (struct sy_command_run){
		.commands = commands,
		.id = order.id,
		.done = params->done,
		.context = params->context,
	};
	*run = place;
	return 0;
}

/* An order that is lost does no harm: the runner keeps the time too. */
void
sy_commands_cancel(struct sy_command_run *run)
{
	const size_t length = offsetof(struct wire_order, text);
	struct wire_order order;

	memset(&order, 0, length);
	order.id = run->id;
	run->cancelled = true;
	send_order(run->commands, &order, length);
}
