/* SPDX-License-Identifier: BSD-3-Clause */
#include "verdict.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void add(char *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void
add(char *text, const char *format, ...)
{
	size_t length = strlen(text);
	va_list args;

	va_start(args, format);
	vsnprintf(text + length, VERDICT_TEXT - length, format, args);
	va_end(args);
}

/* A backend or service may have left since. */
static void
add_way(const struct verdict_names *names, const struct sy_tap_note *note, char *text)
{
	const struct sy_backend *backend = note->backend != SY_TAP_NONE
		? sy_registry_backend(names->registry, note->backend)
		: NULL;
	const struct sy_service *service = note->service != SY_TAP_NONE
		? sy_registry_service(names->registry, note->service)
		: NULL;

	if (backend != NULL)
		add(text, " %s %s/%s", note->is_reply ? "from" : "to", backend->pool_name,
			backend->config.name);
	else
		add(text, " to %s", note->is_reply ? "the client" : "a backend");
	if (service == NULL)
		return;
	if (service->config.outgoing)
		add(text, " by snat, rule %s", service->config.name);
	else
		add(text, " by %s, service %s", service->config.mode, service->config.name);
}

static void
add_fate(const struct verdict_names *names, const struct sy_tap_note *note, char *text)
{
	switch ((enum sy_tap_fate)note->fate) {
	case SY_TAP_FORWARDED:
		add(text, note->is_reply ? "reply" : "forwarded");
		add_way(names, note, text);
		break;
	case SY_TAP_STATELESS:
		add(text, note->is_reply ? "reply without a flow" : "forwarded without a flow");
		add_way(names, note, text);
		break;
	case SY_TAP_PIECE:
		add(text, "a piece, or made here for the flow:");
		add_way(names, note, text);
		break;
	case SY_TAP_ANSWERED:
		add(text, "answered here");
		break;
	case SY_TAP_TO_KERNEL:
		add(text, "to the kernel");
		break;
	case SY_TAP_FROM_KERNEL:
		add(text, "from the kernel");
		break;
	case SY_TAP_MADE_HERE:
		add(text, "made here");
		break;
	case SY_TAP_DIVIDED:
		add(text, "goes on in pieces, or waits for its first piece");
		break;
	case SY_TAP_LOST:
		add(text, "dropped: %s (%s)", sy_drop_descriptions[note->drop].name,
			sy_drop_descriptions[note->drop].help);
		break;
	}
}

const char *
verdict_text(
	const struct verdict_names *names, const struct sy_tap_note *note, char text[VERDICT_TEXT])
{
	text[0] = '\0';
	add_fate(names, note, text);
	if (note->out_port < names->n_ports)
		add(text, ", out of %s", names->ports[note->out_port].name);
	if (note->from_worker != UINT8_MAX)
		add(text, ", handed to worker %u by worker %u", note->worker, note->from_worker);
	else if (names->n_workers > 1)
		add(text, ", worker %u", note->worker);
	return text;
}
