/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_SECRET_H
#define SY_SECRET_H

/* Secrets, which stand in files of their own: passwords, tokens.  Any thread. */
#include <stddef.h>

#include "sy/error.h"

/* The text of a file without the white space at its end, terminated.  0, or a negative errno with
 * error filled: the file cannot be read, is a symbolic link or no regular file, it belongs to another
 * user than root or the caller's, others than its owner have rights to it, it is empty or longer than size - 1, or has a control character within. */
int sy_secret_read(const char *path, char *text, size_t size, struct sy_error *error);

#endif /* SY_SECRET_H */
