/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "match.h"
#include "unit.h"
#include "verdict.h"

/* Results ('+', '-') and the state after each (u, d), from "starting". */
static const struct {
	const char *results;
	const char *states;
	uint16_t rise;
	uint16_t fall;
} sequences[] = {
	{ "+", "u", 2, 3 },
	{ "-", "d", 2, 3 },
	{ "+--", "uuu", 2, 3 },
	{ "+---", "uuud", 2, 3 },
	{ "+--+---", "uuuuuud", 2, 3 },
	{ "-+", "dd", 2, 3 },
	{ "-++", "ddu", 2, 3 },
	{ "-+-++", "ddddu", 2, 3 },
	{ "-++--+--", "dduuuuuu", 2, 3 },
	{ "+-+-", "udud", 1, 1 },
	{ "-+++++", "dddddu", 5, 1 },
};

static char
letter(enum sy_health_state state)
{
	return state == SY_HEALTH_UP ? 'u' : state == SY_HEALTH_DOWN ? 'd' : 's';
}

static void
test_sequences(void)
{
	for (size_t i = 0; i < SY_UNIT_COUNT(sequences); i++) {
		enum sy_health_state state = SY_HEALTH_STARTING;
		struct streak streak = { .length = 0 };
		char states[16] = "";

		for (size_t r = 0; r < strlen(sequences[i].results); r++) {
			state = sy_verdict(&streak, state, sequences[i].results[r] == '+',
				sequences[i].rise, sequences[i].fall);
			states[r] = letter(state);
		}
		CU_ASSERT_STRING_EQUAL(states, sequences[i].states);
	}
}

static const struct {
	const char *text;
	const char *answer;
	bool found;
} searches[] = {
	{ "", "", true },
	{ "", "anything", true },
	{ "ok", "", false },
	{ "ok", "it is ok.", true },
	{ "ok", "o k", false },
	{ "aab", "aaab", true },
	{ "abab", "abaabab", true },
	{ "aabaaa", "aabaabaaa", true },
	{ "abcabd", "abcabcabc", false },
	{ "end", "the end", true },
};

/* In one piece, and byte by byte. */
static void
test_searches(void)
{
	for (size_t i = 0; i < SY_UNIT_COUNT(searches); i++) {
		const char *answer = searches[i].answer;
		struct match whole;
		struct match bytes;

		sy_match_start(&whole, searches[i].text);
		sy_match_feed(&whole, answer, strlen(answer));
		CU_ASSERT_EQUAL(whole.found, searches[i].found);
		sy_match_start(&bytes, searches[i].text);
		for (size_t b = 0; b < strlen(answer); b++)
			sy_match_feed(&bytes, answer + b, 1);
		CU_ASSERT_EQUAL(bytes.found, searches[i].found);
	}
}

static void
test_longest(void)
{
	char text[SY_MATCH_MAX + 1];
	struct match match;

	memset(text, 'x', SY_MATCH_MAX);
	text[SY_MATCH_MAX] = '\0';
	sy_match_start(&match, text);
	sy_match_feed(&match, text, SY_MATCH_MAX - 1);
	CU_ASSERT_FALSE(match.found);
	sy_match_feed(&match, "y", 1);
	sy_match_feed(&match, text, SY_MATCH_MAX);
	CU_ASSERT_TRUE(match.found);
}

static const struct sy_test tests[] = {
	{ "the first result decides, then rise and fall in a row", test_sequences },
	{ "a text is found in an answer that comes in pieces", test_searches },
	{ "the longest text is found", test_longest },
};

int
main(int argc, char **argv)
{
	return sy_unit_run("health_verdict", tests, SY_UNIT_COUNT(tests), argc, argv);
}
