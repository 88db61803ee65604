/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_TEST_MATRIX_H
#define SY_TEST_MATRIX_H

/*
 * The matrix of golden packets: every forwarding mode x families x direction x kind of packet.
 * Each row is noted, then each mode is asked about.
 */
#include "golden.h"

void matrix_note(const struct golden *row);

/* Whether every cell of the mode, a row of the table of modes, has a golden packet; says which has
 * none. */
bool matrix_is_full(uint8_t mode);

#endif /* SY_TEST_MATRIX_H */
