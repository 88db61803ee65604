/* SPDX-License-Identifier: BSD-3-Clause */
#include "peer_fault.h"

#include <stdio.h>

#include "json_text.h"
#include "rows.h"

#define LONGEST 4096 /* bytes in which a message is looked for */

/* What the peer says of an error, as etcd's gateway and Kubernetes do; the rest of the text is as it
 * was where it says nothing. */
static void
add_message(const struct sy_http_answer *answer, char *text, size_t size)
{
	struct json_object *body = NULL;
	const char *message;

	if (answer->length <= LONGEST)
		body = sy_json_read(answer->body, answer->length, json_type_object, NULL);
	message = sy_json_string(body, "message");
	if (message != NULL)
		snprintf(text, size, ": %s", message);
	sy_text_tame(text);
	json_object_put(body);
}

const char *
sy_peer_fault(const struct sy_http_answer *answer, char text[SY_PEER_FAULT])
{
	int length;

	if (answer->result != SY_HTTP_ANSWERED)
		return answer->text;
	if (answer->status == 200)
		return NULL;
	length = snprintf(text, SY_PEER_FAULT, "HTTP %u", answer->status);
	add_message(answer, text + length, SY_PEER_FAULT - (size_t)length);
	return text;
}
