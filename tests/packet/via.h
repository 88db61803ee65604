/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_TEST_VIA_H
#define SY_TEST_VIA_H

/*
 * The step that sends a packet to its backend by a one-way mode, as the pipeline does: with a
 * service, a backend of either family, and a port with GATEWAY's addresses.
 */
#include "sy/packet.h"

#define VIA_ID 0x1234 /* the outer header's identification, where it has one */
#define VIA_DSCP 10
#define VIA_VNI 0x123456

enum via_mode {
	VIA_DR,
	VIA_IPIP,
	VIA_GRE,
	VIA_GUE,
	VIA_VXLAN,
	VIA_L3DSR,
	N_VIA_MODES,
};

/* A row's step: the mode, and the family of the backend's address, 4 or 6. */
#define VIA_FIRST 64
#define VIA(mode, family) (VIA_FIRST + 2 * VIA_##mode + ((family) == 6))

const char *via_mode(uint8_t step);
enum sy_family via_family(uint8_t step); /* of the backend */
/* The step that tells a client what a router has said about such a packet. */
#define VIA_RELAY_FIRST 96
#define VIA_RELAY(mode, family) (VIA(mode, family) - VIA_FIRST + VIA_RELAY_FIRST)

enum sy_drop via_relay(struct sy_packet *packet, uint8_t step);

enum sy_drop via_send(struct sy_packet *packet, uint8_t step);

#endif /* SY_TEST_VIA_H */
