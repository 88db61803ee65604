/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sy/secret.h"
#include "unit.h"

static char path[] = "/tmp/steelyard-secret-XXXXXX";

static void
write_file(const char *text, size_t length, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_TRUNC);

	CU_ASSERT_TRUE_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(write(fd, text, length), (ssize_t)length);
	CU_ASSERT_EQUAL(fchmod(fd, mode), 0);
	close(fd);
}

static void
test_read(void)
{
	static const char *const texts[] = { "s3cret", "s3cret\n", "s3cret \r\n\n" };
	struct sy_error error = { "" };
	char text[16];

	for (size_t i = 0; i < SY_UNIT_COUNT(texts); i++) {
		write_file(texts[i], strlen(texts[i]), i == 0 ? 0400 : 0600);
		CU_ASSERT_EQUAL(sy_secret_read(path, text, sizeof(text), &error), 0);
		CU_ASSERT_STRING_EQUAL(text, "s3cret");
	}
	write_file("user:a b c", 10, 0600);
	CU_ASSERT_EQUAL(sy_secret_read(path, text, sizeof(text), &error), 0);
	CU_ASSERT_STRING_EQUAL(text, "user:a b c");
}

static void
test_rights(void)
{
	static const mode_t modes[] = { 0640, 0604, 0620, 0666, 0601 };
	struct sy_error error;
	char text[16];

	for (size_t i = 0; i < SY_UNIT_COUNT(modes); i++) {
		write_file("s3cret", 6, modes[i]);
		CU_ASSERT_EQUAL(sy_secret_read(path, text, sizeof(text), &error), -EPERM);
		CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "others than its owner may use it"));
		CU_ASSERT_STRING_EQUAL(text, "");
	}
}

static void
test_owner(void)
{
	struct sy_error error;
	char text[16];

	if (geteuid() != 0) {
		sy_unit_skip("only root can give a file away");
		return;
	}
	write_file("s3cret", 6, 0600);
	CU_ASSERT_EQUAL(chown(path, 65534, (gid_t)-1), 0);
	CU_ASSERT_EQUAL(sy_secret_read(path, text, sizeof(text), &error), -EPERM);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "it belongs to user 65534"));
	CU_ASSERT_STRING_EQUAL(text, "");
	CU_ASSERT_EQUAL(chown(path, 0, (gid_t)-1), 0);
}

static void
test_link(void)
{
	struct sy_error error;
	char link_path[sizeof(path) + 8];
	char text[16];

	write_file("s3cret", 6, 0600);
	snprintf(link_path, sizeof(link_path), "%s-link", path);
	CU_ASSERT_EQUAL_FATAL(symlink(path, link_path), 0);
	CU_ASSERT_EQUAL(sy_secret_read(link_path, text, sizeof(text), &error), -ELOOP);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "symbolic link"));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "..data/token"));
	unlink(link_path);
}

static void
test_nonsense(void)
{
	static const struct {
		const char *text;
		size_t length;
		int code;
	} rows[] = {
		{ "", 0, -EINVAL },
		{ "\n", 1, -EINVAL },
		{ "two\nlines", 9, -EINVAL },
		{ "a\0b", 3, -EINVAL },
		{ "0123456789abcdef", 16, -E2BIG },
	};
	struct sy_error error;
	char text[16];

	for (size_t i = 0; i < SY_UNIT_COUNT(rows); i++) {
		write_file(rows[i].text, rows[i].length, 0600);
		CU_ASSERT_EQUAL(sy_secret_read(path, text, sizeof(text), &error), rows[i].code);
	}
	CU_ASSERT_EQUAL(sy_secret_read("/nowhere/at/all", text, sizeof(text), &error), -ENOENT);
	CU_ASSERT_EQUAL(sy_secret_read("/dev/null", text, sizeof(text), &error), -EINVAL);
	CU_ASSERT_EQUAL(sy_secret_read("/tmp", text, sizeof(text), &error), -EINVAL);
}

static const struct sy_test tests[] = {
	{ "a secret is a file's one line", test_read },
	{ "a file that others may use is refused", test_rights },
	{ "a file of another user is refused", test_owner },
	{ "a link to a secret is refused", test_link },
	{ "what is no secret is refused", test_nonsense },
};

int
main(int argc, char **argv)
{
	int fd = mkstemp(path);
	int status;

	if (fd < 0)
		return 1;
	close(fd);
	status = sy_unit_run("base_secret", tests, SY_UNIT_COUNT(tests), argc, argv);
	unlink(path);
	return status;
}
