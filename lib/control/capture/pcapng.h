/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_PCAPNG_H
#define SY_PCAPNG_H

/*
 * Blocks of a pcapng file (draft-ietf-opsawg-pcapng), little-endian as the machine is.
 *
 * By hand, since DPDK 22.11's rte_pcapng knows no comments on packets, writes to a
 * descriptor without asking whether it blocks, and names interfaces by ethdev's
 * numbers.
 */
#include <stddef.h>
#include <stdint.h>

#define PCAPNG_TEXT 240 /* bytes of an option; longer texts are cut */

enum pcapng_direction {
	PCAPNG_UNKNOWN,
	PCAPNG_IN,
	PCAPNG_OUT,
};

/* Where blocks go: n grows.  Who calls has made sure that there is room. */
struct pcapng_out {
	uint8_t *bytes;
	size_t n;
	size_t room;
};

struct pcapng_packet {
	uint64_t time_ns; /* since the epoch */
	uint32_t interface; /* in the order of their blocks */
	uint32_t captured;
	uint32_t length;
	uint32_t queue; /* the worker */
	enum pcapng_direction direction;
	const char *comment;
};

struct pcapng_statistics {
	uint32_t interface;
	uint64_t begun_ns;
	uint64_t ended_ns;
	uint64_t received;
	uint64_t dropped; /* by the capture */
};

void pcapng_section(struct pcapng_out *out, const char *application, const char *comment);
/* expression may be NULL. */
void pcapng_interface(struct pcapng_out *out, const char *name, const char *description,
	const char *expression, uint32_t snaplen);
/* Room for the packet's captured bytes, which the caller fills in before anything else. */
uint8_t *pcapng_packet(struct pcapng_out *out, const struct pcapng_packet *packet);
void pcapng_statistics(struct pcapng_out *out, const struct pcapng_statistics *statistics);

#endif /* SY_PCAPNG_H */
