/* SPDX-License-Identifier: BSD-3-Clause */
/* What a pool's discovery needs. */
#include "config_text.h"

#define POOL(rest) "{" PORTS ",'services':[],'pools':[{'name':'p'," rest "}]}"
#define FOUND(keys) POOL("'discovery':{\n" keys "}")

static void
test_needs(void)
{
	static const struct told cases[] = {
		{ FOUND("'type':'file','file':'/run/web.json'"), NULL },
		{ FOUND("'type':'dns','name':'web.example','port':80"), NULL },
		{ FOUND("'type':'dns','name':'_http._tcp.web.example','record':'srv'"), NULL },
		{ FOUND("'type':'file'"),
			"t.json:1:204: pools[0].discovery: found no \"file\", expected the path of the "
			"file with the backends" },
		{ FOUND("'type':'dns','port':80"),
			"t.json:1:204: pools[0].discovery: found no \"name\", expected the name to ask "
			"for" },
		{ FOUND("'type':'etcd','prefix':'/web/'"),
			"t.json:1:204: pools[0].discovery: found no \"urls\", expected where the source "
			"is" },
		{ FOUND("'type':'etcd','urls':['http://10.0.0.9:2379']"),
			"t.json:1:204: pools[0].discovery: found no \"prefix\", expected what the "
			"backends' keys begin with" },
		{ FOUND("'type':'consul','urls':['http://10.0.0.9:8500']"),
			"t.json:1:204: pools[0].discovery: found no \"service\", expected the service's "
			"name at the source" },
		{ FOUND("'type':'dns','port':80,'name':'a','min_refresh':'31s'"),
			"t.json:2:49: pools[0].discovery.min_refresh: found 31000ms, expected at most "
			"the refresh of 30000ms" },
		{ FOUND("'type':'dns','name':'a'"),
			"t.json:1:204: pools[0].discovery.port: found none, expected a port, or "
			"health.port for the pool's probes, or probes of type icmp or none" },
	};

	check_told(cases, SY_UNIT_COUNT(cases), NULL);
}

static void
test_forms(void)
{
	static const struct told cases[] = {
		{ FOUND("'type':'dns','name':'a','port':1,'servers':['10.0.0.53','10.0.0.53:5353',"
			"'2001:db8::53']"),
			NULL },
		{ FOUND("'type':'dns','name':'a','port':1,'servers':['[2001:db8::53]:53']"), NULL },
		{ FOUND("'servers':['10.0.0.53:0']"),
			"t.json:2:12: pools[0].discovery.servers[0]: found \"10.0.0.53:0\", expected an "
			"address such as \"10.0.0.53\", \"10.0.0.53:5353\" or \"[2001:db8::53]:53\" of at "
			"most 63 bytes" },
		{ FOUND("'servers':['ns.example']"),
			"t.json:2:12: pools[0].discovery.servers[0]: found \"ns.example\", expected an "
			"address such as \"10.0.0.53\", \"10.0.0.53:5353\" or \"[2001:db8::53]:53\" of at "
			"most 63 bytes" },
		{ FOUND("'name':'a..b'"),
			"t.json:2:8: pools[0].discovery.name: found \"a..b\", expected a name in DNS of "
			"at most 255 bytes, or \"\"" },
		{ FOUND("'urls':['http://me:secret@10.0.0.9']"),
			"t.json:2:9: pools[0].discovery.urls[0]: found \"http://me:secret@10.0.0.9\", "
			"expected a URL of http or https without user and password of at most 127 "
			"bytes" },
	};

	check_told(cases, SY_UNIT_COUNT(cases), NULL);
}

/* Only where some are found may the file leave them out. */
static void
test_backends(void)
{
	static const struct told cases[] = {
		{ POOL("'scheduler':'rr'"),
			"t.json:1:180: pools[0]: found no \"backends\", expected an array of 0 to 65535 objects, "
			"since it cannot be left out where there is no discovery" },
	};

	check_told(cases, SY_UNIT_COUNT(cases), NULL);
}

static const struct sy_test tests[] = {
	{ "each kind of source has what it needs", test_needs },
	{ "servers, names and URLs have a form", test_forms },
	{ "a pool without discovery names its backends", test_backends },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("config_discovery", tests, SY_UNIT_COUNT(tests), argc, argv);
}
