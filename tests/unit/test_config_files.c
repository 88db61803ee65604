/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <glob.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config_text.h"

/* The files in conf/, and reading files at all.  Runs in the source folder. */

static void
test_examples(void)
{
	glob_t examples;
	size_t n = 0;

	CU_ASSERT_EQUAL_FATAL(glob("conf/*.json", 0, NULL, &examples), 0);
	for (size_t i = 0; i < examples.gl_pathc; i++) {
		struct sy_config *config = NULL;
		struct sy_error error = { "" };

		if (strstr(examples.gl_pathv[i], ".schema.") != NULL)
			continue;
		n++;
		CU_ASSERT_EQUAL(sy_config_load(examples.gl_pathv[i], NULL, &config, &error), 0);
		if (error.text[0] != '\0')
			printf("# %s\n", error.text);
		if (config != NULL)
			CU_ASSERT_STRING_EQUAL(config->file, examples.gl_pathv[i]);
		sy_config_free(config);
	}
	CU_ASSERT(n >= 5);
	globfree(&examples);
}

static char *
read_file(const char *path, size_t *length)
{
	FILE *file = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;
	ssize_t n;

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	n = getdelim(&text, &size, '\0', file); /* the whole file: it holds no NUL */
	fclose(file);
	*length = n > 0 ? (size_t)n : 0;
	return text;
}

static void
check_generated(const char *path, int (*write)(FILE *out))
{
	char *expected = NULL;
	size_t expected_length = 0;
	size_t length;
	FILE *out = open_memstream(&expected, &expected_length);
	char *text = read_file(path, &length);
	bool same;

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	CU_ASSERT_EQUAL(write(out), 0);
	fclose(out);
	same = length == expected_length && memcmp(text, expected, length) == 0;
	if (!same)
		printf("# %s is old: run `ninja -C build config-docs`\n", path);
	CU_ASSERT_TRUE(same);
	free(expected);
	free(text);
}

static void
test_generated(void)
{
	FILE *full = fopen("/dev/full", "w");

	check_generated("conf/steelyard.schema.json", sy_config_write_schema);
	check_generated("conf/REFERENCE.md", sy_config_write_reference);
	CU_ASSERT_PTR_NOT_NULL_FATAL(full);
	CU_ASSERT_EQUAL(sy_config_write_schema(full), -EIO);
	CU_ASSERT_EQUAL(sy_config_write_reference(full), -EIO);
	fclose(full);
}

/* A third party's reading of the schema agrees with our own of the files. */
static void
test_schema(void)
{
	int status = system("python3 tests/unit/config_schema.py conf/steelyard.schema.json");

	CU_ASSERT_TRUE_FATAL(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		sy_unit_skip("no python3-jsonschema");
	else
		CU_ASSERT_EQUAL(WEXITSTATUS(status), 0);
}

static void
test_unreadable(void)
{
	struct sy_config *config = NULL;
	struct sy_error error;

	CU_ASSERT_EQUAL(sy_config_load("/nonexistent/x.json", NULL, &config, &error), -ENOENT);
	CU_ASSERT_STRING_EQUAL(
		error.text, "/nonexistent/x.json: cannot open: No such file or directory");
	CU_ASSERT_EQUAL(sy_config_load("/", NULL, &config, &error), -EISDIR);
	CU_ASSERT_STRING_EQUAL(error.text, "/: cannot read: Is a directory");
	CU_ASSERT_EQUAL(sy_config_load("/dev/null", NULL, &config, &error), -EINVAL);
	CU_ASSERT_STRING_EQUAL(error.text,
		"/dev/null:1:1: found the end of the file, expected an object, \"{ ... }\"");
	CU_ASSERT_EQUAL(sy_config_load("/dev/null", NULL, &config, NULL), -EINVAL);
	CU_ASSERT_PTR_NULL(config);
	sy_config_free(NULL);
}

/* A hole on disk, over the limit by a byte. */
static void
test_huge(void)
{
	char path[] = "/tmp/steelyard-config-XXXXXX";
	int fd = mkstemp(path);
	struct sy_config *config = NULL;
	struct sy_error error;

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(ftruncate(fd, (256 << 20) + 1), 0);
	CU_ASSERT_EQUAL(sy_config_load(path, NULL, &config, &error), -E2BIG);
	CU_ASSERT_PTR_NOT_NULL(
		strstr(error.text, "found 268435457 bytes, expected at most 268435456"));
	close(fd);
	unlink(path);
}

/* 10,000 services with 10 backends each, the size that the design promises to reload. */
static void
test_many(void)
{
	enum {
		N_SERVICES = 10000,
		N_BACKENDS = 10
	};
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	struct sy_config *config = NULL;
	struct sy_error error = { "" };

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	fprintf(out, "{\"max_services\":%d,\"max_backends\":%d,\"ports\":[{\"name\":\"wan\",",
		N_SERVICES, N_SERVICES * N_BACKENDS);
	fprintf(out, "\"device\":\"net_null0\",\"addresses\":[\"10.255.0.1/16\"]}],\"pools\":[");
	for (int i = 0; i < N_SERVICES; i++) {
		fprintf(out, "%s{\"name\":\"p%d\",\"backends\":[", i > 0 ? "," : "", i);
		for (int j = 0; j < N_BACKENDS; j++)
			fprintf(out, "%s{\"name\":\"b%d\",\"address\":\"10.%d.%d.%d\",\"port\":80}",
				j > 0 ? "," : "", j, i >> 8, i & 255, j + 1);
		fprintf(out, "]}");
	}
	fprintf(out, "],\"services\":[");
	for (int i = 0; i < N_SERVICES; i++)
		fprintf(out,
			"%s{\"name\":\"s%d\",\"address\":\"192.%d.%d.1\",\"port\":80,"
			"\"pool\":\"p%d\"}",
			i > 0 ? "," : "", i, i >> 8, i & 255, i);
	fprintf(out, "]}");
	fclose(out);
	CU_ASSERT_EQUAL(sy_config_parse("many.json", text, length, NULL, &config, &error), 0);
	CU_ASSERT_STRING_EQUAL(error.text, "");
	CU_ASSERT_PTR_NOT_NULL_FATAL(config);
	CU_ASSERT_EQUAL(config->n_services, N_SERVICES);
	CU_ASSERT_EQUAL(config->services[N_SERVICES - 1].pool, N_SERVICES - 1);
	CU_ASSERT_EQUAL(config->pools[N_SERVICES - 1].n_backends, N_BACKENDS);
	free(text);
	sy_config_free(config);
}

static const struct sy_test tests[] = {
	{ "every example in conf/ loads", test_examples },
	{ "the schema and the reference in conf/ are those of the table", test_generated },
	{ "every example is valid by the schema, and mistakes are not", test_schema },
	{ "a file that cannot be read is told by its name and reason", test_unreadable },
	{ "a file over the limit is refused", test_huge },
	{ "10,000 services with 10 backends each load", test_many },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("config_files", tests, SY_UNIT_COUNT(tests), argc, argv);
}
