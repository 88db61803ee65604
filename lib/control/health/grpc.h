/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_HEALTH_GRPC_H
#define SY_HEALTH_GRPC_H

/*
 * The gRPC health checking protocol, version 1 (grpc/doc/health-checking.md):
 * Check(HealthCheckRequest { string service = 1 }) returns HealthCheckResponse
 * { ServingStatus status = 1 }, a message each, in gRPC over HTTP/2's frame of a
 * byte for compression and four for the length (grpc/doc/PROTOCOL-HTTP2.md).
 *
 * Pure functions.
 */
#include "probe.h"

#define GRPC_QUESTION (SY_TEXT_SIZE + 16)

/* Returns the length. */
size_t sy_grpc_ask(const char *service, uint8_t question[GRPC_QUESTION]);

struct grpc_answer {
	unsigned int http_status;
	const char *status; /* grpc-status, NULL: there was none */
	const char *message; /* grpc-message, likewise */
	const uint8_t *body;
	size_t length;
};

/* Writes a few words. */
bool sy_grpc_judge(const struct grpc_answer *answer, char text[PROBE_TEXT]);

#endif /* SY_HEALTH_GRPC_H */
