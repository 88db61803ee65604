/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_TELEMETRY_BACKEND_ROWS_H
#define SY_TELEMETRY_BACKEND_ROWS_H

/* What the views with one row for each backend share: their arguments backend and pool. */
#include "views.h"

void sy_backend_rows_answer(struct sy_surface *surface, struct json_object *arguments,
	struct sy_answer *answer, sy_row_make make);

/* A row with the names of a backend, and whose it is; NULL: there is none of this id, or not in this
 * pool of the current configuration (SY_NONE: in any). */
struct json_object *sy_backend_row_begin(
	struct sy_surface *surface, uint32_t id, uint32_t pool, const struct sy_backend **backend);

#endif /* SY_TELEMETRY_BACKEND_ROWS_H */
