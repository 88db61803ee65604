/* SPDX-License-Identifier: BSD-3-Clause */
/* AES by OpenSSL's libcrypto.  A context keeps a partial block between calls, which makes it one
 * thread's; computing whole blocks with it takes neither heap nor lock (test_quic_cid counts). */
#include <errno.h>
#include <stdlib.h>

#include <openssl/evp.h>

#include "aes.h"

enum {
	ENCRYPT,
	DECRYPT,
	N_WAYS
};

struct sy_aes {
	uint32_t n_workers;
	EVP_CIPHER_CTX *contexts[][N_WAYS]; /* [n_workers] */
};

static EVP_CIPHER_CTX *
create_context(const EVP_CIPHER *cipher, const uint8_t key[SY_AES_BLOCK], int way)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();

	if (context == NULL ||
		EVP_CipherInit_ex(context, cipher, NULL, key, NULL, way == ENCRYPT) != 1 ||
		EVP_CIPHER_CTX_set_padding(context, 0) != 1) {
		EVP_CIPHER_CTX_free(context);
		return NULL;
	}
	return context;
}

static int
create_contexts(struct sy_aes *aes, const uint8_t key[SY_AES_BLOCK])
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-128-ECB", NULL);
	int status = cipher == NULL ? -ENOMEM : 0;

	for (uint32_t i = 0; status == 0 && i < aes->n_workers; i++) {
		for (int way = 0; status == 0 && way < N_WAYS; way++) {
			aes->contexts[i][way] = create_context(cipher, key, way);
			if (aes->contexts[i][way] == NULL)
				status = -ENOMEM;
		}
	}
	EVP_CIPHER_free(cipher);
	return status;
}

int
sy_aes_create(const uint8_t key[SY_AES_BLOCK], uint32_t n_workers, struct sy_aes **aes)
{
	struct sy_aes *made = calloc(1, sizeof(*made) + n_workers * sizeof(made->contexts[0]));

	if (made == NULL)
		return -ENOMEM;
	made->n_workers = n_workers;
	if (create_contexts(made, key) != 0) {
		sy_aes_destroy(made);
		return -ENOMEM;
	}
	*aes = made;
	return 0;
}

void
sy_aes_destroy(struct sy_aes *aes)
{
	if (aes == NULL)
		return;
	for (uint32_t i = 0; i < aes->n_workers; i++) {
		for (int way = 0; way < N_WAYS; way++)
			EVP_CIPHER_CTX_free(aes->contexts[i][way]);
	}
	free(aes);
}

void
sy_aes_encrypt(const struct sy_aes *aes, uint32_t worker, const uint8_t *in, uint8_t *out,
	uint32_t n_blocks)
{
	int n;

	EVP_EncryptUpdate(
		aes->contexts[worker][ENCRYPT], out, &n, in, (int)(n_blocks * SY_AES_BLOCK));
}

void
sy_aes_decrypt(const struct sy_aes *aes, uint32_t worker, const uint8_t *in, uint8_t *out,
	uint32_t n_blocks)
{
	int n;

	EVP_DecryptUpdate(
		aes->contexts[worker][DECRYPT], out, &n, in, (int)(n_blocks * SY_AES_BLOCK));
}
