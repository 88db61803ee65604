/* SPDX-License-Identifier: BSD-3-Clause */
#include "client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PART_LOOK_MS 200

static enum ctl_status
unreachable(struct sy_error *error, const char *path, int why)
{
	const char *remedy = "";

	if (why == ENOENT)
		remedy = ": is the daemon running? (systemctl status steelyard); if its socket is "
			 "elsewhere, say --socket PATH";
	else if (why == ECONNREFUSED)
		remedy =
			": a daemon was there and is no more: start it (systemctl start steelyard)";
	else if (why == EACCES || why == EPERM)
		remedy = ": run as root (sudo), or join the group that \"control\": { \"group\": "
			 "... } names";
	else if (why == EAGAIN)
		remedy = ": the daemon is too busy to accept: try again";
	return (enum ctl_status)sy_error_set(
		error, CTL_UNREACHABLE, "%s: %s%s", path, strerror(why), remedy);
}

enum ctl_status
ctl_connect(const char *path, struct ctl_client *client, struct sy_error *error)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timeval timeout = { .tv_sec = CLIENT_TIMEOUT_S };

	*client = (struct ctl_client){ .fd = -1 };
	if (strlen(path) >= sizeof(address.sun_path))
		return unreachable(error, path, ENAMETOOLONG);
	strcpy(address.sun_path, path);
	client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (client->fd < 0)
		return unreachable(error, path, errno);
	setsockopt(client->fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	setsockopt(client->fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	if (connect(client->fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		int why = errno;

		ctl_disconnect(client);
		return unreachable(error, path, why);
	}
	return CTL_OK;
}

void
ctl_disconnect(struct ctl_client *client)
{
	if (client->fd >= 0)
		close(client->fd);
	client->fd = -1;
}

/* 0 or a negative errno. */
static int
send_all(int fd, const void *bytes, size_t length)
{
	const char *at = bytes;

	while (length > 0) {
		ssize_t n = send(fd, at, length, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		at += n;
		length -= (size_t)n;
	}
	return 0;
}

static int
receive_all(int fd, void *bytes, size_t length)
{
	char *at = bytes;

	while (length > 0) {
		ssize_t n = recv(fd, at, length, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -ECONNRESET;
		at += n;
		length -= (size_t)n;
	}
	return 0;
}

/* A daemon that refuses the client answers before it is asked, and closes: so an answer is looked
 * for even when the request could not be sent. */
static int
send_request(struct ctl_client *client, struct json_object *request)
{
	size_t length;
	const char *text =
		json_object_to_json_string_length(request, JSON_C_TO_STRING_PLAIN, &length);
	uint32_t length_be = htonl((uint32_t)length);
	int status;

	if (text == NULL)
		return -ENOMEM;
	status = send_all(client->fd, &length_be, sizeof(length_be));
	if (status == 0)
		status = send_all(client->fd, text, length);
	return status == -EPIPE || status == -ECONNRESET ? 0 : status;
}

static int
receive_answer(struct ctl_client *client, struct json_object **answer)
{
	uint32_t length_be;
	struct json_tokener *tokener;
	size_t length;
	char *text;
	int status = receive_all(client->fd, &length_be, sizeof(length_be));

	if (status != 0)
		return status;
	length = ntohl(length_be);
	if (length == 0 || length > CLIENT_ANSWER_MAX)
		return -EPROTO;
	text = malloc(length);
	tokener = json_tokener_new();
	status = text != NULL && tokener != NULL ? receive_all(client->fd, text, length) : -ENOMEM;
	if (status == 0) {
		*answer = json_tokener_parse_ex(tokener, text, (int)length);
		status = json_object_is_type(*answer, json_type_object) ? 0 : -EPROTO;
	}
	if (status == -EPROTO)
		json_object_put(*answer);
	if (tokener != NULL)
		json_tokener_free(tokener);
	free(text);
	return status;
}

static enum ctl_status
no_answer(struct sy_error *error, int status)
{
	if (status == -EAGAIN)
		return (enum ctl_status)sy_error_set(error, CTL_UNREACHABLE,
			"the daemon did not answer within %d s", CLIENT_TIMEOUT_S);
	if (status == -ECONNRESET)
		return (enum ctl_status)sy_error_set(error, CTL_UNREACHABLE,
			"the daemon closed the connection: it may be stopping");
	if (status == -EPROTO)
		return (enum ctl_status)sy_error_set(
			error, CTL_UNREACHABLE, "what answers is no steelyard: check --socket");
	return (enum ctl_status)sy_error_set(
		error, CTL_UNREACHABLE, "the daemon cannot be asked: %s", strerror(-status));
}

static struct json_object *
make_request(const char *command, struct json_object *arguments)
{
	struct json_object *request = json_object_new_object();

	json_object_object_add(request, "version", json_object_new_int(1));
	json_object_object_add(request, "command", json_object_new_string(command));
	if (arguments != NULL)
		json_object_object_add(request, "arguments", json_object_get(arguments));
	return request;
}

static enum ctl_status
receive(struct ctl_client *client, struct json_object **result, struct sy_error *error)
{
	struct json_object *answer = NULL;
	enum ctl_status refused;
	int status = receive_answer(client, &answer);

	if (status != 0)
		return no_answer(error, status);
	if (json_object_get_boolean(json_object_object_get(answer, "ok"))) {
		*result = json_object_get(json_object_object_get(answer, "result"));
		json_object_put(answer);
		return CTL_OK;
	}
	refused = (enum ctl_status)sy_error_set(error, CTL_REFUSED, "%s",
		json_object_get_string(json_object_object_get(answer, "error")));
	json_object_put(answer);
	return refused;
}

enum ctl_status
ctl_receive(struct ctl_client *client, struct json_object **result, struct sy_error *error)
{
	return receive(client, result, error);
}

enum ctl_status
ctl_ask(struct ctl_client *client, const char *command, struct json_object *arguments,
	struct json_object **result, struct sy_error *error)
{
	struct json_object *request = make_request(command, arguments);
	int status = send_request(client, request);

	json_object_put(request);
	return status != 0 ? no_answer(error, status) : receive(client, result, error);
}

/* Whether there is something to read; what comes late is waited for. */
static bool
wait_for_part(struct ctl_client *client, const volatile sig_atomic_t *enough)
{
	struct pollfd in = { .fd = client->fd, .events = POLLIN };
	int n;

	if (*enough && !client->told_enough) {
		client->told_enough = true;
		shutdown(client->fd, SHUT_WR);
	}
	/* A signal may come between the look above and the wait. */
	n = poll(&in, 1, client->told_enough ? CLIENT_TIMEOUT_S * 1000 : PART_LOOK_MS);
	return n > 0 || (n == 0 && client->told_enough);
}

enum ctl_status
ctl_receive_part(struct ctl_client *client, char bytes[CLIENT_STREAM_MAX], size_t *n,
	const volatile sig_atomic_t *enough, struct sy_error *error)
{
	uint32_t length_be;
	int status;

	while (!wait_for_part(client, enough))
		;
	status = receive_all(client->fd, &length_be, sizeof(length_be));
	if (status != 0)
		return no_answer(error, status);
	*n = ntohl(length_be);
	status = *n <= CLIENT_STREAM_MAX ? receive_all(client->fd, bytes, *n) : -EPROTO;
	return status != 0 ? no_answer(error, status) : CTL_OK;
}

enum ctl_status
ctl_ask_once(const struct ctl_args *args, const char *command, struct json_object *arguments,
	struct json_object **result)
{
	struct ctl_client client;
	struct sy_error error;
	enum ctl_status status = ctl_connect(args->socket, &client, &error);

	if (status == CTL_OK)
		status = ctl_ask(&client, command, arguments, result, &error);
	ctl_disconnect(&client);
	return status == CTL_OK ? CTL_OK : ctl_fail(status, "%s", error.text);
}
