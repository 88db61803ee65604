/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <string.h>
#include <unistd.h>

#include <rte_ip.h>
#include <rte_tcp.h>

#include "spec.h"
#include "sy/client_address.h"
#include "tcp_ends.h"
#include "unit.h"

/* What the model of both ends does not do: resets, fast open, full segments, trust, forgetting. */

#define V2 "\"client_address\":\"proxy-v2\","
#define STRIPS "\"strip_client_address\":true,"
#define TOA "\"client_address\":\"toa\","
#define HEADER 28 /* of version 2, over IPv4 */
#define PORT 4000
#define FIRST 101 /* the client's first byte */
#define ANSWERED 501 /* what it acknowledges */

static struct fixture fixture;
static char backend[INET_ADDRSTRLEN];

/* Up to the SYN/ACK. */
static void
begin(const char *service)
{
	struct segment syn_ack = { .seq = 500, .ack = FIRST, .flags = SYN | ACK };
	uint32_t address;

	fixture_begin(&fixture, "\"on_down\":\"reset\",", service, 1);
	address = fixture_open(&fixture, PORT);
	inet_ntop(AF_INET, &address, backend, sizeof(backend));
	fixture_receive(&fixture, FIXTURE_LAN, segment_frame(&fixture, &syn_ack, backend, PORT));
	fixture_forget_sent(&fixture);
}

static void
end(void)
{
	CU_ASSERT_TRUE(fixture_closes(&fixture));
	fixture_stop(&fixture);
}

static void
client_says(const struct segment *segment)
{
	fixture_forget_sent(&fixture);
	fixture_receive(&fixture, FIXTURE_WAN, segment_frame(&fixture, segment, NULL, PORT));
}

static void
backend_says(const struct segment *segment)
{
	fixture_forget_sent(&fixture);
	fixture_receive(&fixture, FIXTURE_LAN, segment_frame(&fixture, segment, backend, PORT));
}

/* What came out of a port; the number is counted from 0. */
static struct segment
out(uint32_t port, uint32_t number)
{
	struct segment segment = { .flags = 0 };

	CU_ASSERT_FATAL(fixture.ports[port].n_out > number);
	CU_ASSERT_TRUE(segment_read(fixture.ports[port].out[number], &segment));
	return segment;
}

/* The handshake's last ACK, and the backend's for the header in it. */
static void
introduce(void)
{
	client_says(&(const struct segment){ .seq = FIRST, .ack = ANSWERED, .flags = ACK });
	backend_says(
		&(const struct segment){ .seq = ANSWERED, .ack = FIRST + HEADER, .flags = ACK });
	CU_ASSERT_EQUAL(out(FIXTURE_WAN, 0).ack, FIRST);
}

static void
test_reset_at_once(void)
{
	struct segment header, reset;

	begin(V2);
	client_says(&(const struct segment){ .seq = FIRST, .ack = ANSWERED, .flags = ACK });
	CU_ASSERT_EQUAL(out(FIXTURE_LAN, 0).n_data, HEADER);
	client_says(&(const struct segment){ .seq = FIRST, .ack = ANSWERED, .flags = RST | ACK });
	header = out(FIXTURE_LAN, 0);
	reset = out(FIXTURE_LAN, 1);
	CU_ASSERT_EQUAL(header.seq, FIRST);
	CU_ASSERT_EQUAL(header.flags, ACK);
	CU_ASSERT_EQUAL(header.n_data, HEADER);
	CU_ASSERT_EQUAL(reset.seq, FIRST + HEADER);
	CU_ASSERT_EQUAL(reset.flags, RST | ACK);
	CU_ASSERT_EQUAL(reset.n_data, 0);
	end();
}

static void
test_reset_later(void)
{
	begin(V2);
	introduce();
	client_says(&(const struct segment){ .seq = FIRST, .flags = RST });
	CU_ASSERT_EQUAL(fixture.ports[FIXTURE_LAN].n_out, 1);
	CU_ASSERT_EQUAL(out(FIXTURE_LAN, 0).seq, FIRST + HEADER);
	end();
}

/* What the backend expects is behind the header, which only it counts. */
static void
test_reset_from_here(void)
{
	begin(V2);
	introduce();
	fixture_forget_sent(&fixture);
	for (uint32_t id = 0; id < 3; id++)
		sy_registry_set_health(fixture.registry, sy_registry_backend(fixture.registry, id),
			SY_HEALTH_DOWN);
	fixture_publish(&fixture);
	fixture_turn(&fixture);
	CU_ASSERT_EQUAL(out(FIXTURE_LAN, 0).flags & RST, RST);
	CU_ASSERT_EQUAL(out(FIXTURE_LAN, 0).seq, FIRST + HEADER);
	CU_ASSERT_EQUAL(out(FIXTURE_WAN, 0).seq, ANSWERED);
	end();
}

static void
test_full_segment(void)
{
	const struct segment full = { .seq = FIRST, .ack = ANSWERED, .flags = ACK, .n_data = 1460 };
	struct segment header, data;

	begin(V2);
	client_says(&full);
	header = out(FIXTURE_LAN, 0);
	data = out(FIXTURE_LAN, 1);
	CU_ASSERT_EQUAL(header.seq, FIRST);
	CU_ASSERT_EQUAL(header.n_data, HEADER);
	CU_ASSERT_EQUAL(data.seq, FIRST + HEADER);
	CU_ASSERT_EQUAL(data.n_data, 1460);
	CU_ASSERT_EQUAL(sy_stats_counter(fixture.stats, SY_COUNTER_INTRODUCED_APART), 1);
	end();
}

static void
test_fast_open(void)
{
	const struct segment syn = { .seq = 100,
		.flags = SYN,
		.n_data = 33,
		.n_options = 8,
		.options = { 34, 6, 1, 2, 3, 4, 1, 1 } };
	static const uint8_t blank[8] = { 1, 1, 1, 1, 1, 1, 1, 1 };
	struct segment sent;

	fixture_begin(&fixture, "", V2, 1);
	client_says(&syn);
	sent = out(FIXTURE_LAN, 0);
	CU_ASSERT_EQUAL(sent.n_data, 0);
	CU_ASSERT_EQUAL(sent.seq, 100);
	CU_ASSERT_EQUAL(memcmp(sent.options, blank, sizeof(blank)), 0);
	end();
}

static void
test_trusted(void)
{
	struct segment claim = { .seq = FIRST, .ack = ANSWERED, .flags = ACK };

	claim.n_data = (uint16_t)strlen(strcpy((char *)claim.data, "PROXY UNKNOWN\r\n"));
	begin(V2 "\"trust_client_address\":[\"192.0.2.96/28\"],");
	client_says(&claim);
	CU_ASSERT_EQUAL(out(FIXTURE_LAN, 0).n_data, claim.n_data);
	CU_ASSERT_EQUAL(memcmp(out(FIXTURE_LAN, 0).data, claim.data, claim.n_data), 0);
	end();
}

static void
test_no_room(void)
{
	struct segment full = {
		.seq = FIRST, .ack = ANSWERED, .flags = ACK, .n_data = 9, .n_options = 36
	};

	memset(full.options, 1, sizeof(full.options));
	begin(TOA);
	client_says(&full);
	CU_ASSERT_EQUAL(out(FIXTURE_LAN, 0).n_options, 36);
	CU_ASSERT_EQUAL(out(FIXTURE_LAN, 0).n_data, 9);
	CU_ASSERT_EQUAL(sy_stats_counter(fixture.stats, SY_COUNTER_NOT_INTRODUCED), 1);
	end();
}

static void
test_keepalive(void)
{
	const struct segment keepalive = { .seq = FIRST - 1, .ack = ANSWERED, .flags = ACK };

	begin(V2);
	client_says(&(const struct segment){ .seq = FIRST, .ack = ANSWERED, .flags = ACK });
	client_says(&keepalive);
	CU_ASSERT_EQUAL(out(FIXTURE_LAN, 0).seq, FIRST - 1);
	backend_says(
		&(const struct segment){ .seq = ANSWERED, .ack = FIRST + HEADER, .flags = ACK });
	client_says(&keepalive);
	CU_ASSERT_EQUAL(out(FIXTURE_LAN, 0).seq, FIRST + HEADER - 1);
	end();
}

static void
test_part_of_header(void)
{
	begin(V2);
	client_says(&(const struct segment){ .seq = FIRST, .ack = ANSWERED, .flags = ACK });
	backend_says(&(const struct segment){ .seq = ANSWERED, .ack = FIRST + 5, .flags = ACK });
	CU_ASSERT_EQUAL(out(FIXTURE_WAN, 0).ack, FIRST);
	client_says(&(const struct segment){ .seq = FIRST, .ack = ANSWERED, .flags = ACK });
	CU_ASSERT_EQUAL(out(FIXTURE_LAN, 0).n_data, HEADER);
	end();
}

/* A backend that was restarted takes a new SYN on the old flow: it needs the header, too. */
static void
test_forgotten(void)
{
	const uint32_t isn = 0x70000000;

	begin(V2);
	introduce();
	client_says(&(const struct segment){ .seq = isn, .flags = SYN });
	backend_says(&(const struct segment){ .seq = 900, .ack = isn + 1, .flags = SYN | ACK });
	CU_ASSERT_EQUAL(out(FIXTURE_WAN, 0).ack, isn + 1);
	client_says(&(const struct segment){ .seq = isn + 1, .ack = 901, .flags = ACK });
	CU_ASSERT_EQUAL(out(FIXTURE_LAN, 0).seq, isn + 1);
	CU_ASSERT_EQUAL(out(FIXTURE_LAN, 0).n_data, HEADER);
	end();
}

/* What is answered here quotes the segment as its sender knows it. */
static void
test_error_quotes_client(void)
{
	const struct segment data = { .seq = FIRST, .ack = ANSWERED, .flags = ACK, .n_data = 40 };
	const uint8_t *quoted;
	struct rte_mbuf *mbuf;
	uint32_t seq;

	begin(V2);
	introduce();
	fixture_forget_sent(&fixture);
	mbuf = segment_frame(&fixture, &data, NULL, PORT);
	fixture_ip(mbuf)->time_to_live = 1;
	fixture_ip(mbuf)->hdr_checksum = 0;
	fixture_ip(mbuf)->hdr_checksum = rte_ipv4_cksum(fixture_ip(mbuf));
	fixture_receive(&fixture, FIXTURE_WAN, mbuf);
	CU_ASSERT_EQUAL_FATAL(fixture.ports[FIXTURE_WAN].n_out, 1);
	CU_ASSERT_EQUAL(fixture.ports[FIXTURE_LAN].n_out, 0);
	quoted = (const uint8_t *)(fixture_ip(fixture.ports[FIXTURE_WAN].out[0]) + 1) + 8 + 20;
	memcpy(&seq, quoted + 4, sizeof(seq));
	CU_ASSERT_EQUAL(ntohl(seq), FIRST);
	end();
}

/* An error from beyond is told to the client as one about what he has sent. */
static void
test_error_from_beyond(void)
{
	const struct spec *error = ICMP4("10.0.0.9", FIXTURE_CLIENT, 3, 1,
		.quoted = TCP(FIXTURE_CLIENT, PORT, backend, 8080, .tcp_flags = ACK,
			.seq = FIRST + HEADER, .ack = ANSWERED, .payload = 40));
	const struct spec *expected = ICMP4("10.0.0.9", FIXTURE_CLIENT, 3, 1, .ttl = 63,
		.quoted = TCP(FIXTURE_CLIENT, PORT, FIXTURE_VIP, 80, .tcp_flags = ACK, .seq = FIRST,
			.ack = ANSWERED, .payload = 40));
	static uint8_t frame[SPEC_FRAME_MAX];
	struct rte_mbuf *mbuf;
	size_t length;

	begin(V2);
	introduce();
	fixture_forget_sent(&fixture);
	mbuf = rte_pktmbuf_alloc(fixture.pool);
	length = spec_build(error, frame);
	memcpy(rte_pktmbuf_append(mbuf, (uint16_t)length), frame, length);
	fixture_receive(&fixture, FIXTURE_LAN, mbuf);
	CU_ASSERT_EQUAL_FATAL(fixture.ports[FIXTURE_WAN].n_out, 1);
	CU_ASSERT_EQUAL(spec_build(expected, frame), length);
	CU_ASSERT_EQUAL(
		memcmp(fixture_ip(fixture.ports[FIXTURE_WAN].out[0]), frame + 14, length - 14), 0);
	end();
}

static void
test_claim_too_long(void)
{
	struct segment claim = { .seq = FIRST,
		.ack = ANSWERED,
		.flags = ACK,
		.n_data = 316,
		.data = "\r\n\r\n\0\r\nQUIT\n\x21\x11\x01\x2c" };

	begin(V2);
	client_says(&claim);
	CU_ASSERT_EQUAL(out(FIXTURE_WAN, 0).flags & RST, RST);
	CU_ASSERT_EQUAL(out(FIXTURE_LAN, 0).flags & RST, RST);
	CU_ASSERT_EQUAL(fixture_drops(&fixture, SY_DROP_CLAIM), 1);
	end();
}

static void
later(uint32_t us)
{
	usleep(us);
	fixture_turn(&fixture); /* the clock is read at a turn's end */
}

static struct segment
says(const char *text, uint8_t flags)
{
	struct segment segment = { .seq = FIRST, .ack = ANSWERED, .flags = flags };

	segment.n_data = (uint16_t)strlen(strcpy((char *)segment.data, text));
	return segment;
}

/* Nothing more can come that would make it a header. */
static void
test_part_of_claim_and_fin(void)
{
	const char *const parts[] = { "P", "PROXY TCP4 203.0.113.9", "\r\n\r\n" };

	for (size_t i = 0; i < SY_UNIT_COUNT(parts); i++) {
		const struct segment claim = says(parts[i], PSH | ACK | FIN);
		uint16_t header_len = i == 0 ? 0 : HEADER;

		begin(i == 0 ? STRIPS : V2);
		client_says(&claim);
		CU_ASSERT_EQUAL(out(FIXTURE_LAN, 0).n_data, header_len + claim.n_data);
		CU_ASSERT_EQUAL(out(FIXTURE_LAN, 0).flags & FIN, FIN);
		CU_ASSERT_EQUAL(
			memcmp(out(FIXTURE_LAN, 0).data + header_len, claim.data, claim.n_data), 0);
		CU_ASSERT_EQUAL(fixture_drops(&fixture, SY_DROP_CLAIM), 0);
		end();
	}
}

/* Behind the header of its own the beginning of another is data like any. */
static void
test_part_of_claim_and_silence(void)
{
	const struct segment claim = says("PRO", PSH | ACK);

	begin(V2);
	client_says(&claim);
	CU_ASSERT_EQUAL(fixture.ports[FIXTURE_LAN].n_out, 0);
	later(900000);
	client_says(&claim);
	CU_ASSERT_EQUAL(fixture.ports[FIXTURE_LAN].n_out, 0);
	/* That the backend talks meanwhile prolongs nothing. */
	backend_says(&(struct segment){
		.seq = ANSWERED, .ack = FIRST, .flags = PSH | ACK, .n_data = 10 });
	CU_ASSERT_EQUAL(fixture.ports[FIXTURE_WAN].n_out, 1);
	later(1200000);
	client_says(&claim);
	CU_ASSERT_EQUAL(out(FIXTURE_LAN, 0).n_data, HEADER + claim.n_data);
	CU_ASSERT_EQUAL(fixture_drops(&fixture, SY_DROP_CLAIM), 2);
	end();
}

/* Where none stands before it, the rest would make a claim of it. */
static void
test_part_of_claim_ends_flow(void)
{
	const struct segment claim = says("PRO", PSH | ACK);

	begin(STRIPS);
	later(2100000); /* it is the client's first word that begins the time */
	client_says(&claim);
	CU_ASSERT_EQUAL(fixture.ports[FIXTURE_WAN].n_out, 0);
	later(2100000);
	client_says(&claim);
	CU_ASSERT_EQUAL(out(FIXTURE_WAN, 0).flags & RST, RST);
	CU_ASSERT_EQUAL(out(FIXTURE_LAN, 0).flags & RST, RST);
	CU_ASSERT_EQUAL(sy_stats_counter(fixture.stats, SY_COUNTER_FLOWS_ENDED), 1);
	end();
}

/* The rest comes in time, and all of it goes. */
static void
test_late_claim(void)
{
	struct segment claim = says("PROXY TCP4 ", PSH | ACK);

	begin(STRIPS);
	client_says(&claim);
	later(100000);
	claim = says("PROXY TCP4 203.0.113.9 192.0.2.1 1 2\r\nGET", PSH | ACK);
	client_says(&claim);
	CU_ASSERT_EQUAL(out(FIXTURE_LAN, 0).n_data, 3);
	CU_ASSERT_EQUAL(memcmp(out(FIXTURE_LAN, 0).data, "GET", 3), 0);
	end();
}

/* What the SYN/ACK that the client gets offers. */
static uint16_t
offered(const char *service, uint16_t mss)
{
	const struct segment syn_ack = { .seq = 500,
		.ack = FIRST,
		.flags = SYN | ACK,
		.n_options = 4,
		.options = { 2, 4, (uint8_t)(mss >> 8), (uint8_t)mss } };
	uint32_t address;
	struct segment sent;

	fixture_begin(&fixture, "", service, 1);
	address = fixture_open(&fixture, PORT);
	inet_ntop(AF_INET, &address, backend, sizeof(backend));
	fixture_forget_sent(&fixture);
	fixture_receive(&fixture, FIXTURE_LAN, segment_frame(&fixture, &syn_ack, backend, PORT));
	sent = out(FIXTURE_WAN, 0);
	end();
	return (uint16_t)(sent.options[2] << 8 | sent.options[3]);
}

/* A backend that takes less than its link does gets no more than that with the header; where the link is
 * the limit a full segment follows a header of its own. */
static void
test_segment_size(void)
{
	CU_ASSERT_EQUAL(offered("", 1300), 1300);
	CU_ASSERT_EQUAL(offered(V2, 1300), 1300 - HEADER);
	CU_ASSERT_EQUAL(offered(V2, 1459), 1459 - HEADER);
	CU_ASSERT_EQUAL(offered(V2, 1460), 1460);
	CU_ASSERT_EQUAL(offered(V2, 8960), 8960);
	CU_ASSERT_EQUAL(offered(V2, 100), 100); /* not below what is of use */
	CU_ASSERT_EQUAL(offered(TOA, 1300), 1300); /* options leave room by themselves */
}

static void
test_needs_flows(void)
{
	begin(V2);
	CU_ASSERT_FALSE(sy_snapshot_load(&fixture.publisher.publication)->services[0].stateless);
	end();
}

static const struct sy_test tests[] = {
	{ "an RST at the first byte follows a header of its own", test_reset_at_once },
	{ "an RST has the backend's number", test_reset_later },
	{ "an RST made here has the backend's number too", test_reset_from_here },
	{ "a segment that is full follows a header of its own", test_full_segment },
	{ "a SYN brings no data and asks for no cookie", test_fast_open },
	{ "who is trusted tells himself", test_trusted },
	{ "a header without room for the option passes", test_no_room },
	{ "a keepalive stays before what is expected", test_keepalive },
	{ "a part of the header is acknowledged as nothing", test_part_of_header },
	{ "a backend that has forgotten the connection is told again", test_forgotten },
	{ "an error made here quotes the client's number", test_error_quotes_client },
	{ "an error from beyond quotes the client's number", test_error_from_beyond },
	{ "a claim that is too long ends the flow", test_claim_too_long },
	{ "a part of a claim with the FIN passes", test_part_of_claim_and_fin },
	{ "a part of a claim and no more passes behind the header",
		test_part_of_claim_and_silence },
	{ "a part of a claim and no more ends a flow without a header",
		test_part_of_claim_ends_flow },
	{ "a claim that comes in time is taken out", test_late_claim },
	{ "a backend's segment size has room for the header", test_segment_size },
	{ "a service that tells is not served without flows", test_needs_flows },
};

int
main(int argc, char **argv)
{
	return sy_unit_run_eal("pipeline_introduce", tests, SY_UNIT_COUNT(tests), argc, argv);
}
