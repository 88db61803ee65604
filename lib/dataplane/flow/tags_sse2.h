/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_FLOW_TAGS_SSE2_H
#define SY_FLOW_TAGS_SSE2_H

#include <emmintrin.h>
#include <stdint.h>

/* One bit for each of the eight tags at tags (16-byte aligned) that equals tag. */
static inline uint32_t
tags_match_sse2(const uint16_t *tags, uint16_t tag)
{
	__m128i all = _mm_load_si128((const __m128i *)tags);
	__m128i equal = _mm_cmpeq_epi16(all, _mm_set1_epi16((short)tag));

	return (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(equal, _mm_setzero_si128()));
}

#endif /* SY_FLOW_TAGS_SSE2_H */
