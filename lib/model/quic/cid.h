/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_QUIC_CID_H
#define SY_QUIC_CID_H

/* The configurations of a service, as the component's files see them. */
#include "aes.h"
#include "sy/quic.h"

/* The three high bits of the first octet name the configuration (section 2). */
#define ROTATION_SHIFT 5
#define N_ROTATIONS 8
#define FIRST_MASK ((1 << ROTATION_SHIFT) - 1)

struct scheme {
	uint8_t server_id_length; /* 0: no configuration has these rotation bits */
	uint8_t nonce_length;
	struct sy_aes *aes; /* NULL: plain */
};

struct sy_quic {
	uint32_t references;
	uint32_t n_workers;
	uint32_t n_configs;
	struct sy_quic_config *configs; /* [n_configs] what it was made from */
	struct scheme schemes[N_ROTATIONS]; /* by rotation bits; 7 stays empty */
};

#endif /* SY_QUIC_CID_H */
