/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "netdev.h"

/* Longest "BB:DD.F" or "DDDD:BB:DD.F" at the start of text; 0: none. */
static size_t
pci_address_length(const char *text, bool *has_domain)
{
	static const char form[] = "xxxx:xx:xx.x";
	const char *end = strchr(text, ',');
	size_t length = end == NULL ? strlen(text) : (size_t)(end - text);
	const char *expected = form + (length < strlen(form) ? 5 : 0);

	if (length != strlen(expected))
		return 0;
	for (size_t i = 0; i < length; i++)
		if (expected[i] == 'x' ? !isxdigit((unsigned char)text[i]) : text[i] != expected[i])
			return 0;
	*has_domain = expected == form;
	return length;
}

void
sy_device_parse(const char *device, struct sy_device_text *text)
{
	const char *comma = strchr(device, ',');
	bool has_domain = true;
	int length;

	text->is_pci = pci_address_length(device, &has_domain) != 0;
	length = (int)(comma == NULL ? strlen(device) : (size_t)(comma - device));
	snprintf(text->name, sizeof(text->name), "%s%.*s", has_domain ? "" : "0000:", length,
		device);
	for (char *c = text->name; text->is_pci && *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	snprintf(text->arguments, sizeof(text->arguments), "%s", comma == NULL ? "" : comma + 1);
}

bool
sy_device_argument(const struct sy_device_text *text, const char *key, char *value, size_t size)
{
	const char *at = text->arguments;
	size_t key_length = strlen(key);

	value[0] = '\0';
	while (*at != '\0') {
		const char *next = strchr(at, ',');
		size_t length = next == NULL ? strlen(at) : (size_t)(next - at);

		if (length >= key_length && memcmp(at, key, key_length) == 0 &&
			(length == key_length || at[key_length] == '=')) {
			if (length > key_length)
				snprintf(value, size, "%.*s", (int)(length - key_length - 1),
					at + key_length + 1);
			return true;
		}
		at = next == NULL ? at + length : next + 1;
	}
	return false;
}

/* DPDK gives a virtual device to a driver whose name its own begins with. */
static const struct sy_port_profile *
profile_of_name(const struct sy_profiles *profiles, const char *name)
{
	const struct sy_port_profile *best = NULL, *profile;
	size_t longest = 0;

	for (uint32_t i = 0; (profile = sy_profiles_at(profiles, i)) != NULL; i++)
		for (uint32_t d = 0; d < profile->n_drivers; d++) {
			size_t length = strlen(profile->drivers[d]);

			if (length > longest && strncmp(name, profile->drivers[d], length) == 0) {
				longest = length;
				best = profile;
			}
		}
	return best;
}

int
sy_device_profile(const struct sy_profiles *profiles, const struct sy_port_config *config,
	const struct sy_port_profile **profile, struct sy_error *error)
{
	struct sy_device_text text;

	sy_device_parse(config->device, &text);
	if (config->profile[0] == '\0' || strcmp(config->profile, "auto") == 0) {
		*profile = text.is_pci ? NULL : profile_of_name(profiles, text.name);
		return 0;
	}
	*profile = sy_profiles_find(profiles, config->profile);
	if (*profile != NULL)
		return 0;
	return sy_error_set(error, -ENOENT,
		"port %s: there is no driver profile \"%s\"; known are the files of drivers-config/",
		config->name, config->profile);
}

static void
append(struct sy_device_text *text, const char *argument, size_t length)
{
	size_t at = strnlen(text->arguments, sizeof(text->arguments) - 1);

	snprintf(text->arguments + at, sizeof(text->arguments) - at, "%s%.*s", at == 0 ? "" : ",",
		(int)length, argument);
}

static void
complete_queues(
	struct sy_device_text *text, const struct sy_port_profile *profile, uint16_t n_workers)
{
	char argument[SY_NAME_SIZE + 8], interface[SY_TEXT_SIZE], value[SY_TEXT_SIZE];
	uint16_t queues = n_workers, separate;

	/* Who says where the queues begin also says how many they are. */
	if (profile->queues_argument[0] == '\0' ||
		sy_device_argument(text, profile->queues_argument, value, sizeof(value)) ||
		sy_device_argument(text, "start_queue", value, sizeof(value)))
		return;
	if (profile->all_queues && sy_device_argument(text, "iface", interface, sizeof(interface)))
		queues = sy_netdev_queues(interface, &separate);
	snprintf(argument, sizeof(argument), "%s=%u", profile->queues_argument, queues);
	append(text, argument, strlen(argument));
}

void
sy_device_complete(
	struct sy_device_text *text, const struct sy_port_profile *profile, uint16_t n_workers)
{
	const char *at = profile->arguments;

	while (*at != '\0') {
		size_t length = strcspn(at, ",");
		char key[SY_NAME_SIZE], value[SY_TEXT_SIZE];

		snprintf(key, sizeof(key), "%.*s", (int)strcspn(at, "=,"), at);
		if (!sy_device_argument(text, key, value, sizeof(value)))
			append(text, at, length);
		at += length + (at[length] == ',');
	}
	complete_queues(text, profile, n_workers);
}
