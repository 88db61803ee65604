/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_TCP_SEGMENT_H
#define SY_TCP_SEGMENT_H

/* From the header in the packet to what the flow component wants to know.  Worker. */
#include "sy/flow.h"
#include "sy/packet.h"

void sy_tcp_segment_read(const struct sy_packet *packet, struct sy_tcp_segment *segment);

#endif /* SY_TCP_SEGMENT_H */
