/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What all versions of QUIC have in common (RFC 8999).
 *
 *	long   1xxxxxxx version(32) length(8) destination ID  length(8) source ID ...
 *	short  0xxxxxxx destination ID, as long as its server knows ...
 */
#include "cid.h"

#define LONG_FORM 0x80
#define LONG_LENGTH_AT 5 /* of the destination connection ID */
#define LONG_CID_AT 6
#define SHORT_CID_AT 1

bool
sy_quic_find_cid(
	const struct sy_quic *quic, const uint8_t *datagram, size_t n, struct sy_quic_cid *cid)
{
	bool is_long = n > 0 && (datagram[0] & LONG_FORM) != 0;
	size_t at = is_long ? LONG_CID_AT : SHORT_CID_AT;
	const struct scheme *scheme;
	size_t room, length;

	if (n <= at)
		return false;
	room = n - at;
	if (is_long && datagram[LONG_LENGTH_AT] < room)
		room = datagram[LONG_LENGTH_AT];
	if (room == 0)
		return false;
	cid->rotation = datagram[at] >> ROTATION_SHIFT;
	scheme = &quic->schemes[cid->rotation];
	length = (size_t)1 + scheme->server_id_length + scheme->nonce_length;
	if (scheme->server_id_length == 0 || room < length)
		return false;
	cid->bytes = datagram + at;
	cid->is_long = is_long;
	cid->length = (uint8_t)length;
	return true;
}
