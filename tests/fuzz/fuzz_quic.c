/* SPDX-License-Identifier: BSD-3-Clause */
#include "fuzz.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "sy/quic.h"

/* Whatever connection ID is found in a datagram lies inside it, and the server ID that it decodes to is
 * found again when it is encoded, with another nonce. */

#define PLAIN 0
#define FEISTEL 1
#define FEISTEL_ODD 2
#define BLOCK 3
#define LONG_ID 4

static const struct sy_quic_config configs[] = {
	{ .rotation = PLAIN, .server_id_length = 2, .nonce_length = 4 },
	{ .rotation = FEISTEL, .server_id_length = 4, .nonce_length = 4, .encrypted = true },
	{ .rotation = FEISTEL_ODD, .server_id_length = 3, .nonce_length = 4, .encrypted = true },
	{ .rotation = BLOCK, .server_id_length = 8, .nonce_length = 8, .encrypted = true },
	{ .rotation = LONG_ID, .server_id_length = 15, .nonce_length = 4, .encrypted = true },
};

static struct sy_quic *quic;

static void
check(bool holds)
{
	if (!holds)
		abort();
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	check(sy_quic_create(configs, sizeof(configs) / sizeof(configs[0]), 1, &quic) == 0);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t nonce[SY_QUIC_CID] = { 0 };
	struct sy_quic_server_id id = { 0 }, again = { 0 };
	uint8_t coded[SY_QUIC_CID];
	struct sy_quic_cid cid;

	if (!sy_quic_find_cid(quic, data, size, &cid))
		return 0;
	check(cid.bytes > data && cid.bytes + cid.length <= data + size);
	check(cid.rotation <= LONG_ID && cid.length <= SY_QUIC_CID);
	check(cid.length ==
		1 + configs[cid.rotation].server_id_length + configs[cid.rotation].nonce_length);
	sy_quic_decode(quic, 0, &cid, &id);
	check(id.length == configs[cid.rotation].server_id_length);
	check(sy_quic_encode(quic, 0, cid.rotation, 0, &id, nonce, coded) == cid.length);
	cid.bytes = coded;
	sy_quic_decode(quic, 0, &cid, &again);
	check(again.length == id.length && memcmp(again.bytes, id.bytes, id.length) == 0);
	return 0;
}
