/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_CONFIG_ACCEPT_H
#define SY_CONFIG_ACCEPT_H

/* Forms that some texts must have, for the rows of the table.  Never called with "". */
#include <stdbool.h>

bool sy_accept_path(const char *text); /* absolute, of visible characters */
bool sy_accept_visible(const char *text); /* ASCII without spaces and control characters */
bool sy_accept_method(const char *text); /* capital letters */
bool sy_accept_server(const char *text); /* "ADDRESS", "ADDRESS:PORT" or "[ADDRESS]:PORT" */
bool sy_accept_host(const char *text); /* a name in DNS */
bool sy_accept_url(const char *text); /* http:// or https:// and more */
bool sy_accept_zone(const char *text); /* "region" or "region/part" */
bool sy_accept_interface(const char *text); /* a name that Linux lets an interface have */
bool sy_accept_cores(const char *text); /* what sy_config_cores() reads */
/* What could be a DPDK device, as far as its text tells: not a kernel interface's name, the usual
 * mistake. */
bool sy_accept_device(const char *text);

#endif /* SY_CONFIG_ACCEPT_H */
