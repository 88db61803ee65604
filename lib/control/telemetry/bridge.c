/* SPDX-License-Identifier: BSD-3-Clause */
#include "bridge.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <time.h>

#include <rte_telemetry.h>

#include "bridge_question.h"
#include "tel_data.h"
#include "views.h"

#define PREFIX "/steelyard/"

static struct {
	pthread_mutex_t mutex; /* over all of this, and the questions' done and abandoned */
	pthread_cond_t answered;
	struct sy_surface *surface; /* NULL: nobody is there to ask */
	uv_async_t *wake;
	TAILQ_HEAD(, sy_question) waiting; /* not yet taken by the loop */
	bool registered;
} bridge = {
	.mutex = PTHREAD_MUTEX_INITIALIZER,
	.waiting = TAILQ_HEAD_INITIALIZER(bridge.waiting),
};

/* In the loop: the answer is there; the thread may have gone. */
static void
hand_over(struct sy_question *question)
{
	bool abandoned;

	pthread_mutex_lock(&bridge.mutex);
	question->done = true;
	abandoned = question->abandoned;
	pthread_cond_broadcast(&bridge.answered);
	pthread_mutex_unlock(&bridge.mutex);
	if (abandoned)
		sy_question_destroy(question);
}

static struct sy_question *
take_question(void)
{
	struct sy_question *question;

	pthread_mutex_lock(&bridge.mutex);
	question = TAILQ_FIRST(&bridge.waiting);
	if (question != NULL)
		TAILQ_REMOVE(&bridge.waiting, question, entry);
	pthread_mutex_unlock(&bridge.mutex);
	return question;
}

static void
woken(uv_async_t *wake)
{
	struct sy_surface *surface = wake->data;
	struct sy_question *question;

	while ((question = take_question()) != NULL)
		sy_question_ask(question, surface, hand_over);
}

static void
deadline(struct timespec *end)
{
	clock_gettime(CLOCK_MONOTONIC, end);
	end->tv_sec += SY_BRIDGE_WAIT_MS / 1000;
	end->tv_nsec += SY_BRIDGE_WAIT_MS % 1000 * 1000000L;
	end->tv_sec += end->tv_nsec / 1000000000;
	end->tv_nsec %= 1000000000;
}

/* In DPDK's thread.  Returns whether the question is answered; else it belongs to the loop. */
static bool
wait_for_answer(struct sy_question *question)
{
	struct timespec end;
	int status = 0;
	bool done;

	deadline(&end);
	pthread_mutex_lock(&bridge.mutex);
	if (bridge.surface == NULL) {
		question->done = true;
	} else {
		TAILQ_INSERT_TAIL(&bridge.waiting, question, entry);
		uv_async_send(bridge.wake);
	}
	while (!question->done && status == 0)
		status = pthread_cond_timedwait(&bridge.answered, &bridge.mutex, &end);
	done = question->done;
	question->abandoned = !done;
	pthread_mutex_unlock(&bridge.mutex);
	return done;
}

static int
say_error(struct rte_tel_data *data, const char *text)
{
	rte_tel_data_start_dict(data);
	rte_tel_data_add_dict_string(data, "error", text);
	return 0;
}

static int
command(const char *name, const char *params, struct rte_tel_data *data)
{
	const struct sy_view *view = sy_view_find(name + strlen(PREFIX));
	struct sy_question *question = view != NULL ? sy_question_create(view, params) : NULL;
	int status;

	if (question == NULL)
		return -ENOMEM;
	if (!wait_for_answer(question))
		return say_error(data, "the management core did not answer in time");
	if (question->result != NULL)
		status = sy_tel_data_fill(data, question->result, question->n_more);
	else
		status = say_error(data,
			question->error.text[0] != '\0' ? question->error.text
							: "the daemon is stopping");
	sy_question_destroy(question);
	return status;
}

static int
register_commands(struct sy_error *error)
{
	pthread_condattr_t attributes;
	char name[56];

	if (bridge.registered)
		return 0;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&bridge.answered, &attributes);
	pthread_condattr_destroy(&attributes);
	for (const struct sy_view *view = sy_views; view->name != NULL; view++) {
		int status;

		snprintf(name, sizeof(name), PREFIX "%s", view->name);
		status = rte_telemetry_register_cmd(name, command, view->help);
		if (status != 0)
			return sy_error_set(error, status, "DPDK telemetry: cannot register %s: %s",
				name, strerror(-status));
	}
	bridge.registered = true;
	return 0;
}

int
sy_bridge_start(struct sy_surface *surface, struct sy_error *error)
{
	uv_async_t *wake = malloc(sizeof(*wake));
	int status = wake != NULL ? uv_async_init(surface->loop, wake, woken) : UV_ENOMEM;

	if (status != 0) {
		free(wake);
		return sy_error_set(error, status, "DPDK telemetry: %s", uv_strerror(status));
	}
	wake->data = surface;
	pthread_mutex_lock(&bridge.mutex);
	bridge.surface = surface;
	bridge.wake = wake;
	pthread_mutex_unlock(&bridge.mutex);
	surface->bridged = true;
	return register_commands(error);
}

static void
free_handle(uv_handle_t *handle)
{
	free(handle);
}

void
sy_bridge_stop(struct sy_surface *surface)
{
	struct sy_question *question;

	if (!surface->bridged)
		return;
	surface->bridged = false;
	pthread_mutex_lock(&bridge.mutex);
	bridge.surface = NULL;
	uv_close((uv_handle_t *)bridge.wake, free_handle);
	bridge.wake = NULL;
	while ((question = TAILQ_FIRST(&bridge.waiting)) != NULL) {
		TAILQ_REMOVE(&bridge.waiting, question, entry);
		question->done = true;
	}
	pthread_cond_broadcast(&bridge.answered);
	pthread_mutex_unlock(&bridge.mutex);
}
