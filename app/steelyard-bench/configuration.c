/* SPDX-License-Identifier: BSD-3-Clause */
/* What an operator would write for the scenario. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "appliance.h"
#include "sy/forward.h"

static const char *
endpoint_text(uint8_t ip, struct bench_endpoint endpoint, char text[SY_IP_TEXT])
{
	struct sy_addr address = bench_address(ip, &endpoint);

	return sy_addr_text(ip == 6 ? SY_IPV6 : SY_IPV4, &address, text);
}

static void
write_network(FILE *out, const struct bench_scenario *scenario)
{
	const char *gateway = scenario->ip == 6 ? "2001:db8::fe" : "192.0.2.254";
	char text[SY_IP_TEXT];

	fprintf(out,
		"\"ports\":[{\"name\":\"p\",\"device\":\"net_null0\",\"twin\":\"\",\"addresses\":"
		"[\"192.0.2.1/24\",\"10.255.255.254/8\",\"2001:db8::1/64\",\"fd00::ffff:ffff/64\"]}],"
		"\"routes\":[{\"to\":\"%s\",\"via\":\"%s\",\"port\":\"p\"}],"
		"\"neighbours\":[{\"address\":\"%s\",\"mac\":\"02:00:00:00:00:fe\",\"port\":\"p\"}",
		scenario->ip == 6 ? "::/0" : "0.0.0.0/0", gateway, gateway);
	for (uint32_t i = 0; i < scenario->backends; i++)
		fprintf(out,
			",{\"address\":\"%s\",\"mac\":\"02:00:00:01:%02x:%02x\",\"port\":\"p\"}",
			endpoint_text(scenario->ip, bench_backend(0, i), text), i >> 8, i & 0xff);
	fputc(']', out);
}

static void
write_pool(FILE *out, const struct bench_scenario *scenario, const struct bench_kind *kind,
	uint32_t service)
{
	const struct sy_forward *forward = sy_forward_at(sy_forward_find(kind->mode));
	const bool own_port = (forward->flags & SY_FORWARD_ONE_WAY) == 0;
	char text[SY_IP_TEXT];

	fprintf(out,
		"%s{\"name\":\"p%u\",\"scheduler\":\"%s\",\"health\":{\"type\":\"none\"},\"backends\":[",
		service > 0 ? "," : "", service, kind->scheduler);
	for (uint32_t i = 0; i < scenario->backends; i++) {
		struct bench_endpoint backend = bench_backend(service, i);

		fprintf(out, "%s{\"name\":\"b%u\",\"address\":\"%s\",\"port\":%u}",
			i > 0 ? "," : "", i, endpoint_text(scenario->ip, backend, text),
			own_port ? backend.port : BENCH_VIP_PORT);
	}
	fputs("]}", out);
}

/* Flows that come must go as well while it is measured: in the shortest time that there is, or in
 * what a step of all connections under way may take. */
static const char *
limits(const struct bench_scenario *scenario)
{
	if (scenario->defended)
		return "";
	if (scenario->connections)
		return ",\"max_half_open\":1000000000,\"timeouts\":{\"syn\":\"100ms\","
		       "\"fin\":\"100ms\",\"time_wait\":\"10ms\"}";
	return ",\"max_half_open\":1000000000,\"timeouts\":{\"udp\":\"10ms\"}";
}

static void
write_service(FILE *out, const struct bench_scenario *scenario, const struct bench_kind *kind,
	uint32_t service, const char *protocol)
{
	char text[SY_IP_TEXT];

	fprintf(out,
		"{\"name\":\"%s%u\",\"address\":\"%s\",\"port\":%u,\"protocol\":\"%s\","
		"\"mode\":\"%s\",\"pool\":\"p%u\"%s%s%s%s}",
		protocol, service, endpoint_text(scenario->ip, bench_vip(service), text),
		BENCH_VIP_PORT, protocol, kind->mode, service, limits(scenario),
		sy_forward_has(kind->mode, SY_MODE_MARKS) ? ",\"tunnel\":{\"dscp\":1}" : "",
		scenario->told ? ",\"client_address\":\"proxy-v2\"" : "",
		scenario->sticky ? ",\"consistency\":\"sticky\"" : "");
}

/* Clients are servers that talk to the outside, where the services' addresses are. */
static void
write_outgoing(FILE *out, const struct bench_scenario *scenario)
{
	char first[SY_IP_TEXT], last[SY_IP_TEXT];

	fprintf(out,
		",\"pools\":[],\"services\":[],\"snat\":[{\"name\":\"out\",\"from\":[\"%s\"],"
		"\"to\":[\"%s-%s\"],\"max_flows\":%u}]}",
		scenario->ip == 6 ? "2001:db8:1::/64" : "16.0.0.0/4",
		endpoint_text(scenario->ip, bench_local(0, 0), first),
		endpoint_text(scenario->ip, bench_local(BENCH_LOCALS - 1, 0), last),
		scenario->flows + scenario->room);
}

static void
write_services(FILE *out, const struct bench_scenario *scenario, const struct bench_kind *kind)
{
	char first[SY_IP_TEXT], last[SY_IP_TEXT];

	if (sy_forward_has(kind->mode, SY_MODE_LOCAL))
		fprintf(out, ",\"local_addresses\":[\"%s-%s\"]",
			endpoint_text(scenario->ip, bench_local(0, 0), first),
			endpoint_text(scenario->ip, bench_local(BENCH_LOCALS - 1, 0), last));
	fputs(",\"pools\":[", out);
	for (uint32_t i = 0; i < scenario->services; i++)
		write_pool(out, scenario, kind, i);
	fputs("],\"services\":[", out);
	for (uint32_t i = 0; i < scenario->services; i++) {
		if (i > 0)
			fputc(',', out);
		write_service(out, scenario, kind, i, "tcp");
	}
	if (scenario->n_new > 0) {
		fputc(',', out);
		write_service(out, scenario, kind, 0, "udp");
	}
	fputs("]}", out);
}

static char *
write_text(const struct bench_scenario *scenario, const struct bench_kind *kind)
{
	const struct sy_forward *forward = sy_forward_at(sy_forward_find(kind->mode));
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		return NULL;
	fprintf(out, "{\"max_services\":%u,\"max_backends\":%u,\"max_flows\":%u,",
		2 * scenario->services, scenario->services * scenario->backends,
		scenario->flows + scenario->room);
	write_network(out, scenario);
	if ((forward->flags & SY_FORWARD_OUTGOING) != 0)
		write_outgoing(out, scenario);
	else
		write_services(out, scenario, kind);
	return fclose(out) == 0 ? text : NULL;
}

int
bench_configuration(const struct bench_scenario *scenario, const struct bench_kind *kind,
	struct sy_config **config, struct sy_error *error)
{
	char *text = write_text(scenario, kind);
	int status;

	if (text == NULL)
		return sy_error_set(error, -ENOMEM, "out of memory");
	status = sy_config_parse("benchmark", text, strlen(text), NULL, config, error);
	free(text);
	return status;
}
