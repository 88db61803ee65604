/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_TEST_SPEC_H
#define SY_TEST_SPEC_H

/*
 * A frame by description.  Built from scratch, byte by byte, with every length
 * and checksum computed anew: it shares no code with what is tested.
 *
 *     TCP("198.51.100.7", 40000, "192.0.2.80", 80, .tcp_flags = SYN, .payload = 10)
 *
 * is a pointer to a description; what is not said takes a sane value.  Fields of
 * the last group say where the frame is wrong.
 */
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sy/net.h"

#define SPEC_TAGS 3
#define SPEC_FRAME_MAX 4096

enum {
	FIN = 0x01,
	SYN = 0x02,
	RST = 0x04,
	PSH = 0x08,
	ACK = 0x10,
	URG = 0x20,
	DF = 0x4000,
	MF = 0x2000,
};

struct spec {
	uint32_t tags[SPEC_TAGS]; /* TPID in the high half, TCI in the low */
	uint16_t ethertype; /* 0: the IP version's */
	const char *hex; /* the frame itself: what else is said here only tells its tuple */
	bool turned; /* Ethernet addresses exchanged: an answer */
	bool to_group, from_group; /* in the Ethernet header */

	const char *src, *dst; /* the colon decides the version */
	uint8_t ttl; /* 0: 64 */
	uint8_t tos;
	uint16_t id;
	uint16_t fragment; /* IPv4's word: DF, MF, offset in units of 8 */
	const char *options; /* hex: IPv4's options, or all IPv6 extension headers */
	uint8_t next; /* what the first extension header is; it ends in protocol, as written there */

	uint8_t protocol;
	uint16_t sport, dport; /* of echo messages: sport is the identifier */
	uint32_t seq, ack; /* SCTP: seq is the verification tag */
	uint8_t tcp_flags;
	const char *tcp_options; /* hex */
	uint8_t type, code; /* ICMP; of SCTP's one chunk: type and flags */
	uint32_t rest; /* the second half of ICMP's header; the first word of the chunk's value */
	const struct spec *quoted; /* its IP packet, */
	uint16_t quote; /* so many bytes of it (0: all, more: zeros behind), */
	const char *extension; /* and this behind them, in hex */
	const char *line; /* the payload begins with this text, */
	const char *head; /* and this in hex, */
	uint16_t payload; /* then so many bytes of a pattern */
	const struct spec *inner; /* a packet inside, */
	const char *between; /* and what stands before it, in hex */
	uint32_t label; /* IPv6's flow label */
	bool headless; /* a fragment's tail: payload follows the IP header */
	bool no_checksum; /* UDP */

	uint8_t version, ihl, data_off; /* 0: right; ihl and data_off in words */
	uint16_t ip_length, udp_length; /* 0: right */
	bool bad_ip_checksum, bad_checksum;
	uint16_t cut; /* so many bytes of the frame's end are missing */
	uint16_t padding; /* so many follow the IP packet */
};

#define SPEC(src_, dst_, protocol_, ...) \
	(&(const struct spec){ .src = src_, .dst = dst_, .protocol = protocol_, __VA_ARGS__ })
#define TCP(src_, sport_, dst_, dport_, ...) \
	SPEC(src_, dst_, IPPROTO_TCP, .sport = sport_, .dport = dport_, __VA_ARGS__)
#define UDP(src_, sport_, dst_, dport_, ...) \
	SPEC(src_, dst_, IPPROTO_UDP, .sport = sport_, .dport = dport_, __VA_ARGS__)
#define SCTP(src_, sport_, dst_, dport_, ...) \
	SPEC(src_, dst_, IPPROTO_SCTP, .sport = sport_, .dport = dport_, __VA_ARGS__)
#define ICMP4(src_, dst_, type_, code_, ...) \
	SPEC(src_, dst_, IPPROTO_ICMP, .type = type_, .code = code_, __VA_ARGS__)
#define ICMP6(src_, dst_, type_, code_, ...) \
	SPEC(src_, dst_, IPPROTO_ICMPV6, .type = type_, .code = code_, __VA_ARGS__)

/* Writes the frame; returns its length. */
size_t spec_build(const struct spec *spec, uint8_t frame[SPEC_FRAME_MAX]);

/* The tuple of the packet; of an ICMP error that of the quoted packet, reversed. */
struct sy_tuple spec_tuple(const struct spec *spec);

/* The Internet checksum of RFC 1071 over two buffers, the plain way. */
uint16_t spec_checksum(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len);

#endif /* SY_TEST_SPEC_H */
