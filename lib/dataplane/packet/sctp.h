/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_PACKET_SCTP_H
#define SY_PACKET_SCTP_H

/*
 * SCTP's common header (RFC 9260 section 3.1): both ports, the verification tag,
 * and a CRC32c over the whole packet, which covers no address.
 */
#include <stdint.h>

#define SCTP_HEADER_LEN 12u
#define SCTP_CHECKSUM_OFFSET 8u

/*
 * Brings the checksum up to date after a change of the packet's first four bytes, the ports; length
 * is the packet's.  CRCs are linear: what the change adds to the CRC does not depend on the rest,
 * which is neither read nor has to be in one segment, and a wrong checksum stays wrong.
 */
void sy_sctp_checksum_change(
	uint8_t *header, uint32_t old_ports, uint32_t new_ports, uint32_t length);

#endif /* SY_PACKET_SCTP_H */
