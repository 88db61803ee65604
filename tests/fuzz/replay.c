/* SPDX-License-Identifier: BSD-3-Clause */
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* replay NAME FOLDER: runs the fuzz target over each file of FOLDER and prints TAP.  The name of
 * the file comes first, so that the one that crashes is known. */

#define INPUT_MAX (1 << 20)
#define PATH_TEXT 4096

/* The target need not have one. */
int __attribute__((weak)) LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

static int
replay_file(const char *path)
{
	/* Allocated at its exact size, so that reading past its end is noticed. */
	static uint8_t buffer[INPUT_MAX];
	FILE *file = fopen(path, "rb");
	uint8_t *input;
	size_t size;

	if (file == NULL)
		return -errno;
	size = fread(buffer, 1, sizeof(buffer), file);
	fclose(file);
	input = malloc(size > 0 ? size : 1);
	if (input == NULL)
		return -ENOMEM;
	memcpy(input, buffer, size);
	LLVMFuzzerTestOneInput(input, size);
	free(input);
	return 0;
}

static int
replay_folder(const char *name, const char *folder)
{
	struct dirent **entries;
	char path[PATH_TEXT];
	int n_entries = scandir(folder, &entries, NULL, alphasort);
	int n_inputs = 0;
	int status = 0;

	for (int i = 0; i < n_entries; i++) {
		if (entries[i]->d_name[0] != '.' && status == 0) {
			snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
			printf("# %s\n", path);
			status = replay_file(path);
			n_inputs++;
		}
		free(entries[i]);
	}
	if (n_entries >= 0)
		free(entries);
	/* A target without a corpus would pass without having run. */
	printf("%sok 1 - fuzz corpus: %s holds on its %d inputs\n",
		status == 0 && n_inputs > 0 ? "" : "not ", name, n_inputs);
	return status == 0 && n_inputs > 0 ? 0 : 1;
}

int
main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: %s NAME FOLDER\n", argv[0]);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("1..1\n");
	if (LLVMFuzzerInitialize(&argc, &argv) != 0)
		return 1;
	return replay_folder(argv[1], argv[2]);
}
