/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_FUZZ_TRANSLATE_CHECKS_H
#define SY_FUZZ_TRANSLATE_CHECKS_H

/*
 * What must hold when a packet is translated to the other IP version: lengths, checksums (by their
 * residues, or right where they are made anew), description; and a refused one is as it was.  Faults
 * abort.
 */
#include "sy/packet.h"

void translate_check(struct sy_packet *packet);

#endif /* SY_FUZZ_TRANSLATE_CHECKS_H */
