/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which golden packets there must be: each forwarding mode, family of client and backend, direction
 * and kind of packet.  A row's cell follows from what it does, so no row can claim another.
 */
#include "matrix.h"

#include <stdio.h>
#include <string.h>

#include "sy/forward.h"
#include "via.h"

enum kind {
	KIND_SEGMENT, /* TCP */
	KIND_DATAGRAM, /* UDP */
	KIND_FIRST, /* of several pieces */
	KIND_TAIL,
	KIND_ERROR,
	KIND_TOO_BIG,
	N_KINDS,
};

static const char *const kind_names[] = {
	[KIND_SEGMENT] = "a segment",
	[KIND_DATAGRAM] = "a datagram",
	[KIND_FIRST] = "a first piece",
	[KIND_TAIL] = "a tail",
	[KIND_ERROR] = "an ICMP error",
	[KIND_TOO_BIG] = "packet too big",
};

struct cell {
	uint8_t families[2]; /* enum sy_family, of the client and the backend */
	uint8_t direction; /* enum sy_direction */
	uint8_t kind;
};

#define ANY_FAMILY SY_N_FAMILIES /* the packet's */

struct way {
	const char *mode;
	uint8_t direction;
	uint8_t families[2];
};

static const struct way ways[] = {
	[GOLDEN_TO_BACKEND] = { "nat", SY_ORIGINAL, { ANY_FAMILY, ANY_FAMILY } },
	[GOLDEN_TO_CLIENT] = { "nat", SY_REPLY, { ANY_FAMILY, ANY_FAMILY } },
	[GOLDEN_HIDE_TO_BACKEND] = { "fullnat", SY_ORIGINAL, { ANY_FAMILY, ANY_FAMILY } },
	[GOLDEN_HIDE_TO_CLIENT] = { "fullnat", SY_REPLY, { ANY_FAMILY, ANY_FAMILY } },
	[GOLDEN_64_TO_BACKEND] = { "fullnat", SY_ORIGINAL, { SY_IPV6, SY_IPV4 } },
	[GOLDEN_64_TO_CLIENT] = { "fullnat", SY_REPLY, { SY_IPV6, SY_IPV4 } },
	[GOLDEN_46_TO_BACKEND] = { "fullnat", SY_ORIGINAL, { SY_IPV4, SY_IPV6 } },
	[GOLDEN_46_TO_CLIENT] = { "fullnat", SY_REPLY, { SY_IPV4, SY_IPV6 } },
	[GOLDEN_OUT] = { "snat", SY_ORIGINAL, { ANY_FAMILY, ANY_FAMILY } },
	[GOLDEN_BACK] = { "snat", SY_REPLY, { ANY_FAMILY, ANY_FAMILY } },
};

/* [mode][client][backend][direction][kind] */
static bool filled[UINT8_MAX + 1][SY_N_FAMILIES][SY_N_FAMILIES][2][N_KINDS];

static bool
is_too_big(const struct spec *spec)
{
	return (spec->protocol == IPPROTO_ICMP && spec->type == 3 && spec->code == 4) ||
		(spec->protocol == IPPROTO_ICMPV6 && spec->type == 2);
}

/* False: of a kind that no mode must have. */
static bool
kind_of(const struct golden *row, uint8_t *kind)
{
	if ((row->flags & SY_PACKET_ICMP_ERROR) != 0)
		*kind = is_too_big(row->in) ? KIND_TOO_BIG : KIND_ERROR;
	else if ((row->flags & SY_PACKET_FRAGMENT) != 0)
		*kind = row->in->headless ? KIND_TAIL : KIND_FIRST;
	else if (row->in->protocol == IPPROTO_TCP)
		*kind = KIND_SEGMENT;
	else if (row->in->protocol == IPPROTO_UDP)
		*kind = KIND_DATAGRAM;
	else
		return false;
	return true;
}

/* The mode's row in the table of modes, SY_NO_FORWARD for a row of another purpose. */
static uint8_t
cell_of(const struct golden *row, struct cell *cell)
{
	uint8_t step = row->steps[0], family = spec_tuple(row->in).family;

	if (row->out == NULL || step >= VIA_RELAY_FIRST || !kind_of(row, &cell->kind))
		return SY_NO_FORWARD;
	cell->families[0] = cell->families[1] = family;
	if (step >= VIA_FIRST) {
		cell->direction = SY_ORIGINAL;
		cell->families[1] = via_family(step);
		return sy_forward_find(via_mode(step));
	}
	if (step >= sizeof(ways) / sizeof(ways[0]) || ways[step].mode == NULL)
		return SY_NO_FORWARD;
	cell->direction = ways[step].direction;
	if (ways[step].families[0] != ANY_FAMILY)
		memcpy(cell->families, ways[step].families, sizeof(cell->families));
	return sy_forward_find(ways[step].mode);
}

void
matrix_note(const struct golden *row)
{
	struct cell cell;
	uint8_t mode = cell_of(row, &cell);

	if (mode != SY_NO_FORWARD)
		filled[mode][cell.families[0]][cell.families[1]][cell.direction][cell.kind] = true;
}

static int
version(uint8_t family)
{
	return family == SY_IPV4 ? 4 : 6;
}

static bool
has_cell(uint8_t mode, const struct cell *cell)
{
	if (filled[mode][cell->families[0]][cell->families[1]][cell->direction][cell->kind])
		return true;
	printf("# no row for %s %s, IPv%d client, IPv%d backend\n", kind_names[cell->kind],
		cell->direction == SY_ORIGINAL ? "to the backend" : "to the client",
		version(cell->families[0]), version(cell->families[1]));
	return false;
}

static bool
has_kinds(uint8_t mode, uint8_t client, uint8_t backend)
{
	bool one_way = (sy_forward_at(mode)->flags & SY_FORWARD_ONE_WAY) != 0;
	struct cell cell = { .families = { client, backend } };
	bool all = true;

	for (cell.direction = SY_ORIGINAL; cell.direction <= (one_way ? SY_ORIGINAL : SY_REPLY);
		cell.direction++)
		for (cell.kind = 0; cell.kind < N_KINDS; cell.kind++)
			all &= has_cell(mode, &cell);
	return all;
}

bool
matrix_is_full(uint8_t mode)
{
	bool mixed = (sy_forward_at(mode)->flags & SY_FORWARD_MIXED) != 0, all = true;

	for (uint8_t client = 0; client < SY_N_FAMILIES; client++)
		for (uint8_t backend = 0; backend < SY_N_FAMILIES; backend++)
			if (client == backend || mixed)
				all &= has_kinds(mode, client, backend);
	return all;
}
