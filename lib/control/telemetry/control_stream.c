/* SPDX-License-Identifier: BSD-3-Clause */
#include "control_stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH_BYTES 4
#define MESSAGE_BYTES 65536
#define LOOK_MS 5 /* for more, where there was none */

struct sy_control_stream {
	struct sy_stream *stream;
	uv_pipe_t *pipe;
	uv_timer_t timer;
	uv_write_t write;
	uint64_t limit_ms;
	void (*ended)(void *context, int status);
	void *context;
	bool writing; /* the message is the loop's */
	bool closing;
	bool is_last;
	uint8_t n_users; /* of this memory: the timer, a write */
	uint8_t message[LENGTH_BYTES + MESSAGE_BYTES];
};

static void look(uv_timer_t *timer);

static void
release(struct sy_control_stream *sender)
{
	if (--sender->n_users == 0)
		free(sender);
}

static void
end(struct sy_control_stream *sender, int status)
{
	uv_timer_stop(&sender->timer);
	sender->ended(sender->context, status);
}

static void
too_slow(uv_timer_t *timer)
{
	end(timer->data, -ETIMEDOUT);
}

static void
sent(uv_write_t *write, int status)
{
	struct sy_control_stream *sender = write->data;

	sender->writing = false;
	if (sender->closing) {
		release(sender);
		return;
	}
	sender->n_users--; /* the timer is another one */
	if (status != 0 || sender->is_last)
		end(sender, status);
	else
		uv_timer_start(&sender->timer, look, 0, 0);
}

static void
send_message(struct sy_control_stream *sender, size_t length)
{
	uint32_t length_be = htonl((uint32_t)length);
	uv_buf_t buffer =
		uv_buf_init((char *)sender->message, (unsigned int)(LENGTH_BYTES + length));
	int status;

	memcpy(sender->message, &length_be, sizeof(length_be));
	sender->is_last = length == 0;
	sender->write.data = sender;
	uv_timer_start(&sender->timer, too_slow, sender->limit_ms, 0);
	status = uv_write(&sender->write, (uv_stream_t *)sender->pipe, &buffer, 1, sent);
	if (status != 0) {
		end(sender, status);
		return;
	}
	sender->writing = true;
	sender->n_users++;
}

static void
look(uv_timer_t *timer)
{
	struct sy_control_stream *sender = timer->data;
	struct sy_stream *stream = sender->stream;
	size_t n = stream->read(stream, sender->message + LENGTH_BYTES, MESSAGE_BYTES);

	if (n > 0 || stream->has_ended(stream))
		send_message(sender, n);
	else
		uv_timer_start(&sender->timer, look, LOOK_MS, 0);
}

int
sy_control_stream_create(uv_loop_t *loop, uv_pipe_t *pipe, struct sy_stream *stream,
	uint64_t limit_ms, void (*ended)(void *context, int status), void *context,
	struct sy_control_stream **made)
{
	struct sy_control_stream *sender = calloc(1, sizeof(*sender));

	if (sender == NULL)
		return -ENOMEM;
	sender->stream = stream;
	sender->pipe = pipe;
	sender->limit_ms = limit_ms;
	sender->ended = ended;
	sender->context = context;
	sender->n_users = 1;
	sender->timer.data = sender;
	uv_timer_init(loop, &sender->timer);
	uv_timer_start(&sender->timer, look, 0, 0);
	*made = sender;
	return 0;
}

void
sy_control_stream_stop(struct sy_control_stream *sender)
{
	sender->stream->stop(sender->stream);
}

struct json_object *
sy_control_stream_summary(struct sy_control_stream *sender)
{
	return sender->stream->summary(sender->stream);
}

static void
timer_closed(uv_handle_t *handle)
{
	release(handle->data);
}

void
sy_control_stream_close(struct sy_control_stream *sender)
{
	if (sender == NULL)
		return;
	sender->closing = true;
	sender->stream->destroy(sender->stream);
	sender->stream = NULL;
	uv_close((uv_handle_t *)&sender->timer, timer_closed);
}
