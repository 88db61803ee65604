/* SPDX-License-Identifier: BSD-3-Clause */
#include "sy/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Looks at what is open, not at the path, which may be another file by then. */
static int
check_rights(int fd, const char *path, struct sy_error *error)
{
	struct stat status;

	if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
		return sy_error_set(error, -EINVAL, "%s: expected a regular file", path);
	if (status.st_uid != 0 && status.st_uid != geteuid())
		return sy_error_set(error, -EPERM,
			"%s: it belongs to user %u; give it to root, and change the secret", path,
			(unsigned int)status.st_uid);
	if ((status.st_mode & 077) != 0)
		return sy_error_set(error, -EPERM,
			"%s: others than its owner may use it (mode %04o); chmod 600 it, and change the secret",
			path, (unsigned int)status.st_mode & 07777);
	return 0;
}

static bool
is_plain(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return false;
	}
	return true;
}

static int
read_text(int fd, const char *path, char *text, size_t size, struct sy_error *error)
{
	ssize_t n = read(fd, text, size);

	if (n < 0)
		return sy_error_set(error, -errno, "%s: cannot be read: %s", path, strerror(errno));
	if ((size_t)n == size)
		return sy_error_set(
			error, -E2BIG, "%s: expected at most %zu bytes", path, size - 1);
	while (n > 0 && strchr(" \t\r\n", text[n - 1]) != NULL)
		n--;
	text[n] = '\0';
	if (n == 0 || !is_plain(text, (size_t)n))
		return sy_error_set(error, -EINVAL, "%s: expected one line of text", path);
	return 0;
}

int
sy_secret_read(const char *path, char *text, size_t size, struct sy_error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	int code;

	text[0] = '\0';
	if (fd < 0 && errno == ELOOP)
		return sy_error_set(error, -ELOOP,
			"%s: it is a symbolic link; name the file that it leads to (..data/token "
			"beside it, in a volume of Kubernetes)",
			path);
	if (fd < 0)
		return sy_error_set(
			error, -errno, "%s: cannot be opened: %s", path, strerror(errno));
	code = check_rights(fd, path, error);
	if (code == 0)
		code = read_text(fd, path, text, size, error);
	if (code != 0)
		explicit_bzero(text, size);
	close(fd);
	return code;
}
