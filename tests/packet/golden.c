/* SPDX-License-Identifier: BSD-3-Clause */
#include "golden.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "fake_mbuf.h"
#include "matrix.h"
#include "sy/forward.h"
#include "via.h"

#define SERVICE_PORT_TCP 80
#define SERVICE_PORT_UDP 53
#define BACKEND_PORT_TCP 8080
#define BACKEND_PORT_UDP 5353
#define CLIENT_PORT 40000
#define LOCAL_PORT 20000

static const struct golden_table *const tables[] = {
	&golden_accepted,
	&golden_malformed,
	&golden_nat,
	&golden_nat_errors,
	&golden_sctp,
	&golden_fullnat,
	&golden_translated,
	&golden_translated_errors,
	&golden_snat,
	&golden_answers,
	&golden_answer_errors,
	&golden_told,
	&golden_range,
	&golden_quic,
	&golden_tunnels,
	&golden_direct,
	&golden_tunnel_errors,
	&golden_scapy,
};

#define N_TABLES (sizeof(tables) / sizeof(tables[0]))

static struct sy_addr
address(const char *text)
{
	struct sy_ip ip = { .family = SY_IPV4 };

	sy_ip_parse(text, &ip);
	return ip.addr;
}

/* The flow that every row's packets belong to. */
static void
make_flow(struct sy_flow_v6 *v6, uint8_t family, uint8_t protocol)
{
	static const char *const texts[SY_N_FAMILIES][3] = {
		{ CLIENT4, VIP4, BACKEND4 },
		{ CLIENT6, VIP6, BACKEND6 },
	};
	bool is_tcp = protocol == IPPROTO_TCP;

	memset(v6, 0, sizeof(*v6));
	v6->flow.family = family;
	v6->flow.protocol = protocol;
	v6->flow.ports_be[SY_FLOW_CLIENT] = htons(CLIENT_PORT);
	v6->flow.ports_be[SY_FLOW_VIP] = htons(is_tcp ? SERVICE_PORT_TCP : SERVICE_PORT_UDP);
	v6->flow.ports_be[SY_FLOW_BACKEND] = htons(is_tcp ? BACKEND_PORT_TCP : BACKEND_PORT_UDP);
	for (int party = SY_FLOW_CLIENT; party <= SY_FLOW_BACKEND; party++) {
		struct sy_addr addr = address(texts[family][party]);

		if (family == SY_IPV4)
			v6->flow.v4_be[party] = addr.v4_be;
		else
			v6->addresses[party] = addr;
	}
}

static enum sy_drop
forward(struct sy_packet *packet, enum sy_direction direction)
{
	struct sy_flow_v6 flow;

	make_flow(&flow, packet->tuple.family, packet->tuple.protocol);
	packet->direction = direction;
	return sy_forward_at(sy_forward_find("nat"))->apply(packet, &flow.flow, NULL);
}

static enum sy_drop
forward_range(struct sy_packet *packet, enum sy_direction direction)
{
	struct sy_flow_v6 flow;
	rte_be16_t port_be =
		direction == SY_ORIGINAL ? packet->tuple.dst_port_be : packet->tuple.src_port_be;

	make_flow(&flow, packet->tuple.family, packet->tuple.protocol);
	flow.flow.ports_be[SY_FLOW_VIP] = port_be;
	flow.flow.ports_be[SY_FLOW_BACKEND] = port_be;
	packet->direction = direction;
	return sy_forward_at(sy_forward_find("nat"))->apply(packet, &flow.flow, NULL);
}

/* A flow with four parties; one between two families stands in IPv6's table. */
static void
make_hiding_flow(struct sy_flow_v6 *v6, uint8_t client, uint8_t backend, uint8_t protocol)
{
	static const char *const texts[SY_N_FAMILIES][SY_N_FLOW_PARTIES] = {
		{ CLIENT4, VIP4, BACKEND4, LOCAL4 },
		{ CLIENT6, VIP6, BACKEND6, LOCAL6 },
	};

	make_flow(v6, client, protocol);
	v6->flow.family = client == backend ? client : SY_IPV6;
	v6->flow.ports_be[SY_FLOW_LOCAL] = htons(LOCAL_PORT);
	for (int party = SY_FLOW_CLIENT; party < SY_N_FLOW_PARTIES; party++) {
		uint8_t family = party <= SY_FLOW_VIP ? client : backend;
		struct sy_addr addr = address(texts[family][party]);

		if (v6->flow.family == SY_IPV4)
			v6->flow.v4_be[party] = addr.v4_be;
		else
			v6->addresses[party] = family == SY_IPV4 ? sy_addr_map(&addr) : addr;
	}
}

static enum sy_drop
hide(struct sy_packet *packet, enum sy_direction direction, uint8_t client, uint8_t backend)
{
	const struct sy_snapshot snapshot = {
		.ports = { {
			.has_address = { true, true },
			.address = { address(GATEWAY4), address(GATEWAY6) },
		} }
	};
	const struct sy_next_hop hop = { .mtu = GOLDEN_LINK };
	const struct sy_forward_way way = { .hop = &hop, .snapshot = &snapshot, .id = GOLDEN_ID };
	struct sy_flow_v6 flow;

	make_hiding_flow(&flow, client, backend, packet->tuple.protocol);
	packet->direction = direction;
	return sy_forward_at(sy_forward_find("fullnat"))->apply(packet, &flow.flow, &way);
}

/* Of BACKEND port 40000, which a flow of its own has as its client. */
static enum sy_drop
translate_source(struct sy_packet *packet, enum sy_direction direction)
{
	const struct sy_forward_way way = { .id = GOLDEN_ID };
	struct sy_flow_v6 flow;
	uint8_t family = packet->tuple.family;
	struct sy_addr inside = address(family == SY_IPV4 ? BACKEND4 : BACKEND6);
	struct sy_addr local = address(family == SY_IPV4 ? LOCAL4 : LOCAL6);

	make_flow(&flow, family, packet->tuple.protocol);
	flow.flow.ports_be[SY_FLOW_LOCAL] = htons(LOCAL_PORT);
	flow.flow.v4_be[SY_FLOW_CLIENT] = inside.v4_be;
	flow.flow.v4_be[SY_FLOW_LOCAL] = local.v4_be;
	flow.addresses[SY_FLOW_CLIENT] = inside;
	flow.addresses[SY_FLOW_LOCAL] = local;
	packet->direction = direction;
	return sy_forward_at(sy_forward_find("snat"))->apply(packet, &flow.flow, &way);
}

static enum sy_drop
tell(struct sy_packet *packet, enum golden_step step)
{
	struct sy_flow_v6 flow;
	struct sy_tuple connection;

	make_flow(&flow, packet->tuple.family, IPPROTO_TCP);
	connection = sy_flow_tuple(&flow.flow, SY_ORIGINAL);
	return golden_tell(packet, step, &connection);
}

static enum sy_drop
answer_icmp(struct sy_packet *packet, enum sy_icmp_kind kind)
{
	struct sy_addr source = address(packet->tuple.family == SY_IPV4 ? GATEWAY4 : GATEWAY6);

	return sy_packet_answer_icmp(packet, kind, GOLDEN_MTU, &source);
}

static enum sy_drop
take(struct sy_packet *packet, uint8_t step)
{
	if (step >= VIA_RELAY_FIRST)
		return via_relay(packet, step);
	if (step >= VIA_FIRST)
		return via_send(packet, step);
	switch (step) {
	case GOLDEN_TO_BACKEND:
		return forward(packet, SY_ORIGINAL);
	case GOLDEN_TO_CLIENT:
		return forward(packet, SY_REPLY);
	case GOLDEN_HIDE_TO_BACKEND:
		return hide(packet, SY_ORIGINAL, packet->tuple.family, packet->tuple.family);
	case GOLDEN_HIDE_TO_CLIENT:
		return hide(packet, SY_REPLY, packet->tuple.family, packet->tuple.family);
	case GOLDEN_64_TO_BACKEND:
		return hide(packet, SY_ORIGINAL, SY_IPV6, SY_IPV4);
	case GOLDEN_64_TO_CLIENT:
		return hide(packet, SY_REPLY, SY_IPV6, SY_IPV4);
	case GOLDEN_46_TO_BACKEND:
		return hide(packet, SY_ORIGINAL, SY_IPV4, SY_IPV6);
	case GOLDEN_46_TO_CLIENT:
		return hide(packet, SY_REPLY, SY_IPV4, SY_IPV6);
	case GOLDEN_OUT:
		return translate_source(packet, SY_ORIGINAL);
	case GOLDEN_BACK:
		return translate_source(packet, SY_REPLY);
	case GOLDEN_TTL:
		sy_packet_decrement_ttl(packet);
		return SY_DROP_NONE;
	case GOLDEN_ECHO:
		return sy_packet_answer_echo(packet);
	case GOLDEN_RESET:
		return sy_packet_answer_reset(packet);
	case GOLDEN_TIME_EXCEEDED:
		return answer_icmp(packet, SY_ICMP_TIME_EXCEEDED);
	case GOLDEN_PORT_UNREACHABLE:
		return answer_icmp(packet, SY_ICMP_PORT_UNREACHABLE);
	case GOLDEN_HOST_UNREACHABLE:
		return answer_icmp(packet, SY_ICMP_HOST_UNREACHABLE);
	case GOLDEN_TOO_BIG:
		return answer_icmp(packet, SY_ICMP_TOO_BIG);
	case GOLDEN_PROXY_V1:
	case GOLDEN_PROXY_V2:
	case GOLDEN_TOA:
	case GOLDEN_STRIP:
	case GOLDEN_NUMBERS:
		return tell(packet, step);
	case GOLDEN_RANGE_TO_BACKEND:
		return forward_range(packet, SY_ORIGINAL);
	case GOLDEN_RANGE_TO_CLIENT:
		return forward_range(packet, SY_REPLY);
	case GOLDEN_QUIC:
		return golden_follow_cid(packet);
	case GOLDEN_NOTHING:
		break;
	}
	return SY_DROP_NONE;
}

static bool
differs(const char *what, unsigned long got, unsigned long expected)
{
	if (got == expected)
		return false;
	printf("# %s: got %lu (0x%lx), expected %lu (0x%lx)\n", what, got, got, expected, expected);
	return true;
}

static bool
tuple_differs(const struct sy_tuple *got, const struct sy_tuple *expected)
{
	char src[SY_IP_TEXT], dst[SY_IP_TEXT];

	if (sy_addr_equal(&got->src, &expected->src) && sy_addr_equal(&got->dst, &expected->dst) &&
		got->src_port_be == expected->src_port_be &&
		got->dst_port_be == expected->dst_port_be && got->family == expected->family &&
		got->protocol == expected->protocol)
		return false;
	printf("# tuple: got %s port %u to %s port %u protocol %u\n",
		sy_addr_text(got->family, &got->src, src), ntohs(got->src_port_be),
		sy_addr_text(got->family, &got->dst, dst), ntohs(got->dst_port_be), got->protocol);
	return true;
}

static void
print_hex(const char *what, const uint8_t *bytes, size_t length)
{
	printf("# %s", what);
	for (size_t i = 0; i < length; i++)
		printf("%s%02x", i % 16 == 0 ? "\n#   " : " ", bytes[i]);
	putchar('\n');
}

static bool
frame_differs(const struct rte_mbuf *mbuf, const struct spec *out)
{
	static uint8_t expected[SPEC_FRAME_MAX];
	const uint8_t *got = rte_pktmbuf_mtod(mbuf, const uint8_t *);
	size_t length = spec_build(out, expected);

	if (mbuf->data_len == length && mbuf->pkt_len == length &&
		memcmp(got, expected, length) == 0)
		return false;
	print_hex("got", got, mbuf->data_len);
	print_hex("expected", expected, length);
	return true;
}

/* What the packet is described as must be what parse finds in the bytes. */
static bool
description_differs(const struct sy_packet *packet, const struct golden *row)
{
	bool is_new_error = row->steps[0] >= VIA_RELAY_FIRST ||
		(row->steps[0] >= GOLDEN_TIME_EXCEEDED && row->steps[0] <= GOLDEN_TOO_BIG);
	struct spec out = *row->out;
	struct sy_tuple expected;
	struct sy_packet fresh;
	struct rte_mbuf copy;
	bool wrong;

	if (row->out->inner != NULL) /* described by the outer header, its flow by the inner */
		out = *row->in;
	if (is_new_error)
		out.quoted = NULL;
	expected = spec_tuple(&out);
	/* What has grown by an odd number of bytes begins at an odd address, as no received frame does. */
	if (fake_mbuf_init(&copy, rte_pktmbuf_mtod(packet->mbuf, const uint8_t *),
		    packet->mbuf->data_len, RTE_PKTMBUF_HEADROOM) != 0)
		return true;
	sy_packet_parse(&fresh, &copy);
	fake_mbuf_fini(&copy);
	wrong = tuple_differs(&packet->tuple, &expected);
	wrong |= differs("l3", packet->l3, fresh.l3);
	wrong |= differs("l4", packet->l4, fresh.l4);
	wrong |= differs("end", packet->end, fresh.end);
	if (row->out->inner != NULL)
		return wrong;
	wrong |= differs("payload", packet->payload, fresh.payload);
	wrong |= differs("ttl", packet->ttl, fresh.ttl);
	wrong |= differs("tcp_flags", packet->tcp_flags, fresh.tcp_flags);
	return wrong;
}

static bool
parse_differs(const struct sy_packet *packet, const struct golden *row)
{
	bool is_drop = row->verdict == SY_VERDICT_DROP;
	struct sy_tuple expected = spec_tuple(row->in);
	bool wrong = differs("verdict", packet->verdict, row->verdict);

	wrong |= differs("drop", packet->drop, is_drop ? row->drop : SY_DROP_NONE);
	if (!is_drop)
		wrong |= differs("flags", packet->flags, row->flags);
	if (row->verdict == SY_VERDICT_NONE)
		wrong |= tuple_differs(&packet->tuple, &expected);
	return wrong;
}

static bool
steps_differ(struct sy_packet *packet, const struct golden *row)
{
	enum sy_drop drop = SY_DROP_NONE;
	bool is_other;

	for (int i = 0; i < GOLDEN_STEPS && drop == SY_DROP_NONE; i++)
		drop = take(packet, row->steps[i]);
	if (differs("refused", drop, row->drop))
		return true;
	if (row->out == NULL) /* refused: the frame is as it was */
		return frame_differs(packet->mbuf, row->in);
	is_other = frame_differs(packet->mbuf, row->out);
	return description_differs(packet, row) || is_other; /* both are printed */
}

static bool
row_holds(const struct golden *row)
{
	static uint8_t frame[SPEC_FRAME_MAX];
	uint16_t length = (uint16_t)spec_build(row->in, frame);
	struct sy_packet packet = { .flow = NULL };
	struct rte_mbuf mbuf;
	bool wrong;

	if (fake_mbuf_init(&mbuf, frame, length, RTE_PKTMBUF_HEADROOM) != 0)
		return false;
	mbuf.ol_flags = row->ol_flags;
	sy_packet_parse(&packet, &mbuf);
	wrong = parse_differs(&packet, row);
	if (!wrong && row->steps[0] != GOLDEN_NOTHING)
		wrong = steps_differ(&packet, row);
	fake_mbuf_fini(&mbuf);
	return !wrong;
}

/* FOLDER/NAME for fuzz_packet: two bytes of its own, then the frame. */
static void
write_seed(const char *folder, const struct golden *row)
{
	static uint8_t frame[SPEC_FRAME_MAX];
	size_t length = spec_build(row->in, frame);
	char path[FILENAME_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, row->name);
	for (char *c = path + strlen(folder) + 1; *c != '\0'; c++)
		*c = isalnum((unsigned char)*c) ? *c : '_';
	file = fopen(path, "wb");
	if (file == NULL)
		return;
	fputc(row->steps[0], file);
	fputc(RTE_PKTMBUF_HEADROOM - 1, file);
	fwrite(frame, 1, length, file);
	fclose(file);
}

static bool
report(bool holds, const char *group, const char *name)
{
	static size_t n_done;

	printf("%sok %zu - %s: %s\n", holds ? "" : "not ", ++n_done, group, name);
	return holds;
}

static size_t
run(const struct golden_table *table, const char *folder)
{
	size_t n_failed = 0;

	for (size_t i = 0; i < table->n_rows; i++) {
		const struct golden *row = &table->rows[i];

		if (folder != NULL)
			write_seed(folder, row);
		matrix_note(row);
		n_failed += !report(row_holds(row), table->name, row->name);
	}
	return n_failed;
}

/* One more test for each forwarding mode. */
static size_t
run_matrix(void)
{
	size_t n_failed = 0;

	for (uint8_t mode = 0; sy_forward_at(mode) != NULL; mode++)
		n_failed += !report(matrix_is_full(mode), "every kind of packet has a row",
			sy_forward_at(mode)->name);
	return n_failed;
}

/* With a folder: writes each row's input there, to seed the fuzzer. */
int
main(int argc, char **argv)
{
	size_t n_tests = 0, n_failed = 0;
	uint8_t n_modes = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; i < N_TABLES; i++)
		n_tests += tables[i]->n_rows;
	while (sy_forward_at(n_modes) != NULL)
		n_modes++;
	printf("1..%zu\n", n_tests + n_modes);
	for (size_t i = 0; i < N_TABLES; i++)
		n_failed += run(tables[i], argc > 1 ? argv[1] : NULL);
	n_failed += run_matrix();
	return n_failed != 0;
}
