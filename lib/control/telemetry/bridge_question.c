/* SPDX-License-Identifier: BSD-3-Clause */
#include "bridge_question.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_TEXT 256

struct sy_question *
sy_question_create(const struct sy_view *view, const char *params)
{
	struct sy_question *question = calloc(1, sizeof(*question));

	if (question == NULL)
		return NULL;
	question->view = view;
	question->params = strdup(params != NULL ? params : "");
	if (question->params == NULL) {
		free(question);
		return NULL;
	}
	return question;
}

void
sy_question_destroy(struct sy_question *question)
{
	json_object_put(question->result);
	free(question->params);
	free(question);
}

static bool
is_number_argument(const struct sy_view *view, const char *name)
{
	for (const struct sy_argument *argument = view->arguments; argument->name != NULL;
		argument++) {
		if (strcmp(argument->name, name) == 0)
			return argument->type == SY_ARGUMENT_NUMBER;
	}
	return false;
}

/* Digits become a number where one is expected; anything else is left for the check to refuse. */
static struct json_object *
argument_value(const struct sy_view *view, const char *name, const char *text)
{
	char *end;
	long long number = strtoll(text, &end, 10);

	if (is_number_argument(view, name) && *text != '\0' && *end == '\0')
		return json_object_new_int64(number);
	return json_object_new_string(text);
}

static int
parse_params(struct sy_question *question, struct json_object *arguments)
{
	char *rest = question->params;

	for (char *word = strsep(&rest, ","); word != NULL; word = strsep(&rest, ",")) {
		char *value = strchr(word, '=');
		const char *name = word;

		if (word[0] == '\0')
			continue;
		if (value != NULL) {
			*value++ = '\0';
		} else {
			name = question->view->picks;
			value = word;
		}
		if (name == NULL)
			return sy_error_set(&question->error, -EINVAL,
				"/steelyard/%s takes no name; parameters are KEY=VALUE",
				question->view->name);
		if (question->view->picks != NULL && strcmp(name, question->view->picks) == 0)
			question->picked = true;
		json_object_object_add(
			arguments, name, argument_value(question->view, name, value));
	}
	return 0;
}

/* A list of names, or an object of name: value. */
static struct json_object *
summarise(struct sy_question *question, struct sy_rows *rows)
{
	const struct sy_view *view = question->view;
	struct json_object *summary =
		view->value != NULL ? json_object_new_object() : json_object_new_array();
	struct json_object *row;
	char name[NAME_TEXT];
	uint32_t n = 0;

	while (summary != NULL && (row = rows->next(rows)) != NULL) {
		if (n++ == SY_QUESTION_NAMES) {
			question->n_more = 1;
			json_object_put(row);
			break;
		}
		sy_view_row_name(view, row, name, sizeof(name));
		if (view->value != NULL)
			json_object_object_add(summary, name,
				json_object_get(json_object_object_get(row, view->value)));
		else
			json_object_array_add(summary, json_object_new_string(name));
		json_object_put(row);
	}
	return summary;
}

static void
answered(struct sy_answer *answer)
{
	struct sy_question *question =
		(struct sy_question *)((char *)answer - offsetof(struct sy_question, answer));

	if (answer->status != 0)
		question->error = answer->error;
	else if (answer->object != NULL)
		question->result = json_object_get(answer->object);
	else if (question->picked)
		question->result = answer->rows->next(answer->rows);
	else
		question->result = summarise(question, answer->rows);
	if (answer->status == 0 && question->result == NULL)
		sy_error_set(&question->error, -ENOENT, "there is none");
	sy_answer_fini(answer);
	question->ready(question);
}

void
sy_question_ask(struct sy_question *question, struct sy_surface *surface,
	void (*ready)(struct sy_question *question))
{
	struct json_object *arguments = json_object_new_object();
	struct sy_call call;
	int status = -ENOMEM;

	question->ready = ready;
	question->answer = (struct sy_answer){ .done = answered };
	if (arguments != NULL)
		status = parse_params(question, arguments);
	if (status == 0)
		status = sy_call_view(question->view, arguments, &call, &question->error);
	json_object_put(arguments);
	if (status != 0) {
		ready(question);
		return;
	}
	sy_call_run(surface, &call, NULL, &question->answer);
	sy_call_fini(&call);
}
