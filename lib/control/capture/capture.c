/* SPDX-License-Identifier: BSD-3-Clause */
#include "sy/capture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>

#include "pcapng.h"
#include "sy/time.h"
#include "verdict.h"

#define SMALL_BLOCKS 2048 /* a packet's block without the packet, or any other */

static_assert(SY_TAP_SNAPLEN_MAX + SMALL_BLOCKS <= SY_CAPTURE_ROOM, "any block fits");

/* A tap that has been taken away. */
struct sy_retired_tap {
	struct sy_retired_tap *next;
	struct sy_tap *tap;
	uint64_t token; /* when all workers have reported this, none sees it */
};

enum state {
	HEADER, /* nothing has been read yet */
	PACKETS,
	STATISTICS, /* all packets have been read */
	ENDED,
};

struct sy_capture {
	struct sy_captures *captures;
	struct sy_tap *tap;
	enum state state;
	bool is_stopped; /* the tap is taken away, workers may still see it */
	uint64_t token; /* likewise: see struct sy_retired_tap */
	struct sy_retired_tap *retired; /* memory for its end, so that this cannot fail */
	uint64_t begun_us; /* sy_time_us() */
	uint64_t begun_ns; /* since the epoch, at begun_tsc */
	uint64_t begun_tsc;
	uint64_t end_us;
	uint32_t snaplen;
	uint32_t max_packets;
	uint32_t next_interface; /* of statistics */
	struct sy_capture_totals totals;
	uint64_t written[SY_MAX_PORTS]; /* packets, by interface */
	char expression[SY_CAPTURE_EXPRESSION];
	struct rte_mbuf *heads[SY_MAX_WORKERS]; /* the oldest copy of each */
};

static uint32_t
n_ports(const struct sy_capture *capture)
{
	return sy_registry_config(capture->captures->registry)->n_ports;
}

void
sy_captures_init(struct sy_captures *captures, struct sy_publication *publication,
	struct sy_registry *registry, uint32_t n_workers)
{
	*captures = (struct sy_captures){
		.publication = publication, .registry = registry, .n_workers = n_workers
	};
}

static bool
is_unseen(const struct sy_captures *captures, uint64_t token)
{
	return rte_rcu_qsbr_check(captures->publication->rcu, token, false) == 1;
}

static void
free_first(struct sy_retired_tap **at)
{
	struct sy_retired_tap *retired = *at;

	*at = retired->next;
	sy_tap_destroy(retired->tap);
	free(retired);
}

void
sy_captures_collect(struct sy_captures *captures)
{
	struct sy_retired_tap **at = &captures->retired;

	while (*at != NULL) {
		if (is_unseen(captures, (*at)->token))
			free_first(at);
		else
			at = &(*at)->next;
	}
}

void
sy_captures_fini(struct sy_captures *captures)
{
	while (captures->retired != NULL)
		free_first(&captures->retired);
}

static int
make_tap(struct sy_capture *capture, const struct sy_capture_params *params, struct sy_error *error)
{
	const struct sy_tap_params tap = {
		.filter = params->filter,
		.n_filter = params->n_filter,
		.snaplen = capture->snaplen,
		.stages = params->stages,
		.drops = params->drops,
		.ports = params->ports,
		.n_workers = capture->captures->n_workers,
		.socket = SOCKET_ID_ANY,
	};

	return sy_tap_create(&tap, &capture->tap, error);
}

int
sy_capture_start(struct sy_captures *captures, const struct sy_capture_params *params,
	struct sy_capture **capture, struct sy_error *error)
{
	struct sy_capture *made;
	int status;

	if (captures->running != NULL)
		return sy_error_set(error, -EBUSY,
			"another capture is running: end it, or wait until it has ended "
			"('steelyardctl audit' tells who began it)");
	made = calloc(1, sizeof(*made));
	if (made != NULL)
		made->retired = calloc(1, sizeof(*made->retired));
	if (made == NULL || made->retired == NULL) {
		free(made);
		return sy_error_set(error, -ENOMEM, "out of memory");
	}
	made->captures = captures;
	made->snaplen = RTE_MIN(params->snaplen, (uint32_t)SY_TAP_SNAPLEN_MAX);
	made->max_packets = params->max_packets;
	snprintf(made->expression, sizeof(made->expression), "%s",
		params->expression != NULL ? params->expression : "");
	status = make_tap(made, params, error);
	if (status != 0) {
		free(made->retired);
		free(made);
		return status;
	}
	made->begun_us = sy_time_us();
	made->begun_ns = sy_time_wall_us() * 1000;
	made->begun_tsc = rte_rdtsc();
	made->end_us = made->begun_us + params->seconds * UINT64_C(1000000);
	captures->running = made;
	atomic_store_explicit(&captures->publication->tap, made->tap, memory_order_release);
	*capture = made;
	return 0;
}

void
sy_capture_stop(struct sy_capture *capture)
{
	struct sy_publication *publication = capture->captures->publication;

	if (capture->is_stopped)
		return;
	capture->is_stopped = true;
	atomic_store_explicit(&publication->tap, NULL, memory_order_release);
	capture->token = rte_rcu_qsbr_start(publication->rcu);
}

static uint64_t
wall_ns(const struct sy_capture *capture, uint64_t tsc)
{
	uint64_t hz = rte_get_tsc_hz();
	uint64_t cycles = tsc > capture->begun_tsc ? tsc - capture->begun_tsc : 0;

	return capture->begun_ns + cycles / hz * NS_PER_S + cycles % hz * NS_PER_S / hz;
}

static void
write_header(struct sy_capture *capture, struct pcapng_out *out)
{
	const struct sy_config *config = sy_registry_config(capture->captures->registry);

	pcapng_section(out, "steelyard " SY_VERSION,
		"each packet's comment tells what became of it; its queue is the worker");
	for (uint32_t port = 0; port < config->n_ports; port++)
		pcapng_interface(out, config->ports[port].name, config->ports[port].device,
			capture->expression[0] != '\0' ? capture->expression : NULL,
			capture->snaplen);
}

/* The oldest copy of all workers' that have come up; NULL: there is none. */
static struct rte_mbuf *
take_oldest(struct sy_capture *capture)
{
	struct rte_mbuf **oldest = NULL;
	struct rte_mbuf *copy;

	for (uint32_t w = 0; w < capture->captures->n_workers; w++) {
		struct rte_mbuf **head = &capture->heads[w];

		if (*head == NULL)
			*head = sy_tap_take(capture->tap, w);
		if (*head != NULL &&
			(oldest == NULL || sy_tap_note(*head)->tsc < sy_tap_note(*oldest)->tsc))
			oldest = head;
	}
	if (oldest == NULL)
		return NULL;
	copy = *oldest;
	*oldest = NULL;
	return copy;
}

static enum pcapng_direction
direction_of(const struct sy_tap_note *note)
{
	if (note->port == UINT8_MAX)
		return PCAPNG_UNKNOWN;
	return note->stage == SY_TAP_SENT || note->is_leaving ? PCAPNG_OUT : PCAPNG_IN;
}

static void
write_packet(struct sy_capture *capture, struct pcapng_out *out, struct rte_mbuf *copy)
{
	const struct sy_config *config = sy_registry_config(capture->captures->registry);
	const struct verdict_names names = {
		.registry = capture->captures->registry,
		.ports = config->ports,
		.n_ports = config->n_ports,
		.n_workers = capture->captures->n_workers,
	};
	const struct sy_tap_note *note = sy_tap_note(copy);
	char text[VERDICT_TEXT];
	const struct pcapng_packet packet = {
		.time_ns = wall_ns(capture, note->tsc),
		.interface = note->port < config->n_ports ? note->port : 0,
		.captured = copy->pkt_len,
		.length = note->length,
		.queue = note->worker,
		.direction = direction_of(note),
		.comment = verdict_text(&names, note, text),
	};
	uint8_t *bytes = pcapng_packet(out, &packet);

	for (const struct rte_mbuf *part = copy; part != NULL; part = part->next) {
		memcpy(bytes, rte_pktmbuf_mtod(part, const uint8_t *), part->data_len);
		bytes += part->data_len;
	}
	capture->written[packet.interface]++;
	capture->totals.packets++;
}

static bool
is_over(const struct sy_capture *capture)
{
	return (capture->max_packets > 0 && capture->totals.packets >= capture->max_packets) ||
		sy_time_us() >= capture->end_us;
}

/* Returns whether there was no more. */
static bool
write_packets(struct sy_capture *capture, struct pcapng_out *out)
{
	while (out->room - out->n >= SY_TAP_SNAPLEN_MAX + SMALL_BLOCKS) {
		struct rte_mbuf *copy;

		if (capture->max_packets > 0 && capture->totals.packets >= capture->max_packets)
			return true;
		copy = take_oldest(capture);
		if (copy == NULL)
			return true;
		write_packet(capture, out, copy);
		rte_pktmbuf_free(copy);
	}
	return false;
}

static uint64_t
lost_at(const struct sy_capture *capture, uint32_t port)
{
	uint64_t lost = 0;

	for (uint32_t w = 0; w < capture->captures->n_workers; w++)
		lost += sy_tap_counters(capture->tap, w).lost[port];
	return lost;
}

/* What the limit on packets has left over is neither in the file nor lost. */
static void
write_statistics(struct sy_capture *capture, struct pcapng_out *out)
{
	while (capture->next_interface < n_ports(capture) && out->room - out->n >= SMALL_BLOCKS) {
		uint32_t port = capture->next_interface++;
		uint64_t lost = lost_at(capture, port);
		const struct pcapng_statistics statistics = {
			.interface = port,
			.begun_ns = capture->begun_ns,
			.ended_ns = capture->begun_ns + (sy_time_us() - capture->begun_us) * 1000,
			.received = capture->written[port] + lost,
			.dropped = lost,
		};

		pcapng_statistics(out, &statistics);
		capture->totals.lost += lost;
	}
	if (capture->next_interface == n_ports(capture))
		capture->state = ENDED;
}

static void
write_next(struct sy_capture *capture, struct pcapng_out *out)
{
	bool is_last;

	switch (capture->state) {
	case HEADER:
		write_header(capture, out);
		capture->state = PACKETS;
		break;
	case PACKETS:
		if (is_over(capture))
			sy_capture_stop(capture);
		/* In this order: all that came while a worker saw the tap is taken. */
		is_last = capture->is_stopped && is_unseen(capture->captures, capture->token);
		if (write_packets(capture, out) && is_last)
			capture->state = STATISTICS;
		break;
	case STATISTICS:
		write_statistics(capture, out);
		break;
	case ENDED:
		break;
	}
}

size_t
sy_capture_read(struct sy_capture *capture, uint8_t *bytes, size_t room)
{
	struct pcapng_out out = { .bytes = bytes, .room = room };

	write_next(capture, &out);
	capture->totals.bytes += out.n;
	return out.n;
}

bool
sy_capture_has_ended(const struct sy_capture *capture)
{
	return capture->state == ENDED;
}

struct sy_capture_totals
sy_capture_totals(const struct sy_capture *capture)
{
	return capture->totals;
}

void
sy_capture_destroy(struct sy_capture *capture)
{
	struct sy_captures *captures;

	if (capture == NULL)
		return;
	captures = capture->captures;
	sy_capture_stop(capture);
	for (uint32_t w = 0; w < captures->n_workers; w++)
		rte_pktmbuf_free(capture->heads[w]);
	*capture->retired = (struct sy_retired_tap){
		.next = captures->retired,
		.tap = capture->tap,
		.token = capture->token,
	};
	captures->retired = capture->retired;
	captures->running = NULL;
	free(capture);
	sy_captures_collect(captures);
}
