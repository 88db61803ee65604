/* SPDX-License-Identifier: BSD-3-Clause */
#include "token.h"

#include <errno.h>
#include <string.h>

#include "sy/secret.h"

int
sy_token_read(const struct sy_watched_kind *kind, const struct sy_discovery_config *config,
	const char *got, char token[SY_WATCHED_TOKEN], struct sy_error *error)
{
	token[0] = '\0';
	if (kind->log_in != NULL)
		strcpy(token, got);
	else if (config->token_file[0] != '\0')
		return sy_secret_read(config->token_file, token, SY_WATCHED_TOKEN, error);
	return 0;
}

int
sy_token_ask(const struct sy_watched_kind *kind, const struct sy_discovery_config *config,
	struct sy_watched_question *question, struct sy_error *error)
{
	char secret[SY_WATCHED_BODY];
	int code = sy_secret_read(config->token_file, secret, sizeof(secret), error);

	if (code == 0 && kind->log_in(secret, question) != 0)
		code = sy_error_set(
			error, -EINVAL, "%s: expected USER:PASSWORD", config->token_file);
	explicit_bzero(secret, sizeof(secret));
	return code;
}
