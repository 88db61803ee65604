/* SPDX-License-Identifier: BSD-3-Clause */
#include "sy/tap.h"

#include <errno.h>
#include <stdio.h>
#include <sys/types.h>

#include <pcap/bpf.h>

#include <rte_malloc.h>
#include <rte_ring.h>

/* A copy's buffers: longer packets take several. */
#define BUFFER_BYTES 2048
#define RING_COPIES 2048 /* of one worker */
/* Each worker may keep one and a half times as many to itself, and there may be SY_MAX_WORKERS. */
#define CACHED 8

struct tap_worker {
	struct rte_ring *ring;
	struct sy_tap_counters counters;
} __attribute__((aligned(64)));

struct sy_tap {
	struct rte_mempool *pool;
	uint64_t drops;
	uint32_t snaplen;
	uint32_t stages;
	uint32_t ports;
	uint32_t n_workers;
	uint32_t n_filter; /* instructions; 0: every packet */
	struct bpf_insn filter[SY_TAP_FILTER_MAX];
	struct tap_worker workers[];
};

static int
load_filter(struct sy_tap *tap, const struct sy_tap_params *params, struct sy_error *error)
{
	int status = sy_tap_check_filter(params->filter, params->n_filter, error);

	if (status != 0)
		return status;
	for (uint32_t i = 0; i < params->n_filter; i++) {
		const struct sy_tap_insn *insn = &params->filter[i];

		tap->filter[i] = (struct bpf_insn){ insn->code, insn->jt, insn->jf, insn->k };
	}
	tap->n_filter = params->n_filter;
	return 0;
}

/* Names must be new: one that is being freed may still be there. */
static int
make_rings(struct sy_tap *tap, uint32_t number, int socket)
{
	char name[RTE_RING_NAMESIZE];

	for (uint32_t w = 0; w < tap->n_workers; w++) {
		snprintf(name, sizeof(name), "sy_tap_%u_%u", number, w);
		tap->workers[w].ring =
			rte_ring_create(name, RING_COPIES, socket, RING_F_SP_ENQ | RING_F_SC_DEQ);
		if (tap->workers[w].ring == NULL)
			return -ENOMEM;
	}
	snprintf(name, sizeof(name), "sy_tap_%u", number);
	tap->pool = rte_pktmbuf_pool_create(name, SY_TAP_BUFFERS - 1, CACHED,
		RTE_ALIGN(sizeof(struct sy_tap_note), RTE_MBUF_PRIV_ALIGN), BUFFER_BYTES, socket);
	return tap->pool != NULL ? 0 : -ENOMEM;
}

int
sy_tap_create(const struct sy_tap_params *params, struct sy_tap **tap, struct sy_error *error)
{
	static uint32_t number; /* management core */
	const size_t size = sizeof(**tap) + params->n_workers * sizeof(struct tap_worker);
	struct sy_tap *t = rte_zmalloc_socket("sy_tap", size, 64, params->socket);
	int status = 0;

	if (t == NULL)
		return sy_error_set(error, -ENOMEM, "no memory for a capture");
	t->drops = params->drops;
	t->snaplen = params->snaplen;
	t->stages = params->stages;
	t->ports = params->ports;
	t->n_workers = params->n_workers;
	if (params->n_filter > 0)
		status = load_filter(t, params, error);
	if (status == 0 && make_rings(t, number++, params->socket) != 0)
		status = sy_error_set(error, -ENOMEM,
			"no memory for a capture's %d buffers: free some hugepages for it, or make the "
			"file's max_flows smaller",
			SY_TAP_BUFFERS);
	if (status != 0) {
		sy_tap_destroy(t);
		return status;
	}
	*tap = t;
	return 0;
}

void
sy_tap_destroy(struct sy_tap *tap)
{
	struct rte_mbuf *copy;

	if (tap == NULL)
		return;
	for (uint32_t w = 0; w < tap->n_workers; w++) {
		while (tap->workers[w].ring != NULL && (copy = sy_tap_take(tap, w)) != NULL)
			rte_pktmbuf_free(copy);
		rte_ring_free(tap->workers[w].ring);
	}
	rte_mempool_free(tap->pool);
	rte_free(tap);
}

struct rte_mbuf *
sy_tap_take(struct sy_tap *tap, uint32_t worker)
{
	void *copy;

	return rte_ring_sc_dequeue(tap->workers[worker].ring, &copy) == 0 ? copy : NULL;
}

struct sy_tap_counters
sy_tap_counters(const struct sy_tap *tap, uint32_t worker)
{
	return tap->workers[worker].counters;
}

bool
sy_tap_wants(const struct sy_tap *tap, enum sy_tap_stage stage)
{
	return (tap->stages >> stage & 1) != 0;
}

bool
sy_tap_wants_drop(const struct sy_tap *tap, enum sy_drop reason)
{
	return sy_tap_wants(tap, SY_TAP_DROPPED) && (tap->drops >> reason & 1) != 0;
}

static_assert(SY_N_DROPS <= 64, "a bit for each reason");
static_assert(SY_MAX_PORTS <= 32, "a bit for each port");

struct sy_tap_note *
sy_tap_note(struct rte_mbuf *copy)
{
	return rte_mbuf_to_priv(copy);
}

/* What is not in the first segment does not exist for the filter: headers are. */
static bool
matches(const struct sy_tap *tap, const struct rte_mbuf *mbuf)
{
	return tap->n_filter == 0 ||
		bpf_filter(tap->filter, rte_pktmbuf_mtod(mbuf, const u_char *), mbuf->pkt_len,
			mbuf->data_len) != 0;
}

/* A packet without a port counts with the first: nobody knows better. */
static uint32_t
row_of(uint32_t port)
{
	return port < SY_MAX_PORTS ? port : 0;
}

struct rte_mbuf *
sy_tap_copy(struct sy_tap *tap, uint32_t worker, struct rte_mbuf *mbuf, uint32_t port)
{
	struct rte_mbuf *copy;

	if ((tap->ports >> row_of(port) & 1) == 0 || !matches(tap, mbuf))
		return NULL;
	copy = rte_pktmbuf_copy(mbuf, tap->pool, 0, tap->snaplen);
	if (copy == NULL) {
		tap->workers[worker].counters.lost[row_of(port)]++;
		return NULL;
	}
	*sy_tap_note(copy) = (struct sy_tap_note){
		.tsc = rte_rdtsc(),
		.length = mbuf->pkt_len,
		.service = SY_TAP_NONE,
		.backend = SY_TAP_NONE,
		.port = port < SY_MAX_PORTS ? (uint8_t)port : UINT8_MAX,
		.out_port = UINT8_MAX,
		.worker = (uint8_t)worker,
		.from_worker = UINT8_MAX,
	};
	return copy;
}

void
sy_tap_post(struct sy_tap *tap, uint32_t worker, struct rte_mbuf *copy)
{
	struct tap_worker *own = &tap->workers[worker];
	const uint32_t row = row_of(sy_tap_note(copy)->port);

	if (rte_ring_sp_enqueue(own->ring, copy) != 0) {
		own->counters.lost[row]++;
		rte_pktmbuf_free(copy);
		return;
	}
	own->counters.copied[row]++;
}

void
sy_tap_forget(struct rte_mbuf *copy)
{
	rte_pktmbuf_free(copy);
}
