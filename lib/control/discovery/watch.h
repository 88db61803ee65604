/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_WATCH_H
#define SY_WATCH_H

/*
 * One pool's source, and what has come of it: when it is asked, what is believed,
 * what is held.  Management core.
 */
#include "guard.h"
#include "rows.h"
#include "source.h"
#include "sy/discovery.h"
#include "sy/random.h"

struct sy_watch {
	struct sy_source source; /* comes first: reports name it */
	struct sy_discovery *discovery;
	char name[SY_NAME_SIZE]; /* the pool's */
	uint32_t pool; /* its index in the configuration in force */
	struct sy_discovery_config config;
	uv_timer_t *timer; /* the next question, or the end of the wait for an answer */
	uv_timer_t *confirm; /* until time confirms what is held */
	bool asking; /* an answer is awaited */
	bool watching; /* reports come by themselves */
	bool again; /* to be asked once more when it has answered */
	bool trusts_next; /* the source is another one now: its first answer is no surprise */
	bool is_changed; /* rows are not in force yet */
	enum sy_discovery_state state;
	struct sy_guard guard;
	struct sy_found found; /* the last answer, and behind it what is held */
	uint32_t n_held;
	uint32_t n_refused; /* rows that the pool may not have, at the last merge ... */
	uint32_t n_no_room; /* ... and those that there is no room for */
	char refused[SY_FOUND_FAULT]; /* the first of them, and why */
	char error[SY_FOUND_FAULT]; /* the last failure */
	uint32_t n_failures; /* in a row */
	uint64_t n_answers;
	uint64_t last_good_us; /* sy_time_us(); 0: never */
};

/* Begins to ask.  NULL: out of memory. */
struct sy_watch *sy_watch_start(struct sy_discovery *discovery, const struct sy_pool_config *pool);
/* Frees it when the loop has closed its timers. */
void sy_watch_stop(struct sy_watch *watch);
/* Other settings; what was found stays until there is an answer. */
void sy_watch_configure(struct sy_watch *watch, const struct sy_discovery_config *config);
/* Asks now, even who would report by himself. */
void sy_watch_refresh(struct sy_watch *watch);
/* What is held is given up. */
void sy_watch_accept(struct sy_watch *watch, const char *why);

/* The pause after so many failures in a row: from min_refresh, twice as long each time, to refresh, and
 * drawn within a quarter of that. */
uint64_t sy_watch_pause_ms(
	const struct sy_discovery_config *config, uint32_t n_failures, struct sy_random *random);
/* The pause that an answer asks for, 0: none, within min_refresh and refresh. */
uint64_t sy_watch_next_ms(const struct sy_discovery_config *config, uint32_t next_ms);

/* discovery.c: rows of the watch have changed. */
void sy_discovery_changed(struct sy_discovery *discovery, struct sy_watch *watch);
struct sy_random *sy_discovery_random(struct sy_discovery *discovery);
uv_loop_t *sy_discovery_loop(const struct sy_discovery *discovery);

#endif /* SY_WATCH_H */
