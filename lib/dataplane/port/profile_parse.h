/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_PROFILE_PARSE_H
#define SY_PROFILE_PARSE_H

/* One driver profile from JSON.  Management core. */
#include "sy/profile.h"

/* Both write what the text says over *profile, which holds the defaults.  0, -EINVAL or -ENOMEM;
 * load also fopen's errors.  text is terminated behind length bytes. */
int sy_profile_parse(
	const char *text, size_t length, struct sy_port_profile *profile, struct sy_error *error);
int sy_profile_load(const char *path, struct sy_port_profile *profile, struct sy_error *error);

#endif /* SY_PROFILE_PARSE_H */
