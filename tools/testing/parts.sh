# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# The parts of tools/test: part_NAME [TEST] runs the tests of a part whose name
# contains TEST, and returns 1 when there is none.

SY_SANITIZE=(ASAN_OPTIONS=detect_stack_use_after_return=1
	UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
	"LSAN_OPTIONS=print_suppressions=0:suppressions=$SY_ROOT/tests/leaks.txt")

# build_as NAME FOLDER COMPILER [MESON OPTION]...: a build that counts as a test; fails when it
# does, so that the caller leaves out what needs it.
build_as() {
	run_simple "build/$1" 900 "$SY_ROOT/tools/testing/build" "$3" "$2" "${@:4}"
	((SY_STATUS == 0))
}

build_gcc() { build_as gcc build gcc; }
# Clang's warnings come from its front end, so they are the same with sanitizers.
build_clang() {
	build_as clang build-asan clang -Dfuzzers=true -Db_sanitize=address,undefined -Doptimization=1 \
		-Dc_args=-fno-sanitize-recover=all
}

# Which warnings gcc finds depends on what it optimises: those that count are those of build/.

build_coverage() { build_as coverage build-cov gcc -Db_coverage=true -Doptimization=1 -Dwerror=false; }

# no_test PART NAME: for return codes of run_suite.
no_test() {
	[[ -n $2 ]] && count_fail "no test of '$1' has '$2' in its name" && return
	count_fail "the part '$1' has no tests"
}

part_checks() {
	local check found=1
	for check in "$SY_ROOT"/tools/checks/*; do
		[[ -x $check && ${check##*/} == *"${1:-}"* ]] || continue
		found=0
		run_beside judge_simple "checks/${check##*/}" 900 "$check"
	done
	judge_all
	# Alone: it builds, and so does one of those above.
	if [[ -z ${1:-} || samples == *"$1"* ]]; then
		found=0
		run_tap checks/samples 300 "$SY_ROOT/tests/checks/run"
	fi
	((found == 0)) || no_test checks "$1"
}

part_unit() {
	run_suite build unit unit "${1:-}" 1 || no_test unit "${1:-}"
}

part_packet() {
	run_suite build packet packet "${1:-}" 1 || no_test packet "${1:-}"
}

# start_fuzzer NAME EXECUTABLE: the corpus grows in the build folder from one run to the next.
start_fuzzer() {
	local seconds=${SY_FUZZ_SECONDS:-6} inputs=$SY_ROOT/tests/fuzz/corpus/$1
	local scratch=$SY_ROOT/build-asan/fuzz/$1 dictionary=()
	mkdir -p "$scratch"
	[[ -f $inputs.dict ]] && dictionary=("-dict=$inputs.dict")
	run_beside judge_fuzzer "fuzz/$1" $((seconds + 120)) env "${SY_SANITIZE[@]}" "$2" \
		-max_total_time="$seconds" -timeout=10 -rss_limit_mb=4096 -print_final_stats=1 \
		-artifact_prefix="$scratch.failed-" "${dictionary[@]}" "$scratch" "$inputs"
}

# judge_fuzzer fuzz/NAME START SECONDS
judge_fuzzer() {
	local name=${1#fuzz/} runs
	judge_simple "$@"
	runs=$(awk '/^stat::number_of_executed_units/ { print $2 }' "$(log_of "$1").err")
	if ((SY_STATUS != 0)); then
		say "      the input is in build-asan/fuzz/$name.failed-*; once mended, copy it to \
tests/fuzz/corpus/$name/"
	elif ((${runs:-0} == 0)); then
		count_fail "$1: no input was run"
	else
		say "       $name: $runs inputs"
	fi
}

part_fuzz() {
	local name quoted found=1
	local -a command
	run_suite build corpus corpus "${1:-}" 1 && found=0
	while IFS=$'\t' read -r -u 3 name _ _ quoted; do
		[[ $name == *"${1:-}"* ]] || continue
		found=0
		eval "command=($quoted)"
		# env and the program; the arguments that follow are for meson test.
		start_fuzzer "$name" "${command[1]}"
	done 3< <(list_tests build-asan fuzz)
	judge_all
	((found == 0)) || no_test fuzz "${1:-}"
}

part_sanitizers() {
	local setting
	for setting in "${SY_SANITIZE[@]}"; do
		export "${setting?}"
	done
	run_suite build-asan unit unit-sanitized "${1:-}" 5 || no_test sanitizers "${1:-}"
	run_suite build-asan packet packet-sanitized "${1:-}" 5 || true
	unset ASAN_OPTIONS UBSAN_OPTIONS LSAN_OPTIONS
}

# The tests have been counted already: here only what fails counts, and the measuring itself.
part_coverage() {
	local suite
	find "$SY_ROOT/build-cov" -name '*.gcda' -delete
	for suite in unit packet corpus; do
		SY_SCORE=failures run_suite build-cov "$suite" "$suite-coverage" '' 5 || true
	done
	run_simple coverage/lib 300 "$SY_ROOT/tools/testing/coverage" build-cov
	sed 's/^/       /' "$(log_of coverage/lib).out"
}

part_bench() {
	if [[ ! -x $SY_ROOT/tools/bench ]]; then
		count_fail "the part 'bench' has no tools/bench"
		return
	fi
	run_simple bench/quick 300 "$SY_ROOT/tools/bench" --quick
}

part_lab() {
	if [[ ! -x $SY_ROOT/tests/lab/run ]]; then
		no_test lab ''
		return
	fi
	SY_LIVE=yes run_tap lab 1200 "$SY_ROOT/tests/lab/run" "$@"
}
