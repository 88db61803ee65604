/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_TELEMETRY_TEL_DATA_H
#define SY_TELEMETRY_TEL_DATA_H

/*
 * JSON into what DPDK's telemetry can carry.  DPDK 22.11 holds a list of up to
 * 512 texts, or up to 256 named values that are texts, numbers or lists of
 * texts; a text has up to 127 characters, a name letters, digits, '_' and '/';
 * and a message 16 KiB, beyond which it silently loses entries.
 *
 * What does not fit is cut, and an entry SY_TEL_CUT says how much.
 */
#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>
#include <rte_telemetry.h>

#define SY_TEL_CUT "_cut"
#define SY_TEL_BYTES 15000 /* of JSON, in what DPDK will write */

/* An object becomes a dict: objects in it are taken apart (a_b), lists of objects become their
 * names.  A list becomes a list of texts.  n_more entries were left out before.  0 or -ENOMEM. */
int sy_tel_data_fill(struct rte_tel_data *data, struct json_object *json, uint32_t n_more);

#endif /* SY_TELEMETRY_TEL_DATA_H */
