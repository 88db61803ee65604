/* SPDX-License-Identifier: BSD-3-Clause */
/* The service manager's protocol: sd_notify(3), sd_watchdog_enabled(3). */
#include "sy/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "sy/time.h"

static struct {
	struct sockaddr_un address;
	socklen_t address_size; /* 0: no service manager */
	uint64_t watchdog_us; /* 0: no watchdog */
} manager;

/* An address that begins with '@' is an abstract one: a zero byte stands there in truth. */
static void
read_address(const char *name)
{
	size_t length = strlen(name);

	manager.address_size = 0;
	if ((name[0] != '/' && name[0] != '@') || length < 2 ||
		length >= sizeof(manager.address.sun_path))
		return;
	manager.address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(manager.address.sun_path, name, length);
	if (name[0] == '@')
		manager.address.sun_path[0] = '\0';
	manager.address_size =
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (name[0] == '/'));
}

/* The watchdog may be meant for another process: WATCHDOG_PID says for which. */
static void
read_watchdog(const char *period, const char *pid)
{
	char *end;
	unsigned long long period_us = strtoull(period, &end, 10);

	manager.watchdog_us = 0;
	if (*period == '\0' || *end != '\0')
		return;
	if (pid != NULL && strtoll(pid, NULL, 10) != (long long)getpid())
		return;
	manager.watchdog_us = period_us;
}

void
sy_notify_init(void)
{
	const char *name = getenv("NOTIFY_SOCKET");
	const char *period = getenv("WATCHDOG_USEC");

	read_address(name != NULL ? name : "");
	read_watchdog(period != NULL ? period : "", getenv("WATCHDOG_PID"));
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

static int
send_text(const char *text)
{
	ssize_t sent;
	int fd;

	if (manager.address_size == 0)
		return 0;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	sent = sendto(fd, text, strlen(text), MSG_NOSIGNAL,
		(const struct sockaddr *)&manager.address, manager.address_size);
	close(fd);
	return sent < 0 ? -errno : 0;
}

/* The status is one line: another would be read as another variable. */
static void
append_status(char *text, size_t size, const char *status)
{
	size_t length = strlen(text);

	snprintf(text + length, size - length, "STATUS=%s", status);
	for (char *at = text + length; *at != '\0'; at++) {
		if (*at == '\n')
			*at = ' ';
	}
}

int
sy_notify_ready(const char *status)
{
	char text[512] = "READY=1\n";

	if (status != NULL)
		append_status(text, sizeof(text), status);
	return send_text(text);
}

int
sy_notify_reloading(void)
{
	char text[64];

	/* The time is asked for by services of Type=notify-reload. */
	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, sy_time_us());
	return send_text(text);
}

int
sy_notify_stopping(uint32_t more_ms)
{
	char text[64] = "STOPPING=1";

	if (more_ms > 0)
		snprintf(text, sizeof(text), "STOPPING=1\nEXTEND_TIMEOUT_USEC=%" PRIu64,
			UINT64_C(1000) * more_ms);
	return send_text(text);
}

int
sy_notify_status(const char *format, ...)
{
	char text[512] = "";
	char status[480];
	va_list args;

	va_start(args, format);
	vsnprintf(status, sizeof(status), format, args);
	va_end(args);
	append_status(text, sizeof(text), status);
	return send_text(text);
}

static void
feed(uv_timer_t *timer)
{
	struct sy_watchdog *watchdog = timer->data;

	if (watchdog->is_alive == NULL || watchdog->is_alive(watchdog->context))
		send_text("WATCHDOG=1");
}

int
sy_watchdog_start(struct sy_watchdog *watchdog, uv_loop_t *loop, bool (*is_alive)(void *context),
	void *context)
{
	uint64_t half_ms = manager.watchdog_us / 2000;

	*watchdog = (struct sy_watchdog){ .is_alive = is_alive, .context = context };
	if (manager.address_size == 0 || manager.watchdog_us == 0)
		return 0;
	uv_timer_init(loop, &watchdog->timer);
	watchdog->timer.data = watchdog;
	watchdog->active = true;
	return uv_timer_start(&watchdog->timer, feed, 0, half_ms > 0 ? half_ms : 1);
}

void
sy_watchdog_stop(struct sy_watchdog *watchdog)
{
	if (!watchdog->active)
		return;
	watchdog->active = false;
	uv_close((uv_handle_t *)&watchdog->timer, NULL);
}
