/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_QUIC_CONFIG_H
#define SY_QUIC_CONFIG_H

/* QUIC connection IDs that name backends: part of struct sy_service_config. */
#include <stdbool.h>
#include <stdint.h>

#include "sy/text_sizes.h"

#define SY_QUIC_KEY 16
#define SY_QUIC_SERVER_ID 15 /* longest, bytes */
#define SY_QUIC_NONCE 4 /* shortest, bytes */
#define SY_QUIC_CONFIGS 7 /* rotation bits 0 to 6; 7 says that a server had no configuration */

/* How servers write their IDs into connection IDs (draft-ietf-quic-load-balancers-21, section 3). */
struct sy_quic_config {
	uint8_t rotation; /* 0 to 6: the first three bits of connection IDs */
	uint8_t server_id_length; /* bytes; with the nonce 19 or fewer */
	uint8_t nonce_length;
	uint8_t key_length; /* of the key in the configuration: SY_QUIC_KEY, or 0 */
	bool encrypted; /* key is set: from the configuration, or from key_file */
	uint8_t key[SY_QUIC_KEY]; /* AES-128 */
	char key_file
		[SY_TEXT_SIZE]; /* read when the file is loaded, but not by the client's check */
};

#endif /* SY_QUIC_CONFIG_H */
