/* SPDX-License-Identifier: BSD-3-Clause */
#include "wire.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

void
sy_environment_init(struct sy_environment *environment)
{
	environment->length = 0;
	environment->n = 0;
	environment->variables[0] = NULL;
}

void
sy_environment_add(struct sy_environment *environment, const char *format, ...)
{
	char *text = environment->text + environment->length;
	size_t room = sizeof(environment->text) - environment->length;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text, room, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= room || environment->n == SY_COMMAND_ENVIRONMENT)
		return;
	environment->length += (size_t)n + 1;
	environment->variables[environment->n++] = text;
	environment->variables[environment->n] = NULL;
}

/* False: no room. */
static bool
append(struct wire_order *order, size_t *length, const char *text)
{
	size_t n = strlen(text) + 1;

	if (n > sizeof(order->text) - *length)
		return false;
	memcpy(order->text + *length, text, n);
	*length += n;
	return true;
}

int
sy_wire_pack(struct wire_order *order, const struct sy_command_params *params)
{
	const char *const *variable = params->environment->variables;
	size_t length = 0;

	order->timeout_ms = params->timeout_ms;
	order->n_variables = 0;
	memcpy(order->name, params->command->name, sizeof(order->name));
	for (; *variable != NULL; variable++, order->n_variables++) {
		if (!append(order, &length, *variable))
			return -E2BIG;
	}
	return (int)(offsetof(struct wire_order, text) + length);
}

/* No variable that a shell, the linker or the C library obeys. */
static bool
is_ours(const char *variable)
{
	static const char prefix[] = "STEELYARD_";
	const size_t length = sizeof(prefix) - 1;
	size_t n;

	if (strncmp(variable, prefix, length) != 0)
		return false;
	n = strspn(variable + length, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");
	return n > 0 && variable[length + n] == '=';
}

int
sy_wire_unpack(
	struct wire_order *order, size_t length, char *environment[SY_COMMAND_ENVIRONMENT + 2])
{
	static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	const char *end = (const char *)order + length;
	char *text = order->text;
	uint32_t n = 0;

	if (length < offsetof(struct wire_order, text) || length > sizeof(*order) ||
		order->n_variables > SY_COMMAND_ENVIRONMENT)
		return -EBADMSG;
	order->name[sizeof(order->name) - 1] = '\0';
	environment[n++] = path;
	for (uint32_t i = 0; i < order->n_variables; i++) {
		char *last = text < end ? memchr(text, '\0', (size_t)(end - text)) : NULL;

		if (last == NULL || !is_ours(text))
			return -EBADMSG;
		environment[n++] = text;
		text = last + 1;
	}
	environment[n] = NULL;
	return text == end ? 0 : -EBADMSG;
}

void
sy_wire_first_line(char line[SY_COMMAND_SAID], const char *said, size_t length)
{
	size_t n = 0;

	for (size_t i = 0; i < length && n < SY_COMMAND_SAID - 1; i++) {
		if (said[i] == '\n' || said[i] == '\r') {
			if (n > 0)
				break;
			continue;
		}
		line[n++] = isprint((unsigned char)said[i]) ? said[i] : '.';
	}
	line[n] = '\0';
}

const char *
sy_command_words(const struct sy_command_result *result, char *text, size_t size)
{
	static const char *const before[] = {
		[SY_COMMAND_EXITED] = "exit status",
		[SY_COMMAND_KILLED] = "killed by signal",
		[SY_COMMAND_TIMED_OUT] = "timed out after",
	};
	size_t length;

	if (result->end == SY_COMMAND_NOT_STARTED) {
		snprintf(text, size, "not started: %s",
			result->code == SY_COMMAND_NO_USER ? "no such user"
							   : strerror(result->code));
		return text;
	}
	snprintf(text, size, "%s %d%s", before[result->end], result->code,
		result->end == SY_COMMAND_TIMED_OUT ? " ms" : "");
	length = strlen(text);
	if (result->said[0] != '\0')
		snprintf(text + length, size - length, ": %s", result->said);
	return text;
}
