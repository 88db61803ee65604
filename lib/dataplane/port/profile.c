/* SPDX-License-Identifier: BSD-3-Clause */
#include "sy/profile.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "profile_parse.h"

#define MAX_PROFILES 128
#define SUFFIX ".json"

struct sy_profiles {
	struct sy_port_profile fallback;
	struct sy_port_profile *rows;
	uint32_t n_rows;
};

/* A program that runs from its build folder takes the profiles it was built with. */
static const char *
default_folder(void)
{
	const char *folder = getenv("STEELYARD_DRIVERS_CONFIG");
	char program[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);

	if (folder != NULL && folder[0] != '\0')
		return folder;
	if (length > 0 && (size_t)length > strlen(SY_BUILD_FOLDER) &&
		memcmp(program, SY_BUILD_FOLDER, strlen(SY_BUILD_FOLDER)) == 0 &&
		program[strlen(SY_BUILD_FOLDER)] == '/')
		return SY_SOURCE_FOLDER;
	return SY_DATA_FOLDER;
}

static int
is_profile(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return entry->d_name[0] != '.' && length > strlen(SUFFIX) &&
		strcmp(entry->d_name + length - strlen(SUFFIX), SUFFIX) == 0;
}

static int
load_one(struct sy_profiles *profiles, const char *folder, const char *file, struct sy_error *error)
{
	struct sy_port_profile *profile = &profiles->rows[profiles->n_rows];
	size_t name_length = strlen(file) - strlen(SUFFIX);
	char path[PATH_MAX];

	if (profiles->n_rows == MAX_PROFILES || name_length >= sizeof(profile->name))
		return sy_error_set(error, -EINVAL,
			"%s: more than %d profiles, or name too long: %s", folder, MAX_PROFILES,
			file);
	memcpy(profile->name, file, name_length);
	snprintf(path, sizeof(path), "%s/%s", folder, file);
	profiles->n_rows++;
	return sy_profile_load(path, profile, error);
}

static int
load_folder(struct sy_profiles *profiles, const char *folder, struct sy_error *error)
{
	struct dirent **entries;
	int status = 0, n = scandir(folder, &entries, is_profile, alphasort);

	if (n < 0)
		return sy_error_set(error, -errno,
			"folder of driver profiles %s: %s; set STEELYARD_DRIVERS_CONFIG", folder,
			strerror(errno));
	for (int i = 0; i < n; i++) {
		if (status == 0)
			status = load_one(profiles, folder, entries[i]->d_name, error);
		free(entries[i]);
	}
	free(entries);
	return status;
}

int
sy_profiles_load(const char *folder, struct sy_profiles **profiles, struct sy_error *error)
{
	struct sy_profiles *made = calloc(1, sizeof(*made));
	int status;

	if (made != NULL)
		made->rows = calloc(MAX_PROFILES, sizeof(*made->rows));
	if (made == NULL || made->rows == NULL) {
		sy_profiles_free(made);
		return sy_error_set(error, -ENOMEM, "driver profiles: out of memory");
	}
	made->fallback.rss = true; /* where the device offers it */
	snprintf(made->fallback.name, sizeof(made->fallback.name), "unknown");
	snprintf(made->fallback.help, sizeof(made->fallback.help),
		"a device of which nothing is known but what its driver says");
	status = load_folder(made, folder == NULL ? default_folder() : folder, error);
	if (status != 0) {
		sy_profiles_free(made);
		return status;
	}
	*profiles = made;
	return 0;
}

void
sy_profiles_free(struct sy_profiles *profiles)
{
	if (profiles == NULL)
		return;
	free(profiles->rows);
	free(profiles);
}

uint32_t
sy_profiles_count(const struct sy_profiles *profiles)
{
	return profiles->n_rows;
}

const struct sy_port_profile *
sy_profiles_at(const struct sy_profiles *profiles, uint32_t row)
{
	return row < profiles->n_rows ? &profiles->rows[row] : NULL;
}

const struct sy_port_profile *
sy_profiles_find(const struct sy_profiles *profiles, const char *name)
{
	for (uint32_t i = 0; i < profiles->n_rows; i++)
		if (strcmp(profiles->rows[i].name, name) == 0)
			return &profiles->rows[i];
	return NULL;
}

const struct sy_port_profile *
sy_profiles_match(const struct sy_profiles *profiles, const char *driver)
{
	for (uint32_t i = 0; i < profiles->n_rows; i++)
		for (uint32_t d = 0; d < profiles->rows[i].n_drivers; d++)
			if (strcmp(profiles->rows[i].drivers[d], driver) == 0)
				return &profiles->rows[i];
	return &profiles->fallback;
}
