/* SPDX-License-Identifier: BSD-3-Clause */
#include "human.h"

#include <inttypes.h>
#include <stdio.h>

/* Cut, not rounded: 999,999 is not yet a million. */
const char *
human_count(uint64_t number, char text[HUMAN_TEXT])
{
	static const char units[] = "kMGTPE";
	uint64_t thousandths = number;
	int unit = -1;

	if (number < 10000) {
		snprintf(text, HUMAN_TEXT, "%" PRIu64, number);
		return text;
	}
	while (number >= 1000) {
		thousandths = number;
		number /= 1000;
		unit++;
	}
	thousandths %= 1000;
	if (number < 10)
		snprintf(text, HUMAN_TEXT, "%" PRIu64 ".%02" PRIu64 "%c", number, thousandths / 10,
			units[unit]);
	else if (number < 100)
		snprintf(text, HUMAN_TEXT, "%" PRIu64 ".%" PRIu64 "%c", number, thousandths / 100,
			units[unit]);
	else
		snprintf(text, HUMAN_TEXT, "%" PRIu64 "%c", number, units[unit]);
	return text;
}

const char *
human_duration(uint64_t seconds, char text[HUMAN_TEXT])
{
	uint64_t minutes = seconds / 60;
	uint64_t hours = minutes / 60;

	if (minutes == 0)
		snprintf(text, HUMAN_TEXT, "%" PRIu64 "s", seconds);
	else if (hours == 0)
		snprintf(text, HUMAN_TEXT, "%" PRIu64 "m%02" PRIu64 "s", minutes, seconds % 60);
	else if (hours < 24)
		snprintf(text, HUMAN_TEXT, "%" PRIu64 "h%02" PRIu64 "m", hours, minutes % 60);
	else
		snprintf(text, HUMAN_TEXT, "%" PRIu64 "d%02" PRIu64 "h", hours / 24, hours % 24);
	return text;
}

const char *
human_ms(uint64_t ms, char text[HUMAN_TEXT])
{
	if (ms >= 60000)
		return human_duration(ms / 1000, text);
	if (ms >= 1000)
		snprintf(text, HUMAN_TEXT, "%" PRIu64 ".%" PRIu64 "s", ms / 1000, ms % 1000 / 100);
	else
		snprintf(text, HUMAN_TEXT, "%" PRIu64 "ms", ms);
	return text;
}
