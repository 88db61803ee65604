/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_SCTP_PACKET_H
#define SY_SCTP_PACKET_H

/* From the chunks in the packet to what the flow component wants to know.  Worker. */
#include "sy/flow_sctp.h"
#include "sy/packet.h"

struct sy_sctp_packet sy_sctp_read(const struct sy_packet *packet);

#endif /* SY_SCTP_PACKET_H */
