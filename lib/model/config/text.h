/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_CONFIG_TEXT_H
#define SY_CONFIG_TEXT_H

/* JSON on its way out, for what the table describes. */
#include <stdio.h>

#include "sy/config.h"

#include "table.h"

/* A string in quotes, with what JSON wants escaped. */
void sy_config_put_string(FILE *out, const char *text);

/* A value in the form that kind->read() takes, with quotes when it is a string in the file. */
void sy_config_put_value(FILE *out, const struct sy_config_key *key, const char *value);

void sy_config_put_indent(FILE *out, int depth);

/* The value of a plain key, references as names. */
void sy_config_value_text(const struct sy_config *config, const struct sy_config_key *key,
	const void *element, char text[SY_CONFIG_VALUE_SIZE]);

#endif /* SY_CONFIG_TEXT_H */
