/* SPDX-License-Identifier: BSD-3-Clause */
#include "flow_dump.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "sy/time.h"

bool
sy_flow_dump_is_done(const struct sy_flow_dump *dump, uint32_t worker)
{
	return atomic_load_explicit(&dump->requests[worker].done, memory_order_acquire) != 0;
}

static void
destroy_dump(struct sy_flow_dump *dump)
{
	for (uint32_t w = 0; dump->requests != NULL && w < dump->n_workers; w++)
		free(dump->requests[w].records);
	free(dump->requests);
	free(dump->inquiries);
	free(dump->posted);
	free(dump);
}

static int
alloc_inquiries(struct sy_flow_dump *dump, const struct sy_tuple *tuple)
{
	dump->requests = calloc(dump->n_workers, sizeof(dump->requests[0]));
	dump->posted = calloc(dump->n_workers, sizeof(dump->posted[0]));
	dump->inquiries = calloc(dump->n_workers, sizeof(dump->inquiries[0]));
	if (dump->requests == NULL || dump->posted == NULL || dump->inquiries == NULL)
		return -ENOMEM;
	for (uint32_t w = 0; w < dump->n_workers; w++) {
		dump->inquiries[w].tuple = *tuple;
		dump->requests[w].kind = SY_REQUEST_EXPLAIN;
		dump->requests[w].inquiry = &dump->inquiries[w];
	}
	return 0;
}

static int
alloc_requests(struct sy_flow_dump *dump, uint32_t service, uint32_t backend)
{
	dump->requests = calloc(dump->n_workers, sizeof(dump->requests[0]));
	dump->posted = calloc(dump->n_workers, sizeof(dump->posted[0]));
	if (dump->requests == NULL || dump->posted == NULL)
		return -ENOMEM;
	for (uint32_t w = 0; w < dump->n_workers; w++) {
		struct sy_request *request = &dump->requests[w];

		request->kind = SY_REQUEST_FLOWS;
		request->service = service;
		request->backend = backend;
		request->room = dump->limit;
		request->records = calloc(dump->limit, sizeof(request->records[0]));
		if (request->records == NULL)
			return -ENOMEM;
	}
	return 0;
}

/* A worker whose ring is full is asked again at the next look. */
static void
post_requests(struct sy_flow_dump *dump, struct sy_mailbox **mailboxes)
{
	for (uint32_t w = 0; w < dump->n_workers; w++) {
		if (!dump->posted[w] &&
			sy_mailbox_post_request(mailboxes[w], &dump->requests[w]) == 0)
			dump->posted[w] = true;
	}
}

static bool
is_complete(const struct sy_flow_dump *dump)
{
	for (uint32_t w = 0; w < dump->n_workers; w++) {
		if (!sy_flow_dump_is_done(dump, w))
			return false;
	}
	return true;
}

/* Whether no worker writes to it any more; one that was never asked does not. */
static bool
is_idle(const struct sy_flow_dump *dump)
{
	for (uint32_t w = 0; w < dump->n_workers; w++) {
		if (dump->posted[w] && !sy_flow_dump_is_done(dump, w))
			return false;
	}
	return true;
}

static void
answer(struct sy_flow_dump *dump)
{
	dump->answered = true;
	dump->held = true;
	dump->done(dump, dump->context);
}

static void
remove_dump(struct sy_flow_dumps *dumps, struct sy_flow_dump *dump)
{
	TAILQ_REMOVE(&dumps->list, dump, entry);
	dumps->n--;
	destroy_dump(dump);
}

static void
look(uv_timer_t *timer)
{
	struct sy_flow_dumps *dumps = timer->data;
	struct sy_flow_dump *dump = TAILQ_FIRST(&dumps->list);

	while (dump != NULL) {
		struct sy_flow_dump *next = TAILQ_NEXT(dump, entry);

		if (!dump->answered) {
			post_requests(dump, dump->mailboxes);
			if (is_complete(dump) || sy_time_us() >= dump->deadline_us)
				answer(dump);
		}
		if (dump->answered && !dump->held && is_idle(dump))
			remove_dump(dumps, dump);
		dump = next;
	}
	if (dumps->n == 0)
		uv_timer_stop(timer);
}

int
sy_flow_dumps_init(struct sy_flow_dumps *dumps, uv_loop_t *loop)
{
	TAILQ_INIT(&dumps->list);
	dumps->n = 0;
	dumps->timer.data = dumps;
	return uv_timer_init(loop, &dumps->timer);
}

void
sy_flow_dumps_close(struct sy_flow_dumps *dumps)
{
	struct sy_flow_dump *dump;

	TAILQ_FOREACH (dump, &dumps->list, entry) {
		if (!dump->answered)
			answer(dump);
	}
	uv_close((uv_handle_t *)&dumps->timer, NULL);
}

void
sy_flow_dumps_fini(struct sy_flow_dumps *dumps)
{
	while (!TAILQ_EMPTY(&dumps->list))
		remove_dump(dumps, TAILQ_FIRST(&dumps->list));
}

int
sy_flow_dump_start(struct sy_flow_dumps *dumps, const struct sy_flow_dump_params *params)
{
	struct sy_flow_dump *dump;
	int status;

	if (dumps->n >= SY_FLOW_DUMPS)
		return -EBUSY;
	dump = calloc(1, sizeof(*dump));
	if (dump == NULL)
		return -ENOMEM;
	dump->n_workers = params->n_workers;
	dump->mailboxes = params->mailboxes;
	dump->limit = params->limit;
	dump->done = params->done;
	dump->context = params->context;
	dump->deadline_us = sy_time_us() + SY_FLOW_DUMP_MS * 1000;
	status = params->tuple != NULL ? alloc_inquiries(dump, params->tuple)
				       : alloc_requests(dump, params->service, params->backend);
	if (status != 0) {
		destroy_dump(dump);
		return -ENOMEM;
	}
	post_requests(dump, dump->mailboxes);
	TAILQ_INSERT_TAIL(&dumps->list, dump, entry);
	dumps->n++;
	uv_timer_start(&dumps->timer, look, SY_FLOW_DUMP_LOOK_MS, SY_FLOW_DUMP_LOOK_MS);
	return 0;
}

void
sy_flow_dump_release(struct sy_flow_dump *dump)
{
	dump->held = false;
}
