/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "views.h"

/* The element of a list that has this name, or this number. */
static struct json_object *
find_element(struct json_object *list, const char *word)
{
	char *end;
	unsigned long number = strtoul(word, &end, 10);

	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *element = json_object_array_get_idx(list, i);
		struct json_object *name = NULL;

		if (json_object_object_get_ex(element, "name", &name) &&
			strcmp(json_object_get_string(name), word) == 0)
			return element;
	}
	return *word != '\0' && *end == '\0' ? json_object_array_get_idx(list, number) : NULL;
}

/* Walks down along path: keys and names with slashes in between. */
static struct json_object *
find_part(struct json_object *whole, const char *path)
{
	char words[256];
	char *rest = words;
	struct json_object *part = whole;

	if (strlen(path) >= sizeof(words))
		return NULL;
	strcpy(words, path);
	for (char *word = strsep(&rest, "/"); word != NULL && part != NULL;
		word = strsep(&rest, "/")) {
		if (json_object_is_type(part, json_type_object))
			part = json_object_object_get(part, word);
		else if (json_object_is_type(part, json_type_array))
			part = find_element(part, word);
		else
			part = NULL;
	}
	return part;
}

void
sy_view_config(struct sy_surface *surface, struct json_object *arguments, struct sy_answer *answer)
{
	const char *path = sy_call_text(arguments, "path");
	char *text = sy_config_text(sy_registry_config(surface->context->registry));
	struct json_object *whole = text != NULL ? json_tokener_parse(text) : NULL;
	struct json_object *part = whole;

	free(text);
	if (whole == NULL) {
		sy_answer_object(answer, NULL);
		return;
	}
	if (path != NULL)
		part = find_part(whole, path);
	if (part == NULL)
		sy_answer_fail(answer, -ENOENT,
			"the configuration has no '%.64s' (a path is keys and names, as in "
			"pools/web)",
			path);
	else
		sy_answer_object(answer, json_object_get(part));
	json_object_put(whole);
}
