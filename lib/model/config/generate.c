/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sy/config.h"

/* config_generate FOLDER: writes the schema and the reference there.  A build tool, not installed. */

static int
generate(const char *folder, const char *name, int (*write)(FILE *out))
{
	char path[4096];
	FILE *out;
	int code;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	out = fopen(path, "w");
	if (out == NULL) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return 1;
	}
	code = write(out);
	if (fclose(out) != 0 || code != 0) {
		fprintf(stderr, "%s: cannot write\n", path);
		return 1;
	}
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
		return 2;
	}
	return generate(argv[1], "steelyard.schema.json", sy_config_write_schema) |
		generate(argv[1], "REFERENCE.md", sy_config_write_reference);
}
