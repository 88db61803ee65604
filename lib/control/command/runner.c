/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The process that starts programs.  It has nothing but its end of the socket,
 * and a loop of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire.h"

struct runner {
	uv_loop_t loop;
	uv_poll_t orders;
	int fd;
	const struct sy_command_config *commands; /* all that may be run */
	uint32_t n_commands;
	struct program *programs; /* that run */
};

struct program {
	struct runner *runner;
	struct program *next;
	uv_process_t process;
	uv_poll_t output;
	uv_timer_t timer;
	int n_open; /* handles of the loop */
	int fd; /* of its output */
	bool timed_out;
	bool cancelled;
	uint32_t id;
	uint32_t timeout_ms;
	uint32_t n_said;
	char said[WIRE_SAID];
};

/* Blocks when the daemon is behind: it takes as many as may run in one turn. */
static void
report(const struct runner *runner, uint32_t id, enum sy_command_end end, int code,
	const char *said, uint32_t length)
{
	struct wire_report message = { .id = id, .end = end, .code = code, .length = length };

	if (length > 0)
		memcpy(message.said, said, length);
	while (send(runner->fd, &message, offsetof(struct wire_report, said) + length,
		       MSG_NOSIGNAL) < 0 &&
		errno == EINTR)
		;
}

static void
closed(uv_handle_t *handle)
{
	struct program *program = handle->data;

	if (--program->n_open == 0)
		free(program);
}

static void
forget(struct program *program)
{
	struct program **at = &program->runner->programs;

	while (*at != program)
		at = &(*at)->next;
	*at = program->next;
	uv_close((uv_handle_t *)&program->output, closed);
	uv_close((uv_handle_t *)&program->timer, closed);
	uv_close((uv_handle_t *)&program->process, closed);
	close(program->fd);
}

/* Keeps the beginning and throws the rest away, so that nobody waits for a full pipe.  Returns whether
 * there may be more. */
static bool
read_once(struct program *program)
{
	char rest[4096];
	uint32_t room = WIRE_SAID - program->n_said;
	ssize_t n = room > 0 ? read(program->fd, program->said + program->n_said, room)
			     : read(program->fd, rest, sizeof(rest));

	if (n > 0 && room > 0)
		program->n_said += (uint32_t)n;
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		uv_poll_stop(&program->output);
	return n > 0;
}

static void
said_something(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	read_once(poll->data);
}

static void
kill_all(const struct program *program)
{
	kill(-program->process.pid, SIGKILL);
}

static void
time_over(uv_timer_t *timer)
{
	struct program *program = timer->data;

	program->timed_out = true;
	kill_all(program);
}

/* What it has left running goes with it; what it said before its end is in the pipe. */
static void
ended(uv_process_t *process, int64_t status, int signal)
{
	struct program *program = process->data;
	enum sy_command_end end = signal != 0 ? SY_COMMAND_KILLED : SY_COMMAND_EXITED;
	int code = signal != 0 ? signal : (int)status;

	kill_all(program);
	while (program->n_said < WIRE_SAID && read_once(program))
		;
	if (program->timed_out) {
		end = SY_COMMAND_TIMED_OUT;
		code = (int)program->timeout_ms;
	}
	report(program->runner, program->id, end, code, program->said, program->n_said);
	forget(program);
}

/* As whom; 0 or a negative errno. */
static int
find_user(const char *name, uv_process_options_t *options)
{
	const struct passwd *user;

	errno = 0;
	user = getpwnam(name);
	if (user == NULL)
		return errno != 0 ? -errno : -SY_COMMAND_NO_USER;
	if (user->pw_uid == geteuid() && user->pw_uid != 0)
		return 0;
	options->flags |= UV_PROCESS_SETUID | UV_PROCESS_SETGID;
	options->uid = user->pw_uid;
	options->gid = user->pw_gid;
	return 0;
}

/* 0 or a negative errno; *said is the program's end of the pipe, to be closed when it is started. */
static int
open_output(struct program *program, int *said)
{
	struct runner *runner = program->runner;
	int ends[2];
	int status;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return -errno;
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	status = uv_poll_init(&runner->loop, &program->output, ends[0]);
	if (status != 0) {
		close(ends[0]);
		close(ends[1]);
		return status;
	}
	uv_timer_init(&runner->loop, &program->timer);
	program->fd = ends[0];
	*said = ends[1];
	return 0;
}

/* Also a program that cannot start makes its handle the loop's, as forget() wants it. */
static int
spawn(struct program *program, const uv_process_options_t *whom,
	const struct sy_command_config *command, char **environment, int said)
{
	char *argv[SY_MAX_ARGUMENTS + 1] = { NULL };
	uv_stdio_container_t stdio[3] = {
		{ .flags = UV_IGNORE },
		{ .flags = UV_INHERIT_FD, .data.fd = said },
		{ .flags = UV_INHERIT_FD, .data.fd = said },
	};
	uv_process_options_t options = {
		.exit_cb = ended,
		.file = command->arguments[0],
		.args = argv,
		.env = environment,
		.cwd = "/",
		.flags = whom->flags | UV_PROCESS_DETACHED,
		.uid = whom->uid,
		.gid = whom->gid,
		.stdio_count = 3,
		.stdio = stdio,
	};

	for (uint16_t i = 0; i < command->n_arguments; i++)
		argv[i] =
			(char *)(uintptr_t)command->arguments[i]; /* that execve() does not write */
	return uv_spawn(&program->runner->loop, &program->process, &options);
}

static void
start(struct runner *runner, const struct wire_order *order,
	const struct sy_command_config *command, char **environment)
{
	struct program *program = calloc(1, sizeof(*program));
	uv_process_options_t whom = { .flags = 0 };
	int status = -ENOMEM;
	int said = -1;

	if (program == NULL)
		goto fail;
	program->runner = runner;
	program->id = order->id;
	program->timeout_ms = order->timeout_ms;
	program->process.data = program;
	program->output.data = program;
	program->timer.data = program;
	program->n_open = 3;
	status = find_user(command->user, &whom);
	if (status == 0)
		status = open_output(program, &said);
	if (status != 0)
		goto fail;
	program->next = runner->programs;
	runner->programs = program;
	status = spawn(program, &whom, command, environment, said);
	close(said);
	if (status != 0) {
		report(runner, order->id, SY_COMMAND_NOT_STARTED, -status, NULL, 0);
		forget(program);
		return;
	}
	uv_update_time(&runner->loop);
	uv_timer_start(&program->timer, time_over, order->timeout_ms, 0);
	uv_poll_start(&program->output, UV_READABLE, said_something);
	return;

fail:
	free(program);
	report(runner, order->id, SY_COMMAND_NOT_STARTED, -status, NULL, 0);
}

static void
cancel(struct runner *runner, uint32_t id)
{
	for (struct program *program = runner->programs; program != NULL; program = program->next) {
		if (program->id == id)
			kill_all(program);
	}
}

_Noreturn static void
leave(struct runner *runner)
{
	for (struct program *program = runner->programs; program != NULL; program = program->next)
		kill_all(program);
	_exit(0);
}

static const struct sy_command_config *
find_command(const struct runner *runner, const char *name)
{
	for (uint32_t i = 0; i < runner->n_commands; i++) {
		if (strcmp(runner->commands[i].name, name) == 0)
			return &runner->commands[i];
	}
	return NULL;
}

static void
take_order(uv_poll_t *poll, int status, int events)
{
	struct runner *runner = poll->data;
	char *environment[SY_COMMAND_ENVIRONMENT + 2];
	const struct sy_command_config *command;
	struct wire_order order;
	ssize_t n = recv(runner->fd, &order, sizeof(order), MSG_DONTWAIT);

	(void)status;
	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		leave(runner);
	if (sy_wire_unpack(&order, (size_t)n, environment) != 0)
		return;
	if (order.name[0] == '\0') {
		cancel(runner, order.id);
		return;
	}
	command = find_command(runner, order.name);
	if (command != NULL)
		start(runner, &order, command, environment);
	else
		report(runner, order.id, SY_COMMAND_NOT_STARTED, EPERM, NULL, 0);
}

_Noreturn void
sy_runner_run(int fd, const struct sy_command_config *commands, uint32_t n_commands)
{
	static struct runner runner;

	if (sy_runner_shut_out(commands, n_commands) != 0)
		_exit(1);
	runner.fd = fd;
	runner.commands = commands;
	runner.n_commands = n_commands;
	if (uv_loop_init(&runner.loop) != 0 || uv_poll_init(&runner.loop, &runner.orders, fd) != 0)
		_exit(1);
	runner.orders.data = &runner;
	uv_poll_start(&runner.orders, UV_READABLE, take_order);
	uv_run(&runner.loop, UV_RUN_DEFAULT);
	_exit(0);
}

int
sy_command_fork_runner(const struct sy_command_config *commands, uint32_t n_commands, int *fd)
{
	int ends[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return -errno;
	pid = fork();
	if (pid < 0) {
		int code = errno;

		close(ends[0]);
		close(ends[1]);
		return -code;
	}
	if (pid == 0) {
		close(ends[0]);
		sy_runner_run(ends[1], commands, n_commands);
	}
	close(ends[1]);
	*fd = ends[0];
	return 0;
}
