/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_TEXT_SIZES_H
#define SY_TEXT_SIZES_H

/* Texts in the configuration, with their ends. */
#define SY_NAME_SIZE 64 /* a name: letters, digits, '-', '_', '.' */
#define SY_TEXT_SIZE 256

#endif /* SY_TEXT_SIZES_H */
