/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_EXPLAIN_H
#define SY_EXPLAIN_H

/*
 * What would become of a client's packet now, step by step, and what is known of
 * its flow.
 *
 * The workers are asked first (struct sy_inquiry): the flow is theirs, and so is
 * what decides the next pick.  The rest is read from the snapshot that they use,
 * by the functions that they use, and from the registry, which knows why a
 * backend is no candidate.  Nothing is changed, and the cost is that of one
 * service: one look-up for each worker, and the backends of one pool.
 *
 * Management core only.
 */
#include <stdbool.h>
#include <stdint.h>

#include "sy/error.h"
#include "sy/mailbox.h"
#include "sy/registry.h"
#include "sy/snapshot.h"
#include "sy/versions.h"

#define SY_EXPLAIN_STEPS 12
#define SY_EXPLAIN_CANDIDATES 256 /* of one pool; more are counted only */

struct sy_explain_step {
	const char *name; /* a word: "arrival", "service", ... */
	char text[640];
};

struct sy_explain_candidate {
	uint32_t backend; /* id */
	bool picked;
	bool eligible; /* the scheduler knows it */
	bool has_score;
	uint16_t weight; /* that the scheduler goes by */
	uint16_t tier;
	uint32_t active; /* live flows, as the worker counts */
	double score;
	char note[192]; /* why it is not eligible, or what else holds of it; may be empty */
};

enum sy_explain_verdict {
	SY_EXPLAIN_FLOW, /* there is a flow: the packet goes where it goes */
	SY_EXPLAIN_NEW, /* it would make one, to backend */
	SY_EXPLAIN_STATELESS, /* it would be served without one */
	SY_EXPLAIN_REFUSED, /* it would be refused or dropped */
	SY_EXPLAIN_HOST, /* it is for the host itself */
	SY_EXPLAIN_PASSED, /* it is for nobody here: the host routes it, if told to */
};

struct sy_explanation {
	uint8_t verdict; /* enum sy_explain_verdict */
	char summary[320]; /* the answer in a sentence */
	uint64_t snapshot; /* version that holds now */
	uint32_t worker; /* that has the flow, or would */
	uint32_t service; /* id, or SY_NONE */
	uint32_t backend; /* id, or SY_NONE */
	bool has_flow;
	struct sy_flow_record flow;
	struct sy_version_note made; /* the flow was made under it; number 0: it is not known */
	const char *drop; /* why it is refused: a drop reason's name; NULL */
	uint32_t pool; /* that serves, or is meant to; SY_NONE */
	const struct sy_scheduler *scheduler; /* NULL: nobody can serve */
	uint32_t n_steps;
	struct sy_explain_step steps[SY_EXPLAIN_STEPS];
	uint32_t n_candidates;
	uint32_t n_more; /* candidates without a row */
	struct sy_explain_candidate candidates[SY_EXPLAIN_CANDIDATES];
};

/* What the daemon knows. */
struct sy_explain_context {
	struct sy_registry *registry;
	const struct sy_live *live;
	const struct sy_routes *routes;
	const struct sy_snapshot *snapshot;
	const struct sy_versions *versions; /* NULL: nothing is known of earlier ones */
	const char *steering; /* the rung */
	const struct sy_inquiry *inquiries; /* [n_workers], answered */
	uint32_t n_workers;
};

/* Reads "192.0.2.1:40000" or "[2001:db8::1]:40000", and "192.0.2.80:80/tcp" (udp, sctp) of the same
 * family.  0, or -EINVAL with error filled and tuple as it was. */
int sy_explain_parse(
	const char *client, const char *vip, struct sy_tuple *tuple, struct sy_error *error);

void sy_explain_build(const struct sy_explain_context *context, struct sy_explanation *explanation);

const char *sy_explain_verdict_name(uint8_t verdict); /* "flow", "new", ... */

#endif /* SY_EXPLAIN_H */
