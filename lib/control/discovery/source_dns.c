/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DNS: the addresses of a name, or the servers that SRV names with their addresses.
 *
 * That there is no such name, or that it has no such record, is an answer: all
 * backends are gone, for the guard to think about.  Servers that do not answer,
 * or say that they cannot, are failures.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <ares.h>

#include "dns_answer.h"
#include "resolver.h"
#include "source.h"

#define MAX_TARGETS 256 /* different ones of one answer, each with a question of its own */

enum {
	TYPE_A = 1,
	TYPE_AAAA = 28,
	TYPE_SRV = 33
};

struct dns;

/* A server that SRV names. */
struct target {
	struct dns *dns;
	char name[SY_DNS_NAME];
	struct sy_dns_answer addresses;
	bool exists;
};

struct dns {
	struct sy_source *source;
	struct sy_resolver *resolver;
	bool silent; /* answers are not wanted: cancelled or failed */
	uint32_t ttl_s; /* the least of all answers */
	struct sy_dns_answer servers; /* of SRV */
	struct target *targets;
	uint32_t n_targets;
	uint32_t n_open; /* questions for targets' addresses */
};

static bool
is_srv(const struct sy_discovery_config *config)
{
	return config->record == SY_DISCOVERY_SRV || config->record == SY_DISCOVERY_SRV6;
}

static uint16_t
address_type(const struct sy_discovery_config *config)
{
	return config->record == SY_DISCOVERY_A || config->record == SY_DISCOVERY_SRV ? TYPE_A
										      : TYPE_AAAA;
}

static void
forget(struct dns *dns)
{
	for (uint32_t i = 0; i < dns->n_targets; i++)
		sy_dns_fini(&dns->targets[i].addresses);
	free(dns->targets);
	dns->targets = NULL;
	dns->n_targets = 0;
	sy_dns_fini(&dns->servers);
}

/* The rest of the questions is of no interest. */
static void
fail(struct dns *dns, const char *name, const char *what)
{
	dns->silent = true;
	sy_source_failed(dns->source, "%.120s: %s", name, what);
}

/* Reads an answer; false: it has failed, and that has been reported.  No such name or record is an
 * answer without records, and *exists false. */
static bool
read_answer(struct dns *dns, const char *name, uint16_t type, int status, const uint8_t *message,
	size_t length, struct sy_dns_answer *answer, bool *exists)
{
	*answer = (struct sy_dns_answer){ .ttl_s = UINT32_MAX };
	*exists = status == ARES_SUCCESS;
	if (status == ARES_ENOTFOUND || status == ARES_ENODATA)
		return true;
	if (status != ARES_SUCCESS) {
		fail(dns, name, ares_strerror(status));
		return false;
	}
	if (sy_dns_read(message, length, type, answer) != 0) {
		fail(dns, name, "the answer cannot be read");
		return false;
	}
	if (answer->ttl_s < dns->ttl_s)
		dns->ttl_s = answer->ttl_s;
	return true;
}

static uint32_t
next_ms(const struct dns *dns)
{
	const struct sy_discovery_config *config = dns->source->config;

	if (dns->ttl_s == UINT32_MAX)
		return 0;
	/* A TTL of 0 says not to keep it at all. */
	if (dns->ttl_s == 0)
		return config->min_refresh_ms;
	return dns->ttl_s > config->refresh_ms / 1000 ? config->refresh_ms : dns->ttl_s * 1000;
}

static void
got_addresses(void *context, int status, const uint8_t *message, size_t length)
{
	struct dns *dns = context;
	const struct sy_discovery_config *config = dns->source->config;
	struct sy_found found = { .n = 0 };
	struct sy_dns_answer answer;
	bool exists;

	if (dns->silent ||
		!read_answer(dns, config->name, address_type(config), status, message, length,
			&answer, &exists))
		return;
	for (uint32_t i = 0; i < answer.n; i++) {
		struct sy_backend_config *row = sy_found_add(&found, config);

		if (row != NULL)
			row->address = answer.records[i].address;
		else
			sy_found_skip(&found, "no memory for it");
	}
	sy_dns_fini(&answer);
	sy_source_found(dns->source, &found, next_ms(dns));
}

static const struct target *
find_target(const struct dns *dns, const char *name)
{
	for (uint32_t i = 0; i < dns->n_targets; i++) {
		if (strcmp(dns->targets[i].name, name) == 0)
			return &dns->targets[i];
	}
	return NULL;
}

/* A row for each address of a server. */
static void
add_server(struct dns *dns, const struct sy_dns_record *record, uint8_t priority,
	struct sy_found *found)
{
	const struct target *target = find_target(dns, record->target);

	if (target == NULL || target->addresses.n == 0) {
		sy_found_skip(found, "%.120s: %s", record->target,
			record->target[0] == '\0' ? "the root, which is no server"
				: target == NULL  ? "more servers than are asked for"
						  : "it has no address");
		return;
	}
	for (uint32_t i = 0; i < target->addresses.n; i++) {
		struct sy_backend_config *row = sy_found_add(found, dns->source->config);

		if (row == NULL) {
			sy_found_skip(found, "no memory for it");
			continue;
		}
		row->address = target->addresses.records[i].address;
		row->port = record->port;
		row->weight = sy_dns_weight(record->weight);
		row->priority = priority;
	}
}

static void
report_servers(struct dns *dns)
{
	struct sy_found found = { .n = 0 };
	uint8_t *ranks = malloc(dns->servers.n + 1);

	if (ranks == NULL) {
		fail(dns, dns->source->config->name, "out of memory");
		return;
	}
	sy_dns_rank(&dns->servers, ranks);
	for (uint32_t i = 0; i < dns->servers.n; i++)
		add_server(dns, &dns->servers.records[i], ranks[i], &found);
	free(ranks);
	sy_source_found(dns->source, &found, next_ms(dns));
}

static void
got_target(void *context, int status, const uint8_t *message, size_t length)
{
	struct target *target = context;
	struct dns *dns = target->dns;

	if (dns->silent ||
		!read_answer(dns, target->name, address_type(dns->source->config), status, message,
			length, &target->addresses, &target->exists))
		return;
	if (--dns->n_open == 0)
		report_servers(dns);
}

static int
collect_targets(struct dns *dns)
{
	dns->targets = calloc(MAX_TARGETS, sizeof(*dns->targets));
	if (dns->targets == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < dns->servers.n && dns->n_targets < MAX_TARGETS; i++) {
		const char *name = dns->servers.records[i].target;
		struct target *target = &dns->targets[dns->n_targets];

		if (name[0] == '\0' || find_target(dns, name) != NULL)
			continue;
		target->dns = dns;
		memcpy(target->name, name, sizeof(target->name));
		dns->n_targets++;
	}
	return 0;
}

static void
got_servers(void *context, int status, const uint8_t *message, size_t length)
{
	struct dns *dns = context;
	const struct sy_discovery_config *config = dns->source->config;
	struct sy_found none = { .n = 0 };
	bool exists;

	if (dns->silent ||
		!read_answer(dns, config->name, TYPE_SRV, status, message, length, &dns->servers,
			&exists))
		return;
	if (collect_targets(dns) != 0) {
		fail(dns, config->name, "out of memory");
		return;
	}
	dns->n_open = dns->n_targets;
	/* RFC 2782: the root alone says that there is no such service. */
	if (dns->n_targets == 0)
		sy_source_found(dns->source, &none, next_ms(dns));
	for (uint32_t i = 0; i < dns->n_targets && !dns->silent; i++)
		sy_resolver_ask(dns->resolver, dns->targets[i].name, address_type(config),
			got_target, &dns->targets[i]);
}

static int
create(struct sy_source *source, struct sy_error *error)
{
	struct dns *dns = calloc(1, sizeof(*dns));
	int status = -ENOMEM;

	if (dns == NULL)
		return sy_error_set(error, status, "out of memory");
	status = sy_resolver_create(source->loop, source->config, &dns->resolver, error);
	if (status != 0) {
		free(dns);
		return status;
	}
	dns->source = source;
	source->state = dns;
	return 0;
}

static void
cancel(struct sy_source *source)
{
	struct dns *dns = source->state;

	dns->silent = true;
	sy_resolver_cancel(dns->resolver);
}

/* What is left of the last questions ends first, as it points to what is forgotten. */
static void
ask(struct sy_source *source)
{
	struct dns *dns = source->state;

	cancel(source);
	forget(dns);
	dns->silent = false;
	dns->ttl_s = UINT32_MAX;
	if (is_srv(source->config))
		sy_resolver_ask(dns->resolver, source->config->name, TYPE_SRV, got_servers, dns);
	else
		sy_resolver_ask(dns->resolver, source->config->name, address_type(source->config),
			got_addresses, dns);
}

static void
destroy(struct sy_source *source)
{
	struct dns *dns = source->state;

	dns->silent = true;
	sy_resolver_destroy(dns->resolver);
	forget(dns);
	free(dns);
	source->state = NULL;
}

const struct sy_source_kind sy_source_dns = {
	.type = SY_DISCOVERY_DNS,
	.name = "dns",
	.create = create,
	.ask = ask,
	.cancel = cancel,
	.destroy = destroy,
};
