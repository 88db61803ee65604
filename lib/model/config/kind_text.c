/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sy/config.h"

#include "table.h"

/* Kinds that are texts: names, addresses, and those that hold others. */

#define LETTERS_AND_DIGITS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

static void
write_copy(const struct sy_config_key *key, const void *element, char *text)
{
	snprintf(text, SY_CONFIG_VALUE_SIZE, "%s", (const char *)element + key->offset);
}

static bool
read_copy(const struct sy_config_key *key, const char *text, void *element)
{
	size_t length = strlen(text);

	if (length >= key->size)
		return false;
	memcpy((char *)element + key->offset, text, length + 1);
	return true;
}

/* Adds what the empty text stands for. */
static void
describe_empty(const struct sy_config_key *key, char *form)
{
	size_t n = strlen(form);

	if (key->empty)
		snprintf(form + n, SY_CONFIG_FORM_SIZE - n, ", or \"\"");
}

static bool
name_read(const struct sy_config_key *key, const char *text, void *element)
{
	size_t length = strlen(text);

	if (length == 0)
		return key->empty && read_copy(key, text, element);
	if (strspn(text, LETTERS_AND_DIGITS "-_.") != length ||
		strchr(LETTERS_AND_DIGITS, text[0]) == NULL)
		return false;
	return read_copy(key, text, element);
}

static void
name_describe(const struct sy_config_key *key, char *form)
{
	snprintf(form, SY_CONFIG_FORM_SIZE,
		"a name of at most %zu letters, digits, '-', '_' and '.', that starts with a letter "
		"or digit",
		key->size - 1);
	describe_empty(key, form);
}

const struct sy_config_kind sy_kind_name = {
	.name = "name",
	.json = SY_CONFIG_STRING,
	.read = name_read,
	.write = write_copy,
	.describe = name_describe,
	.pattern = "^[A-Za-z0-9][A-Za-z0-9._-]*$",
};

static bool
text_read(const struct sy_config_key *key, const char *text, void *element)
{
	if (text[0] == '\0')
		return key->empty && read_copy(key, text, element);
	if (key->accepts != NULL && !key->accepts(text))
		return false;
	return read_copy(key, text, element);
}

static void
text_describe(const struct sy_config_key *key, char *form)
{
	snprintf(form, SY_CONFIG_FORM_SIZE, "%s of at most %zu bytes",
		key->form != NULL ? key->form : "a text", key->size - 1);
	describe_empty(key, form);
}

const struct sy_config_kind sy_kind_text = {
	.name = "text",
	.json = SY_CONFIG_STRING,
	.read = text_read,
	.write = write_copy,
	.describe = text_describe,
};

/* One host can have it: not the unspecified address, not a group, not everyone, and no IPv4 address
 * in the clothes of IPv6, which no packet carries (RFC 4291, section 2.5.5.2). */
static bool
is_host(const struct sy_ip *ip)
{
	static const struct sy_addr unspecified;
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (sy_addr_equal(&ip->addr, &unspecified))
		return false;
	if (ip->family == SY_IPV4)
		return ip->addr.bytes[0] != 0 && ip->addr.bytes[0] < 224;
	return ip->addr.bytes[0] != 0xff && memcmp(ip->addr.bytes, mapped, sizeof(mapped)) != 0;
}

static bool
address_read(const struct sy_config_key *key, const char *text, void *element)
{
	struct sy_ip ip = { .family = SY_IPV4 };

	if ((text[0] != '\0' || !key->empty) && (sy_ip_parse(text, &ip) != 0 || !is_host(&ip)))
		return false;
	memcpy((char *)element + key->offset, &ip, sizeof(ip));
	return true;
}

static void
address_write(const struct sy_config_key *key, const void *element, char *text)
{
	const struct sy_ip *ip = (const struct sy_ip *)((const char *)element + key->offset);

	if (sy_ip_is_set(ip))
		sy_ip_text(ip, text);
	else
		text[0] = '\0';
}

static void
address_describe(const struct sy_config_key *key, char *form)
{
	snprintf(form, SY_CONFIG_FORM_SIZE,
		"the IPv4 or IPv6 address of one host, such as \"192.0.2.1\" or \"2001:db8::1\"");
	describe_empty(key, form);
}

const struct sy_config_kind sy_kind_address = {
	.name = "address",
	.json = SY_CONFIG_STRING,
	.read = address_read,
	.write = address_write,
	.describe = address_describe,
	.pattern = "^[0-9A-Fa-f.:]+$",
};

static bool
prefix_read(const struct sy_config_key *key, const char *text, void *element)
{
	struct sy_prefix prefix;

	if (sy_prefix_parse(text, &prefix) != 0)
		return false;
	memcpy((char *)element + key->offset, &prefix, sizeof(prefix));
	return true;
}

static void
prefix_write(const struct sy_config_key *key, const void *element, char *text)
{
	sy_prefix_text((const struct sy_prefix *)((const char *)element + key->offset), text);
}

static void
prefix_describe(const struct sy_config_key *key, char *form)
{
	(void)key;
	snprintf(form, SY_CONFIG_FORM_SIZE,
		"an address and a prefix length, such as \"192.0.2.0/24\" or \"2001:db8::/64\"");
}

const struct sy_config_kind sy_kind_prefix = {
	.name = "prefix",
	.json = SY_CONFIG_STRING,
	.read = prefix_read,
	.write = prefix_write,
	.describe = prefix_describe,
	.pattern = "^[0-9A-Fa-f.:]+/[0-9]{1,3}$",
};

static bool
range_read(const struct sy_config_key *key, const char *text, void *element)
{
	struct sy_range range;
	struct sy_ip last;

	if (sy_range_parse(text, &range) != 0 || sy_range_size(&range) > SY_MAX_LOCAL_ADDRESSES)
		return false;
	last = (struct sy_ip){ range.last, range.family };
	if (!is_host(&(struct sy_ip){ range.first, range.family }) || !is_host(&last))
		return false;
	memcpy((char *)element + key->offset, &range, sizeof(range));
	return true;
}

static void
range_write(const struct sy_config_key *key, const void *element, char *text)
{
	sy_range_text((const struct sy_range *)((const char *)element + key->offset), text);
}

static void
range_describe(const struct sy_config_key *key, char *form)
{
	(void)key;
	snprintf(form, SY_CONFIG_FORM_SIZE,
		"an address, a prefix or a range of at most %u addresses of hosts, such as "
		"\"10.0.0.100\", \"2001:db8::100/124\" or \"10.0.0.100-10.0.0.109\"",
		SY_MAX_LOCAL_ADDRESSES);
}

const struct sy_config_kind sy_kind_range = {
	.name = "range",
	.json = SY_CONFIG_STRING,
	.read = range_read,
	.write = range_write,
	.describe = range_describe,
	.pattern = "^[0-9A-Fa-f.:]+(/[0-9]{1,3}|-[0-9A-Fa-f.:]+)?$",
};

static bool
mac_read(const struct sy_config_key *key, const char *text, void *element)
{
	static const struct sy_mac zero;
	struct sy_mac mac = zero;

	if (text[0] != '\0' || !key->empty) {
		/* The first byte's last bit marks a group (IEEE 802), which no station is. */
		if (sy_mac_parse(text, &mac) != 0 || (mac.bytes[0] & 1) != 0 ||
			memcmp(&mac, &zero, sizeof(mac)) == 0)
			return false;
	}
	memcpy((char *)element + key->offset, &mac, sizeof(mac));
	if (key->empty)
		sy_config_set_member(element, key->other, sizeof(bool), text[0] != '\0');
	return true;
}

static void
mac_write(const struct sy_config_key *key, const void *element, char *text)
{
	text[0] = '\0';
	if (!key->empty || sy_config_member(element, key->other, sizeof(bool)) != 0)
		sy_mac_text((const struct sy_mac *)((const char *)element + key->offset), text);
}

static void
mac_describe(const struct sy_config_key *key, char *form)
{
	snprintf(form, SY_CONFIG_FORM_SIZE,
		"the MAC address of one station, such as \"02:00:5e:10:00:01\"");
	describe_empty(key, form);
}

const struct sy_config_kind sy_kind_mac = {
	.name = "MAC address",
	.json = SY_CONFIG_STRING,
	.read = mac_read,
	.write = mac_write,
	.describe = mac_describe,
	.pattern = "^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}$",
};

static void
reference_describe(const struct sy_config_key *key, char *form)
{
	snprintf(form, SY_CONFIG_FORM_SIZE, "the name of one of the %s", key->target);
	describe_empty(key, form);
}

const struct sy_config_kind sy_kind_reference = {
	.name = "reference",
	.json = SY_CONFIG_STRING,
	.describe = reference_describe,
	.pattern = "^[A-Za-z0-9][A-Za-z0-9._-]*$",
};

static void
object_describe(const struct sy_config_key *key, char *form)
{
	(void)key;
	snprintf(form, SY_CONFIG_FORM_SIZE, "an object");
}

const struct sy_config_kind sy_kind_object = {
	.name = "object",
	.json = SY_CONFIG_OBJECT,
	.describe = object_describe,
};

static void
list_describe(const struct sy_config_key *key, char *form)
{
	snprintf(form, SY_CONFIG_FORM_SIZE, "an array of %" PRIu64 " to %" PRIu64 " %s", key->low,
		key->high, key->section != NULL ? "objects" : "texts");
}

const struct sy_config_kind sy_kind_list = {
	.name = "list",
	.json = SY_CONFIG_ARRAY,
	.describe = list_describe,
};

const struct sy_config_kind sy_kind_values = {
	.name = "list",
	.json = SY_CONFIG_ARRAY,
	.describe = list_describe,
};
