/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_PEER_FAULT_H
#define SY_PEER_FAULT_H

#include "sy/http.h"

#define SY_PEER_FAULT 192

/* Why an answer is none: what went wrong on the way, or its status and the message that etcd's gateway
 * and Kubernetes give with it, in printable characters.  NULL: its status is 200. */
const char *sy_peer_fault(const struct sy_http_answer *answer, char text[SY_PEER_FAULT]);

#endif /* SY_PEER_FAULT_H */
