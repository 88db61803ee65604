/* SPDX-License-Identifier: BSD-3-Clause */
/* `top`: ask, draw, wait, again. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client.h"
#include "frame.h"
#include "screen.h"
#include "show.h"

#define N_VIEWS 4

static const char *const views[N_VIEWS] = { "info", "workers", "services", "backends" };

struct top {
	const struct ctl_args *args;
	struct ctl_client client;
	struct screen screen;
	struct ctl_repeat repeat;
	struct json_object *results[N_VIEWS];
};

static void
forget_results(struct top *top)
{
	for (int i = 0; i < N_VIEWS; i++) {
		json_object_put(top->results[i]);
		top->results[i] = NULL;
	}
}

/* Connects if need be; a connection that fails is given up. */
static enum ctl_status
ask_views(struct top *top, struct sy_error *error)
{
	enum ctl_status status = CTL_OK;

	forget_results(top);
	if (top->client.fd < 0)
		status = ctl_connect(top->args->socket, &top->client, error);
	for (int i = 0; i < N_VIEWS && status == CTL_OK; i++)
		status = ctl_ask(&top->client, views[i], NULL, &top->results[i], error);
	if (status != CTL_OK)
		ctl_disconnect(&top->client);
	return status;
}

static bool
draw_frame(struct top *top)
{
	struct frame frame = {
		.info = top->results[0],
		.workers = top->results[1],
		.services = top->results[2],
		.backends = top->results[3],
		.width = top->screen.width,
		.height = top->screen.height,
		.colours = top->screen.colours,
	};
	time_t now = time(NULL);
	struct tm parts;
	char clock[16];
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	bool drawn;

	if (out == NULL)
		return false;
	strftime(clock, sizeof(clock), "%H:%M:%S", localtime_r(&now, &parts));
	frame.clock = clock;
	frame_print(out, &frame);
	fclose(out);
	drawn = screen_draw(&top->screen, text, length);
	free(text);
	return drawn;
}

static bool
draw_json(struct top *top)
{
	struct json_object *all = json_object_new_object();

	for (int i = 0; i < N_VIEWS; i++)
		json_object_object_add(all, views[i], json_object_get(top->results[i]));
	show_print_json(stdout, all);
	json_object_put(all);
	return fflush(stdout) == 0;
}

static bool
draw_error(struct top *top, const struct sy_error *error)
{
	char text[sizeof(error->text) + 64];
	int length = snprintf(text, sizeof(text), "%s\n\nasking again; q quits\n", error->text);

	return screen_draw(&top->screen, text, (size_t)length);
}

/* On a terminal a daemon that restarts is waited for; a script is told at once. */
static enum ctl_status
draw(struct top *top, bool first, bool *goes_on)
{
	struct sy_error error;
	enum ctl_status status = ask_views(top, &error);

	if (status != CTL_OK && (first || !top->screen.is_terminal)) {
		screen_close();
		*goes_on = false;
		return ctl_fail(status, "%s", error.text);
	}
	if (status != CTL_OK)
		*goes_on = draw_error(top, &error);
	else
		*goes_on = top->args->json ? draw_json(top) : draw_frame(top);
	return CTL_OK;
}

static bool
wait_for_next(struct top *top)
{
	enum screen_event event = screen_wait(&top->screen, top->repeat.delay_ms);

	while (event == SCREEN_RESIZED) {
		if (top->results[N_VIEWS - 1] != NULL && !top->args->json && !draw_frame(top))
			return false;
		event = screen_wait(&top->screen, top->repeat.delay_ms);
	}
	return event == SCREEN_TIME;
}

enum ctl_status
ctl_run_top(const struct ctl_args *args)
{
	struct top top = { .args = args, .client = { .fd = -1 } };
	enum ctl_status status = ctl_read_repeat(args, &top.repeat);
	bool goes_on = status == CTL_OK;

	if (!goes_on)
		return status;
	screen_open(&top.screen);
	if (args->json) {
		screen_close();
		top.screen.is_terminal = false;
	}
	for (unsigned long n = 1; goes_on; n++) {
		status = draw(&top, n == 1, &goes_on);
		if (n == top.repeat.count || !goes_on)
			break;
		goes_on = wait_for_next(&top);
	}
	screen_close();
	forget_results(&top);
	ctl_disconnect(&top.client);
	return status;
}
