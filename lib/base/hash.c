/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "sy/hash.h"

uint64_t
sy_hash_bytes(const void *bytes, size_t length)
{
	const uint8_t *at = bytes;
	uint64_t hash = sy_hash_mix(length + 1);

	while (length > 0) {
		uint64_t word = 0;
		size_t n = length < sizeof(word) ? length : sizeof(word);

		memcpy(&word, at, n);
		hash = sy_hash_pair(hash, word);
		at += n;
		length -= n;
	}
	return hash;
}
