/* SPDX-License-Identifier: BSD-3-Clause */
#include "sy/admission.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "claims.h"

struct sy_admission {
	struct sy_config_parser parser; /* of the checks' questions about modes; it has no text */
	struct sy_config_claims claims;
	uint32_t *first; /* [n_pools + 1]: of each pool, in users */
	uint32_t *users; /* services, once for each of their pools */
};

static const char *const family_names[SY_N_FAMILIES] = { "IPv4", "IPv6" };

static void
count_user(struct sy_admission *admission, uint32_t pool)
{
	if (pool != SY_NO_POOL)
		admission->first[pool + 1]++;
}

static void
add_user(struct sy_admission *admission, uint32_t *next, uint32_t pool, uint32_t service)
{
	if (pool != SY_NO_POOL)
		admission->users[next[pool]++] = service;
}

/* Pools know nothing of their services: found once for all. */
static int
find_users(struct sy_admission *admission, const struct sy_config *config)
{
	uint32_t *next = calloc(config->n_pools + 1, sizeof(*next));

	admission->first = calloc(config->n_pools + 1, sizeof(*admission->first));
	admission->users = calloc(2 * (size_t)config->n_services + 1, sizeof(*admission->users));
	if (next == NULL || admission->first == NULL || admission->users == NULL) {
		free(next);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < config->n_services; i++) {
		count_user(admission, config->services[i].pool);
		count_user(admission, config->services[i].spare_pool);
	}
	for (uint32_t i = 0; i < config->n_pools; i++) {
		admission->first[i + 1] += admission->first[i];
		next[i] = admission->first[i];
	}
	for (uint32_t i = 0; i < config->n_services; i++) {
		add_user(admission, next, config->services[i].pool, i);
		add_user(admission, next, config->services[i].spare_pool, i);
	}
	free(next);
	return 0;
}

int
sy_admission_create(const struct sy_config *config, const struct sy_config_names *names,
	struct sy_admission **admission)
{
	struct sy_admission *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return -ENOMEM;
	/* Nothing that is asked through it writes. */
	a->parser.config = (struct sy_config *)(uintptr_t)config;
	a->parser.names = names;
	if (sy_config_claims_init(&a->claims, config) != 0 || find_users(a, config) != 0) {
		sy_admission_destroy(a);
		return -ENOMEM;
	}
	*admission = a;
	return 0;
}

void
sy_admission_destroy(struct sy_admission *admission)
{
	if (admission == NULL)
		return;
	sy_config_claims_fini(&admission->claims);
	free(admission->first);
	free(admission->users);
	free(admission);
}

static int
judge_host(const struct sy_admission *admission, const struct sy_backend_config *backend,
	struct sy_error *fault)
{
	const struct sy_config *config = admission->parser.config;
	const struct sy_config_claim *claim =
		sy_config_claims_find(&admission->claims, &backend->address, backend->port);

	for (uint32_t i = 0; i < config->n_ports; i++) {
		if (sy_config_port_has(&config->ports[i], &backend->address))
			return sy_error_set(fault, -EINVAL,
				"it is the balancer's own address on port \"%s\"",
				config->ports[i].name);
	}
	if (claim != NULL)
		return sy_error_set(fault, -EINVAL, "it is service \"%s\" itself",
			config->services[claim->service].name);
	return 0;
}

static bool
pool_has(const struct sy_config *config, uint32_t pool, const struct sy_ip *address)
{
	for (uint32_t i = 0; pool != SY_NO_POOL && i < config->pools[pool].n_backends; i++) {
		if (sy_ip_equal(&config->pools[pool].backends[i].address, address))
			return true;
	}
	return false;
}

/* A mark tells a backend one virtual IP. */
static int
judge_mark(const struct sy_admission *admission, uint32_t s,
	const struct sy_backend_config *backend, struct sy_error *fault)
{
	const struct sy_config *config = admission->parser.config;
	const struct sy_service_config *service = &config->services[s];

	for (uint32_t i = 0; i < config->n_services; i++) {
		const struct sy_service_config *other = &config->services[i];

		if (other->tunnel.dscp == service->tunnel.dscp &&
			other->address.family == service->address.family &&
			!sy_ip_equal(&other->address, &service->address) &&
			sy_config_mode_has(&admission->parser, i, SY_MODE_MARKS) &&
			(pool_has(config, other->pool, &backend->address) ||
				pool_has(config, other->spare_pool, &backend->address)))
			return sy_error_set(fault, -EINVAL,
				"the mark %u of service \"%s\" tells it the address of service "
				"\"%s\"",
				service->tunnel.dscp, service->name, other->name);
	}
	return 0;
}

static int
judge_one_way(const struct sy_admission *admission, uint32_t s,
	const struct sy_backend_config *backend, struct sy_error *fault)
{
	const struct sy_config *config = admission->parser.config;
	const struct sy_service_config *service = &config->services[s];

	if (backend->port != 0 &&
		(backend->port != service->port || !sy_ports_are_one(&service->ports)))
		return sy_error_set(fault, -EINVAL,
			"port %u is not that of service \"%s\", whose mode \"%s\" leaves ports as they "
			"are",
			backend->port, service->name, service->mode);
	if (sy_config_mode_has(&admission->parser, s, SY_MODE_ON_LINK) &&
		!sy_config_may_be_on_link(config, &backend->address))
		return sy_error_set(fault, -EINVAL,
			"it is in no network of a port, and mode \"%s\" of service \"%s\" reaches no "
			"backend behind a router",
			service->mode, service->name);
	return sy_config_mode_has(&admission->parser, s, SY_MODE_MARKS)
		? judge_mark(admission, s, backend, fault)
		: 0;
}

static bool
are_local(const struct sy_range *ranges, uint16_t n, const struct sy_ip *address)
{
	for (uint16_t i = 0; i < n; i++) {
		if (sy_range_contains(&ranges[i], address))
			return true;
	}
	return false;
}

/* Local addresses are for this purpose alone, whoever's they are. */
static int
judge_all_locals(const struct sy_config *config, const struct sy_backend_config *backend,
	struct sy_error *fault)
{
	if (are_local(config->local_addresses, config->n_local_addresses, &backend->address))
		return sy_error_set(fault, -EINVAL, "it is one of the local addresses");
	for (uint32_t i = 0; i < config->n_services; i++) {
		const struct sy_service_config *service = &config->services[i];

		if (are_local(service->local_addresses, service->n_local_addresses,
			    &backend->address))
			return sy_error_set(fault, -EINVAL,
				"it is one of the local addresses of service \"%s\"",
				service->name);
	}
	return 0;
}

/* Local addresses: some of its family. */
static int
judge_local(const struct sy_admission *admission, uint32_t s,
	const struct sy_backend_config *backend, struct sy_error *fault)
{
	const struct sy_config *config = admission->parser.config;
	const struct sy_service_config *service = &config->services[s];
	const struct sy_range *ranges;
	uint16_t n = sy_config_local_ranges(config, service, &ranges);

	if (sy_config_mode_has(&admission->parser, s, SY_MODE_LOCAL) &&
		sy_config_local_count(ranges, n, backend->address.family) == 0)
		return sy_error_set(fault, -EINVAL,
			"service \"%s\" has no %s local address for it to see", service->name,
			family_names[backend->address.family]);
	return 0;
}

static int
judge_service(const struct sy_admission *admission, uint32_t s,
	const struct sy_backend_config *backend, struct sy_error *fault)
{
	const struct sy_service_config *service = &admission->parser.config->services[s];
	int code = 0;

	if (backend->address.family != service->address.family &&
		!sy_config_may_mix(&admission->parser, s))
		return sy_error_set(fault, -EINVAL,
			"service \"%s\" of mode \"%s\" needs backends of %s", service->name,
			service->mode, family_names[service->address.family]);
	if (sy_config_mode_has(&admission->parser, s, SY_MODE_ONE_WAY))
		code = judge_one_way(admission, s, backend, fault);
	return code != 0 ? code : judge_local(admission, s, backend, fault);
}

int
sy_admission_judge(const struct sy_admission *admission, uint32_t pool,
	const struct sy_backend_config *backend, struct sy_error *fault)
{
	const struct sy_health_config *health = &admission->parser.config->pools[pool].health;
	int code;

	if (backend->port == 0 && health->port == 0 && health->type != SY_HEALTH_NONE &&
		health->type != SY_HEALTH_ICMP)
		return sy_error_set(fault, -EINVAL,
			"it has no port for the pool's probes: give it one, or the pool's "
			"discovery.port or health.port");
	code = judge_host(admission, backend, fault);
	if (code == 0)
		code = judge_all_locals(admission->parser.config, backend, fault);
	for (uint32_t i = admission->first[pool]; i < admission->first[pool + 1] && code == 0; i++)
		code = judge_service(admission, admission->users[i], backend, fault);
	return code;
}

int
sy_admission_form(const struct sy_backend_config *backend, struct sy_error *fault)
{
	const struct sy_config_section *section = &sy_config_backend_section;
	struct sy_backend_config scratch;

	for (unsigned int i = 0; i < section->n_keys; i++) {
		const struct sy_config_key *key = &section->keys[i];
		char text[SY_CONFIG_VALUE_SIZE];
		char form[SY_CONFIG_FORM_SIZE];

		key->kind->write(key, backend, text);
		if (key->kind->read(key, text, &scratch))
			continue;
		key->kind->describe(key, form);
		return sy_error_set(
			fault, -EINVAL, "%s: found \"%.100s\", expected %s", key->name, text, form);
	}
	return 0;
}
