/* SPDX-License-Identifier: BSD-3-Clause */
#include "sctp.h"

#include <rte_byteorder.h>

#include "frame.h"

/*
 * Polynomials over GF(2) modulo CRC32c's (RFC 9260 appendix A), as the reflected CRC has them: the
 * highest bit is x^0.  A byte that follows multiplies the CRC by x^8.
 */
#define CRC32C 0x82f63b78u
#define ONE 0x80000000u

/* x^(8 * 2^k): so many bytes, by the bits of their number. */
static const uint32_t powers[16] = {
	0x00800000,
	0x00008000,
	0x82f63b78,
	0x6ea2d55c,
	0x18b8ea18,
	0x510ac59a,
	0xb82be955,
	0xb8fdb1e7,
	0x88e56f72,
	0x74c360a4,
	0xe4172b16,
	0x0d65762a,
	0x35d73a62,
	0x28461564,
	0xbf455269,
	0xe2ea32dc,
};

static uint32_t
multiply(uint32_t a, uint32_t b)
{
	uint32_t product = 0;

	for (; a != 0; a <<= 1) {
		if (a & ONE)
			product ^= b;
		b = b >> 1 ^ (b & 1 ? CRC32C : 0);
	}
	return product;
}

void
sy_sctp_checksum_change(uint8_t *header, uint32_t old_ports, uint32_t new_ports, uint32_t length)
{
	uint32_t crc = rte_le_to_cpu_32(load32(header + SCTP_CHECKSUM_OFFSET));
	uint32_t change = rte_le_to_cpu_32(old_ports ^ new_ports);

	for (int k = 0; k < 16; k++) {
		if (length >> k & 1)
			change = multiply(change, powers[k]);
	}
	crc = rte_cpu_to_le_32(crc ^ change);
	memcpy(header + SCTP_CHECKSUM_OFFSET, &crc, sizeof(crc));
}
