# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2016,SC2154 # samples; scratch and root are run's
#
# The harnesses of unit tests and fuzz targets: a failure must be seen.
# Sourced by run.

# unit_of BODY [ARGUMENT]...: a unit test with this body and one that passes, compiled and run.
unit_of() {
	printf '%s\n' '#include <stdlib.h>' '#include "unit.h"' \
		"static void one(void) { $1 }" \
		'static void two(void) { CU_ASSERT(1); }' \
		'static const struct sy_test tests[] = { { "first", one }, { "second", two } };' \
		'int main(int argc, char **argv)' \
		'{ return sy_unit_run("sample", tests, 2, argc, argv); }' | sample unit.c
	# shellcheck disable=SC2046
	gcc -std=gnu11 -w "$scratch/unit.c" "$root/tests/unit/unit.c" -I"$root/tests/unit" \
		-o "$scratch/unit" $(pkg-config --cflags --libs cunit) || return 99
	"$scratch/unit" "${@:2}"
}

# replay_of BODY: a fuzz target with this body, replayed over the folder inputs.
replay_of() {
	printf '%s\n' '#include <stdlib.h>' '#include "fuzz.h"' \
		"int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) { $1 return 0; }" |
		sample target.c
	gcc -std=gnu11 -D_GNU_SOURCE -w "$scratch/target.c" "$root/tests/fuzz/replay.c" \
		-I"$root/tests/fuzz" -o "$scratch/target" || return 99
	"$scratch/target" sample "$scratch/inputs"
}

test_harness() {
	expect "a unit test that holds passes" 0 'ok 1 - sample: first' unit_of 'CU_ASSERT(1);'
	expect "a unit test that fails says where" 1 'unit.c:3: ' unit_of 'CU_ASSERT(0);'
	expect "a unit test that fails is not ok" 1 'not ok 1 - sample: first' unit_of 'CU_ASSERT(0);'
	expect "the test after one that fails is ok" 1 $'\nok 2 - sample: second' \
		unit_of 'CU_ASSERT_FATAL(0);'
	expect "the plan is there before a crash" 134 '1..2' unit_of 'abort();'
	expect "a unit test may skip" 0 'ok 1 - sample: first # SKIP no NIC' \
		unit_of 'sy_unit_skip("no NIC");'
	expect "one unit test runs by its name" 0 $'1..1\nok 1 - sample: second' \
		unit_of 'CU_ASSERT(0);' second
	expect "a name that no unit test has fails" 1 'no test to run' unit_of ';' third

	mkdir "$scratch/inputs"
	expect "a fuzz target without inputs fails" 1 'not ok 1' replay_of ';'
	printf 'boom' >"$scratch/inputs/b"
	expect "a fuzz target holds on its inputs" 0 'ok 1 - fuzz corpus: sample holds on its 1 inputs' \
		replay_of 'if (size != 4) abort();'
	expect "a fuzz target that crashes names the input" 134 'inputs/b' \
		replay_of "if (size > 0 && data[0] == 'b') abort();"
}
