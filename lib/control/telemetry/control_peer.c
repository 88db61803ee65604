/* SPDX-License-Identifier: BSD-3-Clause */
/* Who may use the control socket: root, the daemon's own user, and members of one group. */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control.h"

#define MOST_GROUPS 65536 /* NGROUPS_MAX */

static bool
is_member(int fd, gid_t group)
{
	socklen_t size = MOST_GROUPS * sizeof(gid_t);
	gid_t *groups = malloc(size);
	bool found = false;

	if (groups == NULL)
		return false;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) == 0) {
		for (size_t i = 0; i < size / sizeof(gid_t); i++)
			found |= groups[i] == group;
	}
	free(groups);
	return found;
}

bool
sy_control_admit(int fd, gid_t group, struct sy_caller *caller)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	*caller = (struct sy_caller){ .uid = (uid_t)-1 };
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
		return false;
	*caller = (struct sy_caller){ .uid = peer.uid, .pid = peer.pid };
	if (peer.uid == 0 || peer.uid == geteuid())
		return true;
	return group != (gid_t)-1 && (peer.gid == group || is_member(fd, group));
}
