/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_LOG_H
#define SY_LOG_H

/*
 * The log: one line an event, to standard error (systemd's journal reads the
 * level from the `<N>` prefix when JOURNAL_STREAM is set; a terminal gets the
 * level as a word).
 *
 * Management core and helper threads only; never a worker.  Lines are written
 * with one write(2), so that threads do not mix them.
 */

enum sy_log_level {
	SY_LOG_ERROR = 3, /* the numbers are syslog's */
	SY_LOG_WARNING = 4,
	SY_LOG_NOTICE = 5, /* what an operator wants to see: state changes, start, stop */
	SY_LOG_INFO = 6,
	SY_LOG_DEBUG = 7,
};

void sy_log_set_level(enum sy_log_level level); /* default SY_LOG_INFO */
enum sy_log_level sy_log_get_level(void);

/* Returns -EINVAL for a word that is no level: error, warning, notice, info, debug. */
int sy_log_level_parse(const char *word, enum sy_log_level *level);

void sy_log(enum sy_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define sy_error_log(...) sy_log(SY_LOG_ERROR, __VA_ARGS__)
#define sy_warning(...) sy_log(SY_LOG_WARNING, __VA_ARGS__)
#define sy_notice(...) sy_log(SY_LOG_NOTICE, __VA_ARGS__)
#define sy_info(...) sy_log(SY_LOG_INFO, __VA_ARGS__)
#define sy_debug(...) sy_log(SY_LOG_DEBUG, __VA_ARGS__)

#endif /* SY_LOG_H */
