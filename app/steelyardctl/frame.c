/* SPDX-License-Identifier: BSD-3-Clause */
#include "frame.h"

#include <inttypes.h>
#include <string.h>

#include "human.h"
#include "table.h"

#define LINE_TEXT 512
#define BAR_WIDTH 10
#define MOST_WORKERS 8 /* lines of them; the appliance matters more */
#define MOST_SERVICES 8

struct page {
	FILE *out;
	const struct frame *frame;
	unsigned int n_lines;
};

/* Lines that may still be printed; many when the height is open. */
static unsigned int
lines_left(const struct page *page)
{
	unsigned int height = page->frame->height;

	if (height == 0)
		return 1000000;
	return page->n_lines < height ? height - page->n_lines : 0;
}

/* style is an SGR number, 0 for none. */
static void
put_line(struct page *page, int style, const char *text)
{
	int width = (int)page->frame->width;

	if (lines_left(page) == 0)
		return;
	page->n_lines++;
	if (style != 0 && page->frame->colours)
		fprintf(page->out, "\033[%dm%.*s\033[0m\n", style, width, text);
	else
		fprintf(page->out, "%.*s\n", width, text);
}

static const char *
count(struct json_object *row, const char *key, char text[HUMAN_TEXT])
{
	return human_count(row_number(row, key), text);
}

/* What stands left, and at the right edge the time of day. */
static void
put_title(struct page *page)
{
	struct json_object *info = page->frame->info;
	char left[LINE_TEXT], line[LINE_TEXT], up[HUMAN_TEXT];
	int width = (int)page->frame->width;
	int clock_width = (int)strlen(page->frame->clock) + 1;
	int room = width > clock_width ? width - clock_width : 0;

	snprintf(left, sizeof(left),
		"steelyard %s  up %s  workers %" PRIu64 " (%s)  snapshot %" PRIu64,
		row_text(info, "version"), human_duration(row_number(info, "uptime_s"), up),
		row_number(info, "workers"), row_text(info, "steering"),
		row_number(info, "snapshot"));
	snprintf(line, sizeof(line), "%-*.*s %s", room, room, left, page->frame->clock);
	put_line(page, 1, line);
}

static void
put_totals(struct page *page)
{
	struct json_object *info = page->frame->info;
	char line[LINE_TEXT];
	char flows[HUMAN_TEXT], connections[HUMAN_TEXT], in[HUMAN_TEXT], out[HUMAN_TEXT],
		drops[HUMAN_TEXT];

	snprintf(line, sizeof(line),
		"flows %s  conn/s %s  pkt/s in %s out %s dropped %s  backends %" PRIu64 "/%" PRIu64
		" up",
		count(info, "flows", flows), count(info, "connections_rate", connections),
		count(info, "received_rate", in), count(info, "transmitted_rate", out),
		count(info, "dropped_rate", drops), row_number(info, "backends_up"),
		row_number(info, "backends"));
	put_line(page, 0, line);
}

static void
put_header(struct page *page, const char *text)
{
	char line[LINE_TEXT];

	/* A section without room for a row of its own is not begun. */
	if (lines_left(page) < 3)
		return;
	put_line(page, 0, "");
	snprintf(line, sizeof(line), "%-*s", (int)page->frame->width, text);
	put_line(page, 7, line);
}

static void
put_worker(struct page *page, struct json_object *row)
{
	char line[LINE_TEXT];
	char in[HUMAN_TEXT], out[HUMAN_TEXT], drops[HUMAN_TEXT], flows[HUMAN_TEXT],
		connections[HUMAN_TEXT];

	snprintf(line, sizeof(line),
		"%6" PRIu64 " %5" PRIu64 " %4" PRIu64 "%% %12s %12s %12s %10s %10s",
		row_number(row, "worker"), row_number(row, "cpu"), row_number(row, "busy_percent"),
		count(row, "received_rate", in), count(row, "transmitted_rate", out),
		count(row, "dropped_rate", drops), count(row, "flows", flows),
		count(row, "flows_created_rate", connections));
	put_line(page, 0, line);
}

static void
put_service(struct page *page, struct json_object *row)
{
	char line[LINE_TEXT], address[CELL_TEXT];
	char active[HUMAN_TEXT], connections[HUMAN_TEXT], in[HUMAN_TEXT], out[HUMAN_TEXT];

	cell_endpoint(row, "address", address);
	snprintf(line, sizeof(line), "%-14.14s %-26.26s %-5.5s %7s %7s %8s %7s",
		row_text(row, "name"), address, row_text(row, "protocol"),
		count(row, "active", active), count(row, "connections_rate", connections),
		count(row, "bits_in_rate", in), count(row, "bits_out_rate", out));
	put_line(page, 0, line);
}

/* What a pool's backends have together: shares are of their pool. */
static uint64_t
pool_sum(struct json_object *backends, const char *pool, const char *key)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < json_object_array_length(backends); i++) {
		struct json_object *row = json_object_array_get_idx(backends, i);

		if (strcmp(row_text(row, "pool"), pool) == 0)
			sum += row_number(row, key);
	}
	return sum;
}

static void
make_bar(uint64_t share, uint64_t whole, char text[BAR_WIDTH + 8])
{
	uint64_t filled = whole > 0 ? (share * BAR_WIDTH + whole / 2) / whole : 0;
	uint64_t percent = whole > 0 ? (share * 100 + whole / 2) / whole : 0;

	memset(text, '.', BAR_WIDTH);
	memset(text, '#', filled);
	snprintf(text + BAR_WIDTH, 8, " %3" PRIu64 "%%", percent);
}

static int
state_style(const char *state)
{
	if (strcmp(state, "up") == 0)
		return 32;
	return strcmp(state, "down") == 0 ? 31 : 33;
}

static void
put_backend(struct page *page, struct json_object *row)
{
	const char *state = row_text(row, "state");
	const char *pool = row_text(row, "pool");
	char line[LINE_TEXT], name[CELL_TEXT], weight[CELL_TEXT], bar[BAR_WIDTH + 8];
	char active[HUMAN_TEXT], connections[HUMAN_TEXT], probe[CELL_TEXT];

	cell_backend(row, "name", name);
	cell_weight(row, "weight", weight);
	cell_text(row, "last_probe", probe);
	make_bar(row_number(row, "connections_rate"),
		pool_sum(page->frame->backends, pool, "connections_rate"), bar);
	snprintf(line, sizeof(line), "%-20.20s %-8.8s %6s %6s %6s %s %-.60s", name, state, weight,
		count(row, "active", active), count(row, "connections_rate", connections), bar,
		probe);
	put_line(page, state_style(state), line);
}

/* As many rows as there is room for, keeping lines for what follows. */
static void
put_rows(struct page *page, struct json_object *rows, size_t most, unsigned int keep,
	void (*put)(struct page *page, struct json_object *row))
{
	size_t n = json_object_array_length(rows);
	size_t room = lines_left(page) > keep ? lines_left(page) - keep : 0;
	size_t shown = n;
	char line[LINE_TEXT];

	if (room < most)
		most = room;
	if (n > most)
		shown = most > 0 ? most - 1 : 0;
	for (size_t i = 0; i < shown; i++)
		put(page, json_object_array_get_idx(rows, i));
	if (shown == n || most == 0)
		return;
	snprintf(line, sizeof(line), "  ... %zu more", n - shown);
	put_line(page, 2, line);
}

void
frame_print(FILE *out, const struct frame *frame)
{
	struct page page = { .out = out, .frame = frame };
	size_t n_backends = json_object_array_length(frame->backends);
	size_t n_services = json_object_array_length(frame->services);
	/* Backends come last, and get their lines before workers and services have many. */
	unsigned int for_backends = n_backends < 8 ? (unsigned int)n_backends + 2 : 10;
	unsigned int for_services = n_services < 4 ? (unsigned int)n_services + 2 : 6;

	put_title(&page);
	put_totals(&page);
	put_header(&page,
		"WORKER   CPU  BUSY     PKT/S IN    PKT/S OUT    DROPPED/S      FLOWS     CONN/S");
	put_rows(&page, frame->workers, MOST_WORKERS, for_backends + for_services, put_worker);
	put_header(&page,
		"SERVICE        ADDRESS                    PROTO  ACTIVE  CONN/S BIT/S IN     OUT");
	put_rows(&page, frame->services, MOST_SERVICES, for_backends, put_service);
	put_header(&page,
		"BACKEND              STATE    WEIGHT ACTIVE CONN/S SHARE           LAST PROBE");
	put_rows(&page, frame->backends, (size_t)-1, 0, put_backend);
}
