/* SPDX-License-Identifier: BSD-3-Clause */
/* AES by Intel's IPsec-MB.  Its manager is written by each job, so every worker has one, made when the
 * first key is; they stay, since the next reload wants them again. */
#include <errno.h>
#include <stdlib.h>

#include <intel-ipsec-mb.h>

#include "aes.h"
#include "sy/config.h"

#define AES_128_ROUND_KEYS 11

struct sy_aes {
	uint8_t encrypt_keys[AES_128_ROUND_KEYS * SY_AES_BLOCK] __attribute__((aligned(16)));
	uint8_t decrypt_keys[AES_128_ROUND_KEYS * SY_AES_BLOCK] __attribute__((aligned(16)));
};

static IMB_MGR *managers[SY_MAX_WORKERS];

static int
make_managers(uint32_t n_workers)
{
	for (uint32_t i = 0; i < n_workers; i++) {
		if (managers[i] != NULL)
			continue;
		managers[i] = alloc_mb_mgr(0);
		if (managers[i] == NULL)
			return -ENOMEM;
		init_mb_mgr_auto(managers[i], NULL);
	}
	return 0;
}

int
sy_aes_create(const uint8_t key[SY_AES_BLOCK], uint32_t n_workers, struct sy_aes **aes)
{
	struct sy_aes *made;

	if (make_managers(n_workers > 0 ? n_workers : 1) != 0)
		return -ENOMEM;
	made = aligned_alloc(16, sizeof(*made));
	if (made == NULL)
		return -ENOMEM;
	IMB_AES_KEYEXP_128(managers[0], key, made->encrypt_keys, made->decrypt_keys);
	*aes = made;
	return 0;
}

void
sy_aes_destroy(struct sy_aes *aes)
{
	free(aes);
}

/* All blocks of a job are done when submit returns: ECB has nothing to wait for. */
static void
compute(const struct sy_aes *aes, uint32_t worker, IMB_CIPHER_DIRECTION direction,
	const uint8_t *in, uint8_t *out, uint32_t n_blocks)
{
	IMB_JOB *job = IMB_GET_NEXT_JOB(managers[worker]);

	job->cipher_mode = IMB_CIPHER_ECB;
	job->cipher_direction = direction;
	job->chain_order =
		direction == IMB_DIR_ENCRYPT ? IMB_ORDER_CIPHER_HASH : IMB_ORDER_HASH_CIPHER;
	job->hash_alg = IMB_AUTH_NULL;
	job->enc_keys = aes->encrypt_keys;
	job->dec_keys = aes->decrypt_keys;
	job->key_len_in_bytes = IMB_KEY_128_BYTES;
	job->iv_len_in_bytes = 0;
	job->src = in;
	job->dst = out;
	job->cipher_start_src_offset_in_bytes = 0;
	job->msg_len_to_cipher_in_bytes = (uint64_t)n_blocks * SY_AES_BLOCK;
	if (IMB_SUBMIT_JOB(managers[worker]) == NULL)
		IMB_FLUSH_JOB(managers[worker]);
}

void
sy_aes_encrypt(const struct sy_aes *aes, uint32_t worker, const uint8_t *in, uint8_t *out,
	uint32_t n_blocks)
{
	compute(aes, worker, IMB_DIR_ENCRYPT, in, out, n_blocks);
}

void
sy_aes_decrypt(const struct sy_aes *aes, uint32_t worker, const uint8_t *in, uint8_t *out,
	uint32_t n_blocks)
{
	compute(aes, worker, IMB_DIR_DECRYPT, in, out, n_blocks);
}
