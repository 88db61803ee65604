/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_TELEMETRY_VIEWS_H
#define SY_TELEMETRY_VIEWS_H

/*
 * The views: what all surfaces show.  One row a view, one file a view
 * (view_NAME.c); the field names are the same words everywhere.
 */
#include "answer.h"
#include "call.h"
#include "surface.h"

#define SY_VIEW_NAMES 5

/*
 * DPDK's telemetry cannot hold nested rows: without an argument it lists what names the rows, and
 * with a name it shows one.  names are the fields that make up the name, separator stands between
 * them; a view without names is one object.
 */
struct sy_view {
	const char *name;
	const char *help; /* shorter than 64 characters: DPDK keeps no more */
	const struct sy_argument *arguments;
	const char *names[SY_VIEW_NAMES];
	const char *separator;
	const char *picks; /* the argument that takes a name; NULL: none */
	const char *value; /* instead of a list of names, DPDK shows name: this field; NULL: no */
	void (*begin)(struct sy_surface *surface, struct json_object *arguments,
		struct sy_answer *answer);
};

extern const struct sy_view sy_views[]; /* up to a row without a name */

const struct sy_view *sy_view_find(const char *name); /* NULL: none */

/* The text that names a row; cut to size. */
void sy_view_row_name(const struct sy_view *view, struct json_object *row, char *text, size_t size);

/*
 * Rows with numbers from 0 up to a limit, for views whose rows are slots of a table.  make returns
 * NULL for a slot that has no row.
 */
typedef struct json_object *(*sy_row_make)(
	struct sy_surface *surface, uint32_t number, uint32_t filter);
void sy_view_answer_slots(struct sy_surface *surface, struct sy_answer *answer, uint32_t first,
	uint32_t limit, uint32_t filter, sy_row_make make);

/* The number of a service by its name; SY_NONE with error filled when there is none. */
uint32_t sy_view_find_service(struct sy_surface *surface, const char *name, struct sy_error *error);

/* A row for each service, or of the one that the argument "service" names. */
void sy_view_answer_services(struct sy_surface *surface, struct json_object *arguments,
	struct sy_answer *answer, sy_row_make make);

/* What limits a service's flows, what happens at the limit, and what has come of it. */
void sy_view_add_limits(struct json_object *row, const struct sy_surface_context *context,
	const struct sy_service *service);

/* Adds the figures of a function of the daemon's. */
void sy_view_add_figures(
	struct json_object *object, const struct sy_surface_figure figures[], uint32_t n_figures);

/* Packets, bytes and flows with their rates: the same for a service, a backend and a port. */
void sy_view_add_traffic(struct json_object *object, const struct sy_traffic *traffic,
	const struct sy_traffic_rates *rates);

void sy_view_info(struct sy_surface *, struct json_object *, struct sy_answer *);
void sy_view_ports(struct sy_surface *, struct json_object *, struct sy_answer *);
void sy_view_workers(struct sy_surface *, struct json_object *, struct sy_answer *);
void sy_view_cycles(struct sy_surface *, struct json_object *, struct sy_answer *);
void sy_view_services(struct sy_surface *, struct json_object *, struct sy_answer *);
void sy_view_limits(struct sy_surface *, struct json_object *, struct sy_answer *);
void sy_view_locals(struct sy_surface *, struct json_object *, struct sy_answer *);
void sy_view_persistence(struct sy_surface *, struct json_object *, struct sy_answer *);
void sy_view_backends(struct sy_surface *, struct json_object *, struct sy_answer *);
void sy_view_discovery(struct sy_surface *, struct json_object *, struct sy_answer *);
void sy_view_flows(struct sy_surface *, struct json_object *, struct sy_answer *);
void sy_view_steering(struct sy_surface *, struct json_object *, struct sy_answer *);
void sy_view_drops(struct sy_surface *, struct json_object *, struct sy_answer *);
void sy_view_health(struct sy_surface *, struct json_object *, struct sy_answer *);
void sy_view_history(struct sy_surface *, struct json_object *, struct sy_answer *);
void sy_view_audit(struct sy_surface *, struct json_object *, struct sy_answer *);
void sy_view_config(struct sy_surface *, struct json_object *, struct sy_answer *);

#endif /* SY_TELEMETRY_VIEWS_H */
