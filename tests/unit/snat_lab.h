/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_SNAT_LAB_H
#define SY_SNAT_LAB_H

/*
 * Workers between servers and the outside: SERVER, which is the backend of www
 * (TCP) and of dns (UDP) too, and HOST outside, both of both families.
 */
#include "fixture.h"
#include "spec.h"

#define SERVER4 "10.0.0.11"
#define SERVER6 "fd00:10::11"
#define OTHER4 "10.0.0.12" /* another server */
#define HOST4 "192.0.2.100"
#define HOST6 "2001:db8:1::100"
#define LOCAL4 "192.0.2.10"
#define LOCAL6 "2001:db8:1::10"
#define VIP4 "192.0.2.80"
#define LAN FIXTURE_LAN
#define WAN FIXTURE_WAN

#define SNAT_RULE4(more) "{'name':'out4','from':['10.0.0.0/24'],'to':['" LOCAL4 "']" more "}"
#define SNAT_RULE6 "{'name':'out6','from':['fd00:10::/64'],'to':['" LOCAL6 "']}"

/* rules: the list's elements, in single quotes. */
void snat_start(struct fixture *fixture, const char *rules, uint32_t n_workers);
void snat_reload(struct fixture *fixture, const char *rules);
void snat_stop(struct fixture *fixture); /* when all is accounted for */

void snat_give(struct fixture *fixture, uint32_t port, const struct spec *spec);

/* IPv4's identification. */
uint16_t snat_id(const struct rte_mbuf *mbuf);

/* Whether the only frame that came out of the port is this one, one hop further, on the wan with
 * whatever identification where it may be divided. */
bool snat_came(struct fixture *fixture, uint32_t port, const struct spec *spec);

/* Gives the packet to the lan.  Returns the port, or identifier, that it has outside, where it is from
 * `local` and as it was else; 0: it is not. */
uint16_t snat_out(struct fixture *fixture, const struct spec *spec, const char *local);

/* Gives the packet to the wan, to be the same to the server and its port. */
bool snat_back(struct fixture *fixture, const struct spec *spec, const char *server, uint16_t port);

uint64_t snat_counter(const struct fixture *fixture, enum sy_counter counter);

#endif /* SY_SNAT_LAB_H */
