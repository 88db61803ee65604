/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sy/log.h"

static _Atomic int threshold = SY_LOG_INFO;

static const char *const level_words[] = {
	[SY_LOG_ERROR] = "error",
	[SY_LOG_WARNING] = "warning",
	[SY_LOG_NOTICE] = "notice",
	[SY_LOG_INFO] = "info",
	[SY_LOG_DEBUG] = "debug",
};

void
sy_log_set_level(enum sy_log_level level)
{
	atomic_store_explicit(&threshold, (int)level, memory_order_relaxed);
}

enum sy_log_level
sy_log_get_level(void)
{
	return (enum sy_log_level)atomic_load_explicit(&threshold, memory_order_relaxed);
}

int
sy_log_level_parse(const char *word, enum sy_log_level *level)
{
	for (int i = SY_LOG_ERROR; i <= SY_LOG_DEBUG; i++) {
		if (strcmp(word, level_words[i]) == 0) {
			*level = (enum sy_log_level)i;
			return 0;
		}
	}
	return -EINVAL;
}

/* systemd sets JOURNAL_STREAM for a service whose standard error is the journal. */
static int
write_prefix(char *line, size_t size, enum sy_log_level level)
{
	if (getenv("JOURNAL_STREAM") != NULL)
		return snprintf(line, size, "<%d>", (int)level);
	return snprintf(line, size, "steelyard: %s: ", level_words[level]);
}

void
sy_log(enum sy_log_level level, const char *format, ...)
{
	char line[1024];
	size_t length;
	va_list args;
	int n;

	if ((int)level > atomic_load_explicit(&threshold, memory_order_relaxed))
		return;
	length = (size_t)write_prefix(line, sizeof(line), level);
	va_start(args, format);
	n = vsnprintf(line + length, sizeof(line) - length, format, args);
	va_end(args);
	if (n < 0)
		return;
	length += (size_t)n;
	if (length > sizeof(line) - 1)
		length = sizeof(line) - 1;
	line[length++] = '\n';
	/* Nobody to tell when standard error is gone. */
	if (write(STDERR_FILENO, line, length) < 0)
		return;
}
