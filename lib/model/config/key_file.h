/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_CONFIG_KEY_FILE_H
#define SY_CONFIG_KEY_FILE_H

/* Secrets that stand in files of their own. */
#include <stddef.h>
#include <stdint.h>

#define SY_KEY_FILE_FAULT 160

/* Reads a key of n_bytes, written in hexadecimal digits; white space at the end is passed over.  Others
 * than the file's owner may have no rights to it.  0, or -EINVAL with what is wrong with the file in
 * fault, to follow "found PATH, ". */
int sy_config_read_key(
	const char *path, uint8_t *key, size_t n_bytes, char fault[SY_KEY_FILE_FAULT]);

#endif /* SY_CONFIG_KEY_FILE_H */
