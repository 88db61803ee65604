/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_CONFIG_CHECK_H
#define SY_CONFIG_CHECK_H

/*
 * The checks that need more than one value, a file for each part of the
 * configuration.  All return 0 or the error of the first fault.
 */
#include "index.h"
#include "parse.h"

int sy_config_check_commands(struct sy_config_parser *parser); /* and who names them */
int sy_config_check_depends(struct sy_config_parser *parser); /* pools on each other */
int sy_config_check_ports(struct sy_config_parser *parser);
int sy_config_check_routes(struct sy_config_parser *parser); /* and neighbours */
int sy_config_check_pools(struct sy_config_parser *parser);
int sy_config_check_discovery(struct sy_config_parser *parser);
int sy_config_check_services(struct sy_config_parser *parser);
int sy_config_check_local(struct sy_config_parser *parser); /* local addresses */
int sy_config_check_snat(struct sy_config_parser *parser);
int sy_config_check_quic(struct sy_config_parser *parser); /* and server IDs */
/* A list of addresses that are to be the balancer's own and nobody else's. */
int sy_config_check_addresses(struct sy_config_parser *parser, const struct sy_config_path *list,
	const struct sy_range *ranges, uint16_t n);
/* Where services' addresses are announced; and, of one service, whether it can adopt connections. */
int sy_config_check_announce(struct sy_config_parser *parser);
int sy_config_check_adopt(struct sy_config_parser *parser, uint32_t i);
/* Of one service: what its forwarding mode asks of its keys and its backends. */
int sy_config_check_tunnel(struct sy_config_parser *parser, uint32_t i);

/* Whether the address lies in a network of a port; where no port has one of its family, they may be
 * in the kernel. */
bool sy_config_may_be_on_link(const struct sy_config *config, const struct sy_ip *address);

/* What is known of the service's mode; false where nothing is, as in the client's check. */
bool sy_config_mode_has(
	const struct sy_config_parser *parser, uint32_t service, enum sy_mode_trait trait);
/* Whether the service's backends may be of the other family.  The client's check knows no modes but
 * the usual one, and lets others. */
bool sy_config_may_mix(const struct sy_config_parser *parser, uint32_t service);

/* That no two elements of a list are the same; key is what the message points to.  The index can be
 * asked after 0, and must be freed after any. */
int sy_config_check_unique(struct sy_config_parser *parser, struct sy_config_index *index,
	const struct sy_config_identity *identity, const struct sy_config_path *list,
	const char *key, const void *elements, uint32_t n, size_t size);
int sy_config_check_twice(struct sy_config_parser *parser,
	const struct sy_config_identity *identity, const struct sy_config_path *list,
	const char *key, const void *elements, uint32_t n, size_t size);

/* Whether one of the port's own addresses is this one. */
bool sy_config_port_has(const struct sy_port_config *port, const struct sy_ip *ip);

/* The length of the longest of the port's networks that holds ip, -1 for none. */
int sy_config_port_network(const struct sy_port_config *port, const struct sy_ip *ip);

#endif /* SY_CONFIG_CHECK_H */
