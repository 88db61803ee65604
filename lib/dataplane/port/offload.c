/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload.h"

#include <stdio.h>
#include <string.h>

#include "sy/port.h"

/* Those without a DPDK bit are set up by other calls. */
static const struct sy_offload_row rows[] = {
	{ SY_PORT_RX_IP_CHECKSUM, RTE_ETH_RX_OFFLOAD_IPV4_CKSUM, 0, "rx_ip_checksum" },
	{ SY_PORT_RX_TCP_CHECKSUM, RTE_ETH_RX_OFFLOAD_TCP_CKSUM, 0, "rx_tcp_checksum" },
	{ SY_PORT_RX_UDP_CHECKSUM, RTE_ETH_RX_OFFLOAD_UDP_CKSUM, 0, "rx_udp_checksum" },
	{ SY_PORT_TX_IP_CHECKSUM, 0, RTE_ETH_TX_OFFLOAD_IPV4_CKSUM, "tx_ip_checksum" },
	{ SY_PORT_TX_TCP_CHECKSUM, 0, RTE_ETH_TX_OFFLOAD_TCP_CKSUM, "tx_tcp_checksum" },
	{ SY_PORT_TX_UDP_CHECKSUM, 0, RTE_ETH_TX_OFFLOAD_UDP_CKSUM, "tx_udp_checksum" },
	{ SY_PORT_TX_FAST_FREE, 0, RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE, "tx_fast_free" },
	{ SY_PORT_RSS, 0, 0, "rss" },
	{ SY_PORT_ALL_MULTICAST, 0, 0, "all_multicast" },
};

const struct sy_offload_row *
sy_port_offload_at(uint32_t row)
{
	return row < sizeof(rows) / sizeof(rows[0]) ? &rows[row] : NULL;
}

uint32_t
sy_port_offload_find(const char *name)
{
	const struct sy_offload_row *row;

	for (uint32_t i = 0; (row = sy_port_offload_at(i)) != NULL; i++)
		if (strcmp(row->name, name) == 0)
			return row->bit;
	return 0;
}

const char *
sy_port_offloads_text(uint32_t offloads, char *text, size_t size)
{
	const struct sy_offload_row *row;
	size_t length = 0;

	text[0] = '\0';
	for (uint32_t i = 0; (row = sy_port_offload_at(i)) != NULL; i++)
		if ((offloads & row->bit) != 0 && length < size)
			length += (size_t)snprintf(text + length, size - length, "%s%s",
				length == 0 ? "" : ", ", row->name);
	return text;
}
