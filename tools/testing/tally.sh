# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# Runs test programs and keeps the score of tools/test.  Sourced after lib.sh.

SY_LOGS=$SY_ROOT/build-logs
SY_PASSED=0 SY_FAILED=0 SY_SKIPPED=0
SY_FAILURES=() # names, for the summary
SY_SKIPS=() # names with reasons
SY_STATUS=0 # of the last program
SY_JOBS=$(nproc) # programs at once, where they can run beside each other
declare -A SY_RUNNING=() # process number -> name, so that an interrupt can end them
declare -A SY_AFTER=() # process number -> who judges it, when it began, how long it may take
SY_SCORE=all # or 'failures': a second run of the same tests counts what it finds only

log_of() { printf '%s/%s' "$SY_LOGS" "${1//[^A-Za-z0-9_.-]/_}"; }

# start NAME SECONDS COMMAND...: in the background, because bash acts on an interrupt only while it
# waits.  Its number is $!; output goes to the log.
start() {
	local log
	log=$(log_of "$1")
	mkdir -p "$SY_LOGS"
	timeout -k 30 "$2" "${@:3}" >"$log.out" 2>"$log.err" </dev/null &
	SY_RUNNING[$!]=$1
}

# run_logged NAME SECONDS COMMAND...: sets SY_STATUS (124: out of time).
run_logged() {
	local child
	start "$@"
	child=$!
	if [[ ${SY_LIVE:-} == yes ]]; then
		tail -q -n +1 -s 0.3 --pid="$child" -f "$(log_of "$1").out" 2>/dev/null | sed -u 's/^/    /' &
	fi
	SY_STATUS=0
	# Of a crash the score will tell, not bash.
	wait "$child" 2>/dev/null || SY_STATUS=$?
	unset "SY_RUNNING[$child]"
	if [[ ${SY_LIVE:-} == yes ]]; then
		wait
	fi
}

# run_beside JUDGE NAME SECONDS COMMAND...: starts it as soon as there is room beside the others, and
# goes on.  When it has ended, JUDGE is called as JUDGE NAME START SECONDS.
run_beside() {
	while ((${#SY_RUNNING[@]} >= SY_JOBS)); do
		judge_next
	done
	start "${@:2}"
	SY_AFTER[$!]="$1 $SECONDS $3"
}

# judge_next: waits until one of those has ended.
judge_next() {
	local child='' judge began seconds name
	SY_STATUS=0
	wait -n -p child "${!SY_RUNNING[@]}" 2>/dev/null || SY_STATUS=$?
	name=${SY_RUNNING[$child]}
	read -r judge began seconds <<<"${SY_AFTER[$child]}"
	unset "SY_RUNNING[$child]" "SY_AFTER[$child]"
	"$judge" "$name" "$began" "$seconds"
}

judge_all() {
	while ((${#SY_RUNNING[@]} > 0)); do
		judge_next
	done
}

# indent_tail N FILE...: the end of a log, under the failure that it belongs to.
indent_tail() {
	local file
	for file in "${@:2}"; do
		if [[ -s $file ]]; then
			tail -n "$1" "$file" | sed 's/^/      | /'
		fi
	done
}

# count_pass NAME N SECONDS [FAILED]
count_pass() {
	local word='ok  '
	[[ $SY_SCORE == failures ]] && return
	((${4:-0} == 0)) || word='    '
	SY_PASSED=$((SY_PASSED + $2))
	printf '  %s %-40s %4d passed  %3d s\n' "$word" "$1" "$2" "$3"
}

count_skip() {
	[[ $SY_SCORE == failures ]] && return
	SY_SKIPPED=$((SY_SKIPPED + 1))
	SY_SKIPS+=("$1")
	printf '  %sskip%s %s\n' "$SY_YELLOW" "$SY_PLAIN" "$1"
}

count_fail() {
	SY_FAILED=$((SY_FAILED + 1))
	SY_FAILURES+=("$1")
	printf '  %sFAIL%s %s\n' "$SY_RED" "$SY_PLAIN" "$1"
}

# run_tap NAME SECONDS COMMAND...: a program that prints TAP.
run_tap() {
	local began=$SECONDS
	run_logged "$@"
	judge_tap "$1" "$began"
}

# judge_tap NAME START
judge_tap() {
	local log kind text passed failed
	log=$(log_of "$1")
	while read -r kind text; do
		case $kind in
		fail) count_fail "$text" ;;
		skip) count_skip "$text" ;;
		note) printf '      | %s\n' "$text" ;;
		count) read -r passed failed _ <<<"$text" ;;
		esac
	done < <(awk -v suite="$1" -v status="$SY_STATUS" -f "$SY_ROOT/tools/testing/tap.awk" "$log.out")
	if ((failed > 0)); then
		indent_tail 30 "$log.err"
	fi
	if ((passed > 0)); then
		count_pass "$1" "$passed" $((SECONDS - $2)) "$failed"
	fi
}

# run_simple NAME SECONDS COMMAND...: one test, judged by its exit status; 77 is a skip, whose
# reason is the last line it printed.
run_simple() {
	local began=$SECONDS
	run_logged "$@"
	judge_simple "$1" "$began" "$2"
}

# judge_simple NAME START SECONDS
judge_simple() {
	local log
	log=$(log_of "$1")
	case $SY_STATUS in
	0) count_pass "$1" 1 $((SECONDS - $2)) ;;
	77) count_skip "$1 ($(cat "$log.out" "$log.err" | tail -n 1))" ;;
	124)
		count_fail "$1: it ran out of time ($3 s)"
		indent_tail 30 "$log.out" "$log.err"
		;;
	*)
		count_fail "$1"
		indent_tail 60 "$log.out" "$log.err"
		;;
	esac
}

# The tests that meson knows in a build folder: list_tests BUILD SUITE prints name, seconds,
# folder, and the command quoted for eval, separated by tabs.
list_tests() {
	meson introspect "$SY_ROOT/$1" --tests | jq -r --arg suite ":$2" '
		.[] | select(any(.suite[]; endswith($suite))) |
		[.name, .timeout, .workdir // ".", (["env"] + (.env | to_entries |
			map(.key + "=" + .value)) + .cmd | @sh)] | join("\t")'
}

# run_suite BUILD SUITE PREFIX NAME FACTOR: runs the TAP programs of a suite whose name contains
# NAME, some at once, each with FACTOR times its time; returns 1 when there is none.
run_suite() {
	local name seconds folder quoted found=1
	local -a command
	while IFS=$'\t' read -r -u 3 name seconds folder quoted; do
		[[ $name == *"$4"* ]] || continue
		found=0
		eval "command=($quoted)"
		run_beside judge_tap "$3/$name" $((seconds * $5)) env -C "$folder" "${command[@]}"
	done 3< <(list_tests "$1" "$2")
	judge_all
	return "$found"
}
