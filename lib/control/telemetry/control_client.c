/* SPDX-License-Identifier: BSD-3-Clause */
/* One connection to the control socket: read a request, have it answered, send the answer. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "control_stream.h"
#include "sy/log.h"

#define LENGTH_BYTES 4
#define REFUSED_CLIENTS 64 /* being told why, beyond those that are served */

struct sy_control_client {
	TAILQ_ENTRY(sy_control_client) entry;
	struct sy_control *control;
	uv_pipe_t pipe;
	uv_timer_t timer;
	uv_write_t write;
	struct sy_caller caller;
	struct sy_answer answer;
	struct sy_rendering rendering;
	struct sy_stream *follows; /* the answer under way; NULL: nothing */
	struct sy_control_stream *stream; /* being sent */
	size_t received;
	size_t sent;
	uint8_t n_open; /* handles */
	bool asking; /* the answer is not there yet: it will be written to this memory */
	bool closing;
	bool last; /* close after the answer */
	char request[LENGTH_BYTES + SY_CONTROL_REQUEST_MAX];
};

static void read_request(struct sy_control_client *client);

static void
free_if_unused(struct sy_control_client *client)
{
	if (client->n_open == 0 && !client->asking)
		free(client);
}

static void
handle_closed(uv_handle_t *handle)
{
	struct sy_control_client *client = handle->data;

	client->n_open--;
	free_if_unused(client);
}

static void
close_client(struct sy_control_client *client)
{
	if (client->closing)
		return;
	client->closing = true;
	TAILQ_REMOVE(&client->control->clients, client, entry);
	client->control->n_clients--;
	sy_answer_fini(&client->answer);
	sy_control_stream_close(client->stream);
	if (client->follows != NULL)
		client->follows->destroy(client->follows);
	sy_render_release(&client->control->renderer, &client->rendering);
	uv_close((uv_handle_t *)&client->timer, handle_closed);
	uv_close((uv_handle_t *)&client->pipe, handle_closed);
}

static void
too_slow(uv_timer_t *timer)
{
	struct sy_control_client *client = timer->data;

	sy_info("control: dropped the client of uid %u, pid %d: %s",
		(unsigned int)client->caller.uid, (int)client->caller.pid,
		client->rendering.text != NULL ? "it does not read its answer"
			: client->received > 0 ? "it sent half a request"
					       : "it asked nothing for long");
	close_client(client);
}

static void send_chunk(struct sy_control_client *client);
static void begin_stream(struct sy_control_client *client);

static void
chunk_sent(uv_write_t *write, int status)
{
	struct sy_control_client *client = write->data;

	if (client->closing)
		return;
	if (status != 0) {
		close_client(client);
	} else if (client->sent < client->rendering.length) {
		send_chunk(client);
	} else if (client->follows != NULL) {
		begin_stream(client);
	} else if (client->last) {
		close_client(client);
	} else {
		sy_render_release(&client->control->renderer, &client->rendering);
		read_request(client);
	}
}

static void
send_chunk(struct sy_control_client *client)
{
	size_t length = client->rendering.length - client->sent;
	uv_buf_t buffer;

	if (length > SY_CONTROL_CHUNK)
		length = SY_CONTROL_CHUNK;
	buffer = uv_buf_init(client->rendering.text + client->sent, (unsigned int)length);
	client->sent += length;
	client->write.data = client;
	uv_timer_start(&client->timer, too_slow, client->control->limits.answer, 0);
	if (uv_write(&client->write, (uv_stream_t *)&client->pipe, &buffer, 1, chunk_sent) != 0)
		close_client(client);
}

static void
rendered(struct sy_rendering *rendering, int status)
{
	struct sy_control_client *client = (struct sy_control_client *)((char *)rendering -
		offsetof(struct sy_control_client, rendering));

	if (status != 0) {
		close_client(client);
		return;
	}
	client->sent = 0;
	send_chunk(client);
}

static void
answered(struct sy_answer *answer)
{
	struct sy_control_client *client = (struct sy_control_client *)((char *)answer -
		offsetof(struct sy_control_client, answer));

	client->asking = false;
	if (client->closing) {
		sy_answer_fini(answer);
		free_if_unused(client);
		return;
	}
	if (answer->status == 0) {
		client->follows = answer->stream;
		answer->stream = NULL;
	}
	client->rendering.answer = answer;
	client->rendering.done = rendered;
	sy_render(&client->control->renderer, &client->rendering);
}

static void
begin_answer(struct sy_control_client *client)
{
	uv_read_stop((uv_stream_t *)&client->pipe);
	uv_timer_stop(&client->timer);
	client->answer = (struct sy_answer){ .done = answered };
	client->asking = true;
}

/* A summary comes behind a stream, as an answer of its own. */
static void
stream_ended(void *context, int status)
{
	struct sy_control_client *client = context;
	struct json_object *summary;

	if (status != 0) {
		sy_info("control: the stream to uid %u, pid %d ends: %s",
			(unsigned int)client->caller.uid, (int)client->caller.pid,
			uv_strerror(status));
		close_client(client);
		return;
	}
	summary = sy_control_stream_summary(client->stream);
	sy_control_stream_close(client->stream);
	client->stream = NULL;
	begin_answer(client);
	sy_answer_object(&client->answer, summary);
}

static void
next_word(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct sy_control_client *client = handle->data;

	(void)suggested;
	*buffer = uv_buf_init(client->request, sizeof(client->request));
}

/* Whatever a client says while it is sent a stream means that it has had enough; one that is gone has
 * too. */
static void
heard(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
	struct sy_control_client *client = stream->data;

	(void)buffer;
	if (n == 0)
		return;
	uv_read_stop(stream);
	if (n < 0 && n != UV_EOF) {
		close_client(client);
		return;
	}
	client->last = true;
	sy_control_stream_stop(client->stream);
}

static void
begin_stream(struct sy_control_client *client)
{
	struct sy_control *control = client->control;

	sy_render_release(&control->renderer, &client->rendering);
	uv_timer_stop(&client->timer);
	if (sy_control_stream_create(control->surface->loop, &client->pipe, client->follows,
		    control->limits.answer, stream_ended, client, &client->stream) != 0) {
		close_client(client);
		return;
	}
	client->follows = NULL;
	if (uv_read_start((uv_stream_t *)&client->pipe, next_word, heard) != 0)
		close_client(client);
}

/* After this what follows in the stream means nothing. */
static void
refuse(struct sy_control_client *client, const char *text)
{
	client->last = true;
	begin_answer(client);
	sy_answer_fail(&client->answer, -EINVAL, "%s", text);
}

static void
run_request(struct sy_control_client *client)
{
	struct sy_call call;
	struct sy_error error;
	int status;

	begin_answer(client);
	status = sy_call_parse(
		client->request + LENGTH_BYTES, client->received - LENGTH_BYTES, &call, &error);
	if (status != 0) {
		sy_answer_fail(&client->answer, status, "%s", error.text);
		return;
	}
	sy_call_run(client->control->surface, &call, &client->caller, &client->answer);
	sy_call_fini(&call);
}

static size_t
request_length(const struct sy_control_client *client)
{
	uint32_t length_be;

	memcpy(&length_be, client->request, sizeof(length_be));
	return ntohl(length_be);
}

/* Reads as far as the request goes and not beyond: the next one waits in the kernel. */
static void
next_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct sy_control_client *client = handle->data;
	size_t wanted = LENGTH_BYTES;

	(void)suggested;
	if (client->received >= LENGTH_BYTES)
		wanted += request_length(client);
	*buffer = uv_buf_init(
		client->request + client->received, (unsigned int)(wanted - client->received));
}

static void
received(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
	struct sy_control_client *client = stream->data;
	size_t length;

	(void)buffer;
	if (n < 0) {
		close_client(client);
		return;
	}
	if (client->received == 0 && n > 0)
		uv_timer_start(&client->timer, too_slow, client->control->limits.request, 0);
	client->received += (size_t)n;
	if (client->received < LENGTH_BYTES)
		return;
	length = request_length(client);
	if (length == 0 || length > SY_CONTROL_REQUEST_MAX)
		refuse(client,
			"a request is 1 to 65536 bytes of JSON after its length in four bytes, "
			"big-endian");
	else if (client->received == LENGTH_BYTES + length)
		run_request(client);
}

static void
read_request(struct sy_control_client *client)
{
	client->received = 0;
	uv_timer_start(&client->timer, too_slow, client->control->limits.idle, 0);
	if (uv_read_start((uv_stream_t *)&client->pipe, next_room, received) != 0)
		close_client(client);
}

static struct sy_control_client *
add_client(struct sy_control *control)
{
	struct sy_control_client *client = calloc(1, sizeof(*client));

	if (client == NULL)
		return NULL;
	client->control = control;
	client->n_open = 2;
	uv_pipe_init(control->surface->loop, &client->pipe, 0);
	uv_timer_init(control->surface->loop, &client->timer);
	client->pipe.data = client;
	client->timer.data = client;
	TAILQ_INSERT_TAIL(&control->clients, client, entry);
	control->n_clients++;
	return client;
}

static void
admit(struct sy_control_client *client)
{
	struct sy_control *control = client->control;
	uv_os_fd_t fd;

	if (uv_fileno((uv_handle_t *)&client->pipe, &fd) != 0 ||
		!sy_control_admit(fd, control->group, &client->caller))
		refuse(client,
			"permission denied: the control socket is for root, and for the "
			"group in \"control\": { \"group\": ... }");
	else if (control->n_clients > SY_CONTROL_CLIENTS)
		refuse(client, "too many clients (64): try again, or close one");
	else
		read_request(client);
}

void
sy_control_accept(struct sy_control *control)
{
	struct sy_control_client *client = add_client(control);

	if (client == NULL) {
		sy_warning("control socket: out of memory for a client");
		return;
	}
	if (uv_accept((uv_stream_t *)&control->listener, (uv_stream_t *)&client->pipe) != 0 ||
		control->n_clients > SY_CONTROL_CLIENTS + REFUSED_CLIENTS)
		close_client(client);
	else
		admit(client);
}

void
sy_control_drop_clients(struct sy_control *control)
{
	struct sy_control_client *client;

	while ((client = TAILQ_FIRST(&control->clients)) != NULL)
		close_client(client);
}
