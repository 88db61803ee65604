# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2016,SC2154 # samples; scratch and checks are run's
#
# The score of tools/test: what it makes of programs that pass, fail, skip,
# die, hang or say nothing.  Sourced by run.

# score COMMAND...: the score after one TAP program.
score() {
	bash -uc '
		source "$0/tools/lib.sh"
		source "$0/tools/testing/tally.sh"
		SY_LOGS=$1/logs
		run_tap sample 2 bash -c "$2"
		echo "$SY_PASSED passed, $SY_FAILED failed, $SY_SKIPPED skipped"' "$root" "$scratch" "$1"
}

# score_beside COMMAND...: the score after several, two at once.
score_beside() {
	bash -uc '
		source "$0/tools/lib.sh"
		source "$0/tools/testing/tally.sh"
		SY_LOGS=$1/logs SY_JOBS=2
		for ((i = 2; i <= $#; i++)); do
			run_beside judge_tap "beside-$i" 5 bash -c "${!i}"
		done
		judge_all
		echo "$SY_PASSED passed, $SY_FAILED failed, $SY_SKIPPED skipped"' "$root" "$scratch" "$@"
}

in_root() { (cd "$root" && "$@"); }

test_score() {
	expect "score: all pass" 0 '2 passed, 0 failed, 0 skipped' \
		score 'echo 1..2; echo ok 1 - a; echo ok 2 - b'
	expect "score: the plan may come last" 0 '1 passed, 0 failed, 0 skipped' \
		score 'echo ok 1 - a; echo 1..1'
	expect "score: a failed test says why" 0 'x.c:3: no' \
		score 'echo 1..1; echo not ok 1 - a; echo "# x.c:3: no"; exit 1'
	expect "score: a failed test counts once" 0 '1 passed, 1 failed, 0 skipped' \
		score 'echo 1..2; echo ok 1; echo not ok 2 - b; exit 1'
	expect "score: a skip gives its reason" 0 'no such NIC' \
		score 'echo 1..1; echo "ok 1 - a # SKIP no such NIC"'
	expect "score: a whole program can be skipped" 0 '0 passed, 0 failed, 1 skipped' \
		score 'echo "1..0 # SKIP no root"'
	expect "score: no plan is a failure" 0 '0 passed, 1 failed' score 'true'
	expect "score: lines without a plan are a failure" 0 '1 passed, 1 failed' score 'echo ok 1 - a'
	expect "score: a program that dies half-way is a failure" 0 'killed by signal 11' \
		score 'echo 1..2; echo ok 1; kill -SEGV $$'
	expect "score: a bad ending without a failed test is a failure" 0 '1 passed, 1 failed' \
		score 'echo 1..1; echo ok 1; exit 3'
	expect "score: a program that hangs is a failure" 0 'ran out of time' \
		score 'echo 1..1; sleep 20'
	expect "score: a program that is not there is a failure" 0 '0 passed, 1 failed' \
		score 'exec /nonexistent'
	expect "score: programs beside each other are each judged" 0 '3 passed, 2 failed, 0 skipped' \
		score_beside 'echo 1..1; sleep 0.3; echo ok 1' 'echo 1..1; echo not ok 1; exit 1' \
		'echo 1..2; echo ok 1; echo ok 2' 'echo 1..1; kill -SEGV $$'
	expect "score: no more of them at once than there is room for" 0 '2 passed, 0 failed' \
		score_beside "mkdir $scratch/turn-1; sleep 0.5; rmdir $scratch/turn-1; echo 1..0 # SKIP" \
		"echo 1..1; sleep 0.1; [[ -d $scratch/turn-1 ]] && echo ok 1" \
		"echo 1..1; sleep 0.6; [[ ! -d $scratch/turn-1 ]] && echo ok 1"
	expect "set-up does well when all is there" 0 '' in_root tools/setup
	expect "a part runs the tests of a name" 0 '0 failed, 0 skipped' \
		in_root tools/test unit base_net
	expect "a name that no test has is a failure" 1 '1 failed' \
		in_root tools/test unit no_test_has_this_name
}
