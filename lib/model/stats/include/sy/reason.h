/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_REASON_H
#define SY_REASON_H

/*
 * Why a flow has the backend that it has.
 *
 * The worker that makes a flow writes the reason down beside it; every surface
 * shows it by its name.  A reason is one row below: its symbol, its name, and
 * what it tells an operator.
 */
#include <stdint.h>

#define SY_REASONS(ROW) \
	ROW(SCHEDULED, "scheduled", "the pool's scheduler picked it") \
	ROW(HASHED, "hashed", "the hash of what makes a client of the service picked it") \
	ROW(KEPT, "kept", "the client had it before, and the service keeps clients") \
	ROW(BY_CID, "connection-id", "the packet's QUIC connection ID names it") \
	ROW(ROOM, "room", "the one picked first was full, or had its new flows of this second") \
	ROW(MOVED, "moved", "the one before had not answered the client's first packet") \
	ROW(TAKEN, "taken", \
		"towards the one picked first the flow's addresses and ports were in use") \
	ROW(STATELESS, "stateless", \
		"flows of the service may have begun without an entry: the hash alone picks") \
	ROW(ADOPTED, "adopted", "the connection had begun without an entry, or on another node") \
	ROW(OUTGOING, "outgoing", "the host outside that the server asked for")

#define SY_REASON_SYMBOL(symbol, name, help) SY_REASON_##symbol,
enum sy_reason {
	SY_REASONS(SY_REASON_SYMBOL) SY_N_REASONS
};
#undef SY_REASON_SYMBOL

/* With the reason, in one byte. */
enum sy_reason_flag {
	SY_REASON_SPARE = 1 << 6, /* spares served */
	SY_REASON_PANIC = 1 << 7, /* the backend was not well: too few of its pool were */
	SY_REASON_MASK = (1 << 5) - 1,
};

/* Of the reason in the byte, whatever its flags; never NULL. */
const char *sy_reason_name(uint8_t why);
const char *sy_reason_help(uint8_t why);

/* "scheduled", "scheduled, spare", "kept, panic": what surfaces show. */
#define SY_REASON_TEXT 40
const char *sy_reason_text(uint8_t why, char text[SY_REASON_TEXT]);

#endif /* SY_REASON_H */
