/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_DIFF_H
#define SY_DIFF_H

/*
 * What is different between two checked configurations, key by key.
 *
 * The descriptor table drives it, so that a new key is compared without a word
 * here.  Elements of lists are matched by what names them (their first key), not
 * by their place.  Any thread; nothing is kept.
 */
#include "sy/config.h"

enum sy_change_kind {
	SY_CHANGE_ADDED, /* an element of a list; to names it again */
	SY_CHANGE_REMOVED,
	SY_CHANGE_CHANGED, /* a value: from one to another */
};

struct sy_config_change {
	enum sy_change_kind kind;
	bool needs_restart; /* a running daemon refuses it */
	const char *path; /* keys and names: "pools/web/backends/web1/weight" */
	const char *from; /* of SY_CHANGE_CHANGED, else NULL; lists as "a, b" */
	const char *to;
};

/* How many of each there are. */
struct sy_config_changes {
	uint32_t n[SY_CHANGE_CHANGED + 1];
	uint32_t n_refused; /* of them, those that need a restart */
};

const char *sy_change_name(enum sy_change_kind kind); /* "added", "removed", "changed" */

/* Calls found (NULL: counts alone) for each change in the table's order, added and removed elements
 * without what they hold.  What it is given lasts until it returns.  0 or -ENOMEM. */
int sy_config_diff(const struct sy_config *current, const struct sy_config *next,
	void (*found)(void *context, const struct sy_config_change *change), void *context,
	struct sy_config_changes *changes);

/* "2 added, 1 removed, 3 changed", or "nothing"; returns text. */
#define SY_CHANGES_TEXT 64
const char *sy_changes_text(const struct sy_config_changes *changes, char text[SY_CHANGES_TEXT]);

#endif /* SY_DIFF_H */
