/* SPDX-License-Identifier: BSD-3-Clause */
/* QUIC's connection IDs in the file: kinds, server IDs, keys and their files. */
#include <sys/stat.h>
#include <unistd.h>

#include "config_text.h"

#define KEY "8f95f09245765f80256934e50c66207f"
#define B(name, n, more) "{'name':'" name "','address':'10.1.0." n "','port':443" more "}"
#define ID(id) ",'server_id':'" id "'"
#define POOL(backends) "{'name':'web','backends':[" backends "]}"
#define SERVICE(configs) \
	"{'name':'q','address':'10.0.0.80','port':443,'protocol':'udp','pool':'web'," \
	"'quic':{'configs':[\n" configs "]}}"
#define CONFIG(rotation, id, nonce, more) \
	"{'rotation':" rotation ",'server_id_length':" id ",'nonce_length':" nonce more "}"
#define WITH(pools, services) "{" PORTS ",'pools':[\n" pools "],'services':[\n" services "]}"
#define TWO POOL(B("b1", "11", ID("0a0b0c")) "," B("b2", "12", ID("0a0b0d")))

static void
test_faults(void)
{
	static const struct told cases[] = {
		{ WITH(TWO, SERVICE(CONFIG("6", "3", "4", ""))), NULL },
		{ WITH(TWO, SERVICE(CONFIG("6", "3", "4", ",'key':'" KEY "'"))), NULL },
		{ WITH(POOL(B("b1", "11", ID("0A0b")) ",\n" B("b2", "12", ID("0a0B"))), ""),
			"t.json:3:59: pools[0].backends[1].server_id: found \"0a0B\", expected another "
			"server ID than that of pools[0].backends[0]" },
		{ WITH(POOL(B("b1", "11", "") "," B("b2", "12", "")), ""), NULL },
		{ WITH(POOL(B("b1", "11", ID("0a0"))), ""),
			"t.json:2:85: pools[0].backends[0].server_id: found \"0a0\", expected 2 to 30 "
			"hexadecimal digits, two a byte, or \"\"" },
		{ WITH(POOL(B("b1", "11", ID("zz"))), ""),
			"t.json:2:85: pools[0].backends[0].server_id: found \"zz\", expected 2 to 30 "
			"hexadecimal digits, two a byte, or \"\"" },
		{ WITH(TWO, SERVICE(CONFIG("7", "3", "4", ""))),
			"t.json:4:13: services[0].quic.configs[0].rotation: found 7, expected a number "
			"from 0 to 6" },
		{ WITH(TWO, SERVICE(CONFIG("0", "3", "4", "") ",\n" CONFIG("0", "3", "5", ""))),
			"t.json:5:13: services[0].quic.configs[1].rotation: found 0, expected another "
			"than that of configs[0]" },
		{ WITH(TWO, SERVICE(CONFIG("0", "15", "5", ""))),
			"t.json:4:52: services[0].quic.configs[0].nonce_length: found 5, with a server "
			"ID of 15, expected at most 19 bytes together" },
		{ WITH(TWO, SERVICE(CONFIG("0", "3", "4", ",'key':'8f'"))),
			"t.json:4:59: services[0].quic.configs[0].key: found \"8f\", expected 32 "
			"hexadecimal digits, two a byte, or \"\"" },
		{ WITH(TWO,
			  SERVICE(CONFIG("0", "3", "4", ",'key':'" KEY "','key_file':'/nowhere'"))),
			"t.json:4:105: services[0].quic.configs[0].key_file: found a key too, expected "
			"one of the two" },
		{ WITH(WEB,
			  "{'name':'q','address':'10.0.0.80','port':443,'pool':'web','quic':"
			  "{'configs':[" CONFIG("0", "3", "4", "") "]}}"),
			"t.json:3:66: services[0].quic: found in a service of another protocol, "
			"expected \"protocol\": \"udp\"" },
	};

	check_told(cases, SY_UNIT_COUNT(cases), NULL);
}

static const struct sy_config_names daemon_names; /* not NULL: key files are read */

/* Writes the key's file and loads a configuration that names it. */
static int
load_with_file(const char *content, mode_t mode, struct sy_config **config, struct sy_error *error)
{
	char path[] = "/tmp/test_config_quic.XXXXXX";
	char text[2048];
	int fd = mkstemp(path);
	int code;

	CU_ASSERT_TRUE_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(write(fd, content, strlen(content)), (ssize_t)strlen(content));
	CU_ASSERT_EQUAL(fchmod(fd, mode), 0);
	close(fd);
	snprintf(text, sizeof(text), WITH(TWO, SERVICE(CONFIG("0", "3", "4", ",'key_file':'%s'"))),
		path);
	code = parse_quoted(text, &daemon_names, config, error);
	unlink(path);
	return code;
}

/* The key is in the struct, and in no printed configuration. */
static void
test_key_file(void)
{
	struct sy_config *config = NULL;
	struct sy_error error;
	char *text;

	CU_ASSERT_EQUAL_FATAL(load_with_file(KEY "\n", 0600, &config, &error), 0);
	CU_ASSERT_EQUAL(config->services[0].n_quic, 1);
	CU_ASSERT_TRUE(config->services[0].quic[0].encrypted);
	CU_ASSERT_EQUAL(config->services[0].quic[0].key[0], 0x8f);
	CU_ASSERT_EQUAL(config->services[0].quic[0].key[15], 0x7f);
	text = sy_config_text(config);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "key_file"));
	CU_ASSERT_PTR_NULL(strstr(text, KEY));
	free(text);
	sy_config_free(config);
}

static void
test_key_file_faults(void)
{
	struct sy_config *config = NULL;
	struct sy_error error;

	CU_ASSERT_EQUAL(load_with_file(KEY, 0640, &config, &error), -22);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "chmod 600"));
	CU_ASSERT_EQUAL(load_with_file(KEY, 0604, &config, &error), -22);
	CU_ASSERT_EQUAL(load_with_file("8f95", 0600, &config, &error), -22);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "32 hexadecimal digits"));
	CU_ASSERT_EQUAL(load_with_file(KEY KEY, 0600, &config, &error), -22);
	CU_ASSERT_EQUAL(load_with_file(" " KEY, 0600, &config, &error), -22);
	CU_ASSERT_EQUAL(load_with_file("", 0600, &config, &error), -22);
	CU_ASSERT_EQUAL(
		parse_quoted(WITH(TWO, SERVICE(CONFIG("0", "3", "4", ",'key_file':'/dev/zero'"))),
			&daemon_names, &config, &error),
		-22);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "expected a regular file"));
	CU_ASSERT_EQUAL(
		parse_quoted(WITH(TWO, SERVICE(CONFIG("0", "3", "4", ",'key_file':'/no/where'"))),
			&daemon_names, &config, &error),
		-22);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "cannot be opened"));
	/* The operator's client may not be allowed to read it. */
	CU_ASSERT_EQUAL(
		parse_quoted(WITH(TWO, SERVICE(CONFIG("0", "3", "4", ",'key_file':'/no/where'"))),
			NULL, &config, &error),
		0);
	sy_config_free(config);
}

/* What is printed says the same again. */
static void
test_round_trip(void)
{
	struct sy_config *config = NULL, *again = NULL;
	struct sy_error error;
	char *text;

	CU_ASSERT_EQUAL_FATAL(parse_quoted(WITH(TWO,
						   SERVICE(CONFIG("5", "3", "4", "") "," CONFIG(
							   "1", "4", "12", ",'key':'" KEY "'"))),
				      NULL, &config, &error),
		0);
	text = sy_config_text(config);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT_EQUAL_FATAL(
		sy_config_parse("again", text, strlen(text), NULL, &again, &error), 0);
	CU_ASSERT_EQUAL(again->services[0].n_quic, 2);
	CU_ASSERT_EQUAL(memcmp(again->services[0].quic, config->services[0].quic,
				2 * sizeof(struct sy_quic_config)),
		0);
	CU_ASSERT_EQUAL(again->pools[0].backends[1].server_id_length, 3);
	CU_ASSERT_EQUAL(again->pools[0].backends[1].server_id[2], 0x0d);
	free(text);
	sy_config_free(config);
	sy_config_free(again);
}

static const struct sy_test tests[] = {
	{ "faults in connection IDs are told with place and remedy", test_faults },
	{ "a key comes from its file, and is not shown", test_key_file },
	{ "a file of a key is refused when it is open to others or not a key",
		test_key_file_faults },
	{ "kinds of connection IDs and server IDs survive printing", test_round_trip },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("config_quic", tests, SY_UNIT_COUNT(tests), argc, argv);
}
