/* SPDX-License-Identifier: BSD-3-Clause */
#include "control.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sy/log.h"

static const struct sy_control_limits default_limits = {
	.idle = 300000,
	.request = 5000,
	.answer = 10000,
};

static int
find_group(const char *name, gid_t *group, struct sy_error *error)
{
	const struct group *entry;

	*group = (gid_t)-1;
	if (name[0] == '\0')
		return 0;
	entry = getgrnam(name);
	if (entry == NULL)
		return sy_error_set(error, -ENOENT,
			"control group '%s' does not exist: make it (groupadd %s), or leave "
			"\"control\": { \"group\": ... } out",
			name, name);
	*group = entry->gr_gid;
	return 0;
}

static void
connection(uv_stream_t *listener, int status)
{
	struct sy_control *control = listener->data;

	if (status < 0)
		sy_warning("control socket: %s", uv_strerror(status));
	else
		sy_control_accept(control);
}

static void
remember_file(struct sy_control *control, const char *path)
{
	struct stat file;

	snprintf(control->path, sizeof(control->path), "%s", path);
	if (lstat(path, &file) != 0)
		return;
	control->device = file.st_dev;
	control->inode = file.st_ino;
	control->has_file = true;
}

int
sy_control_create(struct sy_surface *surface, struct sy_control **control, struct sy_error *error)
{
	const struct sy_config *config = sy_registry_config(surface->context->registry);
	struct sy_control *made = calloc(1, sizeof(*made));
	int status;

	if (made == NULL)
		return sy_error_set(error, -ENOMEM, "out of memory");
	made->surface = surface;
	made->limits = default_limits;
	TAILQ_INIT(&made->clients);
	status = find_group(config->control_group, &made->group, error);
	if (status == 0)
		status = sy_control_listen(config->control_socket, made->group, error);
	if (status < 0) {
		free(made);
		return status;
	}
	made->fd = status;
	remember_file(made, config->control_socket);
	*control = made;
	return 0;
}

int
sy_control_start(struct sy_control *control, uv_loop_t *loop, struct sy_error *error)
{
	int status;

	/* A client that leaves before its answer must not end the daemon. */
	signal(SIGPIPE, SIG_IGN);
	control->started = true;
	uv_pipe_init(loop, &control->listener, 0);
	control->listener.data = control;
	sy_renderer_init(&control->renderer, loop);
	status = uv_pipe_open(&control->listener, control->fd);
	if (status == 0) {
		control->fd = -1;
		status = uv_listen(
			(uv_stream_t *)&control->listener, SY_CONTROL_CLIENTS, connection);
	}
	if (status == 0)
		return 0;
	return sy_error_set(
		error, status, "control socket %s: %s", control->path, uv_strerror(status));
}

static void
remove_file(const struct sy_control *control)
{
	struct stat file;

	if (control->has_file && lstat(control->path, &file) == 0 &&
		file.st_dev == control->device && file.st_ino == control->inode)
		unlink(control->path);
}

void
sy_control_stop(struct sy_control *control)
{
	if (control == NULL || !control->started || control->stopping)
		return;
	control->stopping = true;
	remove_file(control);
	control->has_file = false;
	uv_close((uv_handle_t *)&control->listener, NULL);
	sy_control_drop_clients(control);
	sy_renderer_close(&control->renderer);
}

void
sy_control_destroy(struct sy_control *control)
{
	if (control == NULL)
		return;
	remove_file(control);
	if (control->fd >= 0)
		close(control->fd);
	free(control);
}
