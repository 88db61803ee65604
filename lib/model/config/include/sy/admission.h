/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_ADMISSION_H
#define SY_ADMISSION_H

/*
 * Which backends a pool of a checked configuration may have beside those of the
 * file: the same rules, asked of one backend at a time.
 *
 * Management core only.  The configuration and the names outlive it, and its
 * services and ports do not change meanwhile.
 */
#include "sy/config.h"

struct sy_admission;

/* 0 or -ENOMEM. */
int sy_admission_create(const struct sy_config *config, const struct sy_config_names *names,
	struct sy_admission **admission);
void sy_admission_destroy(struct sy_admission *admission); /* NULL is no error */

/* Whether the backend fits the pool's probes, the services that use it and their modes, and is
 * neither the balancer itself nor one of its services nor a local address.  0, or -EINVAL with the fault in words, without
 * the backend's name.  What two backends of a pool may not share is not looked at. */
int sy_admission_judge(const struct sy_admission *admission, uint32_t pool,
	const struct sy_backend_config *backend, struct sy_error *fault);

/* Whether each value is one that the file could hold, by the same table.  Likewise. */
int sy_admission_form(const struct sy_backend_config *backend, struct sy_error *fault);

/* Backends as JSON in a file of their own: an array of what a pool's "backends" holds, or an object with
 * such an array under that key, each with or without a name (it is "" then); port and weight are those
 * of the discovery where they are missing.  Sets *rows, which the caller frees, and *n; 0, -EINVAL with
 * the place of the first fault, -E2BIG, -ENOMEM. */
int sy_config_parse_backends(const char *file, const char *text, size_t length,
	const struct sy_discovery_config *discovery, struct sy_backend_config **rows, uint32_t *n,
	struct sy_error *error);

#endif /* SY_ADMISSION_H */
