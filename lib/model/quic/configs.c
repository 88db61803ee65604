/* SPDX-License-Identifier: BSD-3-Clause */
/* Making and unmaking: management core. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cid.h"

static bool
is_sane(const struct sy_quic_config *config)
{
	return config->rotation < SY_QUIC_CONFIGS && config->server_id_length >= 1 &&
		config->server_id_length <= SY_QUIC_SERVER_ID &&
		config->nonce_length >= SY_QUIC_NONCE &&
		config->server_id_length + config->nonce_length <= SY_QUIC_CID - 1;
}

static int
add_config(struct sy_quic *quic, const struct sy_quic_config *config)
{
	struct scheme *scheme = &quic->schemes[config->rotation];

	if (!is_sane(config) || scheme->server_id_length != 0)
		return -EINVAL;
	scheme->server_id_length = config->server_id_length;
	scheme->nonce_length = config->nonce_length;
	return config->encrypted ? sy_aes_create(config->key, quic->n_workers, &scheme->aes) : 0;
}

int
sy_quic_create(const struct sy_quic_config *configs, uint32_t n_configs, uint32_t n_workers,
	struct sy_quic **quic)
{
	struct sy_quic *made = calloc(1, sizeof(*made));
	int status = 0;

	if (made == NULL)
		return -ENOMEM;
	made->references = 1;
	made->n_workers = n_workers;
	made->configs = malloc((n_configs + 1) * sizeof(*configs));
	if (made->configs == NULL)
		status = -ENOMEM;
	for (uint32_t i = 0; status == 0 && i < n_configs; i++) {
		made->configs[i] = configs[i];
		made->n_configs++;
		status = add_config(made, &configs[i]);
	}
	if (status != 0) {
		sy_quic_release(made);
		return status;
	}
	*quic = made;
	return 0;
}

static bool
same_config(const struct sy_quic_config *a, const struct sy_quic_config *b)
{
	return a->rotation == b->rotation && a->server_id_length == b->server_id_length &&
		a->nonce_length == b->nonce_length && a->encrypted == b->encrypted &&
		memcmp(a->key, b->key, sizeof(a->key)) == 0;
}

bool
sy_quic_fits(const struct sy_quic *quic, const struct sy_quic_config *configs, uint32_t n_configs,
	uint32_t n_workers)
{
	if (quic == NULL || quic->n_configs != n_configs || quic->n_workers != n_workers)
		return false;
	for (uint32_t i = 0; i < n_configs; i++) {
		if (!same_config(&quic->configs[i], &configs[i]))
			return false;
	}
	return true;
}

struct sy_quic *
sy_quic_share(struct sy_quic *quic)
{
	quic->references++;
	return quic;
}

void
sy_quic_release(struct sy_quic *quic)
{
	if (quic == NULL || --quic->references > 0)
		return;
	for (int i = 0; i < N_ROTATIONS; i++)
		sy_aes_destroy(quic->schemes[i].aes);
	free(quic->configs);
	free(quic);
}
