/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_CTL_SCREEN_H
#define SY_CTL_SCREEN_H

/*
 * The terminal while `top` runs: its other screen, no echo, one key at a time;
 * and as it was before, however the program ends but for SIGKILL.
 */
#include <stdbool.h>
#include <stddef.h>

struct screen {
	unsigned int width;
	unsigned int height;
	bool is_terminal;
	bool colours;
};

enum screen_event {
	SCREEN_TIME, /* the interval has passed */
	SCREEN_RESIZED,
	SCREEN_QUIT, /* q, Ctrl-C, Ctrl-D, SIGTERM, or the terminal has gone */
};

void screen_open(struct screen *screen);
void screen_close(void); /* more than once is no error */

/* Shows the text in place of the one before.  Returns false when it cannot be written. */
bool screen_draw(const struct screen *screen, const char *text, size_t length);

/* Waits for the end of the interval, a key or a new size. */
enum screen_event screen_wait(struct screen *screen, unsigned int ms);

#endif /* SY_CTL_SCREEN_H */
