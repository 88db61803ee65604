/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_BASE64_H
#define SY_BASE64_H

/* Bytes as texts and back, with the padding (RFC 4648, section 4). */
#include <stdbool.h>
#include <stddef.h>

#define SY_BASE64_SIZE(n_bytes) (((n_bytes) + 2) / 3 * 4 + 1)

/* text has SY_BASE64_SIZE(n_bytes) bytes of room. */
void sy_base64_write(const void *bytes, size_t n_bytes, char *text);

/* bytes has as much room as the text is long, and one for a zero at the end.  false: not base64. */
bool sy_base64_read(const char *text, char *bytes, size_t *n_bytes);

#endif /* SY_BASE64_H */
