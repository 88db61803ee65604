/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "claims.h"

enum kind {
	KIND_ONE,
	KIND_RANGE,
	KIND_ALL,
	N_KINDS,
};

static enum kind
kind_of(const struct sy_port_range *ports)
{
	if (sy_ports_are_one(ports))
		return KIND_ONE;
	return sy_ports_are_all(ports) ? KIND_ALL : KIND_RANGE;
}

static int
compare_addresses(const struct sy_ip *a, const struct sy_ip *b)
{
	if (a->family != b->family)
		return a->family - b->family;
	return memcmp(a->addr.bytes, b->addr.bytes, sizeof(a->addr.bytes));
}

/* What claims must share to be in each other's way: kind, address, protocol. */
static int
compare_places(const struct sy_config_claim *a, const struct sy_config_claim *b)
{
	int order = a->kind - b->kind;

	if (order == 0)
		order = compare_addresses(a->address, b->address);
	return order != 0 ? order : a->protocol - b->protocol;
}

static int
compare_claims(const void *first, const void *second)
{
	const struct sy_config_claim *a = first, *b = second;
	int order = compare_places(a, b);

	if (order == 0)
		order = a->ports.low - b->ports.low;
	return order != 0 ? order : (a->service > b->service) - (a->service < b->service);
}

static void
add_claims(struct sy_config_claims *claims, const struct sy_config *config, uint32_t service)
{
	const struct sy_service_config *row = &config->services[service];

	for (uint16_t a = 0; a < row->n_addresses; a++)
		claims->rows[claims->n++] = (struct sy_config_claim){
			.address = &row->addresses[a],
			.ports = row->ports,
			.service = service,
			.protocol = row->protocol,
			.kind = (uint8_t)kind_of(&row->ports),
		};
}

int
sy_config_claims_init(struct sy_config_claims *claims, const struct sy_config *config)
{
	size_t n = 0;

	for (uint32_t i = 0; i < config->n_services; i++)
		n += config->services[i].n_addresses;
	*claims = (struct sy_config_claims){ .rows = calloc(n + 1, sizeof(*claims->rows)) };
	if (claims->rows == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < config->n_services; i++)
		add_claims(claims, config, i);
	qsort(claims->rows, claims->n, sizeof(*claims->rows), compare_claims);
	for (uint32_t i = 0; i < claims->n; i++) {
		for (int kind = claims->rows[i].kind + 1; kind <= N_KINDS; kind++)
			claims->first[kind] = i + 1;
	}
	return 0;
}

void
sy_config_claims_fini(struct sy_config_claims *claims)
{
	free(claims->rows);
	claims->rows = NULL;
}

bool
sy_config_claims_clash(const struct sy_config_claims *claims,
	const struct sy_config_claim **earlier, const struct sy_config_claim **later)
{
	for (uint32_t i = 1; i < claims->n; i++) {
		const struct sy_config_claim *a = &claims->rows[i - 1], *b = &claims->rows[i];

		if (compare_places(a, b) != 0 || b->ports.low > a->ports.high)
			continue;
		*earlier = a->service <= b->service ? a : b;
		*later = a->service <= b->service ? b : a;
		return true;
	}
	return false;
}

/* Claims of one kind do not overlap: the last that begins at or before the port has it, or none. */
static const struct sy_config_claim *
find_of_kind(const struct sy_config_claims *claims, int kind, const struct sy_config_claim *wanted)
{
	uint32_t low = claims->first[kind], high = claims->first[kind + 1];

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct sy_config_claim *row = &claims->rows[middle];
		int order = compare_addresses(row->address, wanted->address);

		if (order == 0)
			order = row->protocol - wanted->protocol;
		if (order < 0 || (order == 0 && row->ports.low <= wanted->ports.high))
			low = middle + 1;
		else
			high = middle;
	}
	if (low == claims->first[kind])
		return NULL;
	low--;
	if (compare_addresses(claims->rows[low].address, wanted->address) != 0 ||
		claims->rows[low].protocol != wanted->protocol ||
		claims->rows[low].ports.high < wanted->ports.low)
		return NULL;
	return &claims->rows[low];
}

const struct sy_config_claim *
sy_config_claims_find(
	const struct sy_config_claims *claims, const struct sy_ip *address, uint16_t port)
{
	static const uint8_t protocols[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP };
	struct sy_config_claim wanted = {
		.address = address,
		.ports = { port == 0 ? 1 : port, port == 0 ? UINT16_MAX : port },
	};

	for (size_t i = 0; i < sizeof(protocols); i++) {
		wanted.protocol = protocols[i];
		for (int kind = 0; kind < N_KINDS; kind++) {
			const struct sy_config_claim *claim = find_of_kind(claims, kind, &wanted);

			if (claim != NULL)
				return claim;
		}
	}
	return NULL;
}
