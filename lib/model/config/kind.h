/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_CONFIG_KIND_H
#define SY_CONFIG_KIND_H

/* What kinds of numbers share. */
#include "table.h"

/* The member that key describes. */
uint64_t sy_kind_get(const struct sy_config_key *key, const void *element);

/* Writes it, or returns false when value is out of the key's range. */
bool sy_kind_set(const struct sy_config_key *key, uint64_t value, void *element);

/* Reads digits alone, 15 at most; what follows them is *end. */
bool sy_kind_digits(const char *text, uint64_t *value, const char **end);

#endif /* SY_CONFIG_KIND_H */
