/* SPDX-License-Identifier: BSD-3-Clause */
#include "screen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define PLAIN_WIDTH 80

static volatile sig_atomic_t was_resized;
static volatile sig_atomic_t must_quit;
static struct termios before;
static bool is_open;

static void
note_signal(int number)
{
	if (number == SIGWINCH)
		was_resized = 1;
	else
		must_quit = 1;
}

/* Signals arrive only while screen_wait() waits, so that none is missed between look and wait. */
static void
catch_signals(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGWINCH };
	struct sigaction action = { .sa_handler = note_signal };
	sigset_t set;

	sigemptyset(&action.sa_mask);
	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		sigaction(numbers[i], &action, NULL);
		sigaddset(&set, numbers[i]);
	}
	/* A stopped program would leave the terminal as it is now. */
	signal(SIGTSTP, SIG_IGN);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static void
read_size(struct screen *screen)
{
	struct winsize size;

	if (screen->is_terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
		size.ws_col > 0 && size.ws_row > 0) {
		screen->width = size.ws_col;
		screen->height = size.ws_row;
	}
}

static bool
write_all(const char *text, size_t length)
{
	while (length > 0) {
		ssize_t n = write(STDOUT_FILENO, text, length);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			text += n;
			length -= (size_t)n;
		}
	}
	return true;
}

void
screen_open(struct screen *screen)
{
	struct termios raw;

	*screen = (struct screen){ .width = PLAIN_WIDTH, .is_terminal = isatty(STDOUT_FILENO) };
	catch_signals();
	if (!screen->is_terminal)
		return;
	screen->colours = getenv("NO_COLOR") == NULL;
	screen->height = 24;
	read_size(screen);
	if (tcgetattr(STDIN_FILENO, &before) == 0) {
		raw = before;
		raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		raw.c_cc[VMIN] = 1;
		raw.c_cc[VTIME] = 0;
		is_open = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
	}
	/* The other screen, no cursor. */
	write_all("\033[?1049h\033[?25l", 14);
	atexit(screen_close);
}

void
screen_close(void)
{
	static bool closed;

	if (closed || !isatty(STDOUT_FILENO))
		return;
	closed = true;
	write_all("\033[?25h\033[?1049l", 14);
	if (is_open)
		tcsetattr(STDIN_FILENO, TCSANOW, &before);
}

/* Each line overwrites the old one and clears the rest of it: nothing flickers. */
static void
put_lines(FILE *out, const char *text, size_t length)
{
	const char *end = text + length;

	fputs("\033[H", out);
	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t line = newline != NULL ? (size_t)(newline - text) : (size_t)(end - text);

		fwrite(text, 1, line, out);
		fputs("\033[K", out);
		text += line + 1;
		/* A newline after the last line would scroll. */
		if (text < end)
			putc('\n', out);
	}
	fputs("\033[J", out);
}

bool
screen_draw(const struct screen *screen, const char *text, size_t length)
{
	char *bytes = NULL;
	size_t n_bytes = 0;
	FILE *out;
	bool written;

	if (!screen->is_terminal)
		return write_all(text, length) && write_all("\n", 1);
	out = open_memstream(&bytes, &n_bytes);
	if (out == NULL)
		return false;
	put_lines(out, text, length);
	fclose(out);
	written = write_all(bytes, n_bytes);
	free(bytes);
	return written;
}

/* Whether the key that is waiting ends the program.  A terminal that has gone gives end of file. */
static bool
read_key(void)
{
	char key;
	ssize_t n = read(STDIN_FILENO, &key, 1);

	return n <= 0 || key == 'q' || key == 'Q' || key == 4 || key == 3;
}

static uint64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

enum screen_event
screen_wait(struct screen *screen, unsigned int ms)
{
	struct pollfd in = { .fd = is_open ? STDIN_FILENO : -1, .events = POLLIN };
	uint64_t end = now_ms() + ms;
	sigset_t none;

	sigemptyset(&none);
	for (;;) {
		uint64_t now = now_ms();
		uint64_t left = end > now ? end - now : 0;
		struct timespec timeout = { .tv_sec = (time_t)(left / 1000),
			.tv_nsec = (long)(left % 1000) * 1000000 };
		int n = ppoll(&in, 1, &timeout, &none);

		if (must_quit || (n > 0 && read_key()))
			return SCREEN_QUIT;
		if (was_resized) {
			was_resized = 0;
			read_size(screen);
			return SCREEN_RESIZED;
		}
		if (n == 0)
			return SCREEN_TIME;
	}
}
