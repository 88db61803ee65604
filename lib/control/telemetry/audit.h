/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_TELEMETRY_AUDIT_H
#define SY_TELEMETRY_AUDIT_H

/*
 * Who has changed what: the last orders, with what came of them.  Each is a line
 * in the log too.  Management core.
 */
#include <stdint.h>

#include "call.h"
#include "sy/history.h"

#define SY_AUDIT_RECORDS 256
#define SY_AUDIT_TEXT 256

struct sy_audit_record {
	uint64_t number; /* from 1; 0: none */
	uint64_t time_us; /* sy_time_wall_us() */
	char who[SY_WHO_TEXT];
	char command[32];
	char arguments[SY_AUDIT_TEXT]; /* JSON, cut */
	char error[SY_AUDIT_TEXT]; /* "": it was done */
};

struct sy_audit {
	struct sy_audit_record records[SY_AUDIT_RECORDS]; /* number n at n % SY_AUDIT_RECORDS */
	uint64_t n_ever;
};

/* error may be NULL. */
void sy_audit_note(struct sy_audit *audit, const char *who, const char *command,
	const char *arguments, const char *error);

/* Runs an order and notes it when it is answered. */
void sy_audit_run(struct sy_surface *surface, const struct sy_order *order,
	const struct sy_caller *caller, struct json_object *arguments, struct sy_answer *answer);

/* "uid 0, pid 4711"; returns text. */
const char *sy_caller_text(const struct sy_caller *caller, char text[SY_WHO_TEXT]);

#endif /* SY_TELEMETRY_AUDIT_H */
