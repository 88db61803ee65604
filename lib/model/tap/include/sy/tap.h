/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_TAP_H
#define SY_TAP_H

/*
 * A tap: copies of packets, with what became of them, from workers to the
 * management core.
 *
 * The management core makes one, publishes it beside the snapshot (struct
 * sy_publication), and workers find it there once a loop turn.  It is taken away
 * in the same manner and destroyed when no worker can see it any more.  While
 * there is none, a burst costs one branch.
 *
 * A worker asks the filter, copies what matches into a buffer of the tap's own
 * pool, and puts it on its ring.  Where there is no buffer or no room, the copy
 * is lost and counted: never a packet, and nobody waits.
 *
 * The filter is run by libpcap's interpreter, bpf_filter(), which compares each
 * load with the length of the packet's first segment while it runs, and ends
 * without a match where a load is outside or a divisor is 0.  Not by DPDK's BPF
 * library: its verifier does not bound offsets that the program computes (X may
 * be a byte of the packet), rte_pktmbuf_read() lets them wrap around, and its
 * interpreter logs divisions by 0, on a worker.  It could also compile, for which
 * pages are needed that are both written and run.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

#include "sy/config.h"
#include "sy/error.h"
#include "sy/stats.h"

#define SY_TAP_FILTER_MAX 512 /* instructions */
#define SY_TAP_SNAPLEN_MIN 64
#define SY_TAP_SNAPLEN_MAX 9216
#define SY_TAP_BUFFERS 4096 /* copies that may wait, of all workers */
#define SY_TAP_NONE UINT32_MAX /* no service, no backend */

/* Where a packet was seen. */
enum sy_tap_stage {
	SY_TAP_RECEIVED, /* as it came, told when it is known what becomes of it */
	SY_TAP_SENT, /* as it is given to a port */
	SY_TAP_DROPPED, /* as it was then; where a queue had no room, after it was told what becomes of it */
	SY_N_TAP_STAGES,
};

/* What became of it. */
enum sy_tap_fate {
	SY_TAP_FORWARDED, /* to the backend, or back to the client */
	SY_TAP_STATELESS, /* the same without a flow */
	SY_TAP_ANSWERED, /* it has become its own answer: RST, ICMP */
	SY_TAP_TO_KERNEL,
	SY_TAP_FROM_KERNEL,
	SY_TAP_MADE_HERE, /* a reset, a probe of an MTU: no packet came for it */
	SY_TAP_PIECE, /* of a packet that did not fit */
	SY_TAP_DIVIDED, /* goes on in pieces, or waits for its first one */
	SY_TAP_LOST, /* dropped */
};

/* Travels in a copy's private area.  Ids are the registry's, as they were then. */
struct sy_tap_note {
	uint64_t tsc;
	uint32_t length; /* of the frame, of which the copy may have less */
	uint32_t service; /* or SY_TAP_NONE */
	uint32_t backend;
	uint8_t stage; /* enum sy_tap_stage */
	uint8_t fate; /* enum sy_tap_fate */
	uint8_t drop; /* enum sy_drop */
	uint8_t port; /* where it was seen: came in by, goes (or was to go) out of; UINT8_MAX: nowhere */
	uint8_t out_port; /* received and forwarded: where it goes; or UINT8_MAX */
	uint8_t worker;
	uint8_t from_worker; /* that handed it over, or UINT8_MAX */
	bool is_reply;
	bool is_leaving; /* dropped: where it was to go out of the port */
};

/* One instruction of a classic BPF program, as libpcap's compiler makes them (struct bpf_insn). */
struct sy_tap_insn {
	uint16_t code;
	uint8_t jt;
	uint8_t jf;
	uint32_t k;
};

/* Whether a program ends, stays in itself and in its memory, and has no instruction at which libpcap's
 * interpreter would give up: 0 or -EINVAL with error.  Any thread. */
int sy_tap_check_filter(const struct sy_tap_insn *insns, uint32_t n, struct sy_error *error);

struct sy_tap_params {
	const struct sy_tap_insn *filter; /* over the Ethernet frame; kept by the caller */
	uint32_t n_filter; /* 0: every packet matches */
	uint32_t snaplen; /* bytes of a packet that are copied */
	uint32_t stages; /* a bit for each enum sy_tap_stage */
	uint64_t drops; /* a bit for each enum sy_drop, of dropped ones */
	uint32_t ports; /* a bit for each */
	uint32_t n_workers;
	int socket; /* NUMA node of the buffers */
};

/* Of one worker, which alone writes them; the management core reads. */
struct sy_tap_counters {
	uint64_t copied[SY_MAX_PORTS]; /* by the port of the note; nowhere: 0 */
	uint64_t lost[SY_MAX_PORTS]; /* matched, and no buffer or no room on the ring */
};

struct sy_tap;

/* Management core.  0, -ENOMEM or -EINVAL (a filter that is refused) with error. */
int sy_tap_create(const struct sy_tap_params *params, struct sy_tap **tap, struct sy_error *error);
/* No worker sees it any more.  Frees what was not taken.  NULL is no error. */
void sy_tap_destroy(struct sy_tap *tap);

/* Management core: the oldest copy on a worker's ring, which the caller frees; NULL: none. */
struct rte_mbuf *sy_tap_take(struct sy_tap *tap, uint32_t worker);
struct sy_tap_counters sy_tap_counters(const struct sy_tap *tap, uint32_t worker);

/* Any thread. */
bool sy_tap_wants(const struct sy_tap *tap, enum sy_tap_stage stage);
bool sy_tap_wants_drop(const struct sy_tap *tap, enum sy_drop reason);
struct sy_tap_note *sy_tap_note(struct rte_mbuf *copy);

/* Worker.  copy: of a packet seen at a port, NULL when it is not wanted or there is no buffer.  post:
 * the copy and its note, which is complete, to the management core.  forget: it is not told after all. */
struct rte_mbuf *sy_tap_copy(
	struct sy_tap *tap, uint32_t worker, struct rte_mbuf *mbuf, uint32_t port);
void sy_tap_post(struct sy_tap *tap, uint32_t worker, struct rte_mbuf *copy);
void sy_tap_forget(struct rte_mbuf *copy);

#endif /* SY_TAP_H */
