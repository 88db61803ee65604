/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_CTL_DOCTOR_H
#define SY_CTL_DOCTOR_H

/*
 * `doctor`: checks, each a row: what was looked at, whether it is well, what was
 * found, and what to do.  doctor_live.c asks the daemon's views, doctor_host.c
 * looks at /proc and /sys, doctor_file.c holds a file against the host while the
 * daemon does not run.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "sy/config.h"

enum doctor_state {
	DOCTOR_OK,
	DOCTOR_WARN,
	DOCTOR_FAIL,
};

#define DOCTOR_PATH 256
#define DOCTOR_LINE 256

struct doctor {
	const char *root; /* put before /proc and /sys: "" but for tests */
	struct json_object *rows;
	enum doctor_state worst;
	/* The daemon's views; NULL: none. */
	struct json_object *info;
	struct json_object *ports;
	struct json_object *workers;
	struct json_object *backends;
	struct json_object *drops;
	struct json_object *config;
};

/* A row.  remedy is for what is not well. */
void doctor_tell(struct doctor *doctor, enum doctor_state state, const char *check,
	const char *subject, const char *remedy, const char *found, ...)
	__attribute__((format(printf, 6, 7)));

/* The first line of a file, without its end; false: it cannot be read. */
bool doctor_read(const struct doctor *doctor, char line[DOCTOR_LINE], const char *path, ...)
	__attribute__((format(printf, 3, 4)));
/* A number behind the last path component of a file; none: it cannot be read. */
long doctor_read_number(const struct doctor *doctor, long none, const char *path, ...)
	__attribute__((format(printf, 3, 4)));
bool doctor_exists(const struct doctor *doctor, const char *path, ...)
	__attribute__((format(printf, 2, 3)));

void doctor_live(struct doctor *doctor);
void doctor_twins(struct doctor *doctor);
void doctor_neighbours(struct doctor *doctor);
void doctor_cpus(struct doctor *doctor);
void doctor_clock(struct doctor *doctor);
void doctor_hugepages(struct doctor *doctor, bool wanted, bool running);
void doctor_file(struct doctor *doctor, const struct sy_config *config);

#endif /* SY_CTL_DOCTOR_H */
