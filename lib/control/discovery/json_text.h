/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_JSON_TEXT_H
#define SY_JSON_TEXT_H

/* JSON of sources: strict, with bounds, and members by name that may be missing. */
#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sy/error.h"

#define SY_JSON_DEPTH 16
/* What a text may have of values, as json-c keeps them: an object costs as much as eight of them, a
 * list as four.  That is some 200 MB at most; 60,000 keys of etcd are below it. */
#define SY_JSON_VALUES 1000000

/* A text that is one object (type json_type_object) or one array (json_type_array) and nothing else;
 * NULL, and error says where it is not.  Whoever gets it puts it. */
struct json_object *sy_json_read(
	const char *text, size_t length, enum json_type type, struct sy_error *error);

/* A member of this type; NULL where the object has none, is none or NULL. */
struct json_object *sy_json_member(
	struct json_object *object, const char *key, enum json_type type);

/* A member's text, without zero bytes; NULL: there is none. */
const char *sy_json_string(struct json_object *object, const char *key);

/* A whole number, or one in a text, as Protocol Buffers' JSON has those of 64 bits; fallback where
 * there is none. */
int64_t sy_json_whole(struct json_object *object, const char *key, int64_t fallback);

/* fallback where there is none, or null. */
bool sy_json_truth(struct json_object *object, const char *key, bool fallback);

#endif /* SY_JSON_TEXT_H */
