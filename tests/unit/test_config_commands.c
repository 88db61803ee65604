/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands and who names them; pools that depend on each other. */
#include "config_text.h"

#define WITH(commands, pools) \
	"{" PORTS ",'services':[],'commands':[\n" commands "],'pools':[\n" pools "]}"
#define CHECK "{'name':'check','run':['/bin/true','-x','']}"
#define POOL(name, more) "{'name':'" name "','backends':[]," more "}"
#define B "'backends':[{'name':'b1','address':'10.1.0.11','port':80}]"

static void
test_commands(void)
{
	static const struct told cases[] = {
		{ WITH(CHECK, POOL("p", "'on_change':'check'")), NULL },
		{ WITH(CHECK, POOL("p", "'health':{'type':'command','command':'check'}")), NULL },
		{ WITH(CHECK, "{'name':'p',\n'on_change':'checq','backends':[]}"),
			"t.json:4:13: pools[0].on_change: found \"checq\", expected the name of one of "
			"the commands; did you mean \"check\"?" },
		{ WITH("", "{'name':'p',\n'health':{'command':'x'},'backends':[]}"),
			"t.json:4:21: pools[0].health.command: found \"x\", expected the name of one of "
			"the commands" },
		{ WITH(CHECK, "{'name':'p',\n'health':{'type':'command'},'backends':[]}"),
			"t.json:4:10: pools[0].health.command: found none, expected the name of one of "
			"the commands, for probes of type command" },
		{ WITH(CHECK ",\n" CHECK, ""),
			"t.json:3:9: commands[1].name: found \"check\", expected another name than that "
			"of commands[0]" },
		{ WITH("{'name':'c','run':['true']}", ""),
			"t.json:2:20: commands[0].run[0]: found \"true\", expected the program's absolute "
			"path: no PATH is searched" },
		{ WITH("{'name':'c','run':[]}", ""),
			"t.json:2:19: commands[0].run: found 0, expected at least 1" },
		{ WITH("{'name':'c','run':'/bin/true -x'}", ""),
			"t.json:2:19: commands[0].run: found \"/bin/true -x\", expected an array of 1 to 16 texts" },
		{ "{" PORTS ",'services':[],'pools':[],\n'on_change':'page'}",
			"t.json:2:13: on_change: found \"page\", expected the name of one of the "
			"commands" },
		/* No port is asked by a command. */
		{ WITH(CHECK,
			  "{'name':'p','backends':[{'name':'b','address':'10.1.0.11','port':0}],"
			  "'health':{'type':'command','command':'check'}}"),
			NULL },
	};

	check_told(cases, SY_UNIT_COUNT(cases), NULL);
}

static void
test_depends(void)
{
	static const struct told cases[] = {
		{ WITH("", POOL("a", "'depends_on':['b','b/b1']") ",{'name':'b'," B "}"), NULL },
		{ WITH("",
			  POOL("a", "'depends_on':['b','c']") "," POOL(
				  "b", "'depends_on':['c']") "," POOL("c", "'depends_on':[]")),
			NULL },
		{ WITH("", "{'name':'a','backends':[],\n'depends_on':['b']}"),
			"t.json:4:15: pools[0].depends_on[0]: found \"b\", expected the name of one of "
			"the pools" },
		{ WITH("", "{'name':'b'," B "},{'name':'a','backends':[],\n'depends_on':['b/b2']}"),
			"t.json:4:15: pools[1].depends_on[0]: found \"b/b2\", expected the name of a "
			"backend of that pool" },
		{ WITH("", "{'name':'a'," B ",\n'depends_on':['a/b1']}"),
			"t.json:4:15: pools[0].depends_on[0]: found \"a/b1\", expected another pool than "
			"this one" },
		{ WITH("",
			  POOL("a", "'depends_on':['b']") "," POOL("b",
				  "'depends_on':['c']") ",{'name':'c','backends':[],\n'depends_on':['a']}"),
			"t.json:4:15: pools[2].depends_on[0]: found \"a\", expected a pool that does not "
			"depend on this one in turn" },
	};

	check_told(cases, SY_UNIT_COUNT(cases), NULL);
}

static const struct sy_test tests[] = {
	{ "a command has a path, and a name that others use", test_commands },
	{ "pools depend on pools and backends, in no circle", test_depends },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("config_commands", tests, SY_UNIT_COUNT(tests), argc, argv);
}
