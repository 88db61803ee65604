/* SPDX-License-Identifier: BSD-3-Clause */
/* What idle workers wait on, with devices that can and that cannot. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>

#include <rte_ether.h>

#include "sy/log.h"
#include "sy/port.h"
#include "unit.h"

#define TAP "sy-unit-rest"
#define LONG_MS 20000 /* nobody waits so long for what is there */

static struct sy_port_config rows[2];
static const int sockets[SY_MAX_WORKERS];
static char log_text[1024]; /* what the last start() wrote */

static struct sy_config
config_of(uint16_t workers, enum sy_idle_mode mode, const char *first, const char *second)
{
	struct sy_config config = { .name = "unit",
		.workers = workers,
		.idle_mode = mode,
		.ports = rows,
		.n_ports = second == NULL ? 1 : 2 };

	memset(rows, 0, sizeof(rows));
	for (uint32_t i = 0; i < config.n_ports; i++) {
		snprintf(rows[i].name, sizeof(rows[i].name), "p%u", i);
		snprintf(rows[i].device, sizeof(rows[i].device), "%s", i == 0 ? first : second);
		snprintf(rows[i].profile, sizeof(rows[i].profile), "auto");
		rows[i].mtu = 1500;
		rows[i].rx_descriptors = rows[i].tx_descriptors = 256;
	}
	return config;
}

/* The log goes to standard error, which is a file meanwhile. */
static struct sy_ports *
start(const struct sy_config *config)
{
	FILE *log = tmpfile();
	int before = dup(STDERR_FILENO), status;
	struct sy_ports *ports = NULL;
	struct sy_error error = { "" };
	size_t length;

	CU_ASSERT_PTR_NOT_NULL_FATAL(log);
	dup2(fileno(log), STDERR_FILENO);
	status = sy_ports_open(config, sockets, &ports, &error);
	if (status == 0)
		status = sy_ports_start(ports, &error);
	dup2(before, STDERR_FILENO);
	close(before);
	rewind(log);
	length = fread(log_text, 1, sizeof(log_text) - 1, log);
	log_text[length] = '\0';
	fclose(log);
	if (status != 0)
		fprintf(stderr, "# %s\n", error.text);
	CU_ASSERT_EQUAL_FATAL(status, 0);
	return ports;
}

static void
expect_words(const char *words)
{
	if (strstr(log_text, words) == NULL) {
		fprintf(stderr, "# \"%s\" lacks \"%s\"\n", log_text, words);
		CU_FAIL("the log has other words");
	}
}

static void
test_other_modes_are_kept(void)
{
	static const enum sy_idle_mode modes[] = { SY_IDLE_POLL, SY_IDLE_PAUSE, SY_IDLE_SLEEP };

	for (size_t i = 0; i < SY_UNIT_COUNT(modes); i++) {
		struct sy_config config = config_of(1, modes[i], "net_null0", NULL);
		struct sy_ports *ports = start(&config);

		CU_ASSERT_EQUAL(ports->idle_mode, modes[i]);
		CU_ASSERT_STRING_EQUAL(log_text, "");
		sy_ports_close(ports);
	}
}

static void
test_no_interrupts(void)
{
	struct sy_config config = config_of(2, SY_IDLE_INTERRUPT, "net_null0", "net_ring0");
	struct sy_ports *ports = start(&config);

	CU_ASSERT_EQUAL(ports->idle_mode, SY_IDLE_SLEEP);
	expect_words("idle.mode \"interrupt\" is not possible here: port p0 (net_null) raises no "
		     "receive interrupts");
	sy_ports_close(ports);
}

static void
test_no_monitor(void)
{
	struct sy_config config = config_of(1, SY_IDLE_MONITOR, "net_null0", NULL);
	struct sy_ports *ports = start(&config);

	CU_ASSERT_EQUAL(ports->idle_mode, SY_IDLE_SLEEP);
	expect_words("idle.mode \"monitor\" is not possible here: ");
	expect_words("; idle workers sleep");
	sy_ports_close(ports);
}

/* A frame of the kernel's side, which the tap's first queue receives. */
static void
send_frame(void)
{
	uint8_t frame[64] = { 2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 8, 0x88, 0xb5 };
	struct sockaddr_ll to = { .sll_family = AF_PACKET };
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	to.sll_ifindex = (int)if_nametoindex(TAP);
	CU_ASSERT_EQUAL(sendto(fd, frame, sizeof(frame), 0, (struct sockaddr *)&to, sizeof(to)),
		(ssize_t)sizeof(frame));
	close(fd);
}

/* Until the queue has nothing more: the kernel sends of its own accord as well. */
static uint32_t
drain(const struct sy_ports *ports)
{
	struct rte_mbuf *mbuf;
	uint32_t n = 0;

	while (sy_port_receive(&ports->ports[0], 0, &mbuf, 1) == 1) {
		n += rte_be_to_cpu_16(rte_pktmbuf_mtod(mbuf, struct rte_ether_hdr *)->ether_type) ==
			0x88b5;
		rte_pktmbuf_free(mbuf);
	}
	return n;
}

/* True when a wait ended by an interrupt and our frame was there; others are the kernel's own. */
static bool
wait_for_frame(const struct sy_ports *ports)
{
	while (sy_ports_wait(ports, 0, LONG_MS)) {
		if (drain(ports) > 0)
			return true;
	}
	return false;
}

static void
test_tap_raises_interrupts(void)
{
	struct sy_config config = config_of(1, SY_IDLE_INTERRUPT, "net_tap0,iface=" TAP, NULL);
	struct sy_ports *ports;

	if (geteuid() != 0 || access("/dev/net/tun", R_OK | W_OK) != 0) {
		sy_unit_skip("needs root and /dev/net/tun");
		return;
	}
	ports = start(&config);
	CU_ASSERT_EQUAL_FATAL(ports->idle_mode, SY_IDLE_INTERRUPT);
	for (int i = 0; i < 3; i++) {
		drain(ports);
		CU_ASSERT_TRUE(sy_ports_arm(ports, 0));
		send_frame();
		CU_ASSERT_TRUE(wait_for_frame(ports));
		sy_ports_disarm(ports, 0);
	}
	sy_ports_stop(ports);
	CU_ASSERT_EQUAL(ports->interrupt_fds[0], -1);
	sy_ports_close(ports);
}

/* One port of two raises some: waiting for it alone would forget the other. */
static void
test_all_ports_must(void)
{
	struct sy_config config =
		config_of(1, SY_IDLE_INTERRUPT, "net_tap0,iface=" TAP, "net_null0");
	struct sy_ports *ports;

	if (geteuid() != 0 || access("/dev/net/tun", R_OK | W_OK) != 0) {
		sy_unit_skip("needs root and /dev/net/tun");
		return;
	}
	ports = start(&config);
	CU_ASSERT_EQUAL(ports->idle_mode, SY_IDLE_SLEEP);
	CU_ASSERT_EQUAL(ports->interrupt_fds[0], -1);
	expect_words("port p1 (net_null) raises no receive interrupts");
	sy_ports_close(ports);
}

static const struct sy_test tests[] = {
	{ "poll, pause and sleep ask nothing of devices", test_other_modes_are_kept },
	{ "devices without receive interrupts make workers sleep", test_no_interrupts },
	{ "a CPU or device that cannot watch a queue makes workers sleep", test_no_monitor },
	{ "a tap's packet ends the wait, each time anew", test_tap_raises_interrupts },
	{ "one port without interrupts makes workers sleep", test_all_ports_must },
};

int
main(int argc, char **argv)
{
	sy_log_set_level(SY_LOG_WARNING);
	return sy_unit_run_eal("port_rest", tests, SY_UNIT_COUNT(tests), argc, argv);
}
