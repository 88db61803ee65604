/* SPDX-License-Identifier: BSD-3-Clause */
/* How full local ports are: management core. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

#include "sy/local_use.h"
#include "worker.h"

static void
find(const struct sy_worker *worker, const struct sy_local_end *end, struct sy_local_use *use)
{
	if (worker->local_ports != NULL)
		sy_local_ports_find(worker->local_ports, end, use);
	else
		*use = (struct sy_local_use){ .n_taken = 0 };
}

static void
sum_up(struct sy_worker *const workers[], uint32_t n_workers, const struct sy_local_end *end,
	struct sy_local_row *row)
{
	*row = (struct sy_local_row){ .end = *end };
	for (uint32_t w = 0; w < n_workers; w++) {
		struct sy_local_use use;
		uint32_t percent;

		find(workers[w], end, &use);
		percent = use.n_ports > 0 ? (uint32_t)(use.n_taken * 100ull / use.n_ports) : 0;
		row->n_taken += use.n_taken;
		row->n_ports += use.n_ports;
		row->tight |= use.tight;
		if (percent > row->fullest_percent) {
			row->fullest_percent = percent;
			row->fullest = w;
		}
	}
}

/* A pair that an earlier worker has too has been told of there. */
static bool
is_told(struct sy_worker *const workers[], uint32_t n, const struct sy_local_end *end)
{
	struct sy_local_use use = { .n_taken = 0 };

	for (uint32_t w = 0; w < n && use.n_taken == 0; w++)
		find(workers[w], end, &use);
	return use.n_taken > 0;
}

bool
sy_local_walk_next(struct sy_local_walk *walk, struct sy_worker *const workers[],
	uint32_t n_workers, struct sy_local_row *row)
{
	for (; walk->worker < n_workers; walk->worker++, walk->place = 0) {
		const struct sy_local_ports *ports = workers[walk->worker]->local_ports;

		while (ports != NULL && walk->place < sy_local_ports_max_ends(ports)) {
			struct sy_local_use use;

			if (!sy_local_ports_use(ports, walk->place++, &use) ||
				is_told(workers, walk->worker, &use.end))
				continue;
			sum_up(workers, n_workers, &use.end, row);
			return true;
		}
	}
	return false;
}

struct sy_local_ports_counters
sy_local_sum(struct sy_worker *const workers[], uint32_t n_workers)
{
	struct sy_local_ports_counters sum = { .taken = 0 };

	for (uint32_t w = 0; w < n_workers; w++) {
		struct sy_local_ports_counters one = sy_worker_local_ports(workers[w]);

		sum.taken += one.taken;
		sum.exhausted += one.exhausted;
		sum.refused += one.refused;
		sum.n_ends += one.n_ends;
		sum.n_tight += one.n_tight;
	}
	return sum;
}

/* Of those that are tight the one that is fullest.  Returns how many are. */
static uint32_t
find_fullest(struct sy_worker *const workers[], uint32_t n_workers, struct sy_local_row *fullest)
{
	struct sy_local_walk walk = { 0, 0 };
	struct sy_local_row row;
	uint32_t n = 0;

	while (sy_local_walk_next(&walk, workers, n_workers, &row)) {
		if (!row.tight)
			continue;
		if (n++ == 0 || row.fullest_percent > fullest->fullest_percent)
			*fullest = row;
	}
	return n;
}

static const char *
protocol_word(uint8_t protocol)
{
	if (protocol == IPPROTO_TCP)
		return "TCP";
	return protocol == IPPROTO_UDP ? "UDP" : "SCTP";
}

static void
write_tight(const struct sy_local_row *row, uint32_t n, const struct sy_local_ports_counters *sum,
	char text[SY_LOCAL_TEXT])
{
	char local[SY_IP_TEXT], backend[SY_IP_TEXT], more[48] = "";

	if (n > 1)
		snprintf(more, sizeof(more), ", and of %u more pairs", n - 1);
	snprintf(text, SY_LOCAL_TEXT,
		"local ports run out: of %s to %s port %u (%s) %u %% of worker %u's share are taken%s; "
		"%lu times there was none left so far: add to local_addresses, or backends to the pool "
		"('show locals' has all)",
		sy_addr_text(row->end.family, &row->end.local, local),
		sy_addr_text(row->end.family, &row->end.backend, backend),
		ntohs(row->end.backend_port_be), protocol_word(row->end.protocol),
		row->fullest_percent, row->fullest, more, sum->exhausted);
}

static bool
is_due(uint64_t told_us, uint64_t now_us)
{
	return told_us == 0 || now_us - told_us >= SY_LOCAL_NEWS_S * UINT64_C(1000000);
}

static enum sy_local_news
judge_room(
	struct sy_local_alarm *alarm, uint64_t refused, uint64_t now_us, char text[SY_LOCAL_TEXT])
{
	if (refused == alarm->refused || !is_due(alarm->room_told_us, now_us))
		return SY_LOCAL_NO_NEWS;
	snprintf(text, SY_LOCAL_TEXT,
		"%lu flows were refused: there is no room for the ports of another pair of local address "
		"and backend: raise max_local_ends",
		refused - alarm->refused);
	alarm->refused = refused;
	alarm->room_told_us = now_us;
	return SY_LOCAL_NO_ROOM;
}

enum sy_local_news
sy_local_alarm_judge(struct sy_local_alarm *alarm, struct sy_worker *const workers[],
	uint32_t n_workers, uint64_t now_us, char text[SY_LOCAL_TEXT])
{
	struct sy_local_ports_counters sum = sy_local_sum(workers, n_workers);
	struct sy_local_row row;
	uint32_t n;

	if (sum.n_tight > 0) {
		alarm->tight_us = now_us;
		n = is_due(alarm->told_us, now_us) ? find_fullest(workers, n_workers, &row) : 0;
		if (n > 0) {
			write_tight(&row, n, &sum, text);
			alarm->tight = true;
			alarm->told_us = now_us;
			return SY_LOCAL_TIGHT;
		}
	} else if (alarm->tight && is_due(alarm->tight_us, now_us)) {
		snprintf(text, SY_LOCAL_TEXT,
			"local ports: each backend has had some to spare for %u s",
			SY_LOCAL_NEWS_S);
		alarm->tight = false;
		alarm->told_us = 0;
		return SY_LOCAL_RELIEVED;
	}
	return judge_room(alarm, sum.refused, now_us, text);
}
