/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A watched file: JSON, to be replaced by rename.
 *
 * It is read by a thread of the loop's pool, since a file may lie where reading
 * takes its time (NFS).  Its directory is watched, as the file itself is another
 * one after each rename; and it is read every so often all the same.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source.h"
#include "sy/admission.h"

#define MAX_BYTES (16u << 20)

/* One reading.  Freed when the thread has ended, which may be after the source. */
struct reading {
	uv_work_t work; /* comes first */
	struct sy_source *source; /* NULL: nobody wants it any more */
	char path[SY_TEXT_SIZE];
	char *text;
	size_t length;
	int status;
	char fault[SY_FOUND_FAULT];
};

struct file {
	uv_fs_event_t *event; /* of the directory; NULL: cannot be watched yet */
	struct reading *reading; /* NULL: none */
	char directory[SY_TEXT_SIZE];
	const char *base; /* in the configuration */
};

static void
fail(struct reading *reading, int status, const char *what)
{
	reading->status = status;
	snprintf(reading->fault, sizeof(reading->fault), "%.120s: %s%s%s", reading->path, what,
		what[0] != '\0' && status != -EINVAL ? ": " : "",
		status != -EINVAL ? strerror(-status) : "");
}

static int
read_all(struct reading *reading, int fd, size_t size)
{
	reading->text = malloc(size + 1);
	if (reading->text == NULL)
		return -ENOMEM;
	while (reading->length < size) {
		ssize_t n = read(fd, reading->text + reading->length, size - reading->length);

		if (n == 0)
			break;
		if (n > 0)
			reading->length += (size_t)n;
		else if (errno != EINTR)
			return -errno;
	}
	return 0;
}

/* In a thread: touches nothing but the reading.  O_NONBLOCK: a FIFO would make it wait for a writer. */
static void
read_file(uv_work_t *work)
{
	struct reading *reading = (struct reading *)work;
	int fd = open(reading->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	int code;

	if (fd < 0) {
		fail(reading, -errno, "cannot be opened");
		return;
	}
	if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
		fail(reading, -EINVAL, "is no file");
	} else if (status.st_size > MAX_BYTES) {
		fail(reading, -EINVAL, "is larger than 16 MiB");
	} else {
		code = read_all(reading, fd, (size_t)status.st_size);
		if (code != 0)
			fail(reading, code, "cannot be read");
	}
	close(fd);
}

static void
take(struct sy_source *source, struct reading *reading)
{
	struct sy_found found = { .n = 0 };
	struct sy_error error = { .text = "" };

	if (reading->status == 0 &&
		sy_config_parse_backends(reading->path, reading->text, reading->length,
			source->config, &found.rows, &found.n, &error) == 0)
		sy_source_found(source, &found, 0);
	else
		sy_source_failed(source, "%s", reading->status != 0 ? reading->fault : error.text);
}

static void
has_read(uv_work_t *work, int status)
{
	struct reading *reading = (struct reading *)work;
	struct sy_source *source = reading->source;

	if (source != NULL) {
		((struct file *)source->state)->reading = NULL;
		if (status != 0)
			sy_source_failed(source, "%s: not read", reading->path);
		else
			take(source, reading);
	}
	free(reading->text);
	free(reading);
}

/* Beside the file itself: Kubernetes replaces the link "..data" of a directory that it mounts. */
static void
directory_changed(uv_fs_event_t *event, const char *name, int events, int status)
{
	struct sy_source *source = event->data;
	const struct file *file = source->state;

	(void)events;
	if (status == 0 &&
		(name == NULL || strcmp(name, file->base) == 0 || strncmp(name, "..", 2) == 0))
		sy_source_again(source);
}

static void
free_event(uv_handle_t *handle)
{
	free(handle);
}

static void
stop_watching(struct file *file)
{
	if (file->event != NULL)
		uv_close((uv_handle_t *)file->event, free_event);
	file->event = NULL;
}

/* Anew each time: a directory that was moved away and made again is another one. */
static void
watch_directory(struct sy_source *source)
{
	struct file *file = source->state;

	stop_watching(file);
	file->event = calloc(1, sizeof(*file->event));
	if (file->event == NULL)
		return;
	uv_fs_event_init(source->loop, file->event);
	file->event->data = source;
	if (uv_fs_event_start(file->event, directory_changed, file->directory, 0) != 0)
		stop_watching(file);
}

static int
create(struct sy_source *source, struct sy_error *error)
{
	struct file *file = calloc(1, sizeof(*file));
	const char *path = source->config->file;
	size_t length = (size_t)(strrchr(path, '/') - path);

	if (file == NULL)
		return sy_error_set(error, -ENOMEM, "out of memory");
	file->base = path + length + 1;
	memcpy(file->directory, length > 0 ? path : "/", length > 0 ? length : 1);
	source->state = file;
	return 0;
}

static void
ask(struct sy_source *source)
{
	struct file *file = source->state;
	struct reading *reading = calloc(1, sizeof(*reading));

	/* Before it is read: what changes from here on is told. */
	watch_directory(source);
	if (reading == NULL) {
		sy_source_failed(source, "out of memory");
		return;
	}
	reading->source = source;
	memcpy(reading->path, source->config->file, sizeof(reading->path));
	if (uv_queue_work(source->loop, &reading->work, read_file, has_read) != 0) {
		free(reading);
		sy_source_failed(source, "no thread to read the file");
		return;
	}
	file->reading = reading;
}

/* The thread cannot be stopped; what it brings is thrown away. */
static void
cancel(struct sy_source *source)
{
	struct file *file = source->state;

	if (file->reading != NULL)
		file->reading->source = NULL;
	file->reading = NULL;
}

static void
destroy(struct sy_source *source)
{
	struct file *file = source->state;

	cancel(source);
	stop_watching(file);
	free(file);
	source->state = NULL;
}

const struct sy_source_kind sy_source_file = {
	.type = SY_DISCOVERY_FILE,
	.name = "file",
	.is_ordered = true,
	.create = create,
	.ask = ask,
	.cancel = cancel,
	.destroy = destroy,
};
