/* SPDX-License-Identifier: BSD-3-Clause */
#include "sy/toeplitz.h"

uint32_t
sy_toeplitz_window(const uint8_t key[SY_TOEPLITZ_KEY], unsigned int at)
{
	uint64_t bits = 0;

	for (unsigned int i = 0; i < 5; i++) {
		unsigned int byte = at / 8 + i;

		bits = bits << 8 | (byte < SY_TOEPLITZ_KEY ? key[byte] : 0);
	}
	return (uint32_t)(bits >> (8 - at % 8));
}

void
sy_toeplitz_init(struct sy_toeplitz *toeplitz, const uint8_t key[SY_TOEPLITZ_KEY])
{
	for (unsigned int byte = 0; byte < SY_TOEPLITZ_INPUT; byte++) {
		uint32_t *adds = toeplitz->adds[byte];

		adds[0] = 0;
		for (unsigned int value = 1; value < 256; value++) {
			unsigned int bit = 7 - (unsigned int)__builtin_ctz(value);

			adds[value] =
				adds[value & (value - 1)] ^ sy_toeplitz_window(key, 8 * byte + bit);
		}
	}
}
