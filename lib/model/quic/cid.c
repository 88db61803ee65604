/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Server IDs in connection IDs: draft-ietf-quic-load-balancers-21, section 5.
 *
 * Server ID and nonce of 16 bytes together are one block of AES.  Any other
 * length goes through four rounds of a Feistel network with AES as its function
 * (section 5.4.2): two halves, of which each round changes one by what the
 * other, the length and the round's number encrypt to.  An odd length is cut
 * through the middle of a byte.
 */
#include <string.h>

#include "cid.h"

enum {
	LEFT,
	RIGHT,
	N_HALVES
};

#define N_PASSES 4

struct halves {
	size_t length; /* of the whole, in bytes */
	size_t n; /* bytes of a half; of an odd whole the middle one is in both, a nibble in each */
	uint8_t bytes[N_HALVES][SY_AES_BLOCK]; /* the rest is zero */
};

static struct halves
split(const uint8_t *whole, size_t length)
{
	struct halves halves = { .length = length, .n = (length + 1) / 2 };

	memcpy(halves.bytes[LEFT], whole, halves.n);
	memcpy(halves.bytes[RIGHT], whole + length - halves.n, halves.n);
	if (length % 2 != 0) {
		halves.bytes[LEFT][halves.n - 1] &= 0xf0;
		halves.bytes[RIGHT][0] &= 0x0f;
	}
	return halves;
}

static void
join(const struct halves *halves, uint8_t *whole)
{
	size_t right_at = halves->length - halves->n;

	memset(whole, 0, halves->length);
	for (size_t i = 0; i < halves->n; i++) {
		whole[i] |= halves->bytes[LEFT][i];
		whole[right_at + i] |= halves->bytes[RIGHT][i];
	}
}

/* What a round encrypts: the half that stays, the length and the round's number. */
static void
write_block(const struct halves *halves, uint8_t pass, uint8_t block[SY_AES_BLOCK])
{
	memcpy(block, halves->bytes[pass % 2 != 0 ? LEFT : RIGHT], SY_AES_BLOCK);
	block[SY_AES_BLOCK - 2] = (uint8_t)halves->length;
	block[SY_AES_BLOCK - 1] = pass;
}

/* Odd passes change the right half, even ones the left; each undoes itself.  The draft's text of the
 * third forgets to clear the half of the middle byte that is the other's, its vectors do not. */
static void
change_half(struct halves *halves, uint8_t pass, uint8_t mask[SY_AES_BLOCK])
{
	int changed = pass % 2 != 0 ? RIGHT : LEFT;

	if (halves->length % 2 != 0) {
		if (changed == RIGHT)
			mask[0] &= 0x0f;
		else
			mask[halves->n - 1] &= 0xf0;
	}
	for (size_t i = 0; i < halves->n; i++)
		halves->bytes[changed][i] ^= mask[i];
}

static void
run_pass(
	const struct sy_aes *aes, uint32_t worker, struct halves halves[], uint32_t n, uint8_t pass)
{
	uint8_t blocks[SY_QUIC_BURST][SY_AES_BLOCK], masks[SY_QUIC_BURST][SY_AES_BLOCK];

	for (uint32_t i = 0; i < n; i++)
		write_block(&halves[i], pass, blocks[i]);
	sy_aes_encrypt(aes, worker, blocks[0], masks[0], n);
	for (uint32_t i = 0; i < n; i++)
		change_half(&halves[i], pass, masks[i]);
}

/* Connection IDs of one configuration, without their first octets. */
struct batch {
	uint32_t n;
	const uint8_t *coded[SY_QUIC_BURST];
	struct sy_quic_server_id *ids[SY_QUIC_BURST];
};

static void
decode_plain(const struct batch *batch)
{
	for (uint32_t i = 0; i < batch->n; i++)
		memcpy(batch->ids[i]->bytes, batch->coded[i], batch->ids[i]->length);
}

static void
decode_blocks(const struct sy_aes *aes, uint32_t worker, const struct batch *batch)
{
	uint8_t coded[SY_QUIC_BURST][SY_AES_BLOCK], plain[SY_QUIC_BURST][SY_AES_BLOCK];

	for (uint32_t i = 0; i < batch->n; i++)
		memcpy(coded[i], batch->coded[i], SY_AES_BLOCK);
	sy_aes_decrypt(aes, worker, coded[0], plain[0], batch->n);
	for (uint32_t i = 0; i < batch->n; i++)
		memcpy(batch->ids[i]->bytes, plain[i], batch->ids[i]->length);
}

static void
decode_halves(const struct sy_aes *aes, uint32_t worker, const struct batch *batch, size_t length)
{
	struct halves halves[SY_QUIC_BURST];
	/* The first pass changed the right half: of no interest when the ID is in the left. */
	uint8_t last = batch->ids[0]->length <= length / 2 ? 2 : 1;

	for (uint32_t i = 0; i < batch->n; i++)
		halves[i] = split(batch->coded[i], length);
	for (uint8_t pass = N_PASSES; pass >= last; pass--)
		run_pass(aes, worker, halves, batch->n, pass);
	for (uint32_t i = 0; i < batch->n; i++) {
		uint8_t plain[SY_QUIC_CID];

		join(&halves[i], plain);
		memcpy(batch->ids[i]->bytes, plain, batch->ids[i]->length);
	}
}

static void
decode_batch(const struct scheme *scheme, uint32_t worker, const struct batch *batch)
{
	size_t length = (size_t)scheme->server_id_length + scheme->nonce_length;

	if (scheme->aes == NULL)
		decode_plain(batch);
	else if (length == SY_AES_BLOCK)
		decode_blocks(scheme->aes, worker, batch);
	else
		decode_halves(scheme->aes, worker, batch, length);
}

void
sy_quic_decode_burst(const struct sy_quic *quic, uint32_t worker, const struct sy_quic_cid cids[],
	uint32_t n, struct sy_quic_server_id server_ids[])
{
	uint32_t left = 0; /* configurations, a bit for each rotation */

	for (uint32_t i = 0; i < n; i++)
		left |= 1u << cids[i].rotation;
	for (uint8_t rotation = 0; left >> rotation != 0; rotation++) {
		const struct scheme *scheme = &quic->schemes[rotation];
		struct batch batch;

		batch.n = 0;
		for (uint32_t i = 0; i < n; i++) {
			if (cids[i].rotation != rotation)
				continue;
			server_ids[i].length = scheme->server_id_length;
			batch.coded[batch.n] = cids[i].bytes + 1;
			batch.ids[batch.n++] = &server_ids[i];
		}
		if (batch.n > 0)
			decode_batch(scheme, worker, &batch);
	}
}

void
sy_quic_decode(const struct sy_quic *quic, uint32_t worker, const struct sy_quic_cid *cid,
	struct sy_quic_server_id *server_id)
{
	struct batch batch;

	server_id->length = quic->schemes[cid->rotation].server_id_length;
	batch.n = 1;
	batch.coded[0] = cid->bytes + 1;
	batch.ids[0] = server_id;
	decode_batch(&quic->schemes[cid->rotation], worker, &batch);
}

static void
encrypt(const struct sy_aes *aes, uint32_t worker, uint8_t *whole, size_t length)
{
	struct halves halves;

	if (length == SY_AES_BLOCK) {
		uint8_t plain[SY_AES_BLOCK];

		memcpy(plain, whole, sizeof(plain));
		sy_aes_encrypt(aes, worker, plain, whole, 1);
		return;
	}
	halves = split(whole, length);
	for (uint8_t pass = 1; pass <= N_PASSES; pass++)
		run_pass(aes, worker, &halves, 1, pass);
	join(&halves, whole);
}

size_t
sy_quic_encode(const struct sy_quic *quic, uint32_t worker, uint8_t rotation, uint8_t first,
	const struct sy_quic_server_id *server_id, const uint8_t *nonce, uint8_t cid[SY_QUIC_CID])
{
	const struct scheme *scheme = &quic->schemes[rotation % N_ROTATIONS];
	size_t length = (size_t)scheme->server_id_length + scheme->nonce_length;

	if (scheme->server_id_length == 0 || server_id->length != scheme->server_id_length)
		return 0;
	cid[0] = (uint8_t)(rotation << ROTATION_SHIFT | (first & FIRST_MASK));
	memcpy(cid + 1, server_id->bytes, server_id->length);
	memcpy(cid + 1 + server_id->length, nonce, scheme->nonce_length);
	if (scheme->aes != NULL)
		encrypt(scheme->aes, worker, cid + 1, length);
	return 1 + length;
}
