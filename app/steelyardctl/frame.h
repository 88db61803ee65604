/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_CTL_FRAME_H
#define SY_CTL_FRAME_H

/* One picture of `top`: from what the views answered to lines of text. */
#include <stdbool.h>
#include <stdio.h>

#include <json-c/json.h>

struct frame {
	struct json_object *info;
	struct json_object *workers;
	struct json_object *services;
	struct json_object *backends;
	const char *clock; /* time of day */
	unsigned int width; /* columns; lines are no longer */
	unsigned int height; /* lines; 0: as many as it takes */
	bool colours;
};

/* Writes whole lines.  Each ends in a newline; none is longer than the width. */
void frame_print(FILE *out, const struct frame *frame);

#endif /* SY_CTL_FRAME_H */
