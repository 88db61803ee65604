/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_TELEMETRY_BACKEND_ROWS_H
#define SY_TELEMETRY_BACKEND_ROWS_H

/* What the views with one row for each backend share: their arguments backend and pool. */
#include "views.h"

void sy_backend_rows_answer(struct sy_surface *surface, struct json_object *arguments,
	struct sy_answer *answer, sy_row_make make);

/* Whether the backend is of this pool of the current configuration; SY_NONE: of any. */
bool sy_backend_row_fits(
	const struct sy_surface *surface, const struct sy_backend *backend, uint32_t pool);

#endif /* SY_TELEMETRY_BACKEND_ROWS_H */
