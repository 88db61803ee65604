/* SPDX-License-Identifier: BSD-3-Clause */
/* Does the backend accept a connection? */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probe.h"

struct tcp_state {
	uv_poll_t poll;
	struct probe *probe;
	int fd;
};

static void
free_state(uv_handle_t *handle)
{
	free(handle->data);
}

static void
end(struct probe *probe)
{
	struct tcp_state *state = probe->state;

	probe->state = NULL;
	uv_close((uv_handle_t *)&state->poll, free_state);
	close(state->fd);
}

static void
connected(uv_poll_t *poll, int status, int events)
{
	struct tcp_state *state = poll->data;
	struct probe *probe = state->probe;
	char text[PROBE_TEXT];
	int code = sy_probe_socket_code(state->fd, status);

	(void)events;
	end(probe);
	probe->done(probe, code == 0, code == 0 ? "connected" : sy_probe_errno(code, text));
}

static int
start(struct probe *probe)
{
	struct tcp_state *state = calloc(1, sizeof(*state));
	int status;

	if (state == NULL)
		return -ENOMEM;
	state->probe = probe;
	state->fd = sy_probe_connect(probe, SOCK_STREAM);
	if (state->fd < 0) {
		status = state->fd;
		goto fail;
	}
	status = uv_poll_init(probe->prober->loop, &state->poll, state->fd);
	if (status != 0) {
		close(state->fd);
		goto fail;
	}
	state->poll.data = state;
	probe->state = state;
	uv_poll_start(&state->poll, UV_WRITABLE, connected);
	return 0;

fail:
	free(state);
	return status;
}

const struct probe_kind sy_probe_tcp = { .type = SY_HEALTH_TCP, .start = start, .cancel = end };
