/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdio.h>

#include "backend_rows.h"
#include "json.h"
#include "sy/time.h"
#include "views.h"

static const char *const type_words[] = {
	[SY_HEALTH_NONE] = "none",
	[SY_HEALTH_TCP] = "tcp",
	[SY_HEALTH_HTTP] = "http",
	[SY_HEALTH_HTTPS] = "https",
	[SY_HEALTH_ICMP] = "icmp",
	[SY_HEALTH_UDP] = "udp",
	[SY_HEALTH_DNS] = "dns",
	[SY_HEALTH_REDIS] = "redis",
	[SY_HEALTH_POSTGRESQL] = "postgresql",
	[SY_HEALTH_COMMAND] = "command",
	[SY_HEALTH_GRPC] = "grpc",
	[SY_HEALTH_GRPCS] = "grpcs",
};

/* A leaving backend is probed no more, and its pool may be gone. */
static void
add_probe(struct json_object *row, const struct sy_config *config, const struct sy_backend *backend)
{
	const struct sy_health_config *health;

	if (backend->leaving || backend->pool >= config->n_pools) {
		sy_json_text(row, "type", "none");
		return;
	}
	health = &config->pools[backend->pool].health;
	sy_json_text(row, "type", type_words[health->type]);
	sy_json_number(row, "probe_port", health->port != 0 ? health->port : backend->config.port);
	sy_json_number(row, "interval_ms", health->interval_ms);
	sy_json_number(row, "timeout_ms", health->timeout_ms);
	sy_json_number(row, "rise", health->rise);
	sy_json_number(row, "fall", health->fall);
}

static const char *const breaker_words[] = {
	[SY_BREAKER_CLOSED] = "closed",
	[SY_BREAKER_OPEN] = "open",
	[SY_BREAKER_TRIAL] = "trial",
};

/* Whether it is ejected, until when and why, or why it was last; and, in one sentence, why its state is
 * what it is. */
static void
add_breaker(struct json_object *row, const struct sy_backend *backend)
{
	const uint64_t now = sy_time_us();
	char found[sizeof(backend->ejected_text) + 32];
	uint64_t seconds = 0;

	if (backend->breaker == SY_BREAKER_OPEN && now < backend->ejected_until_us)
		seconds = (backend->ejected_until_us - now + 999999) / 1000000;
	sy_json_text(row, "breaker", breaker_words[backend->breaker]);
	sy_json_bool(row, "pressed", backend->pressed);
	sy_json_number(row, "ejections", backend->n_ejections);
	sy_json_number(row, "ejected_for_s", seconds);
	sy_json_text(row, "ejected_because", backend->ejected_text);
	snprintf(found, sizeof(found), "%s, %" PRIu64 " s more", backend->ejected_text, seconds);
	sy_json_text(
		row, "found", backend->breaker == SY_BREAKER_OPEN ? found : backend->probe_text);
}

static struct json_object *
make_row(struct sy_surface *surface, uint32_t id, uint32_t pool)
{
	const struct sy_backend *backend;
	struct json_object *row = sy_backend_row_begin(surface, id, pool, &backend);

	if (row == NULL)
		return NULL;
	sy_json_text(row, "state", sy_backend_state(backend));
	sy_json_number(row, "state_since_s", (sy_time_us() - backend->state_since_us) / 1000000);
	add_probe(row, sy_registry_config(surface->context->registry), backend);
	sy_json_text(row, "last_probe", backend->probe_text);
	sy_json_ms(row, "probe_ms", backend->probe_us);
	if (backend->certificate_until_s != 0)
		sy_json_signed(row, "certificate_expires_in_s",
			(int64_t)(backend->certificate_until_s - sy_time_wall_us() / 1000000));
	sy_json_number(row, "connect_failures",
		sy_registry_backend_traffic(surface->context->registry, backend).connect_failures);
	add_breaker(row, backend);
	return row;
}

void
sy_view_health(struct sy_surface *surface, struct json_object *arguments, struct sy_answer *answer)
{
	sy_backend_rows_answer(surface, arguments, answer, make_row);
}
