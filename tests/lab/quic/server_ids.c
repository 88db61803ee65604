/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Gives a QUIC server of ngtcp2 connection IDs that name it: loaded in front of
 * GnuTLS (LD_PRELOAD), from which that server takes their random bytes.
 *
 *	STEELYARD_QUIC_ID   the server ID, STEELYARD_QUIC_KEY  the key, in hexadecimal digits
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "sy/quic.h"

#define ROTATION 1
#define SERVER_ID 8
#define NONCE 9
#define CID \
	(1 + SERVER_ID + NONCE) /* as long as that server's, and nothing else that it asks for */

int gnutls_rnd(int level, void *data, size_t length);

static void
read_hex(const char *name, uint8_t *bytes, size_t n_bytes)
{
	const char *text = getenv(name);

	if (text == NULL || strlen(text) != 2 * n_bytes)
		abort();
	for (size_t i = 0; i < n_bytes; i++) {
		const char digits[] = { text[2 * i], text[2 * i + 1], '\0' };

		bytes[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
}

static struct sy_quic *
read_environment(struct sy_quic_server_id *id)
{
	struct sy_quic_config config = { .rotation = ROTATION,
		.server_id_length = SERVER_ID,
		.nonce_length = NONCE,
		.encrypted = true };
	struct sy_quic *quic;

	id->length = SERVER_ID;
	read_hex("STEELYARD_QUIC_ID", id->bytes, SERVER_ID);
	read_hex("STEELYARD_QUIC_KEY", config.key, sizeof(config.key));
	if (sy_quic_create(&config, 1, 1, &quic) != 0)
		abort();
	return quic;
}

int
gnutls_rnd(int level, void *data, size_t length)
{
	static int (*next)(int level, void *data, size_t length);
	static struct sy_quic_server_id id;
	static struct sy_quic *quic;
	uint8_t random[CID];
	int status;

	if (next == NULL) {
		void *found = dlsym(RTLD_NEXT, "gnutls_rnd");

		memcpy(&next, &found, sizeof(next));
		quic = read_environment(&id);
	}
	status = next(level, data, length);
	if (status != 0 || length != CID)
		return status;
	memcpy(random, data, CID);
	sy_quic_encode(quic, 0, ROTATION, random[0], &id, random + 1, data);
	return status;
}
