/* SPDX-License-Identifier: BSD-3-Clause */
#include "audit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "surface.h"
#include "sy/log.h"
#include "sy/time.h"

/* An order under way: its answer passes through here. */
struct audited {
	struct sy_answer answer; /* first: done() gets it */
	struct sy_answer *asker;
	struct sy_surface *surface;
	struct sy_caller caller;
	const char *command;
	char arguments[SY_AUDIT_TEXT];
};

const char *
sy_caller_text(const struct sy_caller *caller, char text[SY_WHO_TEXT])
{
	snprintf(text, SY_WHO_TEXT, "uid %u, pid %d", (unsigned int)caller->uid, (int)caller->pid);
	return text;
}

void
sy_audit_note(struct sy_audit *audit, const char *who, const char *command, const char *arguments,
	const char *error)
{
	uint64_t number = ++audit->n_ever;
	struct sy_audit_record *record = &audit->records[number % SY_AUDIT_RECORDS];

	*record = (struct sy_audit_record){ .number = number, .time_us = sy_time_wall_us() };
	snprintf(record->who, sizeof(record->who), "%s", who);
	snprintf(record->command, sizeof(record->command), "%s", command);
	snprintf(record->arguments, sizeof(record->arguments), "%s", arguments);
	snprintf(record->error, sizeof(record->error), "%s", error != NULL ? error : "");
	if (record->error[0] != '\0')
		sy_warning("audit: %s %s by %s was refused: %s", record->command, record->arguments,
			record->who, record->error);
	else
		sy_notice("audit: %s %s by %s", record->command, record->arguments, record->who);
}

static void
note_and_pass_on(struct sy_answer *answer)
{
	struct audited *audited = (struct audited *)answer;
	struct sy_answer *asker = audited->asker;
	char who[SY_WHO_TEXT];

	sy_audit_note(&audited->surface->audit, sy_caller_text(&audited->caller, who),
		audited->command, audited->arguments,
		answer->status != 0 ? answer->error.text : NULL);
	asker->status = answer->status;
	asker->error = answer->error;
	asker->object = answer->object;
	asker->rows = answer->rows;
	asker->stream = answer->stream;
	free(audited);
	asker->done(asker);
}

void
sy_audit_run(struct sy_surface *surface, const struct sy_order *order,
	const struct sy_caller *caller, struct json_object *arguments, struct sy_answer *answer)
{
	struct audited *audited = calloc(1, sizeof(*audited));

	if (audited == NULL) {
		sy_answer_fail(answer, -ENOMEM, "out of memory");
		return;
	}
	*audited = (struct audited){
		.answer.done = note_and_pass_on,
		.asker = answer,
		.surface = surface,
		.caller = *caller,
		.command = order->name,
	};
	snprintf(audited->arguments, sizeof(audited->arguments), "%s",
		json_object_to_json_string_ext(arguments, JSON_C_TO_STRING_PLAIN));
	order->run(surface, caller, arguments, &audited->answer);
}

void
sy_surface_audit(
	struct sy_surface *surface, const char *who, const char *command, const char *error)
{
	sy_audit_note(&surface->audit, who, command, "{}", error);
}
