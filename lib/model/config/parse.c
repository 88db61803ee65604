/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "parse.h"

/*
 * Recursive descent, as deep as the table and no deeper: what a file nests
 * further is refused before it is entered.
 */

static int parse_object(struct sy_config_parser *parser, const struct sy_config_section *section,
	void *element, const struct sy_token *open);

static void
step_into(struct sy_config_parser *parser, const char *name, uint32_t index)
{
	parser->steps[parser->n_steps++] = (struct sy_config_step){ .name = name, .index = index };
}

static bool
token_fits(const struct sy_token *token, enum sy_config_json json)
{
	switch (json) {
	case SY_CONFIG_STRING:
		return token->type == SY_TOKEN_STRING;
	case SY_CONFIG_NUMBER:
		return token->type == SY_TOKEN_NUMBER;
	case SY_CONFIG_BOOLEAN:
		return token->type == SY_TOKEN_TRUE || token->type == SY_TOKEN_FALSE;
	case SY_CONFIG_OBJECT:
		return token->type == SY_TOKEN_OPEN_OBJECT;
	default:
		return token->type == SY_TOKEN_OPEN_ARRAY;
	}
}

/* The value as the kind's read() takes it.  False: longer than any value is. */
static bool
token_text(const struct sy_scan *scan, const struct sy_token *token, char *text)
{
	if (token->type == SY_TOKEN_STRING)
		return sy_scan_string(scan, token, text, SY_CONFIG_VALUE_SIZE);
	if (token->length >= SY_CONFIG_VALUE_SIZE)
		return false;
	memcpy(text, scan->text + token->offset, token->length);
	text[token->length] = '\0';
	return true;
}

/* Grows an array by doubling: it is full when its length is a power of two. */
static void *
grow(void *elements, uint32_t n, size_t size)
{
	if ((n & (n - 1)) != 0)
		return elements;
	return realloc(elements, (n > 0 ? 2 * (size_t)n : 1) * size);
}

static int
add_reference(struct sy_config_parser *parser, const struct sy_config_key *key,
	const struct sy_token *token)
{
	struct sy_config_reference *references =
		grow(parser->references, parser->n_references, sizeof(*references));

	if (references == NULL)
		return sy_config_no_memory(parser);
	parser->references = references;
	/* References stand in elements of lists at the top: steps are LIST, [element], KEY. */
	references[parser->n_references++] = (struct sy_config_reference){
		.list = sy_config_key_find(&sy_config_root, parser->steps[0].name),
		.key = key,
		.element = parser->steps[1].index,
		.offset = token->offset,
	};
	return 0;
}

static int
parse_plain(struct sy_config_parser *parser, const struct sy_config_key *key, void *element,
	const struct sy_token *token)
{
	char text[SY_CONFIG_VALUE_SIZE];

	if (!token_text(&parser->scan, token, text))
		return sy_config_refuse_value(parser, key, token);
	if (key->kind == &sy_kind_reference) {
		sy_config_set_member(element, key->offset, key->size, UINT32_MAX);
		if (text[0] == '\0' && key->empty)
			return 0;
		return add_reference(parser, key, token);
	}
	if (!key->kind->read(key, text, element))
		return sy_config_refuse_value(parser, key, token);
	return 0;
}

/* Appends an empty element to a list of objects. */
static int
append(struct sy_config_parser *parser, const struct sy_config_key *key, void *element, uint32_t n)
{
	char *elements;

	memcpy(&elements, (char *)element + key->offset, sizeof(elements));
	elements = grow(elements, n, key->section->size);
	if (elements == NULL)
		return sy_config_no_memory(parser);
	memset(elements + (size_t)n * key->section->size, 0, key->section->size);
	memcpy((char *)element + key->offset, &elements, sizeof(elements));
	sy_config_set_member(element, key->other, sizeof(uint32_t), n + 1);
	return 0;
}

static int
parse_item(struct sy_config_parser *parser, const struct sy_config_key *key, void *element,
	uint32_t n, const struct sy_token *token)
{
	int code;

	if (key->section == NULL) {
		if (!token_fits(token, key->item->kind->json))
			return sy_config_refuse_value(parser, key->item, token);
		sy_config_set_member(element, key->other, sizeof(uint16_t), n + 1);
		return parse_plain(parser, key->item,
			(char *)element + key->offset + n * key->item->size, token);
	}
	if (token->type != SY_TOKEN_OPEN_OBJECT)
		return sy_config_refuse_token(parser, token, "an object");
	code = append(parser, key, element, n);
	if (code != 0)
		return code;
	return parse_object(parser, key->section, sy_config_element(key, element, n), token);
}

static int
parse_array(struct sy_config_parser *parser, const struct sy_config_key *key, void *element,
	const struct sy_token *open)
{
	struct sy_token token;
	uint32_t n = 0;

	sy_scan_next(&parser->scan, &token);
	while (n > 0 || token.type != SY_TOKEN_CLOSE_ARRAY) {
		int code;

		if (n == key->high)
			return sy_config_refuse(parser, token.offset,
				"found more than %u, expected at most that many", n);
		step_into(parser, NULL, n);
		code = parse_item(parser, key, element, n, &token);
		if (code != 0)
			return code;
		parser->n_steps--;
		n++;
		sy_scan_next(&parser->scan, &token);
		if (token.type == SY_TOKEN_CLOSE_ARRAY)
			break;
		if (token.type != SY_TOKEN_COMMA)
			return sy_config_refuse_token(parser, &token, "',' or ']'");
		sy_scan_next(&parser->scan, &token);
	}
	if (n < key->low)
		return sy_config_refuse(parser, open->offset, "found %u, expected at least %u", n,
			(unsigned int)key->low);
	return 0;
}

static int
parse_value(struct sy_config_parser *parser, const struct sy_config_key *key, void *element)
{
	struct sy_token token;

	sy_scan_next(&parser->scan, &token);
	if (!token_fits(&token, key->kind->json))
		return sy_config_refuse_value(parser, key, &token);
	if (key->kind->json == SY_CONFIG_OBJECT)
		return parse_object(parser, key->section, (char *)element + key->offset, &token);
	if (key->kind->json == SY_CONFIG_ARRAY)
		return parse_array(parser, key, element, &token);
	return parse_plain(parser, key, element, &token);
}

/* Files mostly give keys in the table's order: looked for from the last one on. */
static const struct sy_config_key *
find_key(const struct sy_config_section *section, const char *name, uint64_t seen)
{
	unsigned int from = seen != 0 ? 64 - (unsigned int)__builtin_clzll(seen) : 0;

	for (unsigned int i = from; i < section->n_keys; i++) {
		if (strcmp(section->keys[i].name, name) == 0)
			return &section->keys[i];
	}
	return sy_config_key_find(section, name);
}

static int
parse_member(struct sy_config_parser *parser, const struct sy_config_section *section,
	void *element, const struct sy_token *name, uint64_t *seen)
{
	char text[SY_NAME_SIZE] = "";
	const struct sy_config_key *key;
	struct sy_token token;
	uint64_t bit;
	int code;

	if (name->type != SY_TOKEN_STRING)
		return sy_config_refuse_token(parser, name, "a key in double quotes");
	if (!sy_scan_string(&parser->scan, name, text, sizeof(text)))
		text[0] = '\0';
	key = find_key(section, text, *seen);
	if (key == NULL)
		return sy_config_refuse_key(parser, section, name, text);
	bit = UINT64_C(1) << (key - section->keys);
	if ((*seen & bit) != 0)
		return sy_config_refuse(parser, name->offset, "key \"%s\" is here twice", text);
	*seen |= bit;
	step_into(parser, key->name, 0);
	sy_scan_next(&parser->scan, &token);
	if (token.type != SY_TOKEN_COLON)
		return sy_config_refuse_token(parser, &token, "':'");
	code = parse_value(parser, key, element);
	if (code == 0)
		parser->n_steps--;
	return code;
}

/* Fills in what the file leaves out. */
static int
complete(struct sy_config_parser *parser, const struct sy_config_section *section, void *element,
	uint64_t seen, uint32_t offset)
{
	int code = 0;

	for (unsigned int i = 0; i < section->n_keys && code == 0; i++) {
		const struct sy_config_key *key = &section->keys[i];

		if ((seen & UINT64_C(1) << i) != 0)
			continue;
		if (key->required || (key->derive != NULL && !key->derive(element)))
			return sy_config_refuse_missing(parser, key, offset);
		if (key->kind == &sy_kind_object)
			code = complete(
				parser, key->section, (char *)element + key->offset, 0, offset);
		else if (key->kind == &sy_kind_reference)
			sy_config_set_member(element, key->offset, key->size, UINT32_MAX);
		else if (key->fallback != NULL)
			key->kind->read(key, key->fallback, element);
	}
	return code;
}

static int
parse_object(struct sy_config_parser *parser, const struct sy_config_section *section,
	void *element, const struct sy_token *open)
{
	struct sy_token token;
	uint64_t seen = 0;

	sy_scan_next(&parser->scan, &token);
	while (seen != 0 || token.type != SY_TOKEN_CLOSE_OBJECT) {
		int code = parse_member(parser, section, element, &token, &seen);

		if (code != 0)
			return code;
		sy_scan_next(&parser->scan, &token);
		if (token.type == SY_TOKEN_CLOSE_OBJECT)
			break;
		if (token.type != SY_TOKEN_COMMA)
			return sy_config_refuse_token(parser, &token, "',' or '}'");
		sy_scan_next(&parser->scan, &token);
	}
	return complete(parser, section, element, seen, open->offset);
}

int
sy_config_parse_value(struct sy_config_parser *parser, const struct sy_config_section *section,
	const struct sy_config_key *list, void *element)
{
	struct sy_token token;
	uint32_t offset;
	const char *fault = sy_scan_encoding(parser->scan.text, parser->scan.length, &offset);
	int code;

	if (fault != NULL)
		return sy_config_refuse(
			parser, offset, "found %s, expected JSON in plain UTF-8", fault);
	sy_scan_next(&parser->scan, &token);
	if (list != NULL && token.type == SY_TOKEN_OPEN_ARRAY)
		code = parse_array(parser, list, element, &token);
	else if (token.type == SY_TOKEN_OPEN_OBJECT)
		code = parse_object(parser, section, element, &token);
	else
		return sy_config_refuse_token(parser, &token,
			list != NULL ? "an array, \"[ ... ]\"" : "an object, \"{ ... }\"");
	if (code != 0)
		return code;
	sy_scan_next(&parser->scan, &token);
	if (token.type != SY_TOKEN_END)
		return sy_config_refuse_token(parser, &token, "the end of the file");
	return 0;
}

int
sy_config_parse_text(struct sy_config_parser *parser)
{
	struct sy_config *config = parser->config;
	int code = sy_config_parse_value(parser, &sy_config_root, NULL, config);

	for (uint32_t i = 0; i < config->n_pools; i++)
		config->pools[i].n_backends = config->pools[i].n_static;
	return code;
}
