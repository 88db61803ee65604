/* SPDX-License-Identifier: BSD-3-Clause */
#include "json.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <time.h>

#define NEW_LITERAL_KEY (JSON_C_OBJECT_ADD_KEY_IS_NEW | JSON_C_OBJECT_ADD_CONSTANT_KEY)

static void
add(struct json_object *object, const char *key, struct json_object *value)
{
	if (value == NULL || json_object_object_add_ex(object, key, value, NEW_LITERAL_KEY) != 0)
		json_object_put(value);
}

void
sy_json_text(struct json_object *object, const char *key, const char *text)
{
	add(object, key, json_object_new_string(text));
}

void
sy_json_number(struct json_object *object, const char *key, uint64_t number)
{
	add(object, key, json_object_new_uint64(number));
}

void
sy_json_signed(struct json_object *object, const char *key, int64_t number)
{
	add(object, key, json_object_new_int64(number));
}

void
sy_json_time(struct json_object *object, const char *key, uint64_t wall_us)
{
	time_t seconds = (time_t)(wall_us / 1000000);
	struct tm parts;
	char text[32];

	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &parts));
	sy_json_text(object, key, text);
}

void
sy_json_bool(struct json_object *object, const char *key, bool value)
{
	add(object, key, json_object_new_boolean(value));
}

void
sy_json_ip(struct json_object *object, const char *key, const struct sy_ip *ip)
{
	char text[SY_IP_TEXT];

	sy_json_text(object, key, sy_ip_text(ip, text));
}

void
sy_json_ratio(struct json_object *object, const char *key, uint64_t number, uint64_t divisor)
{
	double ratio = divisor == 0 ? 0 : (double)number / (double)divisor;
	char text[32];

	if (divisor == 0 || number % divisor == 0) {
		sy_json_number(object, key, (uint64_t)ratio);
		return;
	}
	snprintf(text, sizeof(text), "%.2f", ratio);
	add(object, key, json_object_new_double_s(ratio, text));
}

void
sy_json_ms(struct json_object *object, const char *key, uint64_t us)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu.%03u", (unsigned long long)(us / 1000),
		(unsigned int)(us % 1000));
	/* The text keeps the decimals as they are: 0.3 is no sum of powers of two. */
	add(object, key, json_object_new_double_s((double)us / 1000, text));
}

const char *
sy_endpoint_text(uint8_t family, const struct sy_addr *address, uint16_t port_be,
	char text[SY_ENDPOINT_TEXT])
{
	char ip[SY_IP_TEXT];

	snprintf(text, SY_ENDPOINT_TEXT, family == SY_IPV6 ? "[%s]:%u" : "%s:%u",
		sy_addr_text(family, address, ip), ntohs(port_be));
	return text;
}

const char *
sy_protocol_text(uint8_t protocol)
{
	if (protocol == IPPROTO_TCP)
		return "tcp";
	if (protocol == IPPROTO_SCTP)
		return "sctp";
	if (protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6)
		return "icmp";
	return protocol == IPPROTO_UDP ? "udp" : "other";
}
