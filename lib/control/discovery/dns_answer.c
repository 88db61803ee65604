/* SPDX-License-Identifier: BSD-3-Clause */
#include "dns_answer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_LEN 12
#define MAX_JUMPS 64
#define LAST_PRIORITY 15

enum {
	TYPE_A = 1,
	TYPE_AAAA = 28,
	TYPE_SRV = 33,
	CLASS_IN = 1
};

struct reader {
	const uint8_t *message;
	size_t length;
	size_t at;
};

static bool
read_u16(struct reader *reader, uint16_t *value)
{
	if (reader->length - reader->at < 2)
		return false;
	*value = (uint16_t)(reader->message[reader->at] << 8 | reader->message[reader->at + 1]);
	reader->at += 2;
	return true;
}

static bool
read_u32(struct reader *reader, uint32_t *value)
{
	uint16_t high, low;

	if (!read_u16(reader, &high) || !read_u16(reader, &low))
		return false;
	*value = (uint32_t)high << 16 | low;
	return true;
}

/* One label, with a dot in front of all but the first; false when it does not fit. */
static bool
add_label(char *name, size_t *n, const uint8_t *label, size_t length)
{
	if (*n + length + 2 > SY_DNS_NAME)
		return false;
	if (*n > 0)
		name[(*n)++] = '.';
	memcpy(name + *n, label, length);
	*n += length;
	name[*n] = '\0';
	return memchr(label, '\0', length) == NULL && memchr(label, '.', length) == NULL;
}

/* A name with its pointers (RFC 1035, section 4.1.4), which may lead anywhere, in circles too. */
static bool
read_name(struct reader *reader, char name[SY_DNS_NAME])
{
	size_t at = reader->at;
	bool jumped = false;
	size_t n = 0;

	name[0] = '\0';
	for (int jumps = 0; at < reader->length && jumps < MAX_JUMPS;) {
		uint8_t length = reader->message[at];

		if ((length & 0xc0) == 0xc0) {
			if (reader->length - at < 2)
				return false;
			if (!jumped)
				reader->at = at + 2;
			jumped = true;
			jumps++;
			at = (size_t)(length & 0x3f) << 8 | reader->message[at + 1];
			continue;
		}
		if ((length & 0xc0) != 0 || reader->length - at <= length)
			return false;
		if (length == 0) {
			if (!jumped)
				reader->at = at + 1;
			return true;
		}
		if (!add_label(name, &n, reader->message + at + 1, length))
			return false;
		at += 1u + length;
	}
	return false;
}

static bool
read_address(struct reader *reader, uint16_t length, uint8_t family, struct sy_ip *address)
{
	if (length != (family == SY_IPV4 ? 4 : 16))
		return false;
	memset(address, 0, sizeof(*address));
	address->family = family;
	memcpy(address->addr.bytes, reader->message + reader->at, length);
	return true;
}

static bool
read_srv(struct reader reader, struct sy_dns_record *record)
{
	return read_u16(&reader, &record->priority) && read_u16(&reader, &record->weight) &&
		read_u16(&reader, &record->port) && read_name(&reader, record->target);
}

static bool
read_data(struct reader *reader, uint16_t length, struct sy_dns_record *record)
{
	if (record->type == TYPE_A)
		return read_address(reader, length, SY_IPV4, &record->address);
	if (record->type == TYPE_AAAA)
		return read_address(reader, length, SY_IPV6, &record->address);
	return length > 6 && read_srv(*reader, record);
}

static bool
read_record(struct reader *reader, uint16_t wanted, struct sy_dns_answer *answer)
{
	struct sy_dns_record record = { .type = wanted };
	char owner[SY_DNS_NAME];
	uint16_t type, class, length;
	uint32_t ttl;

	if (!read_name(reader, owner) || !read_u16(reader, &type) || !read_u16(reader, &class) ||
		!read_u32(reader, &ttl) || !read_u16(reader, &length) ||
		reader->length - reader->at < length)
		return false;
	/* RFC 2181, section 8: with the highest bit set it is none. */
	if (ttl > INT32_MAX)
		ttl = 0;
	if (ttl < answer->ttl_s)
		answer->ttl_s = ttl;
	if (type == wanted && class == CLASS_IN) {
		if (!read_data(reader, length, &record))
			return false;
		answer->records[answer->n++] = record;
	}
	reader->at += length;
	return true;
}

static bool
pass_questions(struct reader *reader, uint16_t n)
{
	char name[SY_DNS_NAME];

	for (uint16_t i = 0; i < n; i++) {
		if (!read_name(reader, name) || reader->length - reader->at < 4)
			return false;
		reader->at += 4;
	}
	return true;
}

int
sy_dns_read(const uint8_t *message, size_t length, uint16_t type, struct sy_dns_answer *answer)
{
	struct reader reader = { message, length, 4 };
	uint16_t n_questions, n_answers;
	bool right;

	if (length < HEADER_LEN || !read_u16(&reader, &n_questions) ||
		!read_u16(&reader, &n_answers))
		return -EINVAL;
	if (n_answers > SY_DNS_MAX_RECORDS)
		return -E2BIG;
	*answer = (struct sy_dns_answer){ .ttl_s = UINT32_MAX };
	answer->records = calloc((size_t)n_answers + 1, sizeof(*answer->records));
	if (answer->records == NULL)
		return -ENOMEM;
	reader.at = HEADER_LEN;
	right = pass_questions(&reader, n_questions);
	for (uint16_t i = 0; i < n_answers && right; i++)
		right = read_record(&reader, type, answer);
	if (right)
		return 0;
	sy_dns_fini(answer);
	return -EINVAL;
}

void
sy_dns_fini(struct sy_dns_answer *answer)
{
	free(answer->records);
	answer->records = NULL;
	answer->n = 0;
}

static int
compare_priorities(const void *a, const void *b)
{
	return (int)*(const uint16_t *)a - (int)*(const uint16_t *)b;
}

void
sy_dns_rank(const struct sy_dns_answer *answer, uint8_t *ranks)
{
	uint16_t sorted[SY_DNS_MAX_RECORDS];
	uint32_t n = 0;

	for (uint32_t i = 0; i < answer->n; i++)
		sorted[i] = answer->records[i].priority;
	qsort(sorted, answer->n, sizeof(sorted[0]), compare_priorities);
	for (uint32_t i = 0; i < answer->n; i++) {
		if (n == 0 || sorted[n - 1] != sorted[i])
			sorted[n++] = sorted[i];
	}
	for (uint32_t i = 0; i < answer->n; i++) {
		uint8_t rank = 0;

		while (rank < LAST_PRIORITY && sorted[rank] != answer->records[i].priority)
			rank++;
		ranks[i] = rank;
	}
}

uint16_t
sy_dns_weight(uint16_t weight)
{
	return weight > 0 ? weight : 1;
}
