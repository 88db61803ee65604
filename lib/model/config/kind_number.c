/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sy/config.h"

#include "kind.h"

/* Kinds that are a bare number in the struct: counts, switches, words with a number each. */

uint64_t
sy_config_member(const void *element, size_t offset, size_t size)
{
	const char *from = (const char *)element + offset;
	uint32_t u32;
	uint16_t u16;

	if (size == sizeof(uint8_t))
		return *(const uint8_t *)from;
	if (size == sizeof(uint16_t)) {
		memcpy(&u16, from, sizeof(u16));
		return u16;
	}
	memcpy(&u32, from, sizeof(u32));
	return u32;
}

void
sy_config_set_member(void *element, size_t offset, size_t size, uint64_t value)
{
	uint8_t u8 = (uint8_t)value;
	uint16_t u16 = (uint16_t)value;
	uint32_t u32 = (uint32_t)value;
	const void *from = size == sizeof(u8) ? (const void *)&u8
		: size == sizeof(u16)         ? (const void *)&u16
					      : (const void *)&u32;

	memcpy((char *)element + offset, from, size);
}

uint64_t
sy_kind_get(const struct sy_config_key *key, const void *element)
{
	return sy_config_member(element, key->offset, key->size);
}

bool
sy_kind_set(const struct sy_config_key *key, uint64_t value, void *element)
{
	if (value < key->low || value > key->high)
		return false;
	sy_config_set_member(element, key->offset, key->size, value);
	return true;
}

bool
sy_kind_digits(const char *text, uint64_t *value, const char **end)
{
	size_t n = strspn(text, "0123456789");

	if (n == 0 || n > 15)
		return false;
	*value = 0;
	for (size_t i = 0; i < n; i++)
		*value = *value * 10 + (uint64_t)(text[i] - '0');
	*end = text + n;
	return true;
}

static bool
number_read(const struct sy_config_key *key, const char *text, void *element)
{
	const char *end;
	uint64_t value;

	return sy_kind_digits(text, &value, &end) && *end == '\0' &&
		sy_kind_set(key, value, element);
}

static void
number_write(const struct sy_config_key *key, const void *element, char *text)
{
	snprintf(text, SY_CONFIG_VALUE_SIZE, "%" PRIu64, sy_kind_get(key, element));
}

static void
number_describe(const struct sy_config_key *key, char *form)
{
	snprintf(form, SY_CONFIG_FORM_SIZE, "a number from %" PRIu64 " to %" PRIu64, key->low,
		key->high);
}

const struct sy_config_kind sy_kind_number = {
	.name = "number",
	.json = SY_CONFIG_NUMBER,
	.read = number_read,
	.write = number_write,
	.describe = number_describe,
};

static bool
boolean_read(const struct sy_config_key *key, const char *text, void *element)
{
	sy_config_set_member(element, key->offset, sizeof(bool), text[0] == 't');
	return true;
}

static void
boolean_write(const struct sy_config_key *key, const void *element, char *text)
{
	snprintf(text, SY_CONFIG_VALUE_SIZE, sy_kind_get(key, element) != 0 ? "true" : "false");
}

static void
boolean_describe(const struct sy_config_key *key, char *form)
{
	(void)key;
	snprintf(form, SY_CONFIG_FORM_SIZE, "true or false");
}

const struct sy_config_kind sy_kind_boolean = {
	.name = "boolean",
	.json = SY_CONFIG_BOOLEAN,
	.read = boolean_read,
	.write = boolean_write,
	.describe = boolean_describe,
};

static bool
choice_read(const struct sy_config_key *key, const char *text, void *element)
{
	for (const struct sy_config_choice *c = key->choices; c->name != NULL; c++) {
		if (strcmp(c->name, text) == 0) {
			sy_config_set_member(element, key->offset, key->size, c->value);
			return true;
		}
	}
	return false;
}

static void
choice_write(const struct sy_config_key *key, const void *element, char *text)
{
	const struct sy_config_choice *c = key->choices;

	while (c->name != NULL && c->value != sy_kind_get(key, element))
		c++;
	snprintf(text, SY_CONFIG_VALUE_SIZE, "%s", c->name != NULL ? c->name : "");
}

static void
choice_describe(const struct sy_config_key *key, char *form)
{
	int n = snprintf(form, SY_CONFIG_FORM_SIZE, "one of");

	for (const struct sy_config_choice *c = key->choices; c->name != NULL; c++)
		n += snprintf(form + n, (size_t)(SY_CONFIG_FORM_SIZE - n), "%s \"%s\"",
			c == key->choices ? "" : ",", c->name);
}

const struct sy_config_kind sy_kind_choice = {
	.name = "choice",
	.json = SY_CONFIG_STRING,
	.read = choice_read,
	.write = choice_write,
	.describe = choice_describe,
};
