/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_TELEMETRY_JSON_H
#define SY_TELEMETRY_JSON_H

/*
 * Building JSON objects row by row.  Keys are literals and new to their object: they are not copied
 * and not looked up.  A field for which there is no memory is left
 * out.
 */
#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

#include "sy/net.h"

void sy_json_text(struct json_object *object, const char *key, const char *text);
void sy_json_number(struct json_object *object, const char *key, uint64_t number);
void sy_json_signed(struct json_object *object, const char *key, int64_t number);
void sy_json_bool(struct json_object *object, const char *key, bool value);
void sy_json_ip(struct json_object *object, const char *key, const struct sy_ip *ip);

/* A whole number where the division leaves no rest, else two decimals. */
void sy_json_ratio(struct json_object *object, const char *key, uint64_t number, uint64_t divisor);

/* Wall time in microseconds as "2026-11-21T18:00:00Z". */
void sy_json_time(struct json_object *object, const char *key, uint64_t wall_us);

/* Microseconds as milliseconds with three decimals. */
void sy_json_ms(struct json_object *object, const char *key, uint64_t us);

/* "address:port", or "[address]:port". */
#define SY_ENDPOINT_TEXT (SY_IP_TEXT + 8)
const char *sy_endpoint_text(uint8_t family, const struct sy_addr *address, uint16_t port_be,
	char text[SY_ENDPOINT_TEXT]);

const char *sy_protocol_text(uint8_t protocol); /* "tcp", "udp", "sctp", "icmp", else "other" */

#endif /* SY_TELEMETRY_JSON_H */
