/* SPDX-License-Identifier: BSD-3-Clause */
/* What sources over HTTP say, as they said it: etcd 3.4 recorded; Consul and Kubernetes by their
 * documentation. */
#include <stdio.h>
#include <string.h>

#include "unit.h"
#include "watched.h"

#define HEADER(revision) \
	"\"header\":{\"cluster_id\":\"14841639068965178418\",\"member_id\":\"10276657743932975437\"," \
	"\"revision\":\"" revision "\",\"raft_term\":\"2\"}"
/* /steelyard/web/web1 and its value, ... */
#define KEY1 "L3N0ZWVseWFyZC93ZWIvd2ViMQ=="
#define VALUE1 "eyAiYWRkcmVzcyI6ICIxMC4yLjAuMTEiLCAicG9ydCI6IDgwODAsICJ3ZWlnaHQiOiAxMCB9"
#define KEY2 "L3N0ZWVseWFyZC93ZWIvd2ViMg=="
#define VALUE2 "eyAiYWRkcmVzcyI6ICIxMC4yLjAuMTIiLCAicG9ydCI6IDgwODAgfQ=="
#define KEY3 "L3N0ZWVseWFyZC93ZWIvd2ViMw=="
#define VALUE3 "eyAiYWRkcmVzcyI6ICIxMC4yLjAuMTMiIH0="

static const char etcd_range[] = "{" HEADER(
	"4") ",\"kvs\":[{\"key\":\"" KEY1 "\",\"create_revision\":\"2\","
	     "\"mod_revision\":\"2\",\"version\":\"1\",\"value\":\"" VALUE1 "\"},{\"key\":\"" KEY2
	     "\","
	     "\"create_revision\":\"3\",\"mod_revision\":\"3\",\"version\":\"1\",\"value\":\"" VALUE2
	     "\"}],"
	     "\"count\":\"2\"}";

static struct sy_discovery_config config;
static struct sy_known known;
static struct sy_error error;
static char told[512];

static void
begin(void)
{
	memset(&config, 0, sizeof(config));
	config.port = 80;
	config.weight = 1;
	config.refresh_ms = 30000;
	strcpy(config.prefix, "/steelyard/web/");
	strcpy(config.service, "web");
	strcpy(config.namespace, "shop");
	sy_known_fini(&known);
	error.text[0] = '\0';
}

static int
read_text(const struct sy_watched_kind *kind, const char *text)
{
	sy_known_fini(&known);
	return kind->read(&config, text, strlen(text), &known, &error);
}

static enum sy_line
read_line(const struct sy_watched_kind *kind, const char *text)
{
	return kind->read_line(&config, text, strlen(text), &known, &error);
}

/* "NAME ADDRESS PORT WEIGHT ZONE;" for each backend, and what is left out behind them. */
static const char *
tell(void)
{
	struct sy_found found = { .rows = NULL };
	char address[SY_IP_TEXT];
	size_t length = 0;

	told[0] = '\0';
	CU_ASSERT_EQUAL(sy_known_collect(&known, &config, &found), 0);
	for (uint32_t i = 0; i < found.n; i++) {
		const struct sy_backend_config *row = &found.rows[i];

		CU_ASSERT_TRUE(row->enabled);
		length += (size_t)snprintf(told + length, sizeof(told) - length, "%s %s %u %u %s;",
			row->name, sy_ip_text(&row->address, address), row->port, row->weight,
			row->zone);
	}
	if (found.n_left_out > 0)
		snprintf(told + length, sizeof(told) - length, " %u left out: %s", found.n_left_out,
			found.fault);
	sy_found_fini(&found);
	return told;
}

static void
test_etcd_questions(void)
{
	struct sy_watched_question question = { "", "" };

	begin();
	sy_watched_etcd.ask(&config, &question);
	CU_ASSERT_STRING_EQUAL(question.path, "/v3/kv/range");
	CU_ASSERT_STRING_EQUAL(question.body,
		"{\"key\": \"L3N0ZWVseWFyZC93ZWIv\", \"range_end\": \"L3N0ZWVseWFyZC93ZWIw\", "
		"\"limit\": \"65536\"}");
	sy_watched_etcd.watch(&config, "9007199254740993", &question);
	CU_ASSERT_STRING_EQUAL(question.path, "/v3/watch");
	CU_ASSERT_PTR_NOT_NULL(strstr(question.body, "\"start_revision\": \"9007199254740994\""));
	CU_ASSERT_EQUAL(sy_watched_etcd.log_in("me:a \"b\":c", &question), 0);
	CU_ASSERT_STRING_EQUAL(question.path, "/v3/auth/authenticate");
	CU_ASSERT_STRING_EQUAL(question.body, "{\"name\":\"me\",\"password\":\"a \\\"b\\\":c\"}");
	CU_ASSERT_NOT_EQUAL(sy_watched_etcd.log_in("token", &question), 0);
	CU_ASSERT_NOT_EQUAL(sy_watched_etcd.log_in(":token", &question), 0);
}

static void
test_etcd_range(void)
{
	begin();
	CU_ASSERT_EQUAL(read_text(&sy_watched_etcd, etcd_range), 0);
	CU_ASSERT_STRING_EQUAL(known.position, "4");
	CU_ASSERT_STRING_EQUAL(tell(), "web1 10.2.0.11 8080 10 ;web2 10.2.0.12 8080 1 ;");
	CU_ASSERT_EQUAL(read_text(&sy_watched_etcd, "{" HEADER("7") "}"), 0);
	CU_ASSERT_STRING_EQUAL(known.position, "7");
	CU_ASSERT_STRING_EQUAL(tell(), "");
	sy_known_fini(&known);
}

static void
test_etcd_events(void)
{
	begin();
	CU_ASSERT_EQUAL(read_text(&sy_watched_etcd, etcd_range), 0);
	CU_ASSERT_EQUAL(
		read_line(&sy_watched_etcd, "{\"result\":{" HEADER("4") ",\"created\":true}}"),
		SY_LINE_NOTHING);
	CU_ASSERT_EQUAL(
		read_line(&sy_watched_etcd,
			"{\"result\":{" HEADER(
				"5") ",\"events\":[{\"kv\":{\"key\":\"" KEY3
				     "\",\"create_revision\":\"5\","
				     "\"mod_revision\":\"5\",\"version\":\"1\",\"value\":\"" VALUE3
				     "\"}}]}}"),
		SY_LINE_CHANGED);
	CU_ASSERT_EQUAL(
		read_line(&sy_watched_etcd,
			"{\"result\":{" HEADER(
				"6") ",\"events\":[{\"type\":\"DELETE\",\"kv\":{\"key\":\"" KEY1
				     "\","
				     "\"mod_revision\":\"6\"}}]}}"),
		SY_LINE_CHANGED);
	CU_ASSERT_STRING_EQUAL(known.position, "6");
	CU_ASSERT_STRING_EQUAL(tell(), "web3 10.2.0.13 80 1 ;web2 10.2.0.12 8080 1 ;");
	/* Put over what is there. */
	CU_ASSERT_EQUAL(
		read_line(&sy_watched_etcd,
			"{\"result\":{" HEADER(
				"8") ",\"events\":[{\"type\":\"PUT\",\"kv\":{\"key\":\"" KEY2 "\","
				     "\"value\":\"" VALUE1 "\"}}]}}"),
		SY_LINE_CHANGED);
	CU_ASSERT_STRING_EQUAL(tell(), "web3 10.2.0.13 80 1 ;web2 10.2.0.11 8080 10 ;");
	sy_known_fini(&known);
}

static void
test_etcd_trouble(void)
{
	begin();
	CU_ASSERT_EQUAL(
		read_line(&sy_watched_etcd,
			"{\"result\":{\"header\":{\"cluster_id\":\"14841639068965178418\","
			"\"raft_term\":\"2\"},\"canceled\":true,\"compact_revision\":\"6\"}}"),
		SY_LINE_AGAIN);
	CU_ASSERT_EQUAL(
		read_line(&sy_watched_etcd,
			"{\"result\":{" HEADER(
				"7") ",\"watch_id\":\"-1\",\"created\":true,\"canceled\":true,\"cancel_reason\":"
				     "\"rpc error: code = InvalidArgument desc = etcdserver: user name is empty\"}}"),
		SY_LINE_BAD);
	CU_ASSERT_STRING_EQUAL(error.text,
		"the watch was cancelled: rpc error: code = InvalidArgument desc = etcdserver: user "
		"name is empty");
	CU_ASSERT_EQUAL(
		read_line(&sy_watched_etcd,
			"{\"error\":{\"grpc_code\":14,\"http_code\":503,\"message\":"
			"\"etcdserver: no leader\",\"http_status\":\"Service Unavailable\"}}"),
		SY_LINE_BAD);
	CU_ASSERT_STRING_EQUAL(error.text, "error: etcdserver: no leader");
	sy_known_fini(&known);
}

/* A key's fault is that key's; the whole is refused when it is no answer. */
static void
test_etcd_nonsense(void)
{
	static const struct {
		const char *text;
		const char *fault;
	} rows[] = {
		{ "", "byte 1: the JSON ends here, too early" },
		{ "[]", "expected an object" },
		{ "{}", "expected a header.revision" },
		{ "{\"header\":{\"revision\":\"-3\"}}", "expected a header.revision" },
		{ "{\"header\":{\"revision\":\"4\"}", "byte 27: the JSON ends here, too early" },
		{ "{\"header\":{\"revision\":\"4\"}} x", "byte 29: unexpected character" },
	};

	for (size_t i = 0; i < SY_UNIT_COUNT(rows); i++) {
		begin();
		CU_ASSERT_NOT_EQUAL(read_text(&sy_watched_etcd, rows[i].text), 0);
		CU_ASSERT_STRING_EQUAL(error.text, rows[i].fault);
	}
	begin();
	CU_ASSERT_EQUAL(read_text(&sy_watched_etcd,
				"{" HEADER("4") ",\"kvs\":[{\"key\":\"" KEY1 "\","
						"\"value\":\"" VALUE1 "\"},{\"key\":\"" KEY2
						"\",\"value\":\"bm8=\"}]}"),
		0);
	CU_ASSERT_PTR_NOT_NULL(strstr(tell(), "web1 10.2.0.11 8080 10 ; 1 left out: "));
	CU_ASSERT_PTR_NOT_NULL(strstr(told, "/steelyard/web/web2"));
	/* "/steelyard/web/-", a value that is two, one that is no base64. */
	CU_ASSERT_EQUAL(
		read_text(&sy_watched_etcd,
			"{" HEADER(
				"4") ",\"kvs\":[{\"key\":\"L3N0ZWVseWFyZC93ZWIvLQ==\",\"value\":\"" VALUE1
				     "\"},{\"key\":\"" KEY2 "\",\"value\":\"!\"}]}"),
		0);
	CU_ASSERT_STRING_EQUAL(tell(), " 2 left out: /steelyard/web/-: does not end with a name");
	sy_known_fini(&known);
}

#define CONSUL(address, port, weights) \
	"{\"Node\":{\"ID\":\"40e4a748\",\"Node\":\"node1\",\"Address\":\"10.2.0.1\",\"Datacenter\":\"dc1\"," \
	"\"Meta\":null},\"Service\":{\"ID\":\"web\",\"Service\":\"web\",\"Tags\":[],\"Address\":\"" address \
	"\",\"Port\":" port weights ",\"EnableTagOverride\":false},\"Checks\":[]}"

static void
test_consul_questions(void)
{
	struct sy_watched_question question = { "", "" };

	begin();
	sy_watched_consul.ask(&config, &question);
	CU_ASSERT_STRING_EQUAL(question.path, "/v1/health/service/web?passing=true");
	CU_ASSERT_STRING_EQUAL(question.body, "");
	strcpy(config.datacenter, "dc2");
	sy_watched_consul.watch(&config, "17", &question);
	CU_ASSERT_STRING_EQUAL(
		question.path, "/v1/health/service/web?passing=true&dc=dc2&index=17&wait=30000ms");
	config.refresh_ms = 24 * 3600 * 1000;
	sy_watched_consul.watch(&config, "17", &question);
	CU_ASSERT_PTR_NOT_NULL(strstr(question.path, "&wait=600000ms"));
}

/* Consul's own rules: backwards begins anew, and 0 would not block. */
static void
test_consul_index(void)
{
	static const struct {
		const char *before;
		const char *header;
		const char *after;
	} rows[] = {
		{ "", "17", "17" },
		{ "17", "18", "18" },
		{ "17", "17", "17" },
		{ "17", "3", "1" },
		{ "17", "0", "1" },
		{ "", "0", "1" },
		{ "17", NULL, "1" },
		{ "17", "x", "1" },
		{ "1", "18446744073709551615", "18446744073709551615" },
	};

	for (size_t i = 0; i < SY_UNIT_COUNT(rows); i++) {
		char position[SY_POSITION_SIZE];

		strcpy(position, rows[i].before);
		sy_watched_consul.advance(position, rows[i].header);
		CU_ASSERT_STRING_EQUAL(position, rows[i].after);
	}
}

static void
test_consul_rows(void)
{
	static const struct {
		const char *text;
		const char *told;
	} rows[] = {
		{ "[]", "" },
		{ "[" CONSUL(
			  "10.2.0.11", "8080", ",\"Weights\":{\"Passing\":10,\"Warning\":1}") "]",
			"node1.web 10.2.0.11 8080 10 ;" },
		{ "[" CONSUL("", "0", "") "]", "node1.web 10.2.0.1 80 1 ;" },
		{ "[" CONSUL("2001:db8::1", "1", ",\"Weights\":{\"Passing\":70000}") "]",
			"node1.web 2001:db8::1 1 65535 ;" },
		{ "[" CONSUL("web.example", "1", "") "," CONSUL("10.2.0.12", "70000", "") "]",
			" 2 left out: \"web.example\" is not an address" },
		{ "[null,1,\"x\",{}]", " 4 left out: \"\" is not an address" },
	};

	for (size_t i = 0; i < SY_UNIT_COUNT(rows); i++) {
		begin();
		CU_ASSERT_EQUAL(read_text(&sy_watched_consul, rows[i].text), 0);
		CU_ASSERT_STRING_EQUAL(tell(), rows[i].told);
	}
	CU_ASSERT_NOT_EQUAL(read_text(&sy_watched_consul, "{}"), 0);
	CU_ASSERT_NOT_EQUAL(read_text(&sy_watched_consul, "[{"), 0);
	sy_known_fini(&known);
}

#define SLICE(name, version, type, endpoints, ports) \
	"{\"kind\":\"EndpointSlice\",\"apiVersion\":\"discovery.k8s.io/v1\",\"metadata\":{\"name\":\"" name \
	"\",\"resourceVersion\":\"" version \
	"\",\"labels\":{\"kubernetes.io/service-name\":\"web\"}}," \
	"\"addressType\":\"" type "\",\"endpoints\":[" endpoints "],\"ports\":" ports "}"
#define POD(name, address, conditions) \
	"{\"addresses\":[\"" address "\"],\"conditions\":{" conditions \
	"},\"targetRef\":{\"kind\":\"Pod\"," \
	"\"name\":\"" name "\"},\"nodeName\":\"n1\",\"zone\":\"eu-1a\"}"
#define HTTP_PORT "[{\"name\":\"http\",\"protocol\":\"TCP\",\"port\":8080}]"
#define TWO_PORTS \
	"[{\"name\":\"m\",\"port\":9},{\"name\":\"http\",\"protocol\":\"TCP\",\"port\":8080}]"
#define READY "\"ready\":true,\"serving\":true,\"terminating\":false"
#define LIST(items) \
	"{\"kind\":\"EndpointSliceList\",\"apiVersion\":\"discovery.k8s.io/v1\",\"metadata\":" \
	"{\"resourceVersion\":\"1005\"},\"items\":[" items "]}"
#define EVENT(type, object) "{\"type\":\"" type "\",\"object\":" object "}"

static void
test_kubernetes_questions(void)
{
	struct sy_watched_question question = { "", "" };

	begin();
	sy_watched_kubernetes.ask(&config, &question);
	CU_ASSERT_STRING_EQUAL(question.path,
		"/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices"
		"?labelSelector=kubernetes.io%2Fservice-name%3Dweb");
	sy_watched_kubernetes.watch(&config, "1005", &question);
	CU_ASSERT_PTR_NOT_NULL(strstr(question.path,
		"%3Dweb&watch=1&allowWatchBookmarks=true&resourceVersion=1005&timeoutSeconds=90"));
}

static void
test_kubernetes_conditions(void)
{
	static const struct {
		const char *conditions;
		const char *told;
	} rows[] = {
		{ READY, "p 10.2.0.11 8080 1 eu-1a;" },
		{ "", "p 10.2.0.11 8080 1 eu-1a;" },
		{ "\"ready\":null", "p 10.2.0.11 8080 1 eu-1a;" },
		{ "\"ready\":false", "" },
		{ "\"ready\":false,\"serving\":true", "" },
		{ "\"ready\":false,\"serving\":true,\"terminating\":true",
			"p 10.2.0.11 8080 0 eu-1a;" },
		{ "\"ready\":false,\"serving\":false,\"terminating\":true", "" },
		{ "\"ready\":true,\"terminating\":true", "p 10.2.0.11 8080 1 eu-1a;" },
	};

	for (size_t i = 0; i < SY_UNIT_COUNT(rows); i++) {
		char text[1024];

		begin();
		snprintf(text, sizeof(text),
			LIST(SLICE("web-a", "9", "IPv4", POD("p", "10.2.0.11", "%s"), HTTP_PORT)),
			rows[i].conditions);
		CU_ASSERT_EQUAL(read_text(&sy_watched_kubernetes, text), 0);
		CU_ASSERT_STRING_EQUAL(tell(), rows[i].told);
	}
	sy_known_fini(&known);
}

static void
test_kubernetes_slices(void)
{
	static const struct {
		const char *items;
		const char *port_name;
		const char *told;
	} rows[] = {
		{ "", "", "" },
		{ SLICE("a", "1", "IPv4", POD("p", "10.2.0.11", READY), HTTP_PORT) "," SLICE(
			  "b", "2", "IPv6", POD("p", "2001:db8::1", READY), HTTP_PORT),
			"", "p 10.2.0.11 8080 1 eu-1a;p-v6 2001:db8::1 8080 1 eu-1a;" },
		{ SLICE("a", "1", "IPv4", POD("p", "10.2.0.11", READY), TWO_PORTS), "http",
			"p 10.2.0.11 8080 1 eu-1a;" },
		{ SLICE("a", "1", "IPv4", POD("p", "10.2.0.11", READY), TWO_PORTS), "",
			" 1 left out: a: has 2 ports, and port_name is empty" },
		{ SLICE("a", "1", "IPv4", POD("p", "10.2.0.11", READY), TWO_PORTS), "https",
			" 1 left out: a: has no port named https" },
		{ SLICE("a", "1", "IPv4", POD("p", "10.2.0.11", READY), "[{\"name\":\"\"}]"), "",
			"p 10.2.0.11 80 1 eu-1a;" },
		{ SLICE("a", "1", "IPv4", POD("p", "10.2.0.11", READY), "null"), "",
			"p 10.2.0.11 80 1 eu-1a;" },
		{ SLICE("a", "1", "FQDN", POD("p", "a.example", READY), HTTP_PORT), "",
			" 1 left out: a: has no addresses, but names" },
		{ SLICE("a", "1", "IPv4", POD("p", "a.example", READY), HTTP_PORT), "",
			" 1 left out: \"a.example\" is not an address" },
	};

	for (size_t i = 0; i < SY_UNIT_COUNT(rows); i++) {
		char text[2048];

		begin();
		strcpy(config.port_name, rows[i].port_name);
		snprintf(text, sizeof(text), LIST("%s"), rows[i].items);
		CU_ASSERT_EQUAL(read_text(&sy_watched_kubernetes, text), 0);
		CU_ASSERT_STRING_EQUAL(known.position, "1005");
		CU_ASSERT_STRING_EQUAL(tell(), rows[i].told);
	}
	sy_known_fini(&known);
}

static void
test_kubernetes_events(void)
{
	begin();
	CU_ASSERT_EQUAL(
		read_text(&sy_watched_kubernetes,
			LIST(SLICE("a", "9", "IPv4", POD("p", "10.2.0.11", READY), HTTP_PORT))),
		0);
	CU_ASSERT_EQUAL(read_line(&sy_watched_kubernetes,
				EVENT("ADDED",
					SLICE("b", "1006", "IPv4", POD("q", "10.2.0.12", READY),
						HTTP_PORT))),
		SY_LINE_CHANGED);
	CU_ASSERT_STRING_EQUAL(known.position, "1006");
	CU_ASSERT_STRING_EQUAL(tell(), "p 10.2.0.11 8080 1 eu-1a;q 10.2.0.12 8080 1 eu-1a;");
	CU_ASSERT_EQUAL(read_line(&sy_watched_kubernetes,
				EVENT("MODIFIED",
					SLICE("a", "1007", "IPv4", POD("r", "10.2.0.13", READY),
						HTTP_PORT))),
		SY_LINE_CHANGED);
	CU_ASSERT_EQUAL(read_line(&sy_watched_kubernetes,
				EVENT("DELETED",
					SLICE("b", "1008", "IPv4", POD("q", "10.2.0.12", READY),
						HTTP_PORT))),
		SY_LINE_CHANGED);
	CU_ASSERT_STRING_EQUAL(tell(), "r 10.2.0.13 8080 1 eu-1a;");
	CU_ASSERT_EQUAL(
		read_line(&sy_watched_kubernetes,
			EVENT("BOOKMARK",
				"{\"kind\":\"EndpointSlice\",\"metadata\":{\"resourceVersion\":\"1010\","
				"\"creationTimestamp\":null},\"addressType\":\"\",\"endpoints\":null,"
				"\"ports\":null}")),
		SY_LINE_NOTHING);
	CU_ASSERT_STRING_EQUAL(known.position, "1010");
	CU_ASSERT_EQUAL(
		read_line(&sy_watched_kubernetes,
			EVENT("ERROR",
				"{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\","
				"\"message\":\"too old resource version: 1 (1010)\",\"reason\":"
				"\"Expired\",\"code\":410}")),
		SY_LINE_AGAIN);
	CU_ASSERT_EQUAL(
		read_line(&sy_watched_kubernetes,
			EVENT("ERROR", "{\"kind\":\"Status\",\"message\":\"boom\",\"code\":500}")),
		SY_LINE_BAD);
	CU_ASSERT_STRING_EQUAL(error.text, "error 500: boom");
	CU_ASSERT_EQUAL(read_line(&sy_watched_kubernetes, "{\"type\":\"ADDED\"}"), SY_LINE_BAD);
	CU_ASSERT_EQUAL(read_line(&sy_watched_kubernetes, EVENT("ADDED", "{}")), SY_LINE_BAD);
	CU_ASSERT_STRING_EQUAL(tell(), "r 10.2.0.13 8080 1 eu-1a;");
	sy_known_fini(&known);
}

static const struct sy_test tests[] = {
	{ "etcd is asked for a prefix, and from the next revision on", test_etcd_questions },
	{ "etcd's range is read", test_etcd_range },
	{ "etcd's events change what is known", test_etcd_events },
	{ "etcd's compaction has all read again, its errors are told", test_etcd_trouble },
	{ "etcd's nonsense is told with its place, a key's for that key", test_etcd_nonsense },
	{ "Consul is asked for who passes, and to block", test_consul_questions },
	{ "Consul's index goes by Consul's rules", test_consul_index },
	{ "Consul's instances are read", test_consul_rows },
	{ "Kubernetes is asked for the service's slices", test_kubernetes_questions },
	{ "Kubernetes' conditions: ready serves, terminating but serving drains",
		test_kubernetes_conditions },
	{ "Kubernetes' slices of both families and their ports are merged",
		test_kubernetes_slices },
	{ "Kubernetes' events change what is known, and 410 has all read again",
		test_kubernetes_events },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("discovery_readers", tests, SY_UNIT_COUNT(tests), argc, argv);
}
