/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_CONFIG_TABLE_H
#define SY_CONFIG_TABLE_H

/*
 * What a configuration may hold: sections of keys.
 *
 * The one description that parsing, defaults, the printed configuration, the
 * schema, the reference and the reload check all read.  A key's kind knows how
 * one value is read and written; the tables in table.c and table_services.c know which
 * keys there are.  Constant data.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SY_CONFIG_FORM_SIZE 400 /* what describe() may write */
#define SY_CONFIG_VALUE_SIZE 512 /* a value as text, with its end */

struct sy_config_key;

/* What stands in the file for a value. */
enum sy_config_json {
	SY_CONFIG_STRING,
	SY_CONFIG_NUMBER,
	SY_CONFIG_BOOLEAN,
	SY_CONFIG_OBJECT,
	SY_CONFIG_ARRAY,
};

struct sy_config_kind {
	const char *name; /* in the reference */
	enum sy_config_json json;
	/*
	 * Strings, numbers and booleans.  Text is the value without quotes; element is the struct
	 * that key->offset counts from.  False: text is not what describe() says.
	 */
	bool (*read)(const struct sy_config_key *key, const char *text, void *element);
	void (*write)(const struct sy_config_key *key, const void *element, char *text);
	/* In words, to follow "expected ". */
	void (*describe)(const struct sy_config_key *key, char *form);
	const char *pattern; /* strings: a regular expression for the schema, or NULL */
};

struct sy_config_choice {
	const char *name; /* NULL ends the list */
	uint8_t value;
};

struct sy_config_section {
	const char *title; /* in the reference */
	const char *help;
	const struct sy_config_key *keys;
	unsigned int n_keys; /* 64 or fewer */
	size_t size; /* of the struct that an element of a list fills */
};

struct sy_config_key {
	const char *name;
	const struct sy_config_kind *kind;
	const char *help;
	size_t offset; /* of the member in the section's struct */
	size_t size; /* of that member */
	/* The member that goes with it: a list's count, whether a MAC is there, a range's end. */
	size_t other;
	uint64_t low; /* least and greatest number, or number of elements; of a text, bytes */
	uint64_t high;
	uint32_t unit; /* durations: microseconds in one of the member */
	bool required;
	bool empty; /* "" is allowed: what fallback and help say then */
	bool restart; /* a running daemon cannot change it */
	const char *fallback; /* the value of an absent key, as read() takes it */
	const char *fallback_words; /* the same for people, when derive or check finds it */
	/* Fills the member of an absent key from the others; false when that cannot be. */
	bool (*derive)(void *element);
	const struct sy_config_choice *choices;
	bool (*accepts)(const char *text); /* texts: a form of their own ... */
	const char *form; /* ... in words ... */
	const char *pattern; /* ... and as a regular expression */
	const struct sy_config_section *section; /* objects, and lists of objects */
	const struct sy_config_key *item; /* lists of plain values */
	const char *target; /* references: the list at the top that holds the names */
};

extern const struct sy_config_section sy_config_root;
extern const struct sy_config_section sy_config_pool_section;
extern const struct sy_config_section sy_config_service_section;
extern const struct sy_config_section sy_config_command_section;
extern const struct sy_config_section sy_config_health_section; /* of a pool */
extern const struct sy_config_section sy_config_passive_section; /* of a pool */
extern const struct sy_config_section sy_config_discovery_section; /* of a pool */
extern const struct sy_config_section sy_config_backend_section; /* of a pool */
extern const struct sy_config_section sy_config_quic_section; /* of a service */
extern const struct sy_config_section sy_config_persistence_section; /* of a service */
extern const struct sy_config_choice sy_config_consistencies[];
extern const struct sy_config_key sy_config_local_address; /* an item of two lists */
extern const struct sy_config_section sy_config_tunnel_section;
extern const struct sy_config_section sy_config_snat_section;

extern const struct sy_config_kind sy_kind_number;
extern const struct sy_config_kind sy_kind_boolean;
extern const struct sy_config_kind sy_kind_duration;
extern const struct sy_config_kind sy_kind_percent;
extern const struct sy_config_kind sy_kind_choice;
extern const struct sy_config_kind sy_kind_name;
extern const struct sy_config_kind sy_kind_text;
extern const struct sy_config_kind sy_kind_address;
extern const struct sy_config_kind sy_kind_prefix;
extern const struct sy_config_kind sy_kind_range;
extern const struct sy_config_kind sy_kind_mac;
extern const struct sy_config_kind sy_kind_status;
extern const struct sy_config_kind sy_kind_ports;
extern const struct sy_config_kind sy_kind_hex; /* bytes; how many is the other member, one byte */
extern const struct sy_config_kind sy_kind_size; /* one of choices, or a number in text */
/* The name of an element of another list; its index is what the member holds, all ones for none. */
extern const struct sy_config_kind sy_kind_reference;
/* These three have no read and write: the parser and the printer walk into them. */
extern const struct sy_config_kind sy_kind_object;
extern const struct sy_config_kind sy_kind_list; /* of objects, owned through a pointer */
extern const struct sy_config_kind sy_kind_values; /* of plain values, inside the struct */

/* The name of one of the commands; in any section, so checks look it up. */
#define SY_CONFIG_COMMAND(type, member) \
	&sy_kind_name, .offset = offsetof(type, member), .size = sizeof(((type *)0)->member), \
		       .empty = true, .fallback = ""

/* 2 * n_bytes hexadecimal digits and no more; bytes may be written to on false too. */
bool sy_hex_read(const char *text, uint8_t *bytes, size_t n_bytes);

/* NULL when section has no such key. */
const struct sy_config_key *sy_config_key_find(
	const struct sy_config_section *section, const char *name);

/* Members of 1, 2 or 4 bytes, and counts. */
uint64_t sy_config_member(const void *element, size_t offset, size_t size);
void sy_config_set_member(void *element, size_t offset, size_t size, uint64_t value);

/* The i-th element of a list of objects. */
void *sy_config_element(const struct sy_config_key *list, const void *element, uint32_t i);

/* How many elements a list of either sort has. */
uint32_t sy_config_count(const struct sy_config_key *list, const void *element);

#endif /* SY_CONFIG_TABLE_H */
