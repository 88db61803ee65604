/* SPDX-License-Identifier: BSD-3-Clause */
#include <netinet/in.h>

#include "config_text.h"

/* Each kind of value: what is taken, what is refused and in which words, what stands for it when
 * the file says nothing. */

static void
check_value(const char *before, const char *after, const char *value, const char *message)
{
	struct sy_config *config = NULL;
	struct sy_error error;
	char text[2048];
	int code;

	snprintf(text, sizeof(text), "%s%s%s", before, value, after);
	code = parse_quoted(text, NULL, &config, &error);
	if (message == NULL ? code != 0 : strstr(error.text, message) == NULL)
		printf("# %s\n# told     %s\n", text, error.text);
	if (message == NULL)
		CU_ASSERT_EQUAL(code, 0);
	if (message != NULL)
		CU_ASSERT_PTR_NOT_NULL(strstr(error.text, message));
	if (code == 0)
		sy_config_free(config);
}

struct value {
	const char *text;
	const char *message; /* part of it; NULL: taken */
};

static void
check_values(const char *before, const char *after, const struct value *values, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check_value(before, after, values[i].text, values[i].message);
}

/* What stands before and after a value: two arguments of the functions above. */
#define ROOT "{", "," PORTS ",'pools':[],'services':[]}"
#define PORT "{'ports':[{'name':'p','device':'net_null0',", "}],'pools':[],'services':[]}"
#define HEALTH \
	"{" PORTS ",'pools':[{'name':'p','health':{", \
		"},'backends':" \
		"[{'name':'b','address':'10.1.0.9','port':1}]}],'services':[]}"
#define BACKEND "{" PORTS ",'pools':[{'name':'p','backends':[{'name':'b',", "}]}],'services':[]}"

static void
test_numbers(void)
{
	static const struct value root[] = {
		{ "'workers':1", NULL },
		{ "'workers':64", NULL },
		{ "'workers':0", "found 0, expected a number from 1 to 64" },
		{ "'workers':65", "found 65, expected a number from 1 to 64" },
		{ "'workers':'4'", "found \"4\", expected a number from 1 to 64" },
		{ "'workers':true", "found true, expected a number" },
		{ "'workers':null", "found null, expected a number" },
		{ "'workers':{}", "found an object, expected a number" },
		{ "'max_flows':1000000000", NULL },
		{ "'max_flows':1000000001", "expected a number from 64 to 1000000000" },
		{ "'hugepages':false", NULL },
		{ "'hugepages':0", "found 0, expected true or false" },
		{ "'hugepages':'true'", "found \"true\", expected true or false" },
	};
	static const struct value port[] = {
		{ "'mtu':1280", NULL },
		{ "'mtu':9000", NULL },
		{ "'mtu':1279", "ports[0].mtu: found 1279, expected a number from 1280 to 9000" },
		{ "'mtu':9001", "ports[0].mtu: found 9001, expected a number from 1280 to 9000" },
	};
	static const struct value backend[] = {
		{ "'address':'10.1.0.9','port':65535,'weight':65535", NULL },
		{ "'address':'10.1.0.9','port':1,'weight':0", NULL },
		{ "'address':'10.1.0.9','port':0",
			"pools[0].backends[0].port: found none, expected a port, or health.port" },
		{ "'address':'10.1.0.9','port':65536", "found 65536, expected a number from 0 to" },
		{ "'address':'10.1.0.9','port':1,'weight':65536",
			"weight: found 65536, expected a number from 0 to 65535" },
	};

	check_values(ROOT, root, SY_UNIT_COUNT(root));
	check_values(PORT, port, SY_UNIT_COUNT(port));
	check_values(BACKEND, backend, SY_UNIT_COUNT(backend));
}

static void
test_durations(void)
{
	static const struct value root[] = {
		{ "'idle':{'after':'0us'}", NULL },
		{ "'idle':{'after':'1s'}", NULL },
		{ "'idle':{'after':'1001ms'}",
			"idle.after: found \"1001ms\", expected a duration from \"0s\" to \"1s\" (units "
			"us, ms, s, m, h)" },
		{ "'idle':{'sleep':'0s'}", "expected a duration from \"1us\" to \"1s\"" },
		{ "'idle':{'longest':'0s'}", "expected a duration from \"1us\" to \"1s\"" },
	};
	static const struct value health[] = {
		{ "'interval':'10ms','timeout':'10ms'", NULL },
		{ "'interval':'1h'", NULL },
		{ "'interval':'60m'", NULL },
		{ "'interval':'2000000us'", NULL },
		{ "'interval':'9ms'",
			"found \"9ms\", expected a duration from \"10ms\" to \"1h\" (units ms, s, m, h)" },
		{ "'interval':'61m'", "found \"61m\"" },
		{ "'interval':'10500us'", "found \"10500us\", expected a duration" },
		{ "'interval':'2'", "found \"2\", expected a duration" },
		{ "'interval':2", "found 2, expected a duration" },
		{ "'interval':'s'", "found \"s\", expected a duration" },
		{ "'interval':''", "found \"\", expected a duration" },
		{ "'interval':'2 s'", "found \"2 s\", expected a duration" },
		{ "'interval':'1.5s'", "found \"1.5s\", expected a duration" },
		{ "'interval':'-1s'", "found \"-1s\", expected a duration" },
		{ "'interval':'2S'", "found \"2S\", expected a duration" },
		{ "'interval':'999999999999999h'", "found \"999999999999999h\", expected" },
		{ "'interval':'9999999999999999h'", "found \"9999999999999999h\", expected" },
		/* 125 times 2^64 microseconds and a bit, which 64 bits would take for the bit. */
		{ "'interval':'640511947004h'", "found \"640511947004h\", expected" },
	};

	check_values(ROOT, root, SY_UNIT_COUNT(root));
	check_values(HEALTH, health, SY_UNIT_COUNT(health));
}

static void
test_health_texts(void)
{
	static const struct value health[] = {
		{ "'jitter':'0%'", NULL },
		{ "'jitter':'50%'", NULL },
		{ "'jitter':'51%'", "found \"51%\", expected a share from \"0%\" to \"50%\"" },
		{ "'jitter':'10'", "found \"10\", expected a share" },
		{ "'jitter':10", "found 10, expected a share" },
		{ "'jitter':'%'", "found \"%\", expected a share" },
		{ "'status':'200'", NULL },
		{ "'status':'100-599'", NULL },
		{ "'status':'200-200'", NULL },
		{ "'status':'99'",
			"found \"99\", expected an HTTP status from 100 to 599, or a range, "
			"such as \"200\" or \"200-399\"" },
		{ "'status':'600'", "found \"600\"" },
		{ "'status':'200-600'", "found \"200-600\"" },
		{ "'status':'399-200'", "found \"399-200\"" },
		{ "'status':'200-'", "found \"200-\"" },
		{ "'status':'-200'", "found \"-200\"" },
		{ "'status':'200-300-400'", "found \"200-300-400\"" },
		{ "'status':200", "found 200, expected an HTTP status" },
		{ "'type':'none'", NULL },
		{ "'type':'HTTP'",
			"found \"HTTP\", expected one of \"tcp\", \"http\", \"https\", "
			"\"icmp\", \"udp\", \"dns\", \"redis\", \"postgresql\", \"command\", "
			"\"grpc\", \"grpcs\", \"none\"" },
		{ "'method':'HEAD'", NULL },
		{ "'method':'get'",
			"found \"get\", expected a method in capital letters of at most 15 "
			"bytes" },
		{ "'method':''", "found \"\", expected a method" },
		{ "'method':'ABCDEFGHIJKLMNOP'", "found \"ABCDEFGHIJKLMNOP\", expected a method" },
		{ "'path':'/a?b=c'", NULL },
		{ "'path':'a'", "found \"a\", expected a path that starts with '/'" },
		{ "'path':'/a b'", "found \"/a b\", expected a path" },
		{ "'path':'/\\r\\nX: y'", "found \"/\\r\\nX: y\", expected a path" },
		{ "'host':''", NULL },
		{ "'host':'www.example.com'", NULL },
		{ "'host':'a\\nb'",
			"found \"a\\nb\", expected a host name of at most 255 bytes, or "
			"\"\"" },
		{ "'body':'all\\nright'", NULL },
	};

	check_values(HEALTH, health, SY_UNIT_COUNT(health));
}

static void
test_names(void)
{
	static const struct value root[] = {
		{ "'name':'a'", NULL },
		{ "'name':'9-_.Z'", NULL },
		{ "'name':'012345678901234567890123456789012345678901234567890123456789012'",
			NULL },
		{ "'name':'0123456789012345678901234567890123456789012345678901234567890123'",
			"expected a name of at most 63 letters" },
		{ "'name':''", "found \"\", expected a name" },
		{ "'name':'..'", "found \"..\", expected a name" },
		{ "'name':'-a'", "found \"-a\", expected a name" },
		{ "'name':'a/b'", "found \"a/b\", expected a name" },
		{ "'name':'a b'", "found \"a b\", expected a name" },
		{ "'name':'\xc3\xa9'", "found \"\xc3\xa9\", expected a name" },
		{ "'control':{'group':''}", NULL },
		{ "'control':{'group':'a b'}", "starts with a letter or digit, or \"\"" },
		{ "'control':{'socket':'relative'}", "found \"relative\", expected a path" },
		{ "'control':{'socket':''}", "found \"\", expected a path" },
	};

	check_values(ROOT, root, SY_UNIT_COUNT(root));
}

static void
test_devices(void)
{
	static const struct value taken[] = {
		{ "'device':'0000:3b:00.0'", NULL },
		{ "'device':'0000:3B:1f.7,mprq_en=1'", NULL },
		{ "'device':'net_af_xdp0,iface=w0'", NULL },
		{ "'device':'net_pcap0,rx_pcap=/tmp/in.pcap'", NULL },
		{ "'device':'virtio_user0,path=/dev/vhost-net'", NULL },
		{ "'device':'auxiliary:mlx5_core.sf.2'", NULL },
		{ "'device':'7a08391f-f5a0-4ac0-9802-d13fd964f8df'", NULL },
	};
	static const char *const refused[] = { "eth0", "enp3s0f0np0", "3b:00.0", "0000:3b:00.8",
		"0000:3b:00", "0000:3g:00.0", "", ",iface=x", "/dev/x_0", "net_ a", "net_\\t" };

	for (size_t i = 0; i < SY_UNIT_COUNT(taken); i++)
		check_value("{'ports':[{'name':'p',", "}],'pools':[],'services':[]}", taken[i].text,
			NULL);
	for (size_t i = 0; i < SY_UNIT_COUNT(refused); i++)
		check_value("{'ports':[{'name':'p','device':'", "'}],'pools':[],'services':[]}",
			refused[i],
			"expected a PCI address such as \"0000:3b:00.0\", or a virtual device such as "
			"\"net_af_xdp0,iface=eth0\", of at most 255 bytes");
}

static void
test_addresses(void)
{
	static const struct value backend[] = {
		{ "'port':1,'address':'10.1.0.9'", NULL },
		{ "'port':1,'address':'2001:DB8::9'", NULL },
		{ "'port':1,'address':'fe80::9'", NULL },
		{ "'port':1,'address':'10.1.0'",
			"found \"10.1.0\", expected the IPv4 or IPv6 address "
			"of one host, such as \"192.0.2.1\" or "
			"\"2001:db8::1\"" },
		{ "'port':1,'address':'10.1.0.256'", "found \"10.1.0.256\"" },
		{ "'port':1,'address':'10.1.0.9/24'", "found \"10.1.0.9/24\"" },
		{ "'port':1,'address':'host.example'", "found \"host.example\"" },
		{ "'port':1,'address':'0.0.0.0'", "found \"0.0.0.0\"" },
		{ "'port':1,'address':'0.1.2.3'", "found \"0.1.2.3\"" },
		{ "'port':1,'address':'224.0.0.1'", "found \"224.0.0.1\"" },
		{ "'port':1,'address':'255.255.255.255'", "found \"255.255.255.255\"" },
		{ "'port':1,'address':'::'", "found \"::\"" },
		{ "'port':1,'address':'::ffff:10.1.0.9'", "found \"::ffff:10.1.0.9\"" },
		{ "'port':1,'address':'ff02::1'", "found \"ff02::1\"" },
		{ "'port':1,'address':''", "found \"\"" },
		{ "'port':1,'address':167772161", "found 167772161, expected the IPv4 or IPv6" },
	};
	static const struct value port[] = {
		{ "'mac':''", NULL },
		{ "'mac':'02:00:5E:10:00:01'", NULL },
		{ "'mac':'00:00:00:00:00:00'",
			"found \"00:00:00:00:00:00\", expected the MAC address of one station, such as "
			"\"02:00:5e:10:00:01\", or \"\"" },
		{ "'mac':'01:00:5e:00:00:01'", "found \"01:00:5e:00:00:01\"" },
		{ "'mac':'02:00:5e:10:00'", "found \"02:00:5e:10:00\"" },
		{ "'mac':'02-00-5e-10-00-01'", "found \"02-00-5e-10-00-01\"" },
		{ "'twin':''", NULL },
		{ "'twin':'exactly15bytes_'", NULL },
		{ "'twin':'exactly16_bytes_'",
			"found \"exactly16_bytes_\", expected the name of a "
			"Linux interface of at most 15 bytes, or \"\"" },
		{ "'twin':'a/b'", "found \"a/b\"" },
		{ "'twin':'a b'", "found \"a b\"" },
		{ "'twin':'..'", "found \"..\"" },
		{ "'addresses':[]", NULL },
		{ "'addresses':'10.0.0.1/24'",
			"found \"10.0.0.1/24\", expected an array of 0 to 16 "
			"texts" },
		{ "'addresses':[1]",
			"ports[0].addresses[0]: found 1, expected an address and a "
			"prefix length, such as \"192.0.2.0/24\" or \"2001:db8::/64\"" },
		{ "'addresses':['10.0.0.1/24','10.0.0.2']",
			"ports[0].addresses[1]: found \"10.0.0.2\", expected an address and a prefix" },
		{ "'addresses':['10.0.0.1/33']", "found \"10.0.0.1/33\"" },
	};

	check_values(BACKEND, backend, SY_UNIT_COUNT(backend));
	check_values(PORT, port, SY_UNIT_COUNT(port));
}

static void
test_keys(void)
{
	static const struct told cases[] = {
		{ "{'wrokers':2}",
			"t.json:1:2: unknown key \"wrokers\"; did you mean \"workers\"?" },
		{ "{'Workers':2}",
			"t.json:1:2: unknown key \"Workers\"; did you mean \"workers\"?" },
		{ "{'w\\u006frker':2}",
			"t.json:1:2: unknown key \"w\\u006frker\"; did you mean \"workers\"?" },
		{ "{'kernel':{'bust':1}}",
			"t.json:1:12: kernel: unknown key \"bust\"; did you mean \"burst\"?" },
		{ "{'kernel':{'colour':1}}",
			"t.json:1:12: kernel: unknown key \"colour\"; known keys: punt_rate, burst" },
		{ "{'kernel':{'':1}}",
			"t.json:1:12: kernel: unknown key \"\"; known keys: punt_rate, burst" },
		{ "{'kernel':{'0123456789012345678901234567890123456789012345678901234567890123':1}}",
			"t.json:1:12: kernel: unknown key "
			"\"01234567890123456789012345678901234567890123456789012345678...; known keys: "
			"punt_rate, burst" },
		{ "{'pools':[{\n'shceduler':'rr'}]}",
			"t.json:2:1: pools[0]: unknown key \"shceduler\"; did you mean \"scheduler\"?" },
		{ "{'workers':2,'workers':2}", "t.json:1:14: key \"workers\" is here twice" },
		{ "{'pools':[{'name':'p','n\\u0061me':'q'}]}",
			"t.json:1:23: pools[0]: key \"name\" is here twice" },
		{ "{ }", "t.json:1:1: found no \"ports\", expected an array of 1 to 16 objects" },
		{ "{'ports':[]}", "t.json:1:10: ports: found 0, expected at least 1" },
		{ "{" PORTS ",'services':[]}",
			"t.json:1:1: found no \"pools\", expected an array of 0 to 1000000 objects" },
		{ "{'pools':[{'name':'p','backends':[\n {'port':80,'address':'10.1.0.9'}]}]}",
			"t.json:2:2: pools[0].backends[0]: found no \"name\", expected a name of at "
			"most 63 letters, digits, '-', '_' and '.', that starts with a letter or digit" },
		{ "{'ports':[{'name':'thirteen_char','device':'net_null0'}]}",
			"t.json:1:11: ports[0]: found no \"twin\", expected the name of a Linux interface "
			"of at most 15 bytes, or \"\", since it cannot be \"sy-\" and the port's name" },
		{ "{'ports':[{'name':'twelve_chars','device':'net_null0'}],'pools':[],'services':[]}",
			NULL },
	};

	check_told(cases, SY_UNIT_COUNT(cases), NULL);
}

static void
test_too_many(void)
{
	char text[4096] = "{'ports':[";
	struct sy_config *config;
	struct sy_error error;

	for (int i = 0; i < 17; i++) {
		char port[128];

		snprintf(port, sizeof(port), "%s{'name':'p%d','device':'net_null%d'}",
			i > 0 ? "," : "", i, i);
		strcat(text, port);
	}
	strcat(text, "],'pools':[],'services':[]}");
	CU_ASSERT_EQUAL(parse_quoted(text, NULL, &config, &error), -22);
	CU_ASSERT_PTR_NOT_NULL(
		strstr(error.text, ": ports: found more than 16, expected at most that many"));
}

static void
check_pool_defaults(const struct sy_pool_config *pool)
{
	const struct sy_health_config *health = &pool->health;

	CU_ASSERT_STRING_EQUAL(pool->scheduler, "wlc");
	CU_ASSERT_EQUAL(pool->on_down, SY_ON_DOWN_KEEP);
	CU_ASSERT_EQUAL(pool->slow_start_ms, 10000);
	CU_ASSERT_EQUAL(pool->load_factor_percent, 125);
	CU_ASSERT_EQUAL(pool->spill_over_percent, 100);
	CU_ASSERT_STRING_EQUAL(pool->zone, "");
	CU_ASSERT_EQUAL(health->type, SY_HEALTH_TCP);
	CU_ASSERT_FALSE(health->verify);
	CU_ASSERT_EQUAL(health->port, 0);
	CU_ASSERT_EQUAL(health->rise, 2);
	CU_ASSERT_EQUAL(health->fall, 3);
	CU_ASSERT_EQUAL(health->status_low, 200);
	CU_ASSERT_EQUAL(health->status_high, 399);
	CU_ASSERT_EQUAL(health->jitter_percent, 10);
	CU_ASSERT_EQUAL(health->interval_ms, 2000);
	CU_ASSERT_EQUAL(health->timeout_ms, 500);
	CU_ASSERT_STRING_EQUAL(health->method, "GET");
	CU_ASSERT_STRING_EQUAL(health->path, "/");
	CU_ASSERT_STRING_EQUAL(health->host, "");
	CU_ASSERT_STRING_EQUAL(health->body, "");
	CU_ASSERT_EQUAL(pool->backends[0].weight, 1);
	CU_ASSERT_FALSE(pool->backends[0].spare);
	CU_ASSERT_EQUAL(pool->backends[0].capacity, 0);
	CU_ASSERT_EQUAL(pool->backends[0].priority, 0);
	CU_ASSERT_STRING_EQUAL(pool->backends[0].zone, "");
	CU_ASSERT_TRUE(pool->backends[0].enabled);
}

static void
check_service_defaults(const struct sy_service_config *service)
{
	CU_ASSERT_STRING_EQUAL(service->mode, "nat");
	CU_ASSERT_EQUAL(service->protocol, IPPROTO_TCP);
	CU_ASSERT_EQUAL(service->n_addresses, 1);
	CU_ASSERT_TRUE(sy_ip_equal(&service->addresses[0], &service->address));
	CU_ASSERT_EQUAL(service->ports.low, service->port);
	CU_ASSERT_EQUAL(service->ports.high, service->port);
	CU_ASSERT_EQUAL(service->on_empty, SY_REFUSE_RESET);
	CU_ASSERT_EQUAL(service->on_no_flow, SY_REFUSE_RESET);
	CU_ASSERT_EQUAL(service->pool, 0);
	CU_ASSERT_EQUAL(service->spare_pool, SY_NO_POOL);
	CU_ASSERT_EQUAL(service->max_half_open, 0);
	CU_ASSERT_EQUAL(service->timeouts.established, 900000);
	CU_ASSERT_EQUAL(service->timeouts.syn, 30000);
	CU_ASSERT_EQUAL(service->timeouts.fin, 120000);
	CU_ASSERT_EQUAL(service->timeouts.time_wait, 60000);
	CU_ASSERT_EQUAL(service->timeouts.closed, 3000);
	CU_ASSERT_EQUAL(service->timeouts.udp, 300000);
}

static void
check_root_defaults(const struct sy_config *config)
{
	CU_ASSERT_STRING_EQUAL(config->file, "t.json");
	CU_ASSERT_STRING_EQUAL(config->name, "steelyard");
	CU_ASSERT_EQUAL(config->log_level, SY_LOG_INFO);
	CU_ASSERT_TRUE(config->hugepages);
	CU_ASSERT_EQUAL(config->idle_mode, SY_IDLE_SLEEP);
	CU_ASSERT_EQUAL(config->idle_after_us, 100);
	CU_ASSERT_EQUAL(config->idle_sleep_us, 50);
	CU_ASSERT_EQUAL(config->idle_longest_us, 1000);
	CU_ASSERT_EQUAL(config->workers, 1);
	CU_ASSERT_STRING_EQUAL(config->cores, "");
	CU_ASSERT_EQUAL(config->max_flows, 1000000);
	CU_ASSERT_EQUAL(config->max_services, 1024);
	CU_ASSERT_EQUAL(config->max_backends, 4096);
	CU_ASSERT_EQUAL(config->punt_rate, 10000);
	CU_ASSERT_EQUAL(config->punt_burst, 512);
	CU_ASSERT_STRING_EQUAL(config->control_socket, "/run/steelyard/control.sock");
	CU_ASSERT_STRING_EQUAL(config->control_group, "");
	CU_ASSERT_EQUAL(config->n_routes, 0);
	CU_ASSERT_EQUAL(config->n_neighbours, 0);
}

static void
test_defaults(void)
{
	struct sy_config *config;
	struct sy_error error;

	CU_ASSERT_EQUAL_FATAL(
		parse_quoted("{'ports':[{'name':'a','device':'net_null0'}],'pools':[" WEB
			     "],'services':[" WWW "]}",
			NULL, &config, &error),
		0);
	check_root_defaults(config);
	CU_ASSERT_EQUAL(config->n_ports, 1);
	CU_ASSERT_STRING_EQUAL(config->ports[0].profile, "auto");
	CU_ASSERT_STRING_EQUAL(config->ports[0].twin, "sy-a");
	CU_ASSERT_EQUAL(config->ports[0].n_addresses, 0);
	CU_ASSERT_EQUAL(config->ports[0].mtu, 1500);
	CU_ASSERT_EQUAL(config->ports[0].rx_descriptors, 1024);
	CU_ASSERT_EQUAL(config->ports[0].tx_descriptors, 1024);
	CU_ASSERT_FALSE(config->ports[0].has_mac);
	check_pool_defaults(&config->pools[0]);
	check_service_defaults(&config->services[0]);
	sy_config_free(config);
}

static void
test_cores(void)
{
	static const struct {
		const char *list;
		int n_cpus; /* -22: refused */
		uint16_t first, last;
	} cases[] = {
		{ "0", 1, 0, 0 }, { "0-3", 4, 0, 3 }, { "7,0-2,4", 5, 7, 4 },
		{ "1023", 1, 1023, 1023 }, { "1024", -22, 0, 0 },
		{ "99999999999999999999", -22, 0, 0 }, { "", -22, 0, 0 }, { "3-1", -22, 0, 0 },
		{ "0,0", -22, 0, 0 }, { "0-3,2", -22, 0, 0 }, { "0,", -22, 0, 0 },
		{ "0-", -22, 0, 0 }, { "-3", -22, 0, 0 }, { "0 1", -22, 0, 0 }, { "a", -22, 0, 0 },
		{ "0-8", -22, 0, 0 }, /* nine, for room of eight */
	};
	uint16_t cpus[8];

	for (size_t i = 0; i < SY_UNIT_COUNT(cases); i++) {
		int n_cpus = sy_config_cores(cases[i].list, cpus, 8);

		CU_ASSERT_EQUAL(n_cpus, cases[i].n_cpus);
		if (n_cpus > 0) {
			CU_ASSERT_EQUAL(cpus[0], cases[i].first);
			CU_ASSERT_EQUAL(cpus[n_cpus - 1], cases[i].last);
		}
	}
}

static const struct sy_test tests[] = {
	{ "numbers and booleans are taken within their ranges", test_numbers },
	{ "durations are taken with a unit, within their ranges", test_durations },
	{ "the texts of health are taken in their forms", test_health_texts },
	{ "names are taken when they can be part of a path", test_names },
	{ "devices are told from interfaces", test_devices },
	{ "addresses, MACs and twins are taken in their forms", test_addresses },
	{ "unknown, double and missing keys are refused, with the nearest named", test_keys },
	{ "a list that is too long is refused", test_too_many },
	{ "every absent key has its documented default", test_defaults },
	{ "CPU lists are read in their order", test_cores },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("config_values", tests, SY_UNIT_COUNT(tests), argc, argv);
}
