/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_LOCAL_USE_H
#define SY_LOCAL_USE_H

/*
 * How full local ports are, over all workers, and the alarm before they run out.
 *
 * Each worker has its own share of the ports of a local address and a backend,
 * and a flow belongs to one worker: so what counts is the fullest share, not the
 * sum.  Management core, while workers run; nothing is asked of them.
 */
#include "sy/worker.h"

/* A pair of local address and backend with ports taken. */
struct sy_local_row {
	struct sy_local_end end;
	uint32_t n_taken; /* by all workers */
	uint32_t n_ports; /* of all */
	uint32_t fullest; /* the worker with the least of its share left, */
	uint32_t fullest_percent; /* and how much of it is taken */
	bool tight; /* a worker has taken 7 of 8 */
};

/* Where a walk over all pairs stands: starts with zeros. */
struct sy_local_walk {
	uint32_t worker;
	uint32_t place;
};

/* The next pair, each once; false: there are no more. */
bool sy_local_walk_next(struct sy_local_walk *walk, struct sy_worker *const workers[],
	uint32_t n_workers, struct sy_local_row *row);

/* The workers' counters in one sum. */
struct sy_local_ports_counters sy_local_sum(struct sy_worker *const workers[], uint32_t n_workers);

enum sy_local_news {
	SY_LOCAL_NO_NEWS,
	SY_LOCAL_TIGHT, /* a backend's ports run out */
	SY_LOCAL_NO_ROOM, /* flows were refused: too many pairs of address and backend */
	SY_LOCAL_RELIEVED, /* no backend's do any more */
};

#define SY_LOCAL_NEWS_S 60 /* an alarm that goes on is told as often */
#define SY_LOCAL_TEXT 512

/* Starts with zeros. */
struct sy_local_alarm {
	bool tight; /* that it is was the last to be told */
	uint64_t tight_us; /* when it was seen last, */
	uint64_t told_us; /* and told */
	uint64_t room_told_us;
	uint64_t refused; /* takes that had failed then for want of room for another pair */
};

/* About once a second.  text says what is the matter and what to do about it, unless there are no
 * news. */
enum sy_local_news sy_local_alarm_judge(struct sy_local_alarm *alarm,
	struct sy_worker *const workers[], uint32_t n_workers, uint64_t now_us,
	char text[SY_LOCAL_TEXT]);

#endif /* SY_LOCAL_USE_H */
