/* SPDX-License-Identifier: BSD-3-Clause */
#include "spec.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define TCP_LEN 20
#define UDP_LEN 8
#define ICMP_LEN 8
#define IPV4_LEN 20
#define IPV6_LEN 40

struct writer {
	uint8_t *bytes;
	size_t length;
};

static void
put8(struct writer *w, uint8_t value)
{
	w->bytes[w->length++] = value;
}

static void
put16(struct writer *w, uint32_t value)
{
	put8(w, (uint8_t)(value >> 8));
	put8(w, (uint8_t)value);
}

static void
put32(struct writer *w, uint32_t value)
{
	put16(w, value >> 16);
	put16(w, value & 0xffff);
}

static void
put_hex(struct writer *w, const char *hex)
{
	for (; hex != NULL && *hex != '\0'; hex++) {
		char digits[3] = { hex[0], '\0', '\0' };

		if (*hex == ' ')
			continue;
		digits[1] = *++hex;
		put8(w, (uint8_t)strtoul(digits, NULL, 16));
	}
}

static void
put_zeros(struct writer *w, size_t n)
{
	while (n-- > 0)
		put8(w, 0);
}

static void
set16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static bool
is_v6(const struct spec *spec)
{
	return strchr(spec->src, ':') != NULL;
}

static void
put_address(struct writer *w, const char *text)
{
	if (strchr(text, ':') != NULL) {
		inet_pton(AF_INET6, text, w->bytes + w->length);
		w->length += 16;
	} else {
		inet_pton(AF_INET, text, w->bytes + w->length);
		w->length += 4;
	}
}

static uint32_t
sum_bytes(uint32_t sum, const uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		sum += i % 2 == 0 ? (uint32_t)bytes[i] << 8 : bytes[i];
	return sum;
}

uint16_t
spec_checksum(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	uint32_t sum = sum_bytes(sum_bytes(0, a, a_len), b, b_len);

	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* The checksum of the L4 bytes, with the pseudo-header of RFC 9293 3.1 or RFC 8200 8.1. */
static uint16_t
transport_checksum(const struct spec *spec, const uint8_t *l4, size_t length)
{
	uint8_t pseudo[40];
	struct writer w = { pseudo, 0 };

	if (spec->protocol == IPPROTO_ICMP)
		return spec_checksum(pseudo, 0, l4, length);
	put_address(&w, spec->src);
	put_address(&w, spec->dst);
	put32(&w, (uint32_t)length);
	put32(&w, spec->protocol);
	return spec_checksum(pseudo, w.length, l4, length);
}

static size_t put_ip_packet(struct writer *w, const struct spec *spec);

static void
put_quoted(struct writer *w, const struct spec *spec)
{
	uint8_t packet[SPEC_FRAME_MAX] = { 0 };
	struct writer quoted = { packet, 0 };
	size_t length = put_ip_packet(&quoted, spec->quoted);

	if (spec->quote != 0)
		length = spec->quote;
	memcpy(w->bytes + w->length, packet, length);
	w->length += length;
	put_hex(w, spec->extension);
}

/* A UDP header before it, if there is one, gets its length. */
static void
put_inner(struct writer *w, const struct spec *spec, uint8_t *l4)
{
	put_hex(w, spec->between);
	put_ip_packet(w, spec->inner);
	if (spec->protocol == IPPROTO_UDP)
		set16(l4 + 4, (uint32_t)(w->bytes + w->length - l4));
}

static void
put_tcp(struct writer *w, const struct spec *spec)
{
	size_t n_words = TCP_LEN / 4;

	if (spec->tcp_options != NULL)
		n_words += strlen(spec->tcp_options) / 8;
	if (spec->data_off != 0)
		n_words = spec->data_off;
	put16(w, spec->sport);
	put16(w, spec->dport);
	put32(w, spec->seq);
	put32(w, spec->ack);
	put8(w, (uint8_t)(n_words << 4));
	put8(w, spec->tcp_flags);
	put16(w, (spec->tcp_flags & RST) != 0 ? 0 : 0xfaf0);
	put32(w, 0);
	put_hex(w, spec->tcp_options);
}

static void
put_transport(struct writer *w, const struct spec *spec)
{
	switch (spec->protocol) {
	case IPPROTO_TCP:
		put_tcp(w, spec);
		break;
	case IPPROTO_UDP:
		put16(w, spec->sport);
		put16(w, spec->dport);
		put16(w, spec->udp_length != 0 ? spec->udp_length : UDP_LEN + spec->payload);
		put16(w, 0);
		break;
	case IPPROTO_SCTP:
		put16(w, spec->sport);
		put16(w, spec->dport);
		put32(w, spec->seq);
		put32(w, 0);
		put8(w, spec->type);
		put8(w, spec->code);
		put16(w, 8 + spec->payload);
		put32(w, spec->rest);
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		put8(w, spec->type);
		put8(w, spec->code);
		put16(w, 0);
		put32(w, spec->rest != 0 ? spec->rest : (uint32_t)spec->sport << 16);
		break;
	default:
		break;
	}
}

/* Offset of the checksum in the L4 header, or 0. */
static size_t
checksum_offset(const struct spec *spec)
{
	switch (spec->protocol) {
	case IPPROTO_TCP:
		return 16;
	case IPPROTO_UDP:
		return spec->no_checksum ? 0 : 6;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return 2;
	default:
		return 0;
	}
}

/* CRC32c bit by bit, RFC 9260 appendix A; its bytes stand with the lowest first. */
static void
put_crc32c(uint8_t *field, const uint8_t *bytes, size_t length, bool bad)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < length; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0x82f63b78 : crc >> 1;
	}
	crc = bad ? crc : ~crc;
	for (int i = 0; i < 4; i++)
		field[i] = (uint8_t)(crc >> 8 * i);
}

static void
put_l4(struct writer *w, const struct spec *spec)
{
	uint8_t *l4 = w->bytes + w->length;
	size_t start = w->length, field = checksum_offset(spec);
	uint16_t checksum;

	if (!spec->headless)
		put_transport(w, spec);
	if (spec->quoted != NULL)
		put_quoted(w, spec);
	for (const char *c = spec->line; c != NULL && *c != '\0'; c++)
		put8(w, (uint8_t)*c);
	put_hex(w, spec->head);
	if (spec->inner != NULL)
		put_inner(w, spec, l4);
	for (uint16_t i = 0; i < spec->payload; i++)
		put8(w, (uint8_t)i);
	if (spec->protocol == IPPROTO_SCTP && !spec->headless)
		put_crc32c(l4 + 8, l4, w->length - start, spec->bad_checksum);
	if (spec->headless || field == 0)
		return;
	checksum = transport_checksum(spec, l4, w->length - start);
	if (spec->protocol == IPPROTO_UDP && checksum == 0)
		checksum = 0xffff;
	set16(l4 + field, spec->bad_checksum ? checksum ^ 0x0101u : checksum);
}

static void
put_v4_header(struct writer *w, const struct spec *spec)
{
	size_t n_words = IPV4_LEN / 4;

	if (spec->options != NULL)
		n_words += strlen(spec->options) / 8;
	if (spec->ihl != 0)
		n_words = spec->ihl;
	put8(w, (uint8_t)((spec->version != 0 ? spec->version : 4) << 4 | n_words));
	put8(w, spec->tos);
	put16(w, 0);
	put16(w, spec->id);
	put16(w, spec->fragment);
	put8(w, spec->ttl != 0 ? spec->ttl : 64);
	put8(w, spec->protocol);
	put16(w, 0);
	put_address(w, spec->src);
	put_address(w, spec->dst);
	put_hex(w, spec->options);
}

static void
put_v6_header(struct writer *w, const struct spec *spec)
{
	put32(w,
		(uint32_t)(spec->version != 0 ? spec->version : 6) << 28 |
			(uint32_t)spec->tos << 20 | spec->label);
	put16(w, 0);
	put8(w, spec->options != NULL ? spec->next : spec->protocol);
	put8(w, spec->ttl != 0 ? spec->ttl : 64);
	put_address(w, spec->src);
	put_address(w, spec->dst);
	put_hex(w, spec->options);
}

static size_t
put_ip_packet(struct writer *w, const struct spec *spec)
{
	uint8_t *ip = w->bytes + w->length;
	size_t start = w->length, header_len, length;
	uint16_t checksum;

	if (is_v6(spec)) {
		put_v6_header(w, spec);
		put_l4(w, spec);
		length = w->length - start;
		set16(ip + 4, spec->ip_length != 0 ? spec->ip_length : length - IPV6_LEN);
		return length;
	}
	put_v4_header(w, spec);
	header_len = w->length - start;
	put_l4(w, spec);
	length = w->length - start;
	set16(ip + 2, spec->ip_length != 0 ? spec->ip_length : length);
	checksum = spec_checksum(ip, header_len, NULL, 0);
	set16(ip + 10, spec->bad_ip_checksum ? checksum ^ 0x0101u : checksum);
	return length;
}

static void
put_ethernet(struct writer *w, const struct spec *spec)
{
	static const char near[] = "02 00 00 00 00 0a", far[] = "02 00 00 00 00 0b";
	static const char group[] = "33 33 00 00 00 01";
	uint16_t type = spec->ethertype;

	put_hex(w, spec->to_group ? group : spec->turned ? far : near);
	put_hex(w, spec->from_group ? group : spec->turned ? near : far);
	for (int i = 0; i < SPEC_TAGS && spec->tags[i] != 0; i++)
		put32(w, spec->tags[i]);
	if (type == 0)
		type = is_v6(spec) ? 0x86dd : 0x0800;
	put16(w, type);
}

size_t
spec_build(const struct spec *spec, uint8_t frame[SPEC_FRAME_MAX])
{
	struct writer w = { frame, 0 };

	if (spec->hex != NULL) {
		put_hex(&w, spec->hex);
		return w.length;
	}
	put_ethernet(&w, spec);
	if (spec->src != NULL)
		put_ip_packet(&w, spec);
	put_zeros(&w, spec->padding);
	return w.length - spec->cut;
}

struct sy_tuple
spec_tuple(const struct spec *spec)
{
	bool is_icmp = spec->protocol == IPPROTO_ICMP || spec->protocol == IPPROTO_ICMPV6;
	bool is_reply = is_icmp && (spec->type == 0 || spec->type == 129);
	struct sy_tuple tuple = { .protocol = spec->protocol };
	struct sy_ip ip;

	if (spec->quoted != NULL) {
		tuple = spec_tuple(spec->quoted);
		return sy_tuple_reverse(&tuple);
	}
	if (spec->src == NULL)
		return tuple;
	if (sy_ip_parse(spec->src, &ip) == 0) {
		tuple.src = ip.addr;
		tuple.family = ip.family;
	}
	if (sy_ip_parse(spec->dst, &ip) == 0)
		tuple.dst = ip.addr;
	if (!spec->headless) {
		tuple.src_port_be = is_reply ? 0 : htons(spec->sport);
		tuple.dst_port_be = htons(is_reply ? spec->sport : spec->dport);
	}
	return tuple;
}
