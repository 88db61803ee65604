/* SPDX-License-Identifier: BSD-3-Clause */
/* `watch VIEW`: what `show` prints, again and again. */
#include <stdlib.h>

#include "client.h"
#include "screen.h"
#include "show.h"

struct watch {
	const struct ctl_args *args;
	const struct view_columns *view;
	struct json_object *arguments;
	struct screen screen;
	struct ctl_repeat repeat;
};

/* How much of the text has no more lines than the terminal. */
static size_t
fit(const char *text, size_t length, unsigned int height)
{
	unsigned int n_lines = 0;

	for (size_t i = 0; i < length; i++) {
		n_lines += text[i] == '\n';
		if (n_lines == height)
			return i;
	}
	return length;
}

static bool
draw(struct watch *watch, struct json_object *result)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	bool drawn;

	if (out == NULL)
		return false;
	if (watch->args->json)
		show_print_json(out, result);
	else
		show_print(out, watch->view, result,
			watch->screen.is_terminal ? watch->screen.width : 0);
	fclose(out);
	if (watch->screen.is_terminal)
		length = fit(text, length, watch->screen.height);
	drawn = screen_draw(&watch->screen, text, length);
	free(text);
	return drawn;
}

/* A connection for each picture: a daemon that restarts in between is asked again.  Sets *goes_on. */
static enum ctl_status
take_picture(struct watch *watch, bool *goes_on)
{
	struct json_object *result = NULL;
	struct ctl_client client;
	struct sy_error error;
	enum ctl_status status = ctl_connect(watch->args->socket, &client, &error);

	if (status == CTL_OK)
		status = ctl_ask(&client, watch->view->view, watch->arguments, &result, &error);
	ctl_disconnect(&client);
	*goes_on = status == CTL_OK && draw(watch, result);
	json_object_put(result);
	if (status == CTL_OK)
		return CTL_OK;
	screen_close();
	return ctl_fail(status, "%s", error.text);
}

static bool
wait_for_next(struct watch *watch)
{
	enum screen_event event = screen_wait(&watch->screen, watch->repeat.delay_ms);

	while (event == SCREEN_RESIZED)
		event = screen_wait(&watch->screen, watch->repeat.delay_ms);
	return event == SCREEN_TIME;
}

enum ctl_status
ctl_run_watch(const struct ctl_args *args)
{
	struct watch watch = { .args = args };
	enum ctl_status status = show_parse(args, &watch.view, &watch.arguments);
	bool goes_on;

	if (status == CTL_OK)
		status = ctl_read_repeat(args, &watch.repeat);
	goes_on = status == CTL_OK;
	if (goes_on)
		screen_open(&watch.screen);
	if (goes_on && args->json) {
		screen_close();
		watch.screen.is_terminal = false;
	}
	for (unsigned long n = 1; goes_on; n++) {
		status = take_picture(&watch, &goes_on);
		if (n == watch.repeat.count || !goes_on)
			break;
		goes_on = wait_for_next(&watch);
	}
	if (watch.repeat.delay_ms > 0)
		screen_close();
	json_object_put(watch.arguments);
	return status;
}
