/* SPDX-License-Identifier: BSD-3-Clause */
/* Which rung: the order in which they are tried, and what becomes of a device that
 * breaks its word. */
#include "ladder.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_random.h>

#include "flow_rule.h"
#include "hash_check.h"
#include "rss.h"
#include "rss_key.h"
#include "sy/forward.h"
#include "sy/log.h"

/* A second with fewer packets proves nothing. */
#define JUDGED_PACKETS 1000
/* One packet in four at the wrong worker costs more than looking at each. */
#define JUDGED_SHARE 4
/* Each failure doubles the seconds without fault that it takes to be trusted again, up to 85 min. */
#define FIRST_GOOD_SECONDS 10u
#define MAX_DOUBLINGS 9u

static void
say(struct sy_ports *ports, enum sy_steering_rung rung, bool possible, const char *reason)
{
	struct sy_steering_row *row = &ports->steering.rows[rung];

	row->possible = possible;
	snprintf(row->reason, sizeof(row->reason), "%s", reason);
}

static void
take(struct sy_ports *ports, enum sy_steering_rung rung, const char *reason)
{
	ports->steering.rung = rung;
	snprintf(ports->steering.reason, sizeof(ports->steering.reason), "%s", reason);
}

static void
forget_hashes(struct sy_ports *ports)
{
	for (uint32_t i = 0; i < ports->n_ports; i++)
		ports->ports[i].rss.types = 0;
}

static const char *const way_reasons[SY_N_CLIENT_WAYS] = {
	[SY_HASH_ONE_SIDE] = "the ports hash the client's address and port alone",
	[SY_HASH_KEY_PAIR] =
		"the ports have keys under which only the client's address and port count",
};

static int
try_way(struct sy_ports *ports, struct sy_hash_wish *wish, enum sy_hash_way way,
	struct sy_error *error)
{
	struct sy_random random = { .state = rte_rand() };
	int status = 0;

	wish->way = way;
	ports->pair_serves = 0;
	for (int family = 0; way == SY_HASH_KEY_PAIR && family < SY_N_FAMILIES; family++)
		ports->pair_serves |= wish->families[family] ? 1u << family : 0;
	for (uint32_t i = 0; i < ports->n_ports && status == 0; i++)
		status = sy_hash_check_way(&ports->ports[i], wish, error);
	if (status == 0)
		sy_hash_give_keys(ports, wish, &random);
	for (uint32_t i = 0; i < ports->n_ports && status == 0; i++)
		status = sy_hash_try(&ports->ports[i], error);
	return status;
}

static void
plan_client_hash(struct sy_ports *ports, struct sy_hash_wish *wish)
{
	struct sy_error error;
	int status = 0;

	ports->wanted = SY_STEERING_SOFTWARE;
	for (uint32_t i = 0; i < ports->n_ports && status == 0; i++) {
		status = sy_hash_check(&ports->ports[i], wish, &error);
		if (status == 0)
			status = sy_hash_check_side(&ports->ports[i], &error);
	}
	if (status != 0) {
		say(ports, SY_STEERING_CLIENT_HASH, false, error.text);
		return;
	}
	for (int way = 0; way < SY_N_CLIENT_WAYS; way++) {
		if (try_way(ports, wish, (enum sy_hash_way)way, &error) == 0) {
			say(ports, SY_STEERING_CLIENT_HASH, true, way_reasons[way]);
			ports->wanted = SY_STEERING_CLIENT_HASH;
			return;
		}
		sy_debug("steering: %s", error.text);
	}
	say(ports, SY_STEERING_CLIENT_HASH, false, error.text);
	forget_hashes(ports);
}

/* Of which both directions are where their own hash says, since we choose what it is of. */
static const struct sy_service_config *
find_other_service(const struct sy_config *config)
{
	for (uint32_t i = 0; i < config->n_services; i++)
		if (!sy_forward_replies_apart(sy_forward_find(config->services[i].mode)))
			return &config->services[i];
	return NULL;
}

static bool
has_local_service(const struct sy_config *config)
{
	for (uint32_t i = 0; i < config->n_services; i++)
		if (sy_forward_has(config->services[i].mode, SY_MODE_LOCAL))
			return true;
	return false;
}

/* Of two families one pair of keys leaves IPv6's answers anywhere. */
static bool
serves_all_families(const struct sy_hash_wish *wish)
{
	return wish->way == SY_HASH_ONE_SIDE ||
		!(wish->families[SY_IPV4] && wish->families[SY_IPV6]);
}

/* What the hash of an answer is depends on the local port, which is ours to choose: any hash will do
 * whose key and table are known. */
static void
plan_chosen_port(struct sy_ports *ports, const struct sy_config *config, struct sy_hash_wish *wish)
{
	const struct sy_service_config *other = find_other_service(config);
	char reason[SY_STEERING_REASON];
	struct sy_error error;
	int status = 0;

	for (uint32_t i = 0; i < ports->n_ports && status == 0; i++)
		status = sy_hash_check(&ports->ports[i], wish, &error);
	if (status != 0) {
		say(ports, SY_STEERING_CHOSEN_PORT, false, error.text);
	} else if (!has_local_service(config)) {
		say(ports, SY_STEERING_CHOSEN_PORT, true,
			"the ports' hashes can be known; it is for services with local addresses, of "
			"which there are none");
	} else if (other != NULL) {
		snprintf(reason, sizeof(reason),
			"the ports' hashes can be known, but answers to service \"%s\" (mode %s) do "
			"not come to a local port: it is for full NAT alone",
			other->name, other->mode);
		say(ports, SY_STEERING_CHOSEN_PORT, true, reason);
	} else if (ports->wanted == SY_STEERING_CLIENT_HASH && serves_all_families(wish)) {
		say(ports, SY_STEERING_CHOSEN_PORT, true,
			"the ports' hashes can be known, but client-hash does");
	} else if (try_way(ports, wish, SY_HASH_WHOLE, &error) == 0) {
		ports->wanted = SY_STEERING_CHOSEN_PORT;
		say(ports, SY_STEERING_CHOSEN_PORT, true,
			"the ports hash both ends of a packet, and local ports are chosen so that "
			"answers come to the same worker");
	} else {
		say(ports, SY_STEERING_CHOSEN_PORT, false, error.text);
		forget_hashes(ports);
		plan_client_hash(ports, wish);
	}
}

int
sy_ports_check_services(
	const struct sy_ports *ports, const struct sy_config *config, struct sy_error *error)
{
	const struct sy_service_config *other = find_other_service(config);

	if (!ports->owners.by_tuple || other == NULL)
		return 0;
	return sy_error_set(error, -EBUSY,
		"service \"%s\": mode %s needs a restart: the ports' hash is set for full NAT alone "
		"(steering: chosen-port)",
		other->name, other->mode);
}

void
sy_ladder_plan(struct sy_ports *ports, const struct sy_config *config)
{
	struct sy_hash_wish wish;

	for (uint32_t i = 0; i < ports->n_ports; i++)
		ports->ports[i].rss.side = sy_config_port_side(config, i);
	if (ports->n_workers == 1) {
		for (int rung = 0; rung < SY_N_STEERING_RUNGS; rung++)
			say(ports, (enum sy_steering_rung)rung, rung == SY_STEERING_SINGLE,
				"one worker has every packet");
		return;
	}
	say(ports, SY_STEERING_SINGLE, false, "there are several workers");
	say(ports, SY_STEERING_SOFTWARE, true, "rings between workers are always there");
	sy_hash_wish_init(&wish, config, ports->n_workers);
	plan_client_hash(ports, &wish);
	plan_chosen_port(ports, config, &wish);
}

/* The devices run: the hash that they were given gets its table, and is read back. */
static void
settle_hash(struct sy_ports *ports)
{
	unsigned int bits = sy_hash_bits(ports);
	struct sy_error error;

	for (uint32_t i = 0; i < ports->n_ports; i++)
		if (sy_rss_program(&ports->ports[i], ports->n_workers, bits, &error) != 0) {
			say(ports, ports->wanted, false, error.text);
			return;
		}
	if (ports->wanted == SY_STEERING_CHOSEN_PORT)
		sy_owners_init_tuple(&ports->owners, ports->n_workers, ports->clients_key, bits);
	else
		sy_owners_init_nic(&ports->owners, ports->n_workers, ports->clients_key, bits);
}

static void
check_flow_rules(struct sy_ports *ports)
{
	struct sy_error error;

	for (uint32_t i = 0; i < ports->n_ports; i++)
		if (sy_flow_rule_check(&ports->ports[i], ports->n_workers, &error) != 0) {
			say(ports, SY_STEERING_FLOW_RULES, false, error.text);
			return;
		}
	say(ports, SY_STEERING_FLOW_RULES, true,
		"the ports take rules; no worker has local addresses of its own");
}

void
sy_ladder_settle(struct sy_ports *ports)
{
	const struct sy_steering_row *rows = ports->steering.rows;
	enum sy_steering_rung wanted = ports->wanted;

	if (ports->n_workers == 1) {
		take(ports, SY_STEERING_SINGLE, rows[SY_STEERING_SINGLE].reason);
		return;
	}
	check_flow_rules(ports);
	if (wanted == SY_STEERING_SOFTWARE) {
		take(ports, wanted, rows[SY_STEERING_CLIENT_HASH].reason);
		return;
	}
	settle_hash(ports);
	take(ports, rows[wanted].possible ? wanted : SY_STEERING_SOFTWARE, rows[wanted].reason);
}

static void
give_up_hash(struct sy_ports *ports, uint64_t n_transmitted, uint64_t n_astray)
{
	enum sy_steering_rung rung = ports->steering.rung;
	char reason[SY_STEERING_REASON];

	snprintf(reason, sizeof(reason),
		"the ports brought %lu packets of flows to the wrong worker while %lu were sent: %s",
		n_astray, n_transmitted,
		rung == SY_STEERING_CHOSEN_PORT
			? "a device does not do what it says"
			: "a port's \"side\" is wrong, a device does not do what it says, or it is "
			  "IPv6 beside IPv4 under one key");
	say(ports, rung, false, reason);
	ports->trial.rung = rung;
	take(ports, SY_STEERING_SOFTWARE, reason);
	atomic_store_explicit(&ports->owners.early, true, memory_order_relaxed);
	ports->trial.failed = true;
	ports->trial.n_failures++;
	ports->trial.n_good = 0;
}

static void
trust_hash_again(struct sy_ports *ports)
{
	const char *reason = "the ports bring packets of flows to the right workers again";

	say(ports, ports->trial.rung, true, reason);
	take(ports, ports->trial.rung, reason);
	atomic_store_explicit(&ports->owners.early, false, memory_order_relaxed);
	ports->trial.failed = false;
}

static bool
is_by_hash(enum sy_steering_rung rung)
{
	return rung == SY_STEERING_CLIENT_HASH || rung == SY_STEERING_CHOSEN_PORT;
}

static uint32_t
good_seconds_wanted(const struct sy_steering_trial *trial)
{
	return FIRST_GOOD_SECONDS << RTE_MIN(trial->n_failures - 1, MAX_DOUBLINGS);
}

bool
sy_ports_judge_steering(struct sy_ports *ports, uint64_t transmitted, uint64_t astray)
{
	struct sy_steering_trial *trial = &ports->trial;
	uint64_t n_transmitted = transmitted - trial->transmitted;
	uint64_t n_astray = astray - trial->astray;
	bool bad;

	trial->transmitted = transmitted;
	trial->astray = astray;
	if (n_transmitted < JUDGED_PACKETS)
		return false;
	bad = n_astray >= n_transmitted / JUDGED_SHARE;
	if (is_by_hash(ports->steering.rung) && bad) {
		give_up_hash(ports, n_transmitted, n_astray);
		return true;
	}
	if (!trial->failed)
		return false;
	trial->n_good = bad ? 0 : trial->n_good + 1;
	if (trial->n_good < good_seconds_wanted(trial))
		return false;
	trust_hash_again(ports);
	return true;
}

const char *
sy_steering_name(enum sy_steering_rung rung)
{
	static const char *const names[] = {
		[SY_STEERING_SINGLE] = "single",
		[SY_STEERING_CLIENT_HASH] = "client-hash",
		[SY_STEERING_CHOSEN_PORT] = "chosen-port",
		[SY_STEERING_FLOW_RULES] = "flow-rules",
		[SY_STEERING_SOFTWARE] = "software",
	};

	return names[rung];
}
