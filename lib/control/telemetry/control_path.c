/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The control socket's file.
 *
 * A daemon that was killed leaves its file behind, so one that nobody listens on
 * is removed.  Between looking and removing, another daemon might make its own:
 * so the folder is locked from the look until the new socket listens.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control.h"

#define BACKLOG 64
#define LOCK_TRIES 20
#define LOCK_WAIT_US 50000

static int
path_address(const char *path, struct sockaddr_un *address, struct sy_error *error)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (path[0] != '/' || strlen(path) >= sizeof(address->sun_path))
		return sy_error_set(error, -EINVAL,
			"control socket '%s': expected an absolute path shorter than %zu characters",
			path, sizeof(address->sun_path));
	strcpy(address->sun_path, path);
	return 0;
}

/* Another daemon that starts holds the lock for a moment; someone else might for ever. */
static int
lock_folder(int fd)
{
	for (int i = 0; i < LOCK_TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		usleep(LOCK_WAIT_US);
	}
	return -EBUSY;
}

/* Opens and locks the folder of path, which it makes if need be. */
static int
open_folder(const char *path, struct sy_error *error)
{
	char folder[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	int fd, status;

	strcpy(folder, path);
	*(strrchr(folder, '/') + 1) = '\0';
	if (mkdir(folder, 0755) != 0 && errno != EEXIST)
		return sy_error_set(error, -errno, "control socket: cannot make the folder %s: %s",
			folder, strerror(errno));
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return sy_error_set(
			error, -errno, "control socket: folder %s: %s", folder, strerror(errno));
	status = lock_folder(fd);
	if (status == 0)
		return fd;
	close(fd);
	return sy_error_set(error, status, "control socket: cannot lock the folder %s: %s", folder,
		strerror(-status));
}

/* 0 when the path is free now. */
static int
clear_path(const struct sockaddr_un *address, struct sy_error *error)
{
	const char *path = address->sun_path;
	struct stat file;
	int fd, status;

	if (lstat(path, &file) != 0)
		return errno == ENOENT ? 0
				       : sy_error_set(error, -errno, "control socket %s: %s", path,
						 strerror(errno));
	if (!S_ISSOCK(file.st_mode))
		return sy_error_set(error, -EEXIST,
			"control socket %s: a file that is no socket stands there: remove it, or "
			"set \"control\": { \"socket\": ... }",
			path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return sy_error_set(error, -errno, "control socket: %s", strerror(errno));
	status = connect(fd, (const struct sockaddr *)address, sizeof(*address)) != 0 ? errno : 0;
	close(fd);
	if (status != ECONNREFUSED && status != ENOENT)
		return sy_error_set(error, -EADDRINUSE,
			"control socket %s: another daemon listens on it: stop it, or set "
			"\"control\": { \"socket\": ... }",
			path);
	if (unlink(path) != 0 && errno != ENOENT)
		return sy_error_set(error, -errno, "control socket %s: cannot remove: %s", path,
			strerror(errno));
	return 0;
}

/* The mode is right from the file's first moment on: the mask leaves the owner alone. */
static int
bind_and_listen(int fd, const struct sockaddr_un *address, gid_t group, struct sy_error *error)
{
	const char *path = address->sun_path;
	mode_t mask = umask(0177);
	int status = bind(fd, (const struct sockaddr *)address, sizeof(*address));

	umask(mask);
	if (status != 0)
		return sy_error_set(error, -errno, "control socket %s: %s", path, strerror(errno));
	if (group != (gid_t)-1 && (chown(path, (uid_t)-1, group) != 0 || chmod(path, 0660) != 0)) {
		status = sy_error_set(error, -errno,
			"control socket %s: cannot give it to its group: %s", path,
			strerror(errno));
		unlink(path);
		return status;
	}
	if (listen(fd, BACKLOG) != 0) {
		status =
			sy_error_set(error, -errno, "control socket %s: %s", path, strerror(errno));
		unlink(path);
		return status;
	}
	return 0;
}

int
sy_control_listen(const char *path, gid_t group, struct sy_error *error)
{
	struct sockaddr_un address;
	int folder;
	int fd = -1;
	int status = path_address(path, &address, error);

	if (status != 0)
		return status;
	folder = open_folder(path, error);
	if (folder < 0)
		return folder;
	status = clear_path(&address, error);
	if (status == 0) {
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		status = fd >= 0
			? bind_and_listen(fd, &address, group, error)
			: sy_error_set(error, -errno, "control socket: %s", strerror(errno));
	}
	close(folder);
	if (status == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return status;
}
