/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "sy/config.h"

#include "accept.h"

#define MAX_CPU 1023 /* the last that a cpu_set_t holds */
#define HEX "0123456789abcdefABCDEF"

bool
sy_accept_visible(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text > '~')
			return false;
	return true;
}

bool
sy_accept_path(const char *text)
{
	return text[0] == '/' && sy_accept_visible(text);
}

bool
sy_accept_method(const char *text)
{
	return strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(text);
}

bool
sy_accept_zone(const char *text)
{
	static const char names[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t region = strspn(text, names);

	if (region == 0 || text[region] == '\0')
		return region > 0;
	text += region + 1;
	return text[-1] == '/' && text[0] != '\0' && strspn(text, names) == strlen(text);
}

/* Digits of a port number, and no more. */
static bool
is_port(const char *text)
{
	size_t n = strspn(text, "0123456789");
	unsigned long port = strtoul(text, NULL, 10);

	return n > 0 && n <= 5 && text[n] == '\0' && port >= 1 && port <= UINT16_MAX;
}

bool
sy_accept_server(const char *text)
{
	char address[SY_IP_TEXT];
	struct sy_ip ip;
	const char *end;

	if (sy_ip_parse(text, &ip) == 0)
		return true;
	end = text[0] == '[' ? strchr(text, ']') : strrchr(text, ':');
	text += text[0] == '[';
	if (end == NULL || (size_t)(end - text) >= sizeof(address))
		return false;
	memcpy(address, text, (size_t)(end - text));
	address[end - text] = '\0';
	if (sy_ip_parse(address, &ip) != 0 || (ip.family == SY_IPV6) != (*end == ']'))
		return false;
	end += *end == ']';
	return *end == ':' && is_port(end + 1);
}

bool
sy_accept_host(const char *text)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t label = 0;

	if (text[0] == '.' || strspn(text, letters) != strlen(text) || strlen(text) > 253)
		return false;
	for (; *text != '\0'; text++) {
		label = *text == '.' ? 0 : label + 1;
		if (label > 63 || (*text == '.' && text[1] == '.'))
			return false;
	}
	return true;
}

bool
sy_accept_url(const char *text)
{
	return (strncmp(text, "http://", 7) == 0 || strncmp(text, "https://", 8) == 0) &&
		sy_accept_visible(text) && strchr(strchr(text, ':') + 3, '@') == NULL;
}

bool
sy_accept_interface(const char *text)
{
	return strlen(text) < IFNAMSIZ && sy_accept_visible(text) && strpbrk(text, "/:%") == NULL &&
		strcmp(text, ".") != 0 && strcmp(text, "..") != 0;
}

/* domain:bus:device.function, in hexadecimal digits but for the last, which is 0 to 7. */
static bool
is_pci(const char *text, size_t length)
{
	static const char form[] = "hhhh:hh:hh.f";

	if (length != sizeof(form) - 1)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (form[i] == 'h'               ? strchr(HEX, text[i]) == NULL
				: form[i] == 'f' ? text[i] < '0' || text[i] > '7'
						 : text[i] != form[i])
			return false;
	}
	return true;
}

bool
sy_accept_device(const char *text)
{
	size_t length = strcspn(text, ",");
	size_t n_hex = strspn(text, HEX);

	if (length == 0 || !sy_accept_visible(text) || memchr(text, '/', length) != NULL)
		return false;
	if (text[n_hex] == ':')
		return is_pci(text, length);
	/* net_NAME, virtio_userN, BUS:NAME or a VMBus identifier. */
	return strcspn(text, "_:-") < length;
}

static bool
read_cpu(const char **text, uint16_t *cpu)
{
	char *end;
	unsigned long value;

	if (**text < '0' || **text > '9')
		return false;
	value = strtoul(*text, &end, 10);
	*text = end;
	*cpu = (uint16_t)value;
	return value <= MAX_CPU;
}

static bool
add_range(uint16_t low, uint16_t high, uint16_t *cpus, unsigned int n_max, unsigned int *n_cpus)
{
	for (unsigned int cpu = low; cpu <= high; cpu++) {
		if (*n_cpus == n_max)
			return false;
		for (unsigned int i = 0; i < *n_cpus; i++)
			if (cpus[i] == cpu)
				return false;
		cpus[(*n_cpus)++] = (uint16_t)cpu;
	}
	return low <= high;
}

int
sy_config_cores(const char *list, uint16_t *cpus, unsigned int n_max)
{
	unsigned int n_cpus = 0;
	uint16_t low, high;

	for (;; list++) {
		if (!read_cpu(&list, &low))
			return -EINVAL;
		high = low;
		if (*list == '-') {
			list++;
			if (!read_cpu(&list, &high))
				return -EINVAL;
		}
		if (!add_range(low, high, cpus, n_max, &n_cpus))
			return -EINVAL;
		if (*list != ',')
			break;
	}
	return *list == '\0' ? (int)n_cpus : -EINVAL;
}

bool
sy_accept_cores(const char *text)
{
	uint16_t cpus[MAX_CPU + 1];

	return sy_config_cores(text, cpus, MAX_CPU + 1) > 0;
}
