/* SPDX-License-Identifier: BSD-3-Clause */
#include "json_text.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Whatever is in texts does not count; a text that never ends is json-c's to find. */
static bool
is_small(const char *text, size_t length)
{
	bool is_text = false;
	size_t n = 0;

	for (size_t i = 0; i < length && n <= SY_JSON_VALUES; i++) {
		if (text[i] == '"')
			is_text = !is_text;
		else if (is_text)
			i += text[i] == '\\';
		else if (text[i] == '{')
			n += 8;
		else if (text[i] == '[')
			n += 4;
		else if (text[i] == ',')
			n++;
	}
	return n <= SY_JSON_VALUES;
}

struct json_object *
sy_json_read(const char *text, size_t length, enum json_type type, struct sy_error *error)
{
	struct json_tokener *tokener;
	struct json_object *object;
	enum json_tokener_error fault;
	size_t end;

	if (!is_small(text, length)) {
		sy_error_set(error, -EINVAL, "too many values");
		return NULL;
	}
	tokener = json_tokener_new_ex(SY_JSON_DEPTH);
	if (tokener == NULL) {
		sy_error_set(error, -ENOMEM, "out of memory");
		return NULL;
	}
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	object = json_tokener_parse_ex(tokener, text, length < INT_MAX ? (int)length : INT_MAX);
	fault = json_tokener_get_error(tokener);
	end = json_tokener_get_parse_end(tokener);
	json_tokener_free(tokener);
	if (fault == json_tokener_success && json_object_is_type(object, type))
		return object;
	json_object_put(object);
	if (fault == json_tokener_success)
		sy_error_set(error, -EINVAL, "expected an %s", json_type_to_name(type));
	else
		sy_error_set(error, -EINVAL, "byte %zu: %s", end + 1,
			fault == json_tokener_continue ? "the JSON ends here, too early"
						       : json_tokener_error_desc(fault));
	return NULL;
}

struct json_object *
sy_json_member(struct json_object *object, const char *key, enum json_type type)
{
	struct json_object *member = NULL;

	if (!json_object_is_type(object, json_type_object) ||
		!json_object_object_get_ex(object, key, &member) ||
		!json_object_is_type(member, type))
		return NULL;
	return member;
}

const char *
sy_json_string(struct json_object *object, const char *key)
{
	struct json_object *member = sy_json_member(object, key, json_type_string);
	const char *text = member != NULL ? json_object_get_string(member) : NULL;

	return text != NULL && strlen(text) == (size_t)json_object_get_string_len(member) ? text
											  : NULL;
}

int64_t
sy_json_whole(struct json_object *object, const char *key, int64_t fallback)
{
	struct json_object *member = sy_json_member(object, key, json_type_int);
	const char *text = sy_json_string(object, key);
	long long number;
	char *end;

	if (member != NULL)
		return json_object_get_int64(member);
	if (text == NULL || *text == '\0')
		return fallback;
	errno = 0;
	number = strtoll(text, &end, 10);
	return errno == 0 && *end == '\0' ? number : fallback;
}

bool
sy_json_truth(struct json_object *object, const char *key, bool fallback)
{
	struct json_object *member = sy_json_member(object, key, json_type_boolean);

	return member != NULL ? json_object_get_boolean(member) : fallback;
}
