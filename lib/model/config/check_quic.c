/* SPDX-License-Identifier: BSD-3-Clause */
#include <netinet/in.h>
#include <stdio.h>

#include "sy/log.h"

#include "check.h"
#include "key_file.h"

/* Connection IDs of QUIC services, and the servers that they name. */

#define MAX_LENGTHS 19 /* of server ID and nonce: version 1 has 20 bytes for a connection ID */

static struct sy_config_path
config_path(uint32_t service, uint32_t i, const char *key)
{
	return sy_config_path("services[%u].quic.configs[%u].%s", service, i, key);
}

/* The client's check passes over key files, which its user may not be allowed to read. */
static int
load_key(struct sy_config_parser *parser, uint32_t service, uint32_t i)
{
	struct sy_quic_config *config = &parser->config->services[service].quic[i];
	char fault[SY_KEY_FILE_FAULT];

	config->encrypted = config->key_length > 0 || config->key_file[0] != '\0';
	if (config->key_file[0] == '\0')
		return 0;
	if (config->key_length > 0)
		return sy_config_refuse_at(parser, config_path(service, i, "key_file").text,
			"found a key too, expected one of the two");
	if (parser->names == NULL ||
		sy_config_read_key(config->key_file, config->key, sizeof(config->key), fault) == 0)
		return 0;
	return sy_config_refuse_at(parser, config_path(service, i, "key_file").text,
		"found \"%s\", %s", config->key_file, fault);
}

static int
check_config(struct sy_config_parser *parser, uint32_t service, uint32_t i)
{
	const struct sy_quic_config *configs = parser->config->services[service].quic;
	unsigned int n = configs[i].server_id_length + configs[i].nonce_length;

	if (n > MAX_LENGTHS)
		return sy_config_refuse_at(parser, config_path(service, i, "nonce_length").text,
			"found %u, with a server ID of %u, expected at most %u bytes together",
			configs[i].nonce_length, configs[i].server_id_length, MAX_LENGTHS);
	for (uint32_t j = 0; j < i; j++)
		if (configs[j].rotation == configs[i].rotation)
			return sy_config_refuse_at(parser, config_path(service, i, "rotation").text,
				"found %u, expected another than that of configs[%u]",
				configs[i].rotation, j);
	return load_key(parser, service, i);
}

static bool
is_readable(const struct sy_service_config *service, const struct sy_backend_config *backend)
{
	for (uint32_t i = 0; i < service->n_quic; i++)
		if (service->quic[i].server_id_length == backend->server_id_length)
			return true;
	return false;
}

/* Not wrong: backends may learn to write their IDs one after the other. */
static void
warn_of_service(const struct sy_config_parser *parser, const struct sy_service_config *service)
{
	const struct sy_pool_config *pool = &parser->config->pools[service->pool];
	const struct sy_backend_config *without = NULL;

	for (uint32_t i = pool->n_backends; i > 0; i--)
		if (!is_readable(service, &pool->backends[i - 1]))
			without = &pool->backends[i - 1];
	if (without != NULL)
		sy_warning("%s: service \"%s\": backend \"%s\" has no server_id of a length that "
			   "quic.configs has: its clients lose it when they change address",
			parser->file, service->name, without->name);
}

static int
check_service(struct sy_config_parser *parser, uint32_t i)
{
	const struct sy_service_config *service = &parser->config->services[i];
	int code = 0;

	if (service->n_quic == 0)
		return 0;
	if (service->protocol != IPPROTO_UDP)
		return sy_config_refuse_at(parser, sy_config_path("services[%u].quic", i).text,
			"found in a service of another protocol, expected \"protocol\": \"udp\"");
	for (uint32_t j = 0; j < service->n_quic && code == 0; j++)
		code = check_config(parser, i, j);
	if (code == 0)
		warn_of_service(parser, service);
	return code;
}

int
sy_config_check_quic(struct sy_config_parser *parser)
{
	const struct sy_config *config = parser->config;
	int code = 0;

	for (uint32_t i = 0; i < config->n_pools && code == 0; i++) {
		struct sy_config_path backends = sy_config_path("pools[%u].backends", i);

		code = sy_config_check_twice(parser, &sy_config_by_server_id, &backends,
			"server_id", config->pools[i].backends, config->pools[i].n_backends,
			sizeof(*config->pools[i].backends));
	}
	for (uint32_t i = 0; i < config->n_services && code == 0; i++)
		code = check_service(parser, i);
	return code;
}
