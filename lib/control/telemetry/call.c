/* SPDX-License-Identifier: BSD-3-Clause */
#include "call.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "audit.h"
#include "views.h"

/* Appends ", word" or "word" as long as there is room. */
static void
append_word(char *list, size_t size, const char *word)
{
	size_t length = strlen(list);

	snprintf(list + length, size - length, "%s%s", length > 0 ? ", " : "", word);
}

/* A value as it goes into a message: one line, no control characters, cut. */
static const char *
quote(struct json_object *value, char text[64])
{
	snprintf(text, 64, "%s", json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN));
	return text;
}

static int
parse_object(const char *text, size_t length, struct json_object **object, struct sy_error *error)
{
	struct json_tokener *tokener = json_tokener_new_ex(SY_CALL_DEPTH);
	enum json_tokener_error why;
	size_t end;

	if (tokener == NULL)
		return sy_error_set(error, -ENOMEM, "out of memory");
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	*object = json_tokener_parse_ex(tokener, text, (int)length);
	why = json_tokener_get_error(tokener);
	end = json_tokener_get_parse_end(tokener);
	json_tokener_free(tokener);
	if (why == json_tokener_success && end != length)
		why = json_tokener_error_parse_unexpected;
	if (why == json_tokener_success && json_object_is_type(*object, json_type_object))
		return 0;
	json_object_put(*object);
	if (why == json_tokener_success)
		return sy_error_set(error, -EINVAL, "the request is not a JSON object");
	return sy_error_set(error, -EINVAL, "the request is not JSON: %s at byte %zu",
		why == json_tokener_continue ? "it ends too early" : json_tokener_error_desc(why),
		end);
}

static bool
is_number(struct json_object *value)
{
	int64_t number = json_object_get_int64(value);

	return json_object_is_type(value, json_type_int) && number >= 0 && number <= UINT32_MAX;
}

/* A text with a zero inside would be another text to C. */
static bool
is_text(struct json_object *value)
{
	return json_object_is_type(value, json_type_string) &&
		strlen(json_object_get_string(value)) == (size_t)json_object_get_string_len(value);
}

static int
check_version(struct json_object *object, struct sy_error *error)
{
	struct json_object *version;
	char found[64];

	if (!json_object_object_get_ex(object, "version", &version))
		return sy_error_set(error, -EINVAL, "the request has no \"version\" (expected %d)",
			SY_CALL_VERSION);
	if (!is_number(version) || json_object_get_int64(version) != SY_CALL_VERSION)
		return sy_error_set(error, -EINVAL,
			"version %s is not known: this daemon speaks version %d",
			quote(version, found), SY_CALL_VERSION);
	return 0;
}

static int
check_keys(struct json_object *object, struct sy_error *error)
{
	json_object_object_foreach(object, key, value)
	{
		(void)value;
		if (strcmp(key, "version") != 0 && strcmp(key, "command") != 0 &&
			strcmp(key, "arguments") != 0)
			return sy_error_set(error, -EINVAL,
				"\"%.64s\" is no part of a request: version, command, arguments",
				key);
	}
	return 0;
}

static const struct sy_argument *
find_argument(const struct sy_argument *arguments, const char *name)
{
	for (; arguments != NULL && arguments->name != NULL; arguments++) {
		if (strcmp(arguments->name, name) == 0)
			return arguments;
	}
	return NULL;
}

static int
unknown_argument(const struct sy_argument *known, const char *command, const char *name,
	struct sy_error *error)
{
	char list[256] = "";

	for (; known != NULL && known->name != NULL; known++)
		append_word(list, sizeof(list), known->name);
	if (list[0] == '\0')
		return sy_error_set(
			error, -EINVAL, "'%s' takes no arguments (found \"%.64s\")", command, name);
	return sy_error_set(
		error, -EINVAL, "'%s' has no argument \"%.64s\" (known: %s)", command, name, list);
}

static int
check_arguments(const struct sy_argument *known, const char *command, struct json_object *given,
	struct sy_error *error)
{
	char found[64];

	json_object_object_foreach(given, name, value)
	{
		const struct sy_argument *argument = find_argument(known, name);

		if (argument == NULL)
			return unknown_argument(known, command, name, error);
		if (argument->type == SY_ARGUMENT_TEXT ? !is_text(value) : !is_number(value))
			return sy_error_set(error, -EINVAL, "%s of '%s': expected %s, found %s",
				name, command,
				argument->type == SY_ARGUMENT_TEXT
					? "a text"
					: "a number from 0 to 4294967295",
				quote(value, found));
	}
	for (; known != NULL && known->name != NULL; known++) {
		if (known->required && !json_object_object_get_ex(given, known->name, NULL))
			return sy_error_set(error, -EINVAL, "'%s' needs the argument \"%s\"",
				command, known->name);
	}
	return 0;
}

static const struct sy_order *
find_order(const char *name)
{
	for (const struct sy_order *order = sy_orders; order->name != NULL; order++) {
		if (strcmp(order->name, name) == 0)
			return order;
	}
	return NULL;
}

static int
unknown_command(const char *name, struct sy_error *error)
{
	char list[256] = "";

	for (const struct sy_view *view = sy_views; view->name != NULL; view++)
		append_word(list, sizeof(list), view->name);
	for (const struct sy_order *order = sy_orders; order->name != NULL; order++)
		append_word(list, sizeof(list), order->name);
	return sy_error_set(error, -EINVAL, "no command '%.64s' (known: %s)", name, list);
}

static int
find_command(struct json_object *object, struct sy_call *call, struct sy_error *error)
{
	struct json_object *command;
	const char *name;

	if (!json_object_object_get_ex(object, "command", &command) || !is_text(command))
		return sy_error_set(
			error, -EINVAL, "the request has no \"command\", or it is not a text");
	name = json_object_get_string(command);
	call->view = sy_view_find(name);
	call->order = find_order(name);
	if (call->view == NULL && call->order == NULL)
		return unknown_command(name, error);
	return 0;
}

/* Sets call->arguments, an object in any case. */
static int
take_arguments(struct sy_call *call, struct json_object *given, struct sy_error *error)
{
	int status;

	if (given != NULL && !json_object_is_type(given, json_type_object))
		return sy_error_set(error, -EINVAL, "\"arguments\" is not an object");
	call->arguments = given != NULL ? json_object_get(given) : json_object_new_object();
	if (call->arguments == NULL)
		return sy_error_set(error, -ENOMEM, "out of memory");
	status = check_arguments(
		call->view != NULL ? call->view->arguments : call->order->arguments,
		call->view != NULL ? call->view->name : call->order->name, call->arguments, error);
	if (status != 0)
		sy_call_fini(call);
	return status;
}

int
sy_call_parse(const char *text, size_t length, struct sy_call *call, struct sy_error *error)
{
	struct json_object *object = NULL;
	struct json_object *arguments = NULL;
	int status = parse_object(text, length, &object, error);

	if (status != 0)
		return status;
	*call = (struct sy_call){ 0 };
	status = check_version(object, error);
	if (status == 0)
		status = check_keys(object, error);
	if (status == 0)
		status = find_command(object, call, error);
	if (status == 0) {
		json_object_object_get_ex(object, "arguments", &arguments);
		status = take_arguments(call, arguments, error);
	}
	json_object_put(object);
	return status;
}

int
sy_call_view(const struct sy_view *view, struct json_object *arguments, struct sy_call *call,
	struct sy_error *error)
{
	*call = (struct sy_call){ .view = view };
	return take_arguments(call, arguments, error);
}

void
sy_call_fini(struct sy_call *call)
{
	json_object_put(call->arguments);
	call->arguments = NULL;
}

void
sy_call_run(struct sy_surface *surface, const struct sy_call *call, const struct sy_caller *caller,
	struct sy_answer *answer)
{
	if (call->view != NULL)
		call->view->begin(surface, call->arguments, answer);
	else if (call->order->asks)
		call->order->run(surface, caller, call->arguments, answer);
	else
		sy_audit_run(surface, call->order, caller, call->arguments, answer);
}

const char *
sy_call_text(struct json_object *arguments, const char *name)
{
	struct json_object *value;

	if (!json_object_object_get_ex(arguments, name, &value))
		return NULL;
	return json_object_get_string(value);
}

uint32_t
sy_call_number(struct json_object *arguments, const char *name, uint32_t none)
{
	struct json_object *value;

	if (!json_object_object_get_ex(arguments, name, &value))
		return none;
	return (uint32_t)json_object_get_int64(value);
}
