/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_CONFIG_PARSE_H
#define SY_CONFIG_PARSE_H

/*
 * From a text to a checked configuration, in two passes: parse walks the text
 * and the table together and fills the structs, check looks at what needs more
 * than one value.  Either stops at the first fault, with its place.
 */
#include <stdint.h>

#include "sy/config.h"

#include "scan.h"
#include "table.h"

#define SY_CONFIG_DEPTH 8 /* deeper than the table */
#define SY_CONFIG_PATH_SIZE 128

struct sy_config_step { /* into a member, or an element of a list */
	const char *name; /* NULL: an element */
	uint32_t index;
};

/* A name that is turned into an index when all names are known. */
struct sy_config_reference {
	const struct sy_config_key *list; /* of the file's top, that holds the element */
	const struct sy_config_key *key;
	uint32_t element;
	uint32_t offset; /* of the string in the text */
};

struct sy_config_parser {
	struct sy_scan scan;
	const char *file;
	const struct sy_config_names *names;
	struct sy_config *config;
	struct sy_error *error;
	struct sy_config_step steps[SY_CONFIG_DEPTH];
	unsigned int n_steps;
	struct sy_config_reference *references;
	uint32_t n_references;
};

int sy_config_parse_text(struct sy_config_parser *parser);

/* A text that is an object of this section, or, where there is a list, an array as its value; either
 * goes into element, and what it has allocated is there on failure too. */
int sy_config_parse_value(struct sy_config_parser *parser, const struct sy_config_section *section,
	const struct sy_config_key *list, void *element);

/* Returns 0 or the error of the first fault. */
int sy_config_check(struct sy_config_parser *parser);

/* Both set the error to `FILE:LINE:COLUMN: PATH: text` and return -EINVAL.  The first names the
 * value that the parser is in, and a place inside it; the second finds the place of a path. */
int sy_config_refuse(struct sy_config_parser *parser, uint32_t offset, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int sy_config_refuse_at(struct sy_config_parser *parser, const char *path, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The faults that the parser meets, told as above.  What the scanner expected in place of a wrong
 * token goes before what the parser did. */
int sy_config_refuse_token(
	struct sy_config_parser *parser, const struct sy_token *token, const char *expected);
int sy_config_refuse_value(struct sy_config_parser *parser, const struct sy_config_key *key,
	const struct sy_token *token);
int sy_config_refuse_key(struct sy_config_parser *parser, const struct sy_config_section *section,
	const struct sy_token *token, const char *name);
int sy_config_refuse_missing(
	struct sy_config_parser *parser, const struct sy_config_key *key, uint32_t offset);

/* Sets -ENOMEM in words. */
int sy_config_no_memory(struct sy_config_parser *parser);

/* The name most like this one among n candidates, which name_at() gives; NULL when none is near. */
const char *sy_config_nearest(const char *name, uint32_t n,
	const char *(*name_at)(const void *context, uint32_t i), const void *context);

/* For sy_config_refuse_at(): `sy_config_path("pools[%u].name", i).text`. */
struct sy_config_path {
	char text[SY_CONFIG_PATH_SIZE];
};
struct sy_config_path sy_config_path(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif /* SY_CONFIG_PARSE_H */
