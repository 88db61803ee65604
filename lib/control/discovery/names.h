/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_DISCOVERY_NAMES_H
#define SY_DISCOVERY_NAMES_H

/* Names that sources have for backends. */
#include <stdbool.h>

#include "sy/config.h"

/* Whether it could stand in the configuration as a name: letters, digits, '-', '_' and '.', the first
 * of them a letter or digit, and no more than there is room for. */
bool sy_found_is_name(const char *text);

/* Gives the row this name, if it is one; a row without gets one of its address and port. */
void sy_found_name(struct sy_backend_config *row, const char *name);

#endif /* SY_DISCOVERY_NAMES_H */
