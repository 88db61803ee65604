/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The whole of discovery on a registry and a loop: what a watched file says becomes
 * backends, what it must not do does not.
 */
#include <stdlib.h>
#include <unistd.h>

#include "config_text.h"
#include "sy/discovery.h"
#include "watch.h"

#define LONGEST_MS 10000
#define GATHER_MS 50 /* as in discovery.c */

struct house {
	uv_loop_t loop;
	struct sy_registry *registry;
	struct sy_discovery *discovery;
	struct sy_config *config;
	char directory[32];
	char path[64];
	uint32_t n_changes;
};

static void
count_change(void *context)
{
	((struct house *)context)->n_changes++;
}

static struct sy_config *
parse_file(const struct house *house, const char *keys, const char *backends)
{
	struct sy_config *config = NULL;
	struct sy_error error;
	char text[2048];

	snprintf(text, sizeof(text),
		"{" PORTS ",'max_backends':8,'pools':[{'name':'web','health':{'type':'none'},"
		"'discovery':{'type':'file','file':'%s','refresh':'1h','min_refresh':'10ms'%s},"
		"'backends':[%s]}],'services':[" WWW "]}",
		house->path, keys, backends);
	CU_ASSERT_EQUAL_FATAL(parse_quoted(text, NULL, &config, &error), 0);
	return config;
}

/* As people should: another file, renamed over the old one. */
static void
write_backends(const struct house *house, const char *quoted)
{
	char other[80];
	FILE *file;

	snprintf(other, sizeof(other), "%s.new", house->path);
	file = fopen(other, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	for (; *quoted != '\0'; quoted++)
		putc(*quoted == '\'' ? '"' : *quoted, file);
	fclose(file);
	CU_ASSERT_EQUAL(rename(other, house->path), 0);
}

static void
open_house(struct house *house, const char *keys, const char *backends, const char *file)
{
	struct sy_discovery_params params = {
		.loop = &house->loop, .changed = count_change, .context = house
	};
	struct sy_error error;

	*house = (struct house){ .directory = "/tmp/steelyard-test-XXXXXX" };
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(house->directory));
	snprintf(house->path, sizeof(house->path), "%s/web.json", house->directory);
	if (file != NULL)
		write_backends(house, file);
	uv_loop_init(&house->loop);
	house->config = parse_file(house, keys, backends);
	CU_ASSERT_EQUAL_FATAL(sy_registry_create(4, 8, NULL, NULL, &house->registry), 0);
	CU_ASSERT_EQUAL_FATAL(sy_registry_apply(house->registry, house->config, &error), 0);
	params.registry = house->registry;
	CU_ASSERT_EQUAL_FATAL(sy_discovery_create(&params, &house->discovery, &error), 0);
	CU_ASSERT_EQUAL(sy_discovery_apply(house->discovery, house->config), 0);
}

static void
close_house(struct house *house)
{
	sy_discovery_destroy(house->discovery);
	CU_ASSERT_EQUAL(uv_run(&house->loop, UV_RUN_DEFAULT), 0);
	CU_ASSERT_EQUAL(uv_loop_close(&house->loop), 0);
	sy_registry_destroy(house->registry);
	sy_config_free(house->config);
	unlink(house->path);
	rmdir(house->directory);
}

static void
wake(uv_timer_t *timer)
{
	(void)timer;
}

/* The names of the pool's backends that have not left, in their order. */
static const char *
backends_of(const struct house *house)
{
	static char text[512];
	const struct sy_pool_config *pool = &house->config->pools[0];

	text[0] = '\0';
	for (uint32_t i = 0; i < pool->n_backends; i++) {
		uint32_t id = sy_registry_backend_id(house->registry, 0, i);
		const struct sy_backend *backend = sy_registry_backend(house->registry, id);
		size_t length = strlen(text);

		CU_ASSERT_PTR_NOT_NULL_FATAL(backend);
		CU_ASSERT_STRING_EQUAL(backend->config.name, pool->backends[i].name);
		CU_ASSERT_FALSE(backend->leaving);
		snprintf(text + length, sizeof(text) - length, "%s%s", i > 0 ? " " : "",
			backend->config.name);
	}
	return text;
}

static struct sy_discovery_status
status_of(const struct house *house)
{
	struct sy_discovery_status status;

	CU_ASSERT_EQUAL_FATAL(sy_discovery_count(house->discovery), 1);
	sy_discovery_status(house->discovery, 0, &status);
	return status;
}

/* Turns the loop until the pool's backends and the source's state are these. */
static void
wait_for(struct house *house, const char *backends, const char *state)
{
	uint64_t begun = uv_now(&house->loop);
	uv_timer_t timer;
	bool right = false;

	uv_timer_init(&house->loop, &timer);
	uv_timer_start(&timer, wake, 10, 10);
	while (!right && uv_now(&house->loop) - begun < LONGEST_MS) {
		uv_run(&house->loop, UV_RUN_ONCE);
		right = strcmp(backends_of(house), backends) == 0 &&
			strcmp(status_of(house).state, state) == 0;
	}
	uv_close((uv_handle_t *)&timer, NULL);
	uv_run(&house->loop, UV_RUN_NOWAIT);
	if (!right)
		printf("# %s, %s; expected %s, %s; %s\n", backends_of(house),
			status_of(house).state, backends, state, status_of(house).error);
	CU_ASSERT_TRUE(right);
}

#define OWN "{'name':'own','address':'10.1.0.11','port':80}"
#define A "{'name':'a','address':'10.1.0.21','port':80}"
#define B "{'name':'b','address':'10.1.0.22','port':80,'weight':7}"
#define C "{'name':'c','address':'10.1.0.23','port':80}"

static void
test_file(void)
{
	struct house house;

	open_house(&house, "", OWN, "[" A "," B "]");
	wait_for(&house, "own a b", "good");
	CU_ASSERT_EQUAL(house.config->pools[0].backends[2].weight, 7);
	CU_ASSERT_EQUAL(house.config->pools[0].n_static, 1);
	CU_ASSERT_EQUAL(status_of(&house).n_in_force, 2);
	write_backends(&house, "{'backends':[" B "," C "," A "]}");
	wait_for(&house, "own b c a", "good");
	/* In what is printed there is what people have written. */
	char *text = sy_config_text(house.config);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "10.1.0.11"));
	CU_ASSERT_PTR_NULL(strstr(text, "10.1.0.22"));
	free(text);
	close_house(&house);
}

static void
test_bad_file(void)
{
	struct house house;

	open_house(&house, "", OWN, NULL);
	wait_for(&house, "own", "failing");
	CU_ASSERT_PTR_NOT_NULL(strstr(status_of(&house).error, "cannot be opened"));
	write_backends(&house, "[" A "," B "]");
	wait_for(&house, "own a b", "good");
	write_backends(&house, "[" A ",\n{'name':'x','address':'10.1.0.300'}]");
	wait_for(&house, "own a b", "failing");
	CU_ASSERT_PTR_NOT_NULL(strstr(status_of(&house).error,
		"web.json:2:23: [1].address: found \"10.1.0.300\", expected"));
	unlink(house.path);
	CU_ASSERT_EQUAL(sy_discovery_refresh(house.discovery, "web", NULL), 0);
	wait_for(&house, "own a b", "failing");
	write_backends(&house, "[" A "," B "," C "]");
	wait_for(&house, "own a b c", "good");
	/* QUIC's server_id names one backend of a pool. */
	write_backends(&house,
		"[{'name':'a','address':'10.1.0.21','port':80,'server_id':'0a0b'},"
		"{'name':'b','address':'10.1.0.22','port':80,'server_id':'0a0b'},"
		"{'name':'c','address':'10.1.0.23','port':80,'server_id':'0a'}]");
	wait_for(&house, "own a c", "good");
	CU_ASSERT_PTR_NOT_NULL(strstr(status_of(&house).error, "backend \"a\" has its server_id"));
	write_backends(&house, "[" A "," B "," C "]");
	wait_for(&house, "own a b c", "good");
	/* One row that the pool may not have is no reason to lose the others. */
	write_backends(&house, "[" A ",{'address':'10.0.0.1','port':1}," B "]");
	wait_for(&house, "own a b", "good");
	CU_ASSERT_EQUAL(status_of(&house).n_left_out, 1);
	CU_ASSERT_STRING_EQUAL(status_of(&house).error,
		"10.0.0.1_1 (10.0.0.1 port 1): it is the balancer's own address on port \"wan\"");
	close_house(&house);
}

static void
test_guard(void)
{
	struct sy_error error;
	struct house house;

	open_house(&house, ",'confirm':'0s'", "", "[" A "," B "," C "]");
	wait_for(&house, "a b c", "good");
	CU_ASSERT_EQUAL(sy_discovery_accept(house.discovery, "web", &error), -22);
	write_backends(&house, "[]");
	wait_for(&house, "a b c", "holding");
	CU_ASSERT_EQUAL(status_of(&house).n_held, 3);
	write_backends(&house, "[" C "]");
	wait_for(&house, "c a b", "holding");
	CU_ASSERT_EQUAL(sy_discovery_accept(house.discovery, "wbe", &error), -2);
	CU_ASSERT_EQUAL(sy_discovery_accept(house.discovery, "web", &error), 0);
	wait_for(&house, "c", "good");
	close_house(&house);
	/* Time confirms it too. */
	open_house(&house, ",'confirm':'200ms'", "", "[" A "," B "]");
	wait_for(&house, "a b", "good");
	write_backends(&house, "[]");
	wait_for(&house, "", "good");
	close_house(&house);
}

/* A storm of changes is few changes of the registry. */
static void
test_storm(void)
{
	struct house house;
	uint32_t before;
	uint64_t begun;

	open_house(&house, "", "", "[" A "]");
	wait_for(&house, "a", "good");
	before = house.n_changes;
	begun = uv_now(&house.loop);
	for (int i = 0; i < 100; i++) {
		write_backends(&house, i % 2 == 0 ? "[" A "," B "]" : "[" A "," C "]");
		uv_run(&house.loop, UV_RUN_NOWAIT);
	}
	write_backends(&house, "[" A "," B "," C "]");
	wait_for(&house, "a b c", "good");
	uv_update_time(&house.loop);
	CU_ASSERT_TRUE(house.n_changes - before <= 2 + (uv_now(&house.loop) - begun) / GATHER_MS);
	close_house(&house);
}

static void
reload(struct house *house, const char *keys, const char *backends)
{
	struct sy_config *next = parse_file(house, keys, backends);
	struct sy_error error;

	CU_ASSERT_EQUAL(sy_discovery_merge(house->discovery, next), 0);
	CU_ASSERT_EQUAL(sy_registry_apply(house->registry, next, &error), 0);
	CU_ASSERT_EQUAL(sy_discovery_apply(house->discovery, next), 0);
	sy_config_free(house->config);
	house->config = next;
}

static void
test_reload(void)
{
	struct house house;
	uint32_t id;

	open_house(&house, "", OWN, "[" A "," B "]");
	wait_for(&house, "own a b", "good");
	id = sy_registry_backend_id(house.registry, 0, 2);
	reload(&house, "", OWN);
	CU_ASSERT_STRING_EQUAL(backends_of(&house), "own a b");
	CU_ASSERT_EQUAL(sy_registry_backend_id(house.registry, 0, 2), id);
	/* The file comes first, and is not refused for what was found. */
	reload(&house, "", OWN ",{'name':'x','address':'10.1.0.22','port':80}");
	CU_ASSERT_STRING_EQUAL(backends_of(&house), "own x a");
	reload(&house, "", OWN);
	wait_for(&house, "own a b", "good");
	close_house(&house);
}

/* Of 8 places 3 are the file's, and 2 are kept for it. */
static void
test_room(void)
{
	struct house house;

	open_house(&house, "", OWN "," A "," B, "[" C ",{'address':'10.1.0.1'}]");
	write_backends(&house,
		"[" C ",{'address':'10.1.0.31','port':1},{'address':'10.1.0.32','port':1},"
		"{'address':'10.1.0.33','port':1},{'address':'10.1.0.34','port':1},"
		"{'address':'10.1.0.35','port':1}]");
	wait_for(&house, "own a b c 10.1.0.31_1 10.1.0.32_1", "good");
	CU_ASSERT_EQUAL(status_of(&house).n_left_out, 3);
	CU_ASSERT_PTR_NOT_NULL(strstr(status_of(&house).error, "no room; raise max_backends"));
	/* What was found does not keep the file from having more. */
	reload(&house, "", OWN "," A "," B ",{'name':'x','address':'10.1.0.41','port':1}");
	wait_for(&house, "own a b x c 10.1.0.31_1 10.1.0.32_1", "good");
	close_house(&house);
}

static struct sy_watch *
start_watch(struct house *house)
{
	struct sy_watch *watch = sy_watch_start(house->discovery, &house->config->pools[0]);

	CU_ASSERT_PTR_NOT_NULL_FATAL(watch);
	return watch;
}

/* As if the watch's source had found this one, or nothing at all. */
static void
report(struct sy_watch *watch, const char *address)
{
	struct sy_found found = { .n = 0 };

	if (address != NULL) {
		struct sy_backend_config *row = sy_found_add(&found, &watch->config);

		CU_ASSERT_PTR_NOT_NULL_FATAL(row);
		CU_ASSERT_EQUAL(sy_ip_parse(address, &row->address), 0);
	}
	sy_source_found(&watch->source, &found, 0);
}

static void
turn(struct house *house, uint64_t ms)
{
	uint64_t begun = uv_now(&house->loop);
	uv_timer_t timer;

	uv_timer_init(&house->loop, &timer);
	uv_timer_start(&timer, wake, ms, 0);
	while (uv_now(&house->loop) - begun < ms)
		uv_run(&house->loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&timer, NULL);
	uv_run(&house->loop, UV_RUN_NOWAIT);
}

/* A source that has died cannot confirm what it said last.  There is no file: it fails by itself. */
static void
test_dead_source(void)
{
	struct house house;
	struct sy_watch *watch;

	open_house(&house, ",'confirm':'100ms'", OWN, NULL);
	watch = start_watch(&house);
	report(watch, "10.1.0.21");
	report(watch, NULL);
	CU_ASSERT_EQUAL(watch->state, SY_DISCOVERY_HOLDING);
	sy_source_failed(&watch->source, "it has died");
	turn(&house, 300);
	CU_ASSERT_EQUAL(watch->state, SY_DISCOVERY_FAILING);
	CU_ASSERT_TRUE(watch->n_held == 1 && watch->found.n == 1);
	/* It begins anew with the next answer. */
	report(watch, NULL);
	CU_ASSERT_EQUAL(watch->state, SY_DISCOVERY_HOLDING);
	CU_ASSERT_EQUAL(watch->n_held, 1);
	for (int i = 0; i < 100 && watch->n_held > 0; i++)
		turn(&house, 50);
	CU_ASSERT_TRUE(watch->n_held == 0 && watch->found.n == 0);
	sy_watch_stop(watch);
	close_house(&house);
}

/* What a source might say that does not parse its rows by the table. */
static void
test_nonsense(void)
{
	struct house house;
	struct sy_watch *watch;

	open_house(&house, "", OWN, NULL);
	watch = start_watch(&house);
	report(watch, "10.1.0.21");
	CU_ASSERT_EQUAL(watch->state, SY_DISCOVERY_GOOD);
	report(watch, "224.0.0.1");
	/* That nothing of it can be used does not mean that there is nothing. */
	CU_ASSERT_EQUAL(watch->state, SY_DISCOVERY_FAILING);
	CU_ASSERT_EQUAL(watch->found.n, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(watch->error, "none of its 1 rows can be used"));
	sy_watch_stop(watch);
	close_house(&house);
}

/* A list that can be read, and a watch behind it that is always refused: the pauses grow. */
static void
test_tentative(void)
{
	struct house house;
	struct sy_watch *watch;
	uint32_t n;

	open_house(&house, "", OWN, NULL);
	watch = start_watch(&house);
	n = watch->n_failures;
	watch->source.is_tentative = true;
	for (int i = 0; i < 5; i++) {
		report(watch, "10.1.0.21");
		CU_ASSERT_EQUAL(watch->state, SY_DISCOVERY_GOOD);
		CU_ASSERT_EQUAL(watch->n_failures, n);
		sy_source_failed(&watch->source, "refused");
		CU_ASSERT_EQUAL(watch->n_failures, ++n);
	}
	report(watch, "10.1.0.21");
	CU_ASSERT_STRING_EQUAL(watch->error, "refused");
	sy_source_proved(&watch->source);
	CU_ASSERT_STRING_EQUAL(watch->error, "");
	CU_ASSERT_TRUE(watch->n_failures == 0 && !watch->source.is_tentative);
	sy_watch_stop(watch);
	close_house(&house);
}

/* Who reports by himself is asked when somebody wants it. */
static void
test_refresh(void)
{
	struct sy_discovery_config other;
	struct house house;
	struct sy_watch *watch;

	open_house(&house, "", OWN, NULL);
	watch = start_watch(&house);
	report(watch, NULL);
	watch->watching = true;
	sy_watch_refresh(watch);
	CU_ASSERT_TRUE(watch->asking && !watch->watching);
	/* The first answer of another source is believed, though other settings come before it. */
	other = watch->config;
	strcat(other.file, ".other");
	sy_watch_configure(watch, &other);
	CU_ASSERT_TRUE(watch->trusts_next);
	other.refresh_ms++;
	sy_watch_configure(watch, &other);
	CU_ASSERT_TRUE(watch->trusts_next);
	sy_watch_stop(watch);
	close_house(&house);
}

/* What a peer says comes to logs and terminals. */
static void
test_harmless(void)
{
	struct sy_found found = { .n = 0 };
	struct house house;
	struct sy_watch *watch;

	open_house(&house, "", OWN, NULL);
	watch = start_watch(&house);
	sy_source_failed(&watch->source, "it said \"%s\"", "a\033[2J\nb\x7f\xc2\x9b");
	CU_ASSERT_STRING_EQUAL(watch->error, "it said \"a?[2J?b???\"");
	sy_found_skip(&found, "%s: not an address", "\033]0;x\a");
	CU_ASSERT_STRING_EQUAL(found.fault, "?]0;x?: not an address");
	sy_found_fini(&found);
	sy_watch_stop(watch);
	close_house(&house);
}

static const struct sy_test tests[] = {
	{ "a watched file's backends come behind those of the configuration", test_file },
	{ "a file that is bad or missing changes nothing", test_bad_file },
	{ "a file that is emptied is held until it is confirmed", test_guard },
	{ "a source that has died confirms nothing", test_dead_source },
	{ "an answer of which nothing can be used changes nothing", test_nonsense },
	{ "a watch that is refused after a list goes on failing", test_tentative },
	{ "who watches is asked by order, and a new source trusted once", test_refresh },
	{ "what a peer says cannot command a terminal", test_harmless },
	{ "a storm of changes costs few", test_storm },
	{ "a reload keeps what was found, and the file comes first", test_reload },
	{ "what has no room is told", test_room },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("discovery_sources", tests, SY_UNIT_COUNT(tests), argc, argv);
}
