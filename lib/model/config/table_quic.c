/* SPDX-License-Identifier: BSD-3-Clause */
#include "sy/config.h"

#include "accept.h"
#include "table.h"

/* How servers of QUIC write themselves into connection IDs. */

#define AT(type, member) .offset = offsetof(type, member), .size = sizeof(((type *)0)->member)
#define KEYS(list) .keys = list, .n_keys = sizeof(list) / sizeof(list[0])

static const struct sy_config_key quic_config_keys[] = {
	{ "rotation", &sy_kind_number, AT(struct sy_quic_config, rotation),
		.high = SY_QUIC_CONFIGS - 1, .fallback = "0",
		.help = "The first three bits of connection IDs of this kind; unique." },
	{ "server_id_length", &sy_kind_number, AT(struct sy_quic_config, server_id_length),
		.low = 1, .high = SY_QUIC_SERVER_ID, .required = true,
		.help = "Bytes of a server ID." },
	{ "nonce_length", &sy_kind_number, AT(struct sy_quic_config, nonce_length),
		.low = SY_QUIC_NONCE, .high = 18, .required = true,
		.help = "Bytes that follow it; 19 or fewer together, 16 are fastest to decrypt." },
	{ "key", &sy_kind_hex, AT(struct sy_quic_config, key),
		.other = offsetof(struct sy_quic_config, key_length), .low = SY_QUIC_KEY,
		.high = SY_QUIC_KEY, .empty = true, .fallback = "",
		.help = "The AES-128 key, shown to whoever may ask for the configuration; empty: "
			"that of key_file, or none, and server IDs can be read by anyone." },
	{ "key_file", &sy_kind_text, AT(struct sy_quic_config, key_file), .accepts = sy_accept_path,
		.form = "a path that starts with '/', without spaces,", .pattern = "^/[!-~]*$",
		.empty = true, .fallback = "",
		.help = "A file of 32 hexadecimal digits, which its owner alone may read (mode 0600)." },
};

static const struct sy_config_section quic_config_section = {
	.title = "services[].quic.configs[]",
	.help = "The kinds of connection IDs that servers give out, to be told apart by rotation.",
	KEYS(quic_config_keys),
	.size = sizeof(struct sy_quic_config),
};

static const struct sy_config_key quic_keys[] = {
	{ "configs", &sy_kind_list, AT(struct sy_service_config, quic),
		.other = offsetof(struct sy_service_config, n_quic), .high = SY_QUIC_CONFIGS,
		.section = &quic_config_section, .help = "The kinds of connection IDs." },
};

const struct sy_config_section sy_config_quic_section = {
	.title = "services[].quic",
	.help = "QUIC over UDP: connection IDs name the server (QUIC-LB), so that a client that "
		"changes its address keeps its backend.",
	KEYS(quic_keys),
};
