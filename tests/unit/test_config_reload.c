/* SPDX-License-Identifier: BSD-3-Clause */
#include <json-c/json.h>

#include "config_text.h"

/* The printed configuration, and what a reload may change. */

static struct sy_config *
parse(const char *quoted)
{
	struct sy_config *config = NULL;
	struct sy_error error;

	CU_ASSERT_EQUAL_FATAL(parse_quoted(quoted, NULL, &config, &error), 0);
	return config;
}

/* Every key away from its default, in the order and form in which it is printed. */
#define EVERYTHING \
	"{'name':'x','workers':2,'cores':'4,0-1','hugepages':false,'log_level':'debug'," \
	"'max_flows':64,'max_routes':40,'max_services':7,'max_backends':8,'max_persistent':1025," \
	"'local_addresses':['10.0.0.100-10.0.0.109','2001:db8::9'],'max_local_ends':9," \
	"'idle':{'mode':'poll','after':'1ms','sleep':'3us','longest':'4us'}," \
	"'kernel':{'punt_rate':5,'burst':6},'announce':{'table':7,'hold':'2s','farewell':'3s'},'control':{'socket':'/a','group':'adm'}," \
	"'commands':[{'name':'k','run':['/k','','a'],'user':'u','timeout':'9s'}],'on_change':'k'," \
	"'ports':[{'name':'wan','device':'net_tap0,iface=a','profile':'tap','addresses':" \
	"['10.0.0.1/24','2001:db8::1/64'],'side':'both','mtu':1280,'rx_descriptors':64,'tx_descriptors':128," \
	"'twin':'','mac':'02:00:00:00:00:01'},{'name':'lan','device':'net_tap1','profile':'auto'," \
	"'addresses':[],'side':'auto','mtu':9000,'rx_descriptors':1024,'tx_descriptors':1024,'twin':'k1'," \
	"'mac':''}]," \
	"'routes':[{'to':'0.0.0.0/0','via':'10.0.0.9','port':'wan'}]," \
	"'neighbours':[{'address':'fe80::1','mac':'02:00:00:00:00:02','port':'lan'}]," \
	"'pools':[{'name':'p','scheduler':'rr','load_factor':'101%','zone':'a/b','spill_over':'1%'," \
	"'slow_start':'90s','on_down':'reset','drain_deadline':'7s','on_deadline':'forget'," \
	"'panic_threshold':'50%','on_change':'k','depends_on':['q','q/d']," \
	"'health':{'type':'https','interval':'1500ms','timeout':'1s','rise':4,'fall':5," \
	"'jitter':'0%','port':8,'method':'HEAD','path':'/x','host':'h','status':'204'," \
	"'body':'a\\\"\\\\b\\n','send':'x','name':'n','http_version':'2','command':'k','verify':true,'ca_file':'/c'," \
	"'expiry_warning':'3h'},'passive':{'enabled':false,'failures':6,'clients':2,'interval':'9s','deviation':'200%'," \
	"'peers':4,'connections':90,'base':'20s','longest':'10m','max_ejected':'50%','trials':2," \
	"'flaps':8,'flap_window':'1h'}," \
	"'discovery':{'type':'dns','file':'/f','name':'a.example','record':'srv'," \
	"'servers':['10.0.0.53:5353','[2001:db8::53]:53'],'urls':['http://a:1','https://b/x'],'prefix':'/p'," \
	"'service':'s','datacenter':'d','namespace':'n','port_name':'w','token_file':'/t','ca_file':'/c','port':81," \
	"'weight':3,'refresh':'20s','min_refresh':'2s','timeout':'3s','max_vanish':'40%'," \
	"'confirm':'4m','expect':9},'backends':[" \
	"{'name':'b','address':'10.0.0.8','port':9,'weight':0,'server_id':'0a0b','spare':true,'enabled':false," \
	"'max_flows':5,'max_new_per_s':6,'capacity':7,'priority':15,'zone':'c'}," \
	"{'name':'c','address':'10.0.0.9','port':9,'weight':65535,'server_id':'','spare':false,'enabled':true," \
	"'max_flows':0,'max_new_per_s':0,'capacity':0,'priority':0,'zone':''}" \
	"]},{'name':'q','scheduler':'lc','load_factor':'900%','zone':'','spill_over':'900%'," \
	"'slow_start':'0s','on_down':'keep','drain_deadline':'0s','on_deadline':'reset'," \
	"'panic_threshold':'0%','on_change':'','depends_on':[]," \
	"'health':{'type':'none','interval':'1h','timeout':'1h','rise':1,'fall':1," \
	"'jitter':'50%','port':0,'method':'GET','path':'/','host':'','status':'100-599'," \
	"'body':'','send':'','name':'','http_version':'1.1','command':'','verify':false,'ca_file':''," \
	"'expiry_warning':'0s'},'passive':{'enabled':true,'failures':0,'clients':0,'interval':'100ms','deviation':'0%'," \
	"'peers':1000,'connections':10,'base':'24h','longest':'24h','max_ejected':'0%','trials':1," \
	"'flaps':0,'flap_window':'100ms'}," \
	"'discovery':{'type':'none','file':'','name':'','record':'a','servers':[],'urls':[],'prefix':''," \
	"'service':'','datacenter':'','namespace':'','port_name':'','token_file':'','ca_file':'','port':0," \
	"'weight':0,'refresh':'24h','min_refresh':'10ms','timeout':'1h','max_vanish':'0%'," \
	"'confirm':'0s','expect':0},'backends':[" \
	"{'name':'d','address':'10.0.0.9','port':9,'weight':1,'server_id':'','spare':false,'enabled':true," \
	"'max_flows':0,'max_new_per_s':0,'capacity':0,'priority':0,'zone':''}]}]," \
	"'services':[{'name':'s','address':'10.0.0.80'," \
	"'addresses':['10.0.0.80','10.0.0.81'],'port':80,'ports':'80-90','protocol':'udp','mode':'dr'," \
	"'pool':'q','spare_pool':'p','one_packet':true,'on_empty':'drop','on_no_flow':'drop','announce':'required','put_on_twin':false,'move_unanswered':false," \
	"'on_full':'drop'," \
	"'max_flows':5,'max_half_open':3,'local_addresses':['10.0.0.7']," \
	"'consistency':'both','persistence':{'by':'endpoint','prefix4':24,'prefix6':56,'timeout':'7m'}," \
	"'quic':{'configs':[{'rotation':3,'server_id_length':2,'nonce_length':5," \
	"'key':'000102030405060708090a0b0c0d0eff','key_file':''}]}," \
	"'client_address':'none'," \
	"'trust_client_address':['10.9.0.0/16'],'strip_client_address':false,'toa_option':200," \
	"'mss_clamp':'1300'," \
	"'tunnel':{'source4':'10.0.0.1','source6':'2001:db8::1','port':6081,'udp_checksum':'made','fragment':true," \
	"'vni':77,'inner_destination':'02:00:00:00:00:03','inner_source':'02:00:00:00:00:04'," \
	"'dscp':12}," \
	"'timeouts':{'established':'1h','syn':'10ms','fin':'100s','time_wait':'2m'," \
	"'closed':'24h','udp':'61s','attack':'4s'}}]," \
	"'snat':[{'name':'o','from':['10.1.0.0/16'],'to':['10.0.0.90-10.0.0.91'],'except':['10.2.0.0/16']," \
	"'max_flows':8,'max_source_flows':9," \
	"'timeouts':{'established':'2h','syn':'11ms','fin':'101s','time_wait':'3m'," \
	"'closed':'23h','udp':'62s','udp_new':'9s','echo':'63s','attack':'5s'}}]}"

/* Removes white space (the values have none) and turns the quotes back. */
static void
squeeze(char *text)
{
	char *to = text;

	for (const char *from = text; *from != '\0'; from++) {
		if (*from == ' ' || *from == '\n')
			continue;
		*to++ = *from == '"' && (from == text || from[-1] != '\\') ? '\'' : *from;
	}
	*to = '\0';
}

static void
test_round_trip(void)
{
	struct sy_config *config = parse(EVERYTHING);
	char *text = sy_config_text(config);
	struct sy_config *again = NULL;
	struct sy_error error;
	char *second;

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT_EQUAL_FATAL(
		sy_config_parse("t.json", text, strlen(text), NULL, &again, &error), 0);
	second = sy_config_text(again);
	CU_ASSERT_STRING_EQUAL(text, second);
	squeeze(text);
	CU_ASSERT_STRING_EQUAL(text, EVERYTHING);
	free(text);
	free(second);
	sy_config_free(config);
	sy_config_free(again);
}

static const char *
member(json_object *object, const char *first, const char *second)
{
	json_object *inner = NULL;
	json_object *value = NULL;

	if (json_object_get_type(object) == json_type_array)
		object = json_object_array_get_idx(object, 0);
	CU_ASSERT_TRUE_FATAL(json_object_object_get_ex(object, first, &inner));
	if (json_object_get_type(inner) == json_type_array)
		inner = json_object_array_get_idx(inner, 0);
	CU_ASSERT_TRUE_FATAL(json_object_object_get_ex(inner, second, &value));
	return json_object_get_string(value);
}

/* Another reader takes the printed form, and reads the same in it. */
static void
test_other_reader(void)
{
	struct sy_config *config = parse(EVERYTHING);
	char *text = sy_config_text(config);
	json_tokener *tokener = json_tokener_new();
	json_object *object;

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	object = json_tokener_parse_ex(tokener, text, (int)strlen(text));
	CU_ASSERT_PTR_NOT_NULL_FATAL(object);
	CU_ASSERT_STRING_EQUAL(member(object, "idle", "after"), "1ms");
	CU_ASSERT_STRING_EQUAL(member(object, "ports", "mac"), "02:00:00:00:00:01");
	CU_ASSERT_STRING_EQUAL(member(object, "ports", "mtu"), "1280");
	CU_ASSERT_STRING_EQUAL(member(object, "routes", "port"), "wan");
	CU_ASSERT_STRING_EQUAL(member(object, "neighbours", "port"), "lan");
	CU_ASSERT_STRING_EQUAL(member(object, "pools", "slow_start"), "90s");
	CU_ASSERT_STRING_EQUAL(member(object, "services", "spare_pool"), "p");
	json_object_put(object);
	json_tokener_free(tokener);
	free(text);
	sy_config_free(config);
}

/* A reload from "{'workers':2" PORTS ...} to these. */
static void
test_fixed(void)
{
	static const struct {
		const char *next;
		const char *message; /* NULL: the reload may go on */
	} cases[] = {
		{ "{'workers':2," PORTS ",'pools':[],'services':[]}", NULL },
		/* The default, written out. */
		{ "{'workers':2,'cores':''," PORTS ",'pools':[],'services':[]}", NULL },
		{ "{'workers':2,'log_level':'debug'," PORTS ",'pools':[" WEB "],'services':[" WWW
		  "]}",
			NULL },
		{ "{'workers':2," PORTS ",'pools':[],'services':[],"
		  "'routes':[{'to':'0.0.0.0/0','via':'10.0.0.9'}]}",
			NULL },
		{ "{'workers':2," PORTS ",'pools':[],'services':[],"
		  "'neighbours':[{'address':'10.0.0.9','mac':'02:00:00:00:00:09'}]}",
			NULL },
		{ "{'workers':3," PORTS ",'pools':[],'services':[]}",
			"t.json: workers: found 3, but the daemon runs with 2; restart it to change "
			"this" },
		{ "{'workers':2,'cores':'0-2'," PORTS ",'pools':[],'services':[]}",
			"t.json: cores: found \"0-2\", but the daemon runs with \"\"; restart it to "
			"change this" },
		{ "{'workers':2,'idle':{'after':'1ms'}," PORTS ",'pools':[],'services':[]}",
			"t.json: idle.after: found \"1ms\", but the daemon runs with \"100us\"; restart "
			"it to change this" },
		{ "{'workers':2,'ports':[" WAN "],'pools':[],'services':[]}",
			"t.json: ports: found 1, but the daemon runs with 2; restart it to change this" },
		{ "{'workers':2,'ports':[" LAN "," WAN "],'pools':[],'services':[]}",
			"t.json: ports[0].name: found \"lan\", but the daemon runs with \"wan\"; restart "
			"it to change this" },
		{ "{'workers':2,'ports':[" WAN ",{'name':'lan','device':'net_null1','addresses':"
		  "['10.1.0.1/24']}],'pools':[],'services':[]}",
			"t.json: ports[1].addresses[0]: found \"10.1.0.1/24\", but the daemon runs with "
			"\"10.1.0.1/16\"; restart it to change this" },
		{ "{'workers':2,'ports':[" WAN ",{'name':'lan','device':'net_null1'}],'pools':[],"
		  "'services':[]}",
			"t.json: ports[1].addresses: found 0, but the daemon runs with 1; restart it to "
			"change this" },
		{ "{'workers':2,"
		  "'commands':[{'name':'k','run':['/k']}]," PORTS ",'pools':[],'services':[]}",
			"t.json: commands: found 1, but the daemon runs with 0; restart it to change "
			"this" },
	};
	struct sy_config *current = parse("{'workers':2," PORTS ",'pools':[],'services':[]}");

	for (size_t i = 0; i < SY_UNIT_COUNT(cases); i++) {
		struct sy_config *next = parse(cases[i].next);
		struct sy_error error = { "" };
		int code = sy_config_check_reload(current, next, &error);

		CU_ASSERT_EQUAL(code, cases[i].message != NULL ? -16 : 0);
		CU_ASSERT_STRING_EQUAL(
			error.text, cases[i].message != NULL ? cases[i].message : "");
		sy_config_free(next);
	}
	sy_config_free(current);
}

/* The process that runs commands knows those of the start. */
static void
test_commands(void)
{
	static const struct {
		const char *next;
		const char *message;
	} cases[] = {
		{ "{'name':'k','run':['/k','a'],'timeout':'9s'}", NULL },
		{ "{'name':'l','run':['/k','a']}",
			"[0].name: found \"l\", but the daemon runs with \"k\"" },
		{ "{'name':'k','run':['/k','b']}",
			"[0].run[1]: found \"b\", but the daemon runs with \"a\"" },
		{ "{'name':'k','run':['/k']}", "[0].run: found 1, but the daemon runs with 2" },
		{ "{'name':'k','run':['/k','a'],'user':'root'}",
			"[0].user: found \"root\", but the daemon runs with \"nobody\"" },
		{ "", ": found 0, but the daemon runs with 1" },
	};
	struct sy_config *current =
		parse("{'workers':2,'commands':[{'name':'k','run':['/k','a']}]," PORTS
		      ",'pools':[],'services':[]}");

	for (size_t i = 0; i < SY_UNIT_COUNT(cases); i++) {
		char text[4096], wanted[256] = "";
		struct sy_error error = { "" };
		struct sy_config *next;

		snprintf(text, sizeof(text),
			"{'workers':2,'commands':[%s]," PORTS ",'pools':[],'services':[]}",
			cases[i].next);
		if (cases[i].message != NULL)
			snprintf(wanted, sizeof(wanted),
				"t.json: commands%s; restart it to change this", cases[i].message);
		next = parse(text);
		CU_ASSERT_EQUAL(sy_config_check_reload(current, next, &error),
			cases[i].message != NULL ? -16 : 0);
		CU_ASSERT_STRING_EQUAL(error.text, wanted);
		sy_config_free(next);
	}
	sy_config_free(current);
}

static const struct sy_test tests[] = {
	{ "the printed configuration is the one that was loaded, and loads again",
		test_round_trip },
	{ "the printed configuration is JSON to another reader", test_other_reader },
	{ "a reload may change what is served, and nothing that memory is sized by", test_fixed },
	{ "a reload may not change what is run, nor as whom", test_commands },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("config_reload", tests, SY_UNIT_COUNT(tests), argc, argv);
}
