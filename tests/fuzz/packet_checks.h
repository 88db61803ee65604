/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_FUZZ_PACKET_CHECKS_H
#define SY_FUZZ_PACKET_CHECKS_H

/*
 * What must hold for any frame.  The measure of a checksum is its residue: the
 * sum of all that it covers, itself too, which a change must leave as it was,
 * whether the checksum was right (0) or wrong.  Faults abort.
 */
#include "sy/packet.h"

struct residues {
	uint16_t ip; /* IPv4 header */
	uint16_t l4; /* with the pseudo-header where there is one */
	uint16_t inner_ip;
	uint16_t inner_l4;
};

struct residues packet_residues(const struct sy_packet *packet);

/* The frame reads as the packet is described. */
void packet_check_described(const struct sy_packet *packet);

/* Offsets are in order and within the frame, verdict and reason agree, and parse's short way finds
 * what its long one does. */
void packet_check_parsed(const struct sy_packet *packet);

/* Does one thing to a packet that is still in the pipeline, and checks the outcome. */
void packet_check_action(struct sy_packet *packet, uint8_t action);

#endif /* SY_FUZZ_PACKET_CHECKS_H */
