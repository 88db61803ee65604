/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_TEST_CONFIG_TEXT_H
#define SY_TEST_CONFIG_TEXT_H

/* JSON in C: tests write it with single quotes, which become double ones. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sy/config.h"
#include "unit.h"

#define WAN "{'name':'wan','device':'net_null0','addresses':['10.0.0.1/24','2001:db8::1/64']}"
#define LAN "{'name':'lan','device':'net_null1','addresses':['10.1.0.1/16']}"
#define PORTS "'ports':[" WAN "," LAN "]"
#define WEB "{'name':'web','backends':[{'name':'b1','address':'10.1.0.11','port':80}]}"
#define WWW "{'name':'www','address':'10.0.0.80','port':80,'pool':'web'}"

static inline int
parse_quoted(const char *quoted, const struct sy_config_names *names, struct sy_config **config,
	struct sy_error *error)
{
	char *text = strdup(quoted);
	int code;

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	for (char *c = text; *c != '\0'; c++)
		if (*c == '\'')
			*c = '"';
	error->text[0] = '\0';
	code = sy_config_parse("t.json", text, strlen(text), names, config, error);
	free(text);
	return code;
}

/* A text and what is told of it; NULL: that it is right. */
struct told {
	const char *text;
	const char *message;
};

static inline void
check_told(const struct told *cases, size_t n, const struct sy_config_names *names)
{
	for (size_t i = 0; i < n; i++) {
		struct sy_config *config = NULL;
		struct sy_error error;
		int code = parse_quoted(cases[i].text, names, &config, &error);
		const char *message = cases[i].message != NULL ? cases[i].message : "";

		if (strcmp(error.text, message) != 0)
			printf("# %s\n# told     %s\n# expected %s\n", cases[i].text, error.text,
				message);
		CU_ASSERT_STRING_EQUAL(error.text, message);
		CU_ASSERT_EQUAL(code, cases[i].message != NULL ? -22 : 0);
		CU_ASSERT_EQUAL(config != NULL, cases[i].message == NULL);
		sy_config_free(config);
	}
}

#endif /* SY_TEST_CONFIG_TEXT_H */
