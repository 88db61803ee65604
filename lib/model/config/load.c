/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "parse.h"

#define MAX_FILE_BYTES (256u << 20)

static int
refuse_size(const char *file, uint64_t n_bytes, struct sy_error *error)
{
	return sy_error_set(error, -E2BIG, "%s: found %" PRIu64 " bytes, expected at most %u", file,
		n_bytes, MAX_FILE_BYTES);
}

int
sy_config_parse(const char *file, const char *text, size_t length,
	const struct sy_config_names *names, struct sy_config **config, struct sy_error *error)
{
	struct sy_config_parser parser = {
		.scan = { .text = text, .length = (uint32_t)length },
		.file = file,
		.names = names,
		.error = error,
	};
	int code;

	if (length > MAX_FILE_BYTES)
		return refuse_size(file, length, error);
	parser.config = calloc(1, sizeof(*parser.config));
	if (parser.config == NULL)
		return sy_config_no_memory(&parser);
	strncpy(parser.config->file, file, sizeof(parser.config->file) - 1);
	code = sy_config_parse_text(&parser);
	if (code == 0)
		code = sy_config_check(&parser);
	free(parser.references);
	if (code == 0)
		*config = parser.config;
	else
		sy_config_free(parser.config);
	return code;
}

/* Reads to the end, so that pipes work too.  One byte over the limit is enough to refuse. */
static int
read_all(int fd, char **text, size_t *length)
{
	size_t size = 0;

	*text = NULL;
	*length = 0;
	while (*length <= MAX_FILE_BYTES) {
		ssize_t n;

		if (*length == size) {
			char *larger = realloc(*text, size > 0 ? 2 * size : 65536);

			if (larger == NULL)
				return -ENOMEM;
			size = size > 0 ? 2 * size : 65536;
			*text = larger;
		}
		n = read(fd, *text + *length, size - *length);
		if (n == 0)
			break;
		if (n > 0)
			*length += (size_t)n;
		else if (errno != EINTR)
			return -errno;
	}
	return 0;
}

int
sy_config_read(const char *file, char **text, size_t *length, struct sy_error *error)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	struct stat status;
	int code;

	*text = NULL;
	if (fd < 0) {
		code = -errno;
		return sy_error_set(error, code, "%s: cannot open: %s", file, strerror(-code));
	}
	if (fstat(fd, &status) == 0 && status.st_size > MAX_FILE_BYTES) {
		close(fd);
		return refuse_size(file, (uint64_t)status.st_size, error);
	}
	code = read_all(fd, text, length);
	close(fd);
	if (code == 0)
		return 0;
	free(*text);
	*text = NULL;
	return sy_error_set(error, code, "%s: cannot read: %s", file, strerror(-code));
}

int
sy_config_load(const char *file, const struct sy_config_names *names, struct sy_config **config,
	struct sy_error *error)
{
	char *text = NULL;
	size_t length = 0;
	int code = sy_config_read(file, &text, &length, error);

	if (code == 0)
		code = sy_config_parse(file, text, length, names, config, error);
	free(text);
	return code;
}

void
sy_config_free(struct sy_config *config)
{
	if (config == NULL)
		return;
	for (uint32_t i = 0; i < config->n_pools; i++)
		free(config->pools[i].backends);
	for (uint32_t i = 0; i < config->n_services; i++)
		free(config->services[i].quic);
	free(config->commands);
	free(config->pools);
	free(config->services);
	free(config->snats);
	free(config->neighbours);
	free(config->routes);
	free(config->ports);
	free(config);
}
