/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_PACKET_H
#define SY_PACKET_H

/*
 * What the pipeline knows of one packet, and pure functions on packets: parse,
 * checksum, rewrite, ICMP.
 *
 * A worker keeps a vector of struct sy_packet for the burst in hand; parse
 * fills it and later stages add to it.  Offsets count bytes from the start of
 * the frame.  Everything that a later stage touches lies in the first segment
 * (parse makes sure).  Worker only; no state, no allocation.
 */
#include <netinet/in.h>

#include <rte_byteorder.h>
#include <rte_ip.h>
#include <rte_mbuf.h>

#include "sy/net.h"
#include "sy/outer.h"
#include "sy/stats.h"

struct sy_flow;

enum sy_packet_flag {
	SY_PACKET_VLAN = 1 << 0, /* one tag or more; they stay as they are */
	SY_PACKET_FRAGMENT = 1 << 1, /* any fragment, the first too */
	SY_PACKET_ICMP_ERROR = 1 << 2, /* tuple is that of the packet that caused it, reversed */
	SY_PACKET_ECHO_REQUEST = 1 << 3,
	SY_PACKET_OPTIONS = 1 << 4, /* IPv4 options or IPv6 extension headers */
	SY_PACKET_HOST = 1 << 5, /* ARP, neighbour discovery, multicast, other protocols */
	SY_PACKET_FIRST = 1 << 6, /* has made its flow; not parse's */
	SY_PACKET_NO_SERVICE = 1 << 7, /* to a virtual IP, none of its services; not parse's */
	SY_PACKET_LOCAL = 1 << 8, /* to a local address; not parse's */
	SY_PACKET_ECHO_REPLY = 1 << 9,
	SY_PACKET_ANSWER = 1 << 10, /* it has become one, to its sender; not parse's */
};

enum sy_verdict {
	SY_VERDICT_NONE, /* still in the pipeline */
	SY_VERDICT_TRANSMIT,
	SY_VERDICT_KERNEL,
	SY_VERDICT_HANDOVER, /* another worker's now */
	SY_VERDICT_DROP, /* with a reason */
	SY_VERDICT_GONE, /* consumed: the mbuf is no longer this packet's */
};

struct sy_packet {
	struct rte_mbuf *mbuf;
	struct sy_flow *flow; /* NULL: none */
	/*
	 * Of the packet; of an ICMP error the embedded packet's, reversed, so that it looks like
	 * the packets that travel the error's way and finds the same flow and direction.
	 */
	struct sy_tuple tuple;
	uint16_t l3; /* offset of the IP header */
	uint16_t inner_l3; /* ICMP errors: the embedded packet's headers */
	uint16_t inner_l4;
	uint16_t flags; /* enum sy_packet_flag */
	uint16_t l4; /* offset of the TCP, UDP or ICMP header */
	uint16_t payload; /* offset behind the L4 header; equal to l4: there is none to read */
	uint16_t end; /* offset behind the IP packet: what lies further is padding */
	uint8_t ttl; /* or hop limit */
	uint8_t tcp_flags; /* RTE_TCP_SYN_FLAG, ... */
	uint8_t verdict; /* enum sy_verdict */
	uint8_t drop; /* enum sy_drop */
	uint8_t direction; /* enum sy_direction, with a flow */
	uint8_t port; /* index of the Steelyard port that it came from */
	uint32_t next_hop; /* set by transmit's route stage; see sy/snapshot.h */
	uint32_t service; /* id, when classified to one */
};

/* Longest chain of IPv6 extension headers, and of VLAN tags, that parse walks. */
#define SY_MAX_EXTENSIONS 6
#define SY_MAX_VLANS 2

/*
 * Reads the headers.  Sets every field but flow, direction, port, next_hop and service.  verdict
 * becomes SY_VERDICT_NONE, or SY_VERDICT_DROP with the reason (malformed), or SY_VERDICT_KERNEL
 * for what can only be the host's (not IP, multicast, neighbour discovery, protocols that are not
 * balanced), which is marked SY_PACKET_HOST and read no further than it took to see that.
 *
 * IPv4's header checksum is the NIC's word where the mbuf has one.  TCP's and UDP's are not
 * verified: rewriting keeps a wrong one wrong, for the receiver to find.
 *
 * A fragment's ports are 0 but in the first piece, and only the first has an L4 header.
 *
 * An echo's identifier is the port of who asks; who is asked has port 0.  So the reply's tuple is the
 * request's reversed, and an error about either has the tuple of the other.
 */
void sy_packet_parse(struct sy_packet *packet, struct rte_mbuf *mbuf);

/* One piece of a packet that was sent in several; only of a packet with SY_PACKET_FRAGMENT. */
struct sy_piece {
	uint32_t id; /* as it stands in the header: the same for all pieces */
	uint32_t offset; /* bytes; 0: the first piece, which alone has the L4 header */
	uint32_t length; /* bytes of what was divided */
	bool more; /* not the last */
};
struct sy_piece sy_packet_piece(const struct sy_packet *packet);

/* Whether it is a piece without the L4 header, or one whose protocol has no ports. */
static inline bool
sy_packet_is_tail(const struct sy_packet *packet)
{
	return (packet->flags & SY_PACKET_FRAGMENT) != 0 && packet->payload == packet->l4;
}

/*
 * Rewrites address and port of one side of the packet, and in an ICMP error of the embedded packet
 * too, with all checksums brought up to date incrementally (RFC 1624; UDP's zero rules: RFC 768,
 * RFC 6936).  which: the packet's own source or destination.  The tuple follows.
 *
 * In an ICMP error the embedded packet's opposite side changes, since it went the other way
 * (RFC 5508 section 4.2), and the outer address only when it was the one that the tuple has: an
 * error from a router between keeps that router's address.
 *     error to the backend: SY_SIDE_DST, the backend.  VIP -> backend outside, source inside.
 *     error to the client:  SY_SIDE_SRC, the VIP.  Outside only if the backend sent it.
 */
void sy_packet_rewrite(
	struct sy_packet *packet, enum sy_side which, const struct sy_addr *addr, uint16_t port_be);

/* Takes one from TTL or hop limit; the caller has made sure that it is 2 or more. */
static inline void
sy_packet_decrement_ttl(struct sy_packet *packet)
{
	void *header = rte_pktmbuf_mtod_offset(packet->mbuf, void *, packet->l3);
	struct rte_ipv4_hdr *v4 = header;
	uint32_t sum;

	packet->ttl--;
	if (unlikely(packet->tuple.family == SY_IPV6)) {
		((struct rte_ipv6_hdr *)header)->hop_limits--;
		return;
	}
	v4->time_to_live--;
	/* The TTL is the high half of its word: the checksum grows by what that lost, and by the
	 * carry that comes in again at the end (RFC 1141). */
	sum = (uint32_t)v4->hdr_checksum + RTE_BE16(0x0100);
	v4->hdr_checksum = (uint16_t)(sum + (sum >= UINT16_MAX));
}

/*
 * Turn the packet, in its own buffer, into an answer to its sender; addresses and MACs are
 * exchanged, so that transmit must choose the next hop anew.  An ICMP error quotes what is in the
 * buffer: it has to come before any rewriting, or the sender does not know what it quotes.
 *
 * They return 0, and the packet is described anew (an ICMP error with its own tuple, no ports), or
 * the drop reason when no answer may be sent to this packet, which is then as it was (RFC 1122
 * section 3.2.2, RFC 4443 section 2.4 (e): never about an ICMP error, a multicast, a fragment's
 * tail), or when there is no room for one before it in its buffer.
 */
enum sy_drop sy_packet_answer_echo(struct sy_packet *packet);
enum sy_drop sy_packet_answer_reset(struct sy_packet *packet); /* TCP RST, RFC 9293 3.10.7.1 */

enum sy_icmp_kind {
	SY_ICMP_TIME_EXCEEDED,
	SY_ICMP_PORT_UNREACHABLE,
	SY_ICMP_HOST_UNREACHABLE,
	SY_ICMP_PROHIBITED, /* administratively: no flow is made for it */
	SY_ICMP_TOO_BIG, /* value: the MTU that fits */
};

/* source: the address that the error comes from, of the packet's family. */
enum sy_drop sy_packet_answer_icmp(struct sy_packet *packet, enum sy_icmp_kind kind, uint32_t value,
	const struct sy_addr *source);

/* A packet that an ICMP error quotes, or one inside that. */
struct sy_quoted {
	struct sy_tuple tuple; /* as it went; ports are the first two words behind the IP header */
	uint32_t length; /* of the whole packet, as its IP header says */
	uint16_t l3; /* offsets in the error's frame */
	uint16_t l4;
};

/* Of an ICMP error that parse has found quoting something (inner_l4 is set): the IP packet at an
 * offset in it.  false: there is none, too little of it, or a fragment's tail. */
bool sy_packet_read_quoted(const struct sy_packet *packet, uint32_t at, struct sy_quoted *quoted);

/* What the sender of the packet inside is to hear. */
struct sy_complaint {
	enum sy_icmp_kind kind;
	uint32_t value;
};

/* false: nothing, or an MTU that the quoted packet would have fitted. */
bool sy_packet_complaint(const struct sy_packet *packet, const struct sy_quoted *outer,
	const struct sy_quoted *inside, struct sy_complaint *complaint);

/* Turns the error into one about the packet inside, to its sender.  As sy_packet_answer_icmp(), but
 * that the packet is spoilt where it refuses. */
enum sy_drop sy_packet_answer_quoted(struct sy_packet *packet, const struct sy_quoted *inside,
	const struct sy_complaint *complaint, const struct sy_addr *source);

/* Writes a TCP RST from `from` to `to` into an empty mbuf and parses it into packet (no Ethernet
 * addresses yet).  seq and ack are the header's, in host order; ack 0 with no ACK flag. */
void sy_packet_make_reset(struct sy_packet *packet, struct rte_mbuf *mbuf,
	const struct sy_tuple *tuple, uint32_t seq, uint32_t ack, bool with_ack);

/* The same for the destination address alone; the packet that an ICMP error quotes stays as it is. */
void sy_packet_redirect(struct sy_packet *packet, const struct sy_addr *addr);

/* Of an ICMP error: the address that it comes from, and nothing of what it quotes. */
void sy_packet_set_source(struct sy_packet *packet, const struct sy_addr *addr);

/* Sets the six bits of DSCP in the IP header (RFC 2474 section 3); those of ECN stay. */
void sy_packet_set_dscp(struct sy_packet *packet, uint8_t dscp);

/* What this packet's outer headers have of their own. */
struct sy_outer_end {
	const struct sy_addr *source; /* of the outer header's family */
	const struct sy_addr *destination;
	uint32_t hash; /* the flow's: source port and flow label come from it */
	uint16_t id; /* identification, unlike those of the last packets, the same of all pieces of
		      * one; host order */
};

/* Puts the headers before the IP packet, behind Ethernet header and tags.  From then on the packet
 * is described by the outer header; its tuple stays the inner one's.  SY_DROP_NO_BUFFER: too little
 * room before the frame. */
enum sy_drop sy_packet_encapsulate(
	struct sy_packet *packet, const struct sy_outer *outer, const struct sy_outer_end *end);

/* What a packet is to be in the other IP version. */
struct sy_translation {
	struct sy_tuple behind; /* its tuple, as sy_packet has it */
	struct sy_addr router; /* of ours: the source of an error that neither end has sent */
	uint16_t mtu; /* of the next hop */
	uint16_t id; /* IPv4's identification, unlike those of the last packets; host order */
};

/*
 * Translates headers, ports, and in an ICMP error those of the packet that it quotes (RFC 7915), with
 * all checksums.  In IPv6 headers take 20 bytes more, those of a piece 28.  SY_DROP_UNTRANSLATABLE,
 * SY_DROP_NO_BUFFER (too little room before the frame), with the packet as it was.
 */
enum sy_drop sy_packet_translate(
	struct sy_packet *packet, const struct sy_translation *translation);

/*
 * An IPv4 packet that was divided, or may be on its way, gets another identification: one whose source
 * we change shares that with others (RFC 6864 section 5.3.1).  One that cannot be divided keeps its
 * own, which means nothing then, and so do ICMP errors, which nobody divides.  id: host order.
 */
void sy_packet_renumber(const struct sy_packet *packet, uint16_t id);

/* Whether it is IPv4 without DF and options, no ICMP error, and in one segment. */
bool sy_packet_may_divide(const struct sy_packet *packet);

/* Of such a packet leaves `most` bytes, or a few less, as its first piece; rest, in the empty mbuf, gets
 * what follows, described as a tail that knows its ports.  A UDP checksum that is not there is made
 * first.  0, or with nothing changed -ENOSPC: the mbuf is too small; -EMSGSIZE: most is. */
int sy_packet_divide(
	struct sy_packet *packet, uint16_t most, struct rte_mbuf *mbuf, struct sy_packet *rest);

/* A part of what follows the IP header, to be sent as a packet of its own. */
struct sy_part {
	uint32_t offset; /* a multiple of 8 */
	uint32_t length; /* likewise, but of the last */
	bool more; /* not the last */
	uint32_t id; /* IPv6: the same for all parts of a packet, and of no other for a while */
};

/* By the IP header, which after encapsulating is of another family than the tuple. */
static inline bool
sy_packet_is_v4(const struct sy_packet *packet)
{
	return *rte_pktmbuf_mtod_offset(packet->mbuf, const uint8_t *, packet->l3) >> 4 ==
		IPVERSION;
}

/*
 * Dividing a packet that has been encapsulated, of one segment: how long parts may be (0: there is no
 * room for any), each part but the first into an empty mbuf, and then the packet as the first.  0, or
 * -ENOBUFS: no room in the buffer.
 */
uint32_t sy_packet_part_max(const struct sy_packet *packet, uint32_t mtu);
int sy_packet_copy_part(
	const struct sy_packet *packet, const struct sy_part *part, struct rte_mbuf *mbuf);
int sy_packet_become_part(struct sy_packet *packet, const struct sy_part *part);

/* The sum in one's complement, as it stands in memory, of the bytes from the offset to the packet's
 * end, in whatever segments.  Not rte_raw_cksum_mbuf: DPDK 22.11's loses carries behind a segment of
 * odd length. */
uint16_t sy_packet_sum(const struct sy_packet *packet, uint32_t from);

/* Length of the IP packet in bytes, what MTU limits. */
static inline uint16_t
sy_packet_length(const struct sy_packet *packet)
{
	return (uint16_t)(packet->end - packet->l3);
}

#endif /* SY_PACKET_H */
