/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_CTL_SHOW_H
#define SY_CTL_SHOW_H

#include <stdio.h>

#include "columns.h"
#include "ctl.h"

const struct view_columns *show_find(const char *view); /* NULL: no such view */

/* The view and its arguments, which the caller puts, from the words VIEW [NAME]; or CTL_USAGE, told. */
enum ctl_status show_parse(const struct ctl_args *args, const struct view_columns **view,
	struct json_object **arguments);

/* What `explain` has answered, likewise. */
void ctl_print_explanation(FILE *out, struct json_object *result, unsigned int width);

/* What a view has answered, for people. */
void show_print(
	FILE *out, const struct view_columns *view, struct json_object *result, unsigned int width);
void show_print_json(FILE *out, struct json_object *result);

/* Gives an order, whose arguments (or NULL) it takes, and prints what the daemon answers: as JSON, or in
 * one line by print(). */
enum ctl_status show_order(const struct ctl_args *args, const char *command,
	struct json_object *arguments, void (*print)(struct json_object *result));

#endif /* SY_CTL_SHOW_H */
