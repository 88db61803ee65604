/* SPDX-License-Identifier: BSD-3-Clause */
/* A filter's text, as a client sends it. */
#include <errno.h>
#include <stdlib.h>

#include "sy/capture.h"

/* A number up to most, and the character behind it. */
static bool
read_number(const char **at, char behind, uint32_t most, uint32_t *value)
{
	uint64_t number = 0;
	const char *c = *at;

	if (*c < '0' || *c > '9')
		return false;
	for (; *c >= '0' && *c <= '9'; c++) {
		number = number * 10 + (uint64_t)(*c - '0');
		if (number > most)
			return false;
	}
	if (*c != behind && !(behind == ',' && *c == '\0'))
		return false;
	if (c[0] == ',' && c[1] == '\0')
		return false;
	*value = (uint32_t)number;
	*at = *c != '\0' ? c + 1 : c;
	return true;
}

static bool
read_insn(const char **at, struct sy_tap_insn *insn)
{
	uint32_t code, jt, jf, k;

	if (!read_number(at, ' ', UINT16_MAX, &code) || !read_number(at, ' ', UINT8_MAX, &jt) ||
		!read_number(at, ' ', UINT8_MAX, &jf) || !read_number(at, ',', UINT32_MAX, &k))
		return false;
	*insn = (struct sy_tap_insn){ (uint16_t)code, (uint8_t)jt, (uint8_t)jf, k };
	return true;
}

int
sy_capture_parse_filter(
	const char *text, struct sy_tap_insn insns[SY_TAP_FILTER_MAX], struct sy_error *error)
{
	uint32_t n = 0;

	while (*text != '\0') {
		if (n == SY_TAP_FILTER_MAX)
			return sy_error_set(error, -EINVAL,
				"the filter has more than %d instructions", SY_TAP_FILTER_MAX);
		if (!read_insn(&text, &insns[n]))
			return sy_error_set(error, -EINVAL,
				"the filter's instruction %u is not four numbers \"code jt jf k\" before "
				"a comma or the end",
				n);
		n++;
	}
	return sy_tap_check_filter(insns, n, error) == 0 ? (int)n : -EINVAL;
}
