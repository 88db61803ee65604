/* SPDX-License-Identifier: BSD-3-Clause */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "json_text.h"
#include "watched.h"

/* What etcd, Consul and Kubernetes may say: as all that there is, then each line as one of a watch.  What
 * is known afterwards can be collected.  The first byte chooses who says it. */

static struct sy_discovery_config config = {
	.port = 80,
	.weight = 1,
	.refresh_ms = 30000,
	.prefix = "/web/",
	.service = "web",
	.namespace = "shop",
};

static void
check(bool holds)
{
	if (!holds)
		abort();
}

static void
check_known(const struct sy_known *known)
{
	struct sy_found found = { .rows = NULL };

	check(sy_known_collect(known, &config, &found) == 0);
	for (uint32_t i = 0; i < found.n; i++)
		check(memchr(found.rows[i].name, '\0', sizeof(found.rows[i].name)) != NULL);
	check(found.n_left_out == 0 || found.fault[0] != '\0');
	sy_found_fini(&found);
}

static void
watch(const struct sy_watched_kind *kind, const char *text, size_t length, struct sy_known *known)
{
	while (length > 0) {
		const char *end = memchr(text, '\n', length);
		size_t n = end != NULL ? (size_t)(end - text) : length;
		struct sy_error error = { "" };

		if (kind->read_line(&config, text, n, known, &error) == SY_LINE_BAD)
			check(error.text[0] != '\0');
		check_known(known);
		n += end != NULL ? 1 : 0;
		text += n;
		length -= n;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct sy_watched_kind *const kinds[] = { &sy_watched_etcd, &sy_watched_consul,
		&sy_watched_kubernetes };
	const struct sy_watched_kind *kind;
	struct sy_known known = { .parts = NULL };
	struct sy_error error = { "" };
	char token[SY_WATCHED_TOKEN];

	if (size == 0)
		return 0;
	kind = kinds[data[0] % (sizeof(kinds) / sizeof(kinds[0]))];
	config.port_name[0] = (data[0] & 0x80) != 0 ? 'h' : '\0';
	if (kind->read(&config, (const char *)data + 1, size - 1, &known, &error) != 0)
		check(error.text[0] != '\0');
	check_known(&known);
	if (kind->read_line != NULL)
		watch(kind, (const char *)data + 1, size - 1, &known);
	sy_known_fini(&known);
	if (kind->read_token != NULL &&
		kind->read_token((const char *)data + 1, size - 1, token, &error) == 0)
		check(strlen(token) < sizeof(token));
	return 0;
}
