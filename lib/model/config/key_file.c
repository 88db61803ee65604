/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "key_file.h"
#include "table.h"

#define MAX_BYTES 256 /* of a file, keys are shorter */

/* Looks at what is open, not at the path, which may be another file by then. */
static int
check_rights(int fd, char fault[SY_KEY_FILE_FAULT])
{
	struct stat status;

	if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
		snprintf(fault, SY_KEY_FILE_FAULT, "which is no file");
		return -EINVAL;
	}
	if ((status.st_mode & 077) == 0)
		return 0;
	snprintf(fault, SY_KEY_FILE_FAULT,
		"which others than its owner may use (mode %04o); chmod 600 it, and change the key",
		(unsigned int)status.st_mode & 07777);
	return -EINVAL;
}

static int
read_digits(int fd, uint8_t *key, size_t n_bytes, char fault[SY_KEY_FILE_FAULT])
{
	char text[MAX_BYTES];
	ssize_t n = read(fd, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	while (n > 0 && strchr(" \t\r\n", text[n - 1]) != NULL)
		text[--n] = '\0';
	if (n == (ssize_t)(2 * n_bytes) && sy_hex_read(text, key, n_bytes))
		return 0;
	snprintf(fault, SY_KEY_FILE_FAULT, "expected %zu hexadecimal digits in it", 2 * n_bytes);
	return -EINVAL;
}

int
sy_config_read_key(const char *path, uint8_t *key, size_t n_bytes, char fault[SY_KEY_FILE_FAULT])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int code;

	if (fd < 0) {
		snprintf(fault, SY_KEY_FILE_FAULT, "which cannot be opened: %s", strerror(errno));
		return -EINVAL;
	}
	code = check_rights(fd, fault);
	if (code == 0)
		code = read_digits(fd, key, n_bytes, fault);
	close(fd);
	return code;
}
