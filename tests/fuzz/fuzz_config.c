/* SPDX-License-Identifier: BSD-3-Clause */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "sy/config.h"

/* Whatever is accepted as a configuration must be accepted again, and mean the same, in the way it
 * is printed; whatever is refused must be refused in words. */

static void
check(bool holds)
{
	if (!holds)
		abort();
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	sy_log_set_level(SY_LOG_ERROR); /* warnings about odd pools would be all there is to see */
	return 0;
}

static void
check_printed(const struct sy_config *config)
{
	char *text = sy_config_text(config);
	struct sy_config *again = NULL;
	struct sy_error error;
	char *second;

	if (text == NULL)
		return;
	check(sy_config_parse("printed", text, strlen(text), NULL, &again, &error) == 0);
	second = sy_config_text(again);
	if (second != NULL)
		check(strcmp(text, second) == 0);
	check(sy_config_check_reload(config, again, &error) == 0);
	free(text);
	free(second);
	sy_config_free(again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sy_config *config = NULL;
	struct sy_error error = { "" };
	int code = sy_config_parse("input", (const char *)data, size, NULL, &config, &error);

	check((code == 0) == (config != NULL));
	check((code == 0) == (error.text[0] == '\0'));
	if (code == 0)
		check_printed(config);
	sy_config_free(config);
	return 0;
}
