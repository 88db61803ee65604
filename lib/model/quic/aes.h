/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_QUIC_AES_H
#define SY_QUIC_AES_H

/*
 * AES-128 on single blocks (ECB), with a key whose schedule was computed before:
 * create() and destroy() are the management core's, the rest is the workers'.
 * Blocks that stand behind one another are computed together, which takes much
 * less time than one after the other.  One file for each library; the build takes one.
 */
#include <stdint.h>

#define SY_AES_BLOCK 16

struct sy_aes;

/* For workers 0 to n_workers - 1.  0 or -ENOMEM. */
int sy_aes_create(const uint8_t key[SY_AES_BLOCK], uint32_t n_workers, struct sy_aes **aes);
void sy_aes_destroy(struct sy_aes *aes); /* NULL is no error */

/* in and out: n_blocks times SY_AES_BLOCK bytes; n_blocks is 1 or more. */
void sy_aes_encrypt(const struct sy_aes *aes, uint32_t worker, const uint8_t *in, uint8_t *out,
	uint32_t n_blocks);
void sy_aes_decrypt(const struct sy_aes *aes, uint32_t worker, const uint8_t *in, uint8_t *out,
	uint32_t n_blocks);

#endif /* SY_QUIC_AES_H */
