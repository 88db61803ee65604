# SPDX-License-Identifier: BSD-3-Clause
#
# Judges the TAP output of one test program.
#   -v suite=NAME -v status=EXIT
# Prints `fail TEXT`, `note TEXT` (what a failed test said) and `skip TEXT` lines, then
# `count PASSED FAILED SKIPPED`.  A program that printed no plan, ran fewer or more tests than
# planned, or ended badly without a failed test has failed, whatever its lines say.

function bad(text) {
	n_failed++
	print "fail " suite ": " text
}

function ending(code) {
	if (code == 124)
		return "it ran out of time"
	if (code > 128)
		return "it was killed by signal " code - 128
	return "it exited with status " code
}

/^1\.\.[0-9]+/ {
	n_plans++
	split($1, plan, /\.\./)
	n_planned = plan[2]
	if (n_planned == 0 && match($0, /# *[Ss][Kk][Ii][Pp][^ ]* */)) {
		n_skipped++
		print "skip " suite ": " substr($0, RSTART + RLENGTH)
	}
	noting = 0
	next
}

/^(not )?ok([ \t]|$)/ {
	n_run++
	name = $0
	sub(/^(not )?ok[ \t]*[0-9]*[ \t]*(- )?/, "", name)
	noting = 0
	if ($1 == "not") {
		n_failed++
		n_bad_lines++
		noting = 1
		print "fail " suite ": " name
	} else if (match(name, /# *[Ss][Kk][Ii][Pp][^ ]* */)) {
		n_skipped++
		print "skip " suite ": " substr(name, 1, RSTART - 1) "(" substr(name, RSTART + RLENGTH) ")"
	} else {
		n_passed++
	}
	next
}

/^Bail out!/ {
	bad($0)
	next
}

noting && /^[ \t]*#/ { print "note " $0 }

END {
	if (n_plans == 0)
		bad("no plan: it is no test, or died before the first (" ending(status) ")")
	else if (n_plans > 1)
		bad("it printed " n_plans " plans")
	else if (n_run + 0 != n_planned + 0)
		bad(n_run + 0 " of " n_planned " tests were run: " ending(status))
	else if (status != 0 && n_bad_lines == 0)
		bad("no test failed, but " ending(status))
	print "count", n_passed + 0, n_failed + 0, n_skipped + 0
}
