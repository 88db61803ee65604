/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_BREAKER_H
#define SY_BREAKER_H

/*
 * A backend's circuit breaker: one state machine for ejection, its back-off and
 * the trial behind it.  Pure functions; the times are sy_time_us()'s.
 *
 *	closed --(fails)--> open --(time over, or probes saw it down and up)--> trial
 *	   ^                 ^                                                  |  |
 *	   |                 '-------------(a connection fails)-----------------'  |
 *	   '------------(enough succeed, or none fails in an interval)-------------'
 *
 * A backend fails when connections failed `failures` times in a row, when its share of
 * failures stands out among its peers, or when probes found it down too often (flaps).
 * Figures and limits are those of Envoy's outlier detection: each opening lasts `base`
 * times the number of openings that are remembered, at most `longest`.  One is
 * forgotten after the breaker has been closed for as long as it was last open.
 *
 * Whether one that fails may be ejected depends on its peers: the caller
 * decides and then calls sy_breaker_open().
 */
#include <stdbool.h>
#include <stdint.h>

#include "sy/registry.h"

enum breaker_cause {
	BREAKER_FINE,
	BREAKER_IN_A_ROW, /* connections failed one after another */
	BREAKER_OUTLIER, /* more of them failed than its peers'; the caller's own finding */
	BREAKER_FLAPS, /* its probes found it down too often */
	BREAKER_TRIAL, /* it failed when it was tried */
};

struct breaker {
	uint8_t state; /* enum sy_breaker_state */
	bool flapped; /* down since the last opening */
	bool was_down; /* found down by its probes while open */
	bool held; /* open for flapping: probes do not end it */
	uint16_t n_openings; /* remembered */
	uint8_t n_downs; /* in downs_us */
	uint32_t n_failed; /* in a row */
	uint32_t n_succeeded; /* of the trial */
	uint64_t since_us; /* of the state, or of the last opening that was forgotten */
	uint64_t lasts_us; /* the last opening */
	uint64_t downs_us[SY_MAX_FLAPS]; /* the last ones, oldest first */
};

/* What was counted since the last look. */
struct breaker_news {
	uint32_t n_failed; /* connections */
	uint32_t n_late; /* of these, begun long ago: they say nothing of a trial */
	uint32_t n_succeeded;
};

/* What the news says of the backend.  Time moves the state on: open to trial, trial to closed. */
enum breaker_cause sy_breaker_look(struct breaker *breaker, const struct sy_passive_config *config,
	const struct breaker_news *news, uint64_t now_us);

/* Returns how long it will be open, microseconds. */
uint64_t sy_breaker_open(struct breaker *breaker, const struct sy_passive_config *config,
	enum breaker_cause cause, uint64_t now_us);

/* Its probes have found it down, or up again. */
void sy_breaker_note(struct breaker *breaker, bool up, uint64_t now_us);

#endif /* SY_BREAKER_H */
