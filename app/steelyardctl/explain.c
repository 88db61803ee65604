/* SPDX-License-Identifier: BSD-3-Clause */
/* `explain`: the daemon's steps as numbered lines, the candidates as a table. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "show.h"

#define NARROW 76 /* where the output is no terminal */

static void
write_backend(struct json_object *row, const char *key, char text[CELL_TEXT])
{
	snprintf(text, CELL_TEXT, "%s%s",
		json_object_get_boolean(json_object_object_get(row, "picked")) ? "> " : "  ",
		row_text(row, key));
}

static void
write_score(struct json_object *row, const char *key, char text[CELL_TEXT])
{
	struct json_object *score = json_object_object_get(row, key);

	if (score == NULL)
		snprintf(text, CELL_TEXT, "-");
	else
		snprintf(text, CELL_TEXT, "%.4g", json_object_get_double(score));
}

static void
write_eligible(struct json_object *row, const char *key, char text[CELL_TEXT])
{
	snprintf(text, CELL_TEXT, "%s",
		json_object_get_boolean(json_object_object_get(row, key)) ? "yes" : "no");
}

static const struct column candidate_columns[] = {
	{ "  BACKEND", "backend", write_backend, true },
	{ "CANDIDATE", "eligible", write_eligible, true },
	{ "WEIGHT", "weight", cell_number, false },
	{ "ACTIVE", "active", cell_number, false },
	{ "SCORE", "score", write_score, false },
	{ "NOTE", "note", cell_text, true },
	{ .header = NULL },
};

/* Words of text, broken at spaces so that no line goes beyond width where that can be. */
static void
print_wrapped(FILE *out, const char *text, int indent, int width)
{
	int at = indent;

	while (*text != '\0') {
		int length = (int)strcspn(text, " ");

		if (at > indent && at + 1 + length > width) {
			fprintf(out, "\n%*s", indent, "");
			at = indent;
		} else if (at > indent) {
			fputc(' ', out);
			at++;
		}
		fprintf(out, "%.*s", length, text);
		at += length;
		text += length;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

static void
print_steps(FILE *out, struct json_object *result, int width)
{
	struct json_object *steps = json_object_object_get(result, "steps");

	for (size_t i = 0; i < json_object_array_length(steps); i++) {
		struct json_object *step = json_object_array_get_idx(steps, i);

		fprintf(out, "%2zu. %-11s ", i + 1, row_text(step, "step"));
		print_wrapped(out, row_text(step, "text"), 16, width);
	}
}

static void
print_candidates(FILE *out, struct json_object *result, unsigned int width)
{
	struct json_object *rows = json_object_object_get(result, "candidates");
	const char *scored = row_text(result, "scored");

	if (json_object_array_length(rows) == 0)
		return;
	fputc('\n', out);
	table_print(out, candidate_columns, rows, json_object_array_length(rows), width);
	if (row_number(result, "more_candidates") > 0)
		fprintf(out, "  ... and %" PRIu64 " more\n", row_number(result, "more_candidates"));
	if (scored[0] != '\0')
		fprintf(out, "  score: %s; the least is picked\n", scored);
}

void
ctl_print_explanation(FILE *out, struct json_object *result, unsigned int width)
{
	print_steps(out, result, width > 0 ? (int)width : NARROW + 24);
	print_candidates(out, result, width);
	fputs("\n=> ", out);
	print_wrapped(out, row_text(result, "summary"), 3, width > 0 ? (int)width : NARROW + 24);
}

enum ctl_status
ctl_run_explain(const struct ctl_args *args)
{
	struct json_object *arguments = json_object_new_object();
	struct json_object *result = NULL;
	enum ctl_status status;

	json_object_object_add(arguments, "client", json_object_new_string(args->words[0]));
	json_object_object_add(arguments, "vip", json_object_new_string(args->words[1]));
	status = ctl_ask_once(args, "explain", arguments, &result);
	if (status == CTL_OK && args->json)
		show_print_json(stdout, result);
	else if (status == CTL_OK)
		ctl_print_explanation(stdout, result, terminal_width());
	json_object_put(result);
	json_object_put(arguments);
	return status;
}
