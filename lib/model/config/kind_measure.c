/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sy/config.h"

#include "kind.h"

/* Kinds that are a text in the file and a number in the struct: durations, shares, ranges, ports. */

/* From the largest, so that the first that divides a duration is the one to print. */
static const struct {
	const char *name;
	uint64_t us;
} units[] = {
	{ "h", UINT64_C(3600000000) },
	{ "m", 60000000 },
	{ "s", 1000000 },
	{ "ms", 1000 },
	{ "us", 1 },
};
#define N_UNITS (sizeof(units) / sizeof(units[0]))

static bool
duration_read(const struct sy_config_key *key, const char *text, void *element)
{
	const char *end;
	uint64_t value;

	if (!sy_kind_digits(text, &value, &end))
		return false;
	for (size_t i = 0; i < N_UNITS; i++) {
		if (strcmp(end, units[i].name) != 0)
			continue;
		if (value > UINT64_MAX / units[i].us || value * units[i].us % key->unit != 0)
			return false;
		return sy_kind_set(key, value * units[i].us / key->unit, element);
	}
	return false;
}

static void
duration_text(uint64_t us, char *text, size_t size)
{
	size_t i = us == 0 ? N_UNITS - 3 : 0; /* "0s", not "0h" */

	while (us % units[i].us != 0)
		i++;
	snprintf(text, size, "%" PRIu64 "%s", us / units[i].us, units[i].name);
}

static void
duration_write(const struct sy_config_key *key, const void *element, char *text)
{
	duration_text(sy_kind_get(key, element) * key->unit, text, SY_CONFIG_VALUE_SIZE);
}

static void
duration_describe(const struct sy_config_key *key, char *form)
{
	char low[32];
	char high[32];

	duration_text(key->low * key->unit, low, sizeof(low));
	duration_text(key->high * key->unit, high, sizeof(high));
	snprintf(form, SY_CONFIG_FORM_SIZE,
		"a duration from \"%s\" to \"%s\" (units %sms, s, m, h)", low, high,
		key->unit == 1 ? "us, " : "");
}

const struct sy_config_kind sy_kind_duration = {
	.name = "duration",
	.json = SY_CONFIG_STRING,
	.read = duration_read,
	.write = duration_write,
	.describe = duration_describe,
	.pattern = "^[0-9]{1,15}(us|ms|s|m|h)$",
};

static bool
percent_read(const struct sy_config_key *key, const char *text, void *element)
{
	const char *end;
	uint64_t value;

	return sy_kind_digits(text, &value, &end) && strcmp(end, "%") == 0 &&
		sy_kind_set(key, value, element);
}

static void
percent_write(const struct sy_config_key *key, const void *element, char *text)
{
	snprintf(text, SY_CONFIG_VALUE_SIZE, "%" PRIu64 "%%", sy_kind_get(key, element));
}

static void
percent_describe(const struct sy_config_key *key, char *form)
{
	snprintf(form, SY_CONFIG_FORM_SIZE, "a share from \"%" PRIu64 "%%\" to \"%" PRIu64 "%%\"",
		key->low, key->high);
}

const struct sy_config_kind sy_kind_percent = {
	.name = "percent",
	.json = SY_CONFIG_STRING,
	.read = percent_read,
	.write = percent_write,
	.describe = percent_describe,
	.pattern = "^[0-9]{1,3}%$",
};

static bool
status_read(const struct sy_config_key *key, const char *text, void *element)
{
	const char *end;
	uint64_t low, high;

	if (!sy_kind_digits(text, &low, &end))
		return false;
	high = low;
	if (*end == '-' && !sy_kind_digits(end + 1, &high, &end))
		return false;
	if (*end != '\0' || low > high || high > key->high || !sy_kind_set(key, low, element))
		return false;
	sy_config_set_member(element, key->other, key->size, high);
	return true;
}

static void
status_write(const struct sy_config_key *key, const void *element, char *text)
{
	uint64_t high = sy_config_member(element, key->other, key->size);

	if (high == sy_kind_get(key, element))
		sy_kind_number.write(key, element, text);
	else
		snprintf(text, SY_CONFIG_VALUE_SIZE, "%" PRIu64 "-%" PRIu64,
			sy_kind_get(key, element), high);
}

static void
status_describe(const struct sy_config_key *key, char *form)
{
	snprintf(form, SY_CONFIG_FORM_SIZE,
		"an HTTP status from %" PRIu64 " to %" PRIu64
		", or a range, such as \"200\" or \"200-399\"",
		key->low, key->high);
}

const struct sy_config_kind sy_kind_status = {
	.name = "status",
	.json = SY_CONFIG_STRING,
	.read = status_read,
	.write = status_write,
	.describe = status_describe,
	.pattern = "^[1-5][0-9]{2}(-[1-5][0-9]{2})?$",
};

const char *
sy_ports_text(const struct sy_port_range *ports, char text[SY_PORTS_TEXT])
{
	if (sy_ports_are_all(ports))
		snprintf(text, SY_PORTS_TEXT, "all");
	else if (sy_ports_are_one(ports))
		snprintf(text, SY_PORTS_TEXT, "%u", ports->low);
	else
		snprintf(text, SY_PORTS_TEXT, "%u-%u", ports->low, ports->high);
	return text;
}

static bool
ports_read(const struct sy_config_key *key, const char *text, void *element)
{
	struct sy_port_range *ports = (void *)((char *)element + key->offset);
	uint64_t low = 1, high = UINT16_MAX;
	const char *end;

	if (strcmp(text, "all") != 0) {
		if (!sy_kind_digits(text, &low, &end))
			return false;
		high = low;
		if (*end == '-' && !sy_kind_digits(end + 1, &high, &end))
			return false;
		if (*end != '\0' || low == 0 || low > high || high > UINT16_MAX)
			return false;
	}
	*ports = (struct sy_port_range){ .low = (uint16_t)low, .high = (uint16_t)high };
	return true;
}

static void
ports_write(const struct sy_config_key *key, const void *element, char *text)
{
	sy_ports_text((const void *)((const char *)element + key->offset), text);
}

static void
ports_describe(const struct sy_config_key *key, char *form)
{
	(void)key;
	snprintf(form, SY_CONFIG_FORM_SIZE,
		"a port from 1 to 65535, a range or all of them, such as \"80\", \"8000-8999\" "
		"or \"all\"");
}

const struct sy_config_kind sy_kind_ports = {
	.name = "ports",
	.json = SY_CONFIG_STRING,
	.read = ports_read,
	.write = ports_write,
	.describe = ports_describe,
	.pattern = "^(all|[0-9]{1,5}(-[0-9]{1,5})?)$",
};

static bool
size_read(const struct sy_config_key *key, const char *text, void *element)
{
	const char *end;
	uint64_t value;

	if (sy_kind_choice.read(key, text, element))
		return true;
	return sy_kind_digits(text, &value, &end) && *end == '\0' &&
		sy_kind_set(key, value, element);
}

static void
size_write(const struct sy_config_key *key, const void *element, char *text)
{
	sy_kind_choice.write(key, element, text);
	if (text[0] == '\0')
		snprintf(text, SY_CONFIG_VALUE_SIZE, "%" PRIu64, sy_kind_get(key, element));
}

static void
size_describe(const struct sy_config_key *key, char *form)
{
	size_t n;

	sy_kind_choice.describe(key, form);
	n = strlen(form);
	snprintf(form + n, SY_CONFIG_FORM_SIZE - n,
		", or a text with a number from %" PRIu64 " to %" PRIu64, key->low, key->high);
}

const struct sy_config_kind sy_kind_size = {
	.name = "word or number",
	.json = SY_CONFIG_STRING,
	.read = size_read,
	.write = size_write,
	.describe = size_describe,
};
