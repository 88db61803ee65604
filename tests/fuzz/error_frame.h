/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_FUZZ_ERROR_FRAME_H
#define SY_FUZZ_ERROR_FRAME_H

/*
 * ICMP errors about any packet.  The headers around the quotation and their checksums are right, so
 * that all inputs come as far as it.  First byte: the caller's; second: version, who sends, type;
 * then the code and the header's second half; the rest is quoted.
 */
#include <stddef.h>
#include <stdint.h>

#define ERROR_FRAME_HEADER 7
#define ERROR_FRAME_QUOTED_MAX 1500

/* size: from ERROR_FRAME_HEADER to ERROR_FRAME_QUOTED_MAX more.  Returns the length. */
size_t error_frame_build(const uint8_t *data, size_t size, uint8_t *frame);

#endif /* SY_FUZZ_ERROR_FRAME_H */
